"""A report as data that does not change from run to run, and as problems that people can act on."""

from __future__ import annotations

from typing import Any

import frictionless

from pipeline.errors import Kind, Problem

FIX = "Correct the value in the file that the row comes from, or the rule in datapackage.json."


def settled(report: frictionless.Report) -> dict[str, Any]:
    """The report's descriptor without what depends on the run: how long it took."""
    descriptor: dict[str, Any] = report.to_descriptor()
    for part in (descriptor, *descriptor["tasks"]):
        part.get("stats", {}).pop("seconds", None)
    return descriptor


def problems(report: frictionless.Report, names: dict[str, str] | None = None) -> list[Problem]:
    """The report's errors as problems; `names` gives a resource's file where the report names only the resource."""
    found = [_problem(error, None) for error in report.errors]
    for task in report.tasks:
        place = (names or {}).get(task.name) or task.place or task.name
        found += [_problem(error, place) for error in task.errors]
    return found


def _problem(error: frictionless.Error, file: str | None) -> Problem:
    row = getattr(error, "row_number", None)
    field = getattr(error, "field_name", None)
    value = getattr(error, "cell", None)
    rule = (error.note or error.message).rstrip(".")
    return Problem(
        Kind.INVALID_TABLE,
        f"{error.title.lower()}: {rule}",
        FIX,
        file=file,
        row=row,
        field=field or None,
        value=None if value is None else str(value),
    )
