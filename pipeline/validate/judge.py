"""frictionless is the judge of what is valid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import frictionless
from frictionless.resources import TableResource

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import read_json
from pipeline.package import DESCRIPTOR, Package, load
from pipeline.validate.standard import adapted, schema_errors
from pipeline.validate.table import Parents, Unscreened, judge

Engine = Literal["screen", "frictionless"]

MAX_LINE = 10_000_000
"""Bytes of the longest line of a table that is surely read; a reader needs memory for a whole line."""


def validate(
    source: str | Path | Package, *, engine: Engine = "screen", limit_errors: int = 1000
) -> frictionless.Report:
    """frictionless's report on a data package, a resource descriptor, or a table in a file.

    `source` is a Package, a folder with a datapackage.json, or the path of a descriptor or of a table. `engine` is
    `screen`, by which DuckDB finds the rows that frictionless must judge and v2's further rules are checked, or
    `frictionless`, by which frictionless does everything, as it does by itself. At most `limit_errors` errors are
    reported for a table; 0 reports all.

    Raises InvalidData for a descriptor that is none or reaches outside its folder, for a table with a line over
    `MAX_LINE` bytes, and for a pattern that takes endless time; CannotRun where there is nothing at `source`.
    """
    if isinstance(source, Package):
        return _judge_package(source, engine, limit_errors)
    path = Path(source)
    if path.is_dir() or path.name == DESCRIPTOR:
        return _judge_package(load(path), engine, limit_errors)
    if not path.is_file():
        raise CannotRun(Problem(Kind.MISSING_FILE, "does not exist", "Check the path.", file=str(path)))
    if path.suffix == ".json":
        return _judge_descriptor(path, engine, limit_errors)
    _refuse_long_lines(path)
    return _judge_resource(frictionless.Resource(path=path.name, basepath=str(path.parent)), engine, limit_errors)


def _judge_package(package: Package, engine: Engine, limit_errors: int) -> frictionless.Report:
    for resource in package.resources:
        for path in resource.paths:
            if resource.is_table and (package.folder / path).is_file():
                _refuse_long_lines(package.folder / path)
    descriptor = dict(package.descriptor)
    if engine == "frictionless":
        return frictionless.Package.from_descriptor(descriptor, basepath=str(package.folder)).validate(
            limit_errors=limit_errors
        )
    timer = frictionless.helpers.Timer()
    faults = [error for each in package.resources for error in schema_errors(each.schema, each.name)]
    if faults:
        return frictionless.Report.from_validation(time=timer.time, errors=faults)
    descriptor["resources"] = [_adapted(each.descriptor) for each in package.resources]
    judged = frictionless.Package.from_descriptor(descriptor, basepath=str(package.folder))
    try:
        judged.to_descriptor(validate=True)
    except frictionless.FrictionlessException as exception:
        return frictionless.Report.from_validation(time=timer.time, errors=exception.to_errors())
    reports = [_judge_resource(resource, engine, limit_errors) for resource in judged.resources]
    return frictionless.Report.from_validation_reports(time=timer.time, reports=reports)


def _adapted(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    return {name: adapted(value) if name == "schema" else value for name, value in descriptor.items()}


def _judge_resource(resource: frictionless.Resource, engine: Engine, limit_errors: int) -> frictionless.Report:
    if engine == "frictionless" or not isinstance(resource, TableResource):
        return resource.validate(limit_errors=limit_errors)
    return judge(resource, _parents(resource), limit_errors)


def _parents(resource: TableResource) -> Parents:
    def parent(name: str) -> TableResource:
        package = resource.package
        if package is None or not package.has_resource(name):
            raise Unscreened
        found = package.get_resource(name).to_copy()
        if not isinstance(found, TableResource):
            raise Unscreened
        return found

    return parent


def _judge_descriptor(path: Path, engine: Engine, limit_errors: int) -> frictionless.Report:
    """A JSON file: a package or a resource descriptor under a name of its own, else a table in JSON."""
    content = read_json(path, str(path))
    if isinstance(content, dict) and "resources" in content:
        return _judge_package(load(path), engine, limit_errors)
    if isinstance(content, dict) and ("path" in content or "data" in content):
        descriptor = content if engine == "frictionless" else _adapted(content)
        resource = frictionless.Resource.from_descriptor(descriptor, basepath=str(path.parent))
    else:
        resource = frictionless.Resource(path=path.name, basepath=str(path.parent))
    return _judge_resource(resource, engine, limit_errors)


def _refuse_long_lines(path: Path) -> None:
    """A line over `MAX_LINE` bytes covers at least one of the file's parts of half that size: only those are read."""
    part = MAX_LINE // 2
    if path.stat().st_size <= MAX_LINE:
        return
    with path.open("rb") as file:
        number = 1
        while chunk := file.read(part):
            if b"\n" not in chunk and len(chunk) == part:
                raise InvalidData(
                    Problem(
                        Kind.LONG_LINE,
                        f"holds a line of more than {part:,} bytes",
                        "Look for a quote that never closes, or line ends that were lost.",
                        file=str(path),
                        row=number,
                    )
                )
            number += chunk.count(b"\n")
