"""Anything tabular in, frictionless's report out."""

from pipeline.report.report import lines, problems, settled
from pipeline.validate.validation import Terms, merged, validate
from pipeline.validate.verdict import CleanReport, Report

__all__ = ["CleanReport", "Report", "Terms", "lines", "merged", "problems", "settled", "validate"]
