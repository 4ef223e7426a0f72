"""frictionless is the judge: it opens what is not known to be clean, and reads the rows in question.

The report is put together in the order of its own loop (`Resource.validate`, 5.21), so that it is the report that
frictionless would have given.
"""

from __future__ import annotations

import copy
import hashlib
import re
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import frictionless
from frictionless import Checklist
from frictionless.platform import platform
from frictionless.resources import TableResource

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.package.rules import Keys
from pipeline.report.verdict import Error, Report, Task
from pipeline.table.opened import open_table
from pipeline.validate.encoding import located
from pipeline.validate.readers import READABLE, Readers, by_frictionless, source
from pipeline.validate.row import RowJudge
from pipeline.validate.source import Source, Tables
from pipeline.validate.table import KeyFaults, key_faults
from pipeline.validate.timelimit import opening_limit

BATCH = 100
"""Rows that are judged within one limit of time."""

UNJUDGEABLE = (TypeError, ValueError, AttributeError, ArithmeticError, re.error)
"""What frictionless lets through when a rule and a value do not go together, such as a time zone on one side only."""


def prepare() -> None:
    """Has frictionless load now what it loads at its first use."""
    assert frictionless.system.methods and platform.jsonschema


def errors_of(exception: frictionless.FrictionlessException) -> list[Error]:
    """frictionless's errors as light data, each once."""
    return list({(error.type, error.note): Error.of(error) for error in exception.to_errors()}.values())


@dataclass
class Answers:
    """A table, and what it answered about its keys."""

    table: Any
    keys: Keys
    faults: KeyFaults


class Judge:
    """Judges the resources of one package, or one alone; `limit`: errors that are listed for each, 0 for all."""

    def __init__(self, tables: Tables, package: frictionless.Package | None, limit: int) -> None:
        self.tables = tables
        self.package = package
        self.limit = limit
        self._parents: dict[str, tuple[Source, Readers]] = {}

    def task(self, resource: frictionless.Resource) -> Task:
        """What is said of a resource. Raises InvalidData where a rule cannot be applied to the values."""
        if not isinstance(resource, TableResource):
            report = Report.of(resource.validate(limit_errors=self.limit))
            return report.tasks[0] if report.tasks else Task(str(resource.name), str(resource.place), type="file")
        try:
            return self._judged(resource)
        except UNJUDGEABLE as error:
            raise InvalidData(
                Problem(
                    Kind.BAD_DESCRIPTOR,
                    f"(resource {resource.name!r}) has rules that frictionless cannot apply to its values: {error}",
                    "Check the constraints: a pattern that is none, or a bound of another kind than the values.",
                    file=str(resource.normpath or resource.name),
                )
            ) from None

    def _judged(self, resource: TableResource) -> Task:
        started = time.perf_counter()
        checks = Checklist().connect(resource)
        task = Task(str(resource.name), str(resource.place))
        partial = False
        try:
            resource.to_descriptor(validate=True)
            task.warnings = _hash_warnings(resource)
            with opening_limit(str(resource.place)):
                open_table(resource)
            found, readers = source(resource)
            task.labels = list(resource.labels)
            task.errors = [Error.of(error) for check in checks for error in check.validate_start()]
            answers = self._answers(resource, found, readers)
            stats = copy.copy(resource.stats)
            for row_errors in self._rows(answers, readers):
                task.errors += row_errors
                if self.limit and len(task.errors) >= self.limit:
                    del task.errors[self.limit :]
                    task.warnings.append(f"reached error limit: {self.limit}")
                    partial = True
                    break
            resource.stats = stats
            _settle(resource, answers.table, found, None if not partial else _last(task.errors))
            if not partial:
                task.errors += answers.table.failures
                task.errors += [Error.of(error) for check in checks for error in check.validate_end()]
        except frictionless.FrictionlessException as exception:
            task.errors, task.labels = errors_of(exception), []
        except (EOFError, zlib.error) as error:  # frictionless lets it through
            task.errors, task.labels = [Error("compression-error", str(error))], []
        finally:
            resource.close()
        task.errors = _placed(task.errors, resource)
        counted = {name: getattr(resource.stats, name) for name in ("md5", "sha256", "bytes", "fields", "rows")}
        task.stats = {"seconds": round(time.perf_counter() - started, 3)}
        task.stats |= {name: value for name, value in counted.items() if value}
        return task

    def _rows(self, answers: Answers, readers: Readers) -> Iterator[list[Error]]:
        """The errors of the rows that have any, in the order of the file."""
        judge = RowJudge(readers, answers.keys, answers.faults)
        if hasattr(answers.table, "judged"):  # in tasks of Spark
            yield from answers.table.judged(judge, self.limit)
            return
        rows = answers.table.rows(judge.marked)
        every = range(len(readers.fields))
        while True:
            with readers.limit(every):
                batch = [judge.errors(row) for row in islice(rows, BATCH)]
            if not batch:
                return
            yield from filter(None, batch)

    # -- the four questions --

    def _answers(self, resource: TableResource, found: Source, readers: Readers) -> Answers:
        keys = found.keys
        if any(key.resource not in ("", found.name) and not self._has_table(key.resource) for key in keys.foreign):
            resource.open()  # frictionless says that there is no such table
        parents = [
            (found, readers) if key.resource in ("", found.name) else self._parent(key.resource) for key in keys.foreign
        ]
        limit = self.limit or max(1, 10**9)
        table = self._scanned(found, readers, parents)
        if table is not None:
            others: list[Any] = [self.tables.scanned(each) for each, _ in parents]
        else:
            table = self._small(resource, found, readers)
            others = [table if each is found else self._small(None, each, reads) for each, reads in parents]
            for other in others:
                for failure in other.failures if other is not table else ():
                    raise frictionless.FrictionlessException(failure.to_frictionless())
        faults = key_faults(table, keys, others, [each.names for each, _ in parents], limit)
        return Answers(table, keys, faults)

    def _scanned(self, found: Source, readers: Readers, parents: Sequence[tuple[Source, Readers]]) -> Any:
        """The table as DuckDB holds it, where it is worth it and all that its keys need can be compared there."""
        if found.is_small and all(parent.is_small for parent, _ in parents):
            return None
        table = self.tables.scanned(found)
        if table is None or not table.complete(readers.value):
            return None
        at = {name: position for position, name in enumerate(found.names)}
        for key, (parent, reads) in zip(found.keys.foreign, parents, strict=True):
            other = self.tables.scanned(parent)
            if other is None or not other.complete(reads.value):
                return None
            there = [parent.names.index(name) if name in parent.names else None for name in key.there]
            if not table.can_match([at[name] for name in key.fields], other, there):
                return None
        return table

    def _small(self, resource: TableResource | None, found: Source, readers: Readers) -> Any:
        try:
            table = self.tables.small(found)
        except READABLE:
            parent = resource or self._resource(found.name)
            table = self.tables.small(by_frictionless(parent, found))
        assert table is not None
        table.complete(readers.value)
        return table

    def _has_table(self, name: str) -> bool:
        return (
            self.package is not None
            and self.package.has_resource(name)
            and isinstance(self.package.get_resource(name), TableResource)
        )

    def _resource(self, name: str) -> TableResource:
        assert self.package is not None
        found = self.package.get_resource(name).to_copy()
        assert isinstance(found, TableResource)
        found.schema.foreign_keys = []
        return found

    def _parent(self, name: str) -> tuple[Source, Readers]:
        """The table of that name, as frictionless opens it."""
        if name not in self._parents:
            resource = self._resource(name)
            with opening_limit(name):
                open_table(resource)
            self._parents[name] = source(resource)
            resource.close()
        return self._parents[name]


def _last(errors: Sequence[Error]) -> int:
    """The number of the last row that was judged."""
    return next((error.row_number for error in reversed(errors) if error.row_number), 1)


def _settle(resource: TableResource, table: Any, found: Source, last: int | None) -> None:
    """Fills in the counts and hashes that frictionless would have gathered from the stream."""
    stats = resource.stats
    if len(found.files) > 1 and hasattr(table, "hashes_of_parts"):  # frictionless has read the beginning alone
        is_stated = bool(resource.hash or resource.bytes)
        told = table.hashes_of_parts(found.files, is_stated=is_stated) or (None, None, None)
        stats.md5, stats.sha256, stats.bytes = told
    if last is not None:
        stats.rows = table.rank(last)
        return
    stats.rows = table.count
    if found.layout is None:
        return
    stats.bytes = table.stats.get("bytes") or found.layout.path.stat().st_size
    path, told = found.layout.path, str(resource.hash or "")
    stats.sha256 = table.stats.get("sha256") or _digest(path, "sha256")
    if "md5" in table.stats or told.startswith("md5:") or (told and ":" not in told):
        stats.md5 = table.stats.get("md5") or _digest(path, "md5")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _placed(found: list[Error], resource: TableResource) -> list[Error]:
    path = Path(str(resource.normpath or ""))
    return [located(error, path, str(resource.encoding)) for error in found]


def _hash_warnings(resource: TableResource) -> list[str]:
    if resource.hash:
        algorithm, _ = frictionless.helpers.parse_resource_hash_v1(resource.hash)
        if algorithm not in ("md5", "sha256"):
            return ["hash is ignored; supported algorithms: md5/sha256"]
    return []


def with_places(errors: list[Error], resources: Sequence[Mapping[str, Any]]) -> list[Error]:
    """The errors of a descriptor with the table and the field that each is about, as far as it can be told."""
    found = []
    for error in errors:
        places = [
            f'(field "{field.get("name")}" of "{member.get("name")}")'
            for member in resources
            for field in _fields(member)
            if error.type == "field-error" and error.note in _notes(field)
        ]
        found += [Error(error.type, f"{error.note} {place}") for place in dict.fromkeys(places)] or [error]
    return found


def _fields(member: Mapping[str, Any]) -> list[dict[str, Any]]:
    schema = member.get("schema")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []


def _notes(field: dict[str, Any]) -> list[str]:
    try:
        frictionless.Field.from_descriptor(field)
    except frictionless.FrictionlessException as exception:
        return [error.note for error in exception.to_errors()]
    return []
