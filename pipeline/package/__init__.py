"""A data package on disk: its descriptor, its checksums, its version and its history."""
