"""What every stage stands on: errors, progress, files, quoting, names."""
