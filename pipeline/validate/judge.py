"""frictionless is the judge of what is valid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import frictionless
from frictionless.platform import platform
from frictionless.resources import TableResource

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import read_json
from pipeline.package.descriptor import checked_part, checked_paths
from pipeline.package.format import DELIMITED
from pipeline.package.package import Package, Resource
from pipeline.table.layout import MAX_LINE
from pipeline.validate import quicker  # noqa: F401  # makes frictionless quicker
from pipeline.validate.clean import Cleared
from pipeline.validate.foreign import Parents
from pipeline.validate.standard import adapted, schema_errors
from pipeline.validate.table import judge
from pipeline.validate.validation import Terms
from pipeline.validate.verdict import task_as_frictionless

CHUNK = 1 << 22
"""Bytes looked at in one go; a line within one chunk is short enough."""


def prepare() -> None:
    """Has frictionless load now what it loads at its first use."""
    assert frictionless.system.methods and platform.jsonschema


def judge_package(package: Package, terms: Terms, cleared: Cleared) -> frictionless.Report:
    """The report on a package, of which some tables are known to be clean."""
    for resource in package.resources:
        if resource.is_table and resource.name not in cleared.tasks and not cleared.has_read(resource.name):
            for path in resource.paths:
                if (package.folder / path).is_file():
                    _refuse_long_lines(package.folder / path)
    descriptor = dict(package.descriptor)
    timer = frictionless.helpers.Timer()
    if terms.engine == "screen":
        faults = [error for each in package.resources for error in schema_errors(each.schema, each.name)]
        if faults:
            return frictionless.Report.from_validation(time=timer.time, errors=faults)
        descriptor["resources"] = [_adapted(each) for each in package.resources]
    try:
        judged = frictionless.Package.from_descriptor(descriptor, basepath=str(package.folder))
        judged.to_descriptor(validate=True)
    except frictionless.FrictionlessException as exception:
        return frictionless.Report.from_validation(time=timer.time, errors=exception.to_errors())
    reports = []
    parents = Parents(judged, cleared)
    for number, tabular in enumerate(judged.resources, 1):
        task = cleared.tasks.get(str(tabular.name))
        if task is not None:
            reports.append(frictionless.Report.from_validation(tasks=[task_as_frictionless(task)]))
            continue
        terms.progress.advance(number, len(judged.resources), str(tabular.name))
        reports.append(_judge_resource(tabular, parents, terms, cleared))
        if terms.fail_fast and not reports[-1].valid:
            break
    return frictionless.Report.from_validation_reports(time=timer.time, reports=reports)


def _adapted(resource: Resource) -> dict[str, Any]:
    told = {"type": "table", "format": resource.format} if resource.is_table and resource.format in DELIMITED else {}
    return _with_schema(resource.descriptor) | told


def _with_schema(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    return {name: adapted(value) if name == "schema" else value for name, value in descriptor.items()}


def _judge_resource(
    resource: frictionless.Resource, parents: Parents, terms: Terms, cleared: Cleared
) -> frictionless.Report:
    limit = 1 if terms.fail_fast else terms.limit_errors
    if terms.engine == "frictionless" or not isinstance(resource, TableResource):
        return resource.validate(limit_errors=limit)
    try:
        return judge(resource, parents, limit, cleared)
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


def judge_descriptor(content: Any, path: Path, terms: Terms) -> frictionless.Report:
    """The report on a JSON file with this content: a resource descriptor, else a table in JSON."""
    if isinstance(content, dict) and ("path" in content or "data" in content):
        named = {"name": path.stem, **content}
        checked_paths(named, path.parent, str(path))
        for part in ("schema", "dialect"):
            checked_part(named, part, path.parent, str(path))
        return _judge_descriptor_of_resource(content, path.parent, terms)
    return _judge_alone(frictionless.Resource(path=path.name, basepath=str(path.parent)), terms)


def judge_table(path: Path, schema: Path | None, terms: Terms) -> frictionless.Report:
    """The report on a table in a file, with the Table Schema in a file of its own, or an inferred one."""
    _refuse_long_lines(path)
    descriptor: dict[str, Any] = {"name": "table", "path": path.name}
    if schema is not None:
        descriptor["schema"] = read_json(schema, str(schema))
    return _judge_descriptor_of_resource(descriptor, path.parent, terms)


def _judge_descriptor_of_resource(descriptor: dict[str, Any], folder: Path, terms: Terms) -> frictionless.Report:
    timer = frictionless.helpers.Timer()
    if terms.engine == "screen":
        faults = schema_errors(descriptor.get("schema"), str(descriptor.get("name")))
        if faults:
            return frictionless.Report.from_validation(time=timer.time, errors=faults)
        descriptor = _with_schema(descriptor)
    try:
        resource = frictionless.Resource.from_descriptor(descriptor, basepath=str(folder))
    except frictionless.FrictionlessException as exception:
        return frictionless.Report.from_validation(time=timer.time, errors=exception.to_errors())
    return _judge_alone(resource, terms)


def _judge_alone(resource: frictionless.Resource, terms: Terms) -> frictionless.Report:
    with ExitStack() as stack:
        cleared = Cleared(None, stack)
        return _judge_resource(resource, Parents(None, cleared), terms, cleared)


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
