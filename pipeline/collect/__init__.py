"""Collect: what sources have now is fetched, kept as it came, and accepted when it looks like the source."""

from pipeline.collect.collect import Outcome, Terms, collect

__all__ = ["Outcome", "Terms", "collect"]
