"""Each module prints a ratio against a peer, measured in the same run: `python -m benchmarks.<name>`."""
