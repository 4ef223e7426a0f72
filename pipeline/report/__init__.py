"""A validation report as people read it: words, excerpts, profiles and the page."""
