"""Which resources of a package are found clean, without frictionless."""

from __future__ import annotations

from contextlib import ExitStack

from pipeline.package.package import Package
from pipeline.validate.known import is_known
from pipeline.validate.source import Tables
from pipeline.validate.validate import Terms, clean_tasks


def clean(package: Package) -> list[str]:
    """The names of the resources that are found clean."""
    with ExitStack() as stack:
        pointed_at = [(name, there) for each in package.resources for _, name, there in each.foreign_keys]
        return list(clean_tasks(package, Tables(stack, pointed_at), Terms()))


def is_clean(package: Package) -> bool:
    """Whether the verdict on the package needs no frictionless."""
    return is_known(package) and len(clean(package)) == len(package.resources)
