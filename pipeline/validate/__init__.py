"""Anything tabular in, frictionless's report out."""

from pipeline.validate.judge import Terms, merged, validate
from pipeline.validate.report import lines, problems, settled

__all__ = ["Terms", "lines", "merged", "problems", "settled", "validate"]
