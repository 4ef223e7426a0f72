"""Anything tabular in, frictionless's report out."""

from pipeline.report.verdict import Report, merged
from pipeline.validate.validate import Terms, validate

__all__ = ["Report", "Terms", "merged", "validate"]
