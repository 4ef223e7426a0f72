"""Anything tabular in, frictionless's report out."""

from pipeline.validate.judge import Terms, merged, validate
from pipeline.validate.report import problems, settled

__all__ = ["Terms", "merged", "problems", "settled", "validate"]
