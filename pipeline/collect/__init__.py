"""Collect: what sources have now is fetched, kept as it came, and accepted when it looks like the source."""

from pipeline.collect.check import check
from pipeline.collect.collect import accept, collect
from pipeline.collect.due import plan
from pipeline.collect.jobs import Terms
from pipeline.collect.links import Link, links, links_error
from pipeline.collect.outcome import Outcome, error_of, table, told

__all__ = [
    "Link",
    "Outcome",
    "Terms",
    "accept",
    "check",
    "collect",
    "error_of",
    "links",
    "links_error",
    "plan",
    "table",
    "told",
]
