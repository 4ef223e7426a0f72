"""A release in, Datasette out."""
