"""`python -m pipeline.cli` is `servicebanken`."""

from pipeline.cli import main

main()
