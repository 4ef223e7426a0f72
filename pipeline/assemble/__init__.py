"""Sources in, a data package out: the tables, and beside them where each cell comes from and where sources disagree."""

from pipeline.assemble.assemble import assemble

__all__ = ["assemble"]
