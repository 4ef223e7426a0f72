"""frictionless is the judge of what is valid."""

from __future__ import annotations

from pathlib import Path

import frictionless

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import read_json
from pipeline.package import DESCRIPTOR, Package, load

MAX_LINE = 10_000_000
"""Bytes of the longest line of a table; beyond it a reader would need memory without bound."""

CHUNK = 1 << 20


def validate(source: str | Path | Package) -> frictionless.Report:
    """frictionless's report on a data package, a resource descriptor, or a table in a file.

    `source` is a Package, a folder with a datapackage.json, or the path of a descriptor or of a table. Raises
    InvalidData for a descriptor that is none or reaches outside its folder, and for a table with a line over
    `MAX_LINE` bytes; CannotRun where there is nothing at `source`.
    """
    if isinstance(source, Package):
        return _judge_package(source)
    path = Path(source)
    if path.is_dir() or path.name == DESCRIPTOR:
        return _judge_package(load(path))
    if not path.is_file():
        raise CannotRun(Problem(Kind.MISSING_FILE, "does not exist", "Check the path.", file=str(path)))
    if path.suffix == ".json":
        return _judge_descriptor(path)
    _refuse_long_lines(path)
    return frictionless.Resource(path=path.name, basepath=str(path.parent)).validate()


def _judge_package(package: Package) -> frictionless.Report:
    for resource in package.resources:
        for path in resource.paths:
            if resource.is_table and (package.folder / path).is_file():
                _refuse_long_lines(package.folder / path)
    judged = frictionless.Package.from_descriptor(dict(package.descriptor), basepath=str(package.folder))
    return judged.validate()


def _judge_descriptor(path: Path) -> frictionless.Report:
    """A JSON file: a package or a resource descriptor under a name of its own, else a table in JSON."""
    content = read_json(path, str(path))
    if isinstance(content, dict) and "resources" in content:
        return _judge_package(load(path))
    if isinstance(content, dict) and ("path" in content or "data" in content):
        return frictionless.Resource.from_descriptor(content, basepath=str(path.parent)).validate()
    return frictionless.Resource(path=path.name, basepath=str(path.parent)).validate()


def _refuse_long_lines(path: Path) -> None:
    if path.stat().st_size <= MAX_LINE:
        return
    length, number = 0, 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            first, *rest = chunk.split(b"\n")
            length += len(first)
            if rest:
                number += len(rest)
                longest, length = max(length, *map(len, rest)), len(rest[-1])
            else:
                longest = length
            if longest > MAX_LINE:
                raise InvalidData(
                    Problem(
                        Kind.LONG_LINE,
                        f"holds a line of more than {MAX_LINE:,} bytes",
                        "Look for a quote that never closes, or line ends that were lost.",
                        file=str(path),
                        row=number,
                    )
                )
