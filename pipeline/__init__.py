"""Open data packages, from sources to a release that people can open.

    from pipeline import read
    read("build/releases/latest", "solutions")

Three functions, for those who only read packages:

    load(path)                        a package as its descriptor states it
    read(source, table, labels=None)  one of its tables as a pandas DataFrame
    diff(old, new)                    what differs between two packages, and how large a step that is

And the stages, each a folder with a function of its own name, as in `from pipeline.validate import validate`:

    assemble   a project's sources as one package, with the document behind each cell
    validate   the report of frictionless on a package or a table
    release    a new version of a package, if it differs from the last
    verify     whether a release is whole, and is what its descriptor promises
    describe   a package as catalogues and pages describe it
    publish    the releases of a project, put where people get them
    serve      the pages and the data of releases over HTTP

Each is imported when it is first asked for. No stage imports another; `pipeline.build` knows their order.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.package.package import load
    from pipeline.release.compare import compare as diff
    from pipeline.table.read import read

FUNCTIONS = {
    "load": "pipeline.package.package.load",
    "read": "pipeline.table.read.read",
    "diff": "pipeline.release.compare.compare",
}
STAGES = ("assemble", "validate", "release", "verify", "describe", "publish", "serve")

__all__ = ["STAGES", "diff", "load", "read"]


def __getattr__(name: str) -> Any:
    """A function or stage by its name."""
    if name in STAGES:
        return import_module(f"{__name__}.{name}")
    if name not in FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, function = FUNCTIONS[name].rpartition(".")
    return getattr(import_module(module), function)
