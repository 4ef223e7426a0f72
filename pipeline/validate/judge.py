"""frictionless is the judge of what is valid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import frictionless
from frictionless.resources import TableResource
from frictionless.vendors import stringcase

from pipeline.descriptor import checked_part, checked_paths
from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import read_json
from pipeline.package import DESCRIPTOR, Package, load
from pipeline.progress import Progress
from pipeline.validate.foreign import Parents
from pipeline.validate.standard import adapted, schema_errors
from pipeline.validate.table import judge

Engine = Literal["screen", "frictionless"]

# For every error frictionless turns the same few names of members into snake case anew: half of what an error costs.
stringcase.snakecase = lru_cache(1000)(getattr(stringcase.snakecase, "__wrapped__", stringcase.snakecase))

MAX_LINE = 10_000_000
"""Bytes of the longest line of a table that is read; a reader needs memory for a whole line."""

CHUNK = 1 << 22
"""Bytes looked at in one go; a line within one chunk is short enough."""


@dataclass(frozen=True)
class Terms:
    """How to judge: by which engine, how many errors a table may report (0: all), whether the first one ends it."""

    engine: Engine = "screen"
    limit_errors: int = 1000
    fail_fast: bool = False
    progress: Progress = field(default_factory=Progress)


def validate(
    source: str | Path | Package,
    terms: Terms | None = None,
    *,
    schema: Path | None = None,
) -> frictionless.Report:
    """frictionless's report on a data package, a resource descriptor, or a table in a file.

    `source` is a Package, a folder with a datapackage.json, or the path of a descriptor or of a table; `schema` is the
    file of a Table Schema for a table, which is inferred otherwise. With the engine `screen` DuckDB finds the rows that
    frictionless must judge, and v2's further rules are checked; with `frictionless` it does everything by itself.

    Raises InvalidData for a descriptor that is none or reaches outside its folder, for a table with a line over
    `MAX_LINE` bytes, and for a pattern that takes endless time; CannotRun where there is nothing at `source`.
    """
    terms = terms or Terms()
    if isinstance(source, Package):
        return _judge_package(source, terms)
    path = Path(source)
    if path.is_dir() or path.name == DESCRIPTOR:
        return _judge_package(load(path), terms)
    if not path.is_file():
        raise CannotRun(Problem(Kind.MISSING_FILE, "does not exist", "Check the path.", file=str(path)))
    if path.suffix == ".json":
        return _judge_descriptor(path, terms)
    _refuse_long_lines(path)
    descriptor: dict[str, Any] = {"name": "table", "path": path.name}
    if schema is not None:
        descriptor["schema"] = read_json(schema, str(schema))
    return _judge_descriptor_of_resource(descriptor, path.parent, terms)


def merged(reports: list[frictionless.Report]) -> frictionless.Report:
    """One report of several."""
    if len(reports) == 1:
        return reports[0]
    seconds = sum(report.stats["seconds"] for report in reports)
    return frictionless.Report.from_validation_reports(time=seconds, reports=reports)


def _judge_package(package: Package, terms: Terms) -> frictionless.Report:
    for resource in package.resources:
        for path in resource.paths:
            if resource.is_table and (package.folder / path).is_file():
                _refuse_long_lines(package.folder / path)
    descriptor = dict(package.descriptor)
    timer = frictionless.helpers.Timer()
    if terms.engine == "screen":
        faults = [error for each in package.resources for error in schema_errors(each.schema, each.name)]
        if faults:
            return frictionless.Report.from_validation(time=timer.time, errors=faults)
        descriptor["resources"] = [_adapted(each.descriptor) for each in package.resources]
    try:
        judged = frictionless.Package.from_descriptor(descriptor, basepath=str(package.folder))
        judged.to_descriptor(validate=True)
    except frictionless.FrictionlessException as exception:
        return frictionless.Report.from_validation(time=timer.time, errors=exception.to_errors())
    reports = []
    parents = Parents(judged)
    for number, tabular in enumerate(judged.resources, 1):
        terms.progress.advance(number, len(judged.resources), str(tabular.name))
        reports.append(_judge_resource(tabular, parents, terms))
        if terms.fail_fast and not reports[-1].valid:
            break
    return frictionless.Report.from_validation_reports(time=timer.time, reports=reports)


def _adapted(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    return {name: adapted(value) if name == "schema" else value for name, value in descriptor.items()}


def _judge_resource(resource: frictionless.Resource, parents: Parents, terms: Terms) -> frictionless.Report:
    limit = 1 if terms.fail_fast else terms.limit_errors
    if terms.engine == "frictionless" or not isinstance(resource, TableResource):
        return resource.validate(limit_errors=limit)
    try:
        return judge(resource, parents, limit)
    except UNJUDGEABLE as error:
        raise InvalidData(
            Problem(
                Kind.BAD_DESCRIPTOR,
                f"(resource {resource.name!r}) has rules that frictionless cannot apply to its values: {error}",
                "Check the constraints: a pattern that is none, or a bound of another kind than the values.",
                file=str(resource.normpath or resource.name),
            )
        ) from None


UNJUDGEABLE = (TypeError, ValueError, AttributeError, ArithmeticError, re.error)
"""What frictionless lets through when a rule and a value do not go together, such as a time zone on one side only."""


def _judge_descriptor(path: Path, terms: Terms) -> frictionless.Report:
    """A JSON file: a package or a resource descriptor under a name of its own, else a table in JSON."""
    content = read_json(path, str(path))
    if isinstance(content, dict) and "resources" in content:
        return _judge_package(load(path), terms)
    if isinstance(content, dict) and ("path" in content or "data" in content):
        named = {"name": path.stem, **content}
        checked_paths(named, path.parent, str(path))
        for part in ("schema", "dialect"):
            checked_part(named, part, path.parent, str(path))
        return _judge_descriptor_of_resource(content, path.parent, terms)
    return _judge_resource(frictionless.Resource(path=path.name, basepath=str(path.parent)), Parents(None), terms)


def _judge_descriptor_of_resource(descriptor: dict[str, Any], folder: Path, terms: Terms) -> frictionless.Report:
    timer = frictionless.helpers.Timer()
    if terms.engine == "screen":
        faults = schema_errors(descriptor.get("schema"), str(descriptor.get("name")))
        if faults:
            return frictionless.Report.from_validation(time=timer.time, errors=faults)
        descriptor = _adapted(descriptor)
    try:
        resource = frictionless.Resource.from_descriptor(descriptor, basepath=str(folder))
    except frictionless.FrictionlessException as exception:
        return frictionless.Report.from_validation(time=timer.time, errors=exception.to_errors())
    return _judge_resource(resource, Parents(None), terms)


def _refuse_long_lines(path: Path) -> None:
    """Raises InvalidData for a line over `MAX_LINE` bytes, without ever holding one in memory."""
    if path.stat().st_size <= MAX_LINE:
        return
    started, offset = 0, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            first = chunk.find(b"\n")
            end = offset + (first if first >= 0 else len(chunk))
            if end - started > MAX_LINE:
                raise InvalidData(
                    Problem(
                        Kind.LONG_LINE,
                        f"holds a line of more than {MAX_LINE:,} bytes",
                        "Look for a quote that never closes, or line ends that were lost.",
                        file=str(path),
                        row=_lines_before(path, started) + 1,
                    )
                )
            if first >= 0:
                started = offset + chunk.rfind(b"\n") + 1
            offset += len(chunk)


def _lines_before(path: Path, end: int) -> int:
    """The lines in the first `end` bytes."""
    count = 0
    with path.open("rb") as file:
        while end > 0 and (chunk := file.read(min(CHUNK, end))):
            count += chunk.count(b"\n")
            end -= len(chunk)
    return count
