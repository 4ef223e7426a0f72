"""Anything tabular in, frictionless's report out."""

from pipeline.validate.judge import validate
from pipeline.validate.report import problems, settled

__all__ = ["problems", "settled", "validate"]
