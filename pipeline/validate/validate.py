"""The verdict on a package or a table: frictionless's own, and sooner.

A table answers four questions (`table.py`): which rows are suspect, which keys are missing, repeated, unmatched? Where
nothing is suspect and no key at fault it is clean, which needs no frictionless. Else frictionless judges the rows in
question (`judge.py`). What a resource says of itself must be known here (`known.py`), or frictionless opens it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import read_json
from pipeline.core.progress import Progress
from pipeline.package.descriptor import checked_part, checked_paths
from pipeline.package.package import DESCRIPTOR, YAML, Package, Resource, load
from pipeline.report.verdict import Report, Task
from pipeline.validate.known import is_as_stated, is_known, known_file, known_table
from pipeline.validate.lines import refuse_long_lines
from pipeline.validate.source import Source, Tables
from pipeline.validate.table import key_faults

if TYPE_CHECKING:
    import frictionless

Engine = Literal["screen", "spark", "frictionless"]


@dataclass(frozen=True)
class Terms:
    """How to judge: by which engine, how many errors a table may report (0: all), whether the first one ends it."""

    engine: Engine = "screen"
    limit_errors: int = 1000
    fail_fast: bool = False
    progress: Progress = field(default_factory=Progress)
    spark: Any = None
    """The session of Spark, for its engine."""

    @property
    def limit(self) -> int:
        """Errors that are listed for a table; 0 for all."""
        return 1 if self.fail_fast else self.limit_errors


def validate(
    source: str | Path | Package, terms: Terms | None = None, *, schema: Path | None = None, spark: Any = None
) -> Report:
    """The report on a data package, a resource descriptor, or a table in a file.

    `source` is a Package, a folder with a datapackage.json, or the path of a descriptor or of a table; `schema` is the
    file of a Table Schema for a table, which is inferred otherwise. With the engine `screen` v2's further rules are
    checked, too; with `frictionless` it does everything by itself, row by row. With `spark`, a session, the tasks of
    Spark read the tables that are large, and the report is that of `screen`.

    Raises InvalidData for a descriptor that is none or reaches outside its folder, for a table with a line over
    `layout.MAX_LINE` bytes, and for a pattern that takes endless time; CannotRun where there is nothing at `source`.
    """
    terms = terms or Terms()
    if spark is not None:
        from pipeline.spark.session import failures

        with failures():
            return validate(source, replace(terms, engine="spark", spark=spark), schema=schema)
    if isinstance(source, Package):
        return _judge_package(source, terms)
    path = Path(source)
    if path.is_dir() or path.name == DESCRIPTOR or path.suffix in YAML:
        return _judge_package(load(path), terms)
    if not path.is_file():
        raise CannotRun(Problem(Kind.MISSING_FILE, "does not exist", "Check the path.", file=str(path)))
    if path.suffix == ".json":
        content = read_json(path, str(path))
        if isinstance(content, dict) and "resources" in content:
            return _judge_package(load(path), terms)
        if isinstance(content, dict) and ("path" in content or "data" in content):
            return _judge_descriptor(content, path, terms)
        return _judge_alone({"name": path.stem, "path": path.name}, path.parent, terms)
    refuse_long_lines(path)
    described: dict[str, Any] = {"name": "table", "path": path.name}
    if schema is not None:
        described["schema"] = read_json(schema, str(schema))
    return _judge_alone(described, path.parent, terms)


# -- a package -------------------------------------------------------------------------------------------------------


def _judge_package(package: Package, terms: Terms) -> Report:
    started = time.perf_counter()
    with ExitStack() as stack, _rarely_collecting():
        pointed_at = [(name, there) for each in package.resources for _, name, there in each.foreign_keys]
        tables = _tables(stack, pointed_at, terms)
        tasks = clean_tasks(package, tables, terms) if terms.engine != "frictionless" else {}
        if len(tasks) < len(package.resources) or not is_known(package):
            report = _judged(package, tables, tasks, terms)
        else:
            report = Report(list(tasks.values()))
    report.seconds = time.perf_counter() - started
    return report


def _tables(stack: ExitStack, pointed_at: Iterable[tuple[str, Sequence[str]]], terms: Terms) -> Tables:
    if terms.engine != "spark":
        return Tables(stack, pointed_at)
    from pipeline.validate.spark_tables import SparkTables

    return SparkTables(stack, pointed_at, terms.spark, terms.progress)


def clean_tasks(package: Package, tables: Tables, terms: Terms) -> dict[str, Task]:
    """The resources that are found clean, by name, in the order of the package."""
    known = {each.name: found for each in package.resources if (found := known_table(each, package))}
    large = [each for each in known.values() if not _is_small(each, known)]
    tables.look_beside(large)
    if any(_begins_with_suspects(each) for each in large):
        # frictionless will be wanted, and is loaded while DuckDB reads.
        Thread(target=_prepare, daemon=True).start()
    tasks = {}
    for number, resource in enumerate(package.resources, 1):
        source = known.get(resource.name)
        task = _clean_task(source, resource, known, tables) if source else _clean_file(resource, package)
        if task is not None:
            tasks[resource.name] = task
            terms.progress.advance(number, len(package.resources), resource.name)
        elif terms.fail_fast:
            break
    return tasks


def _clean_task(source: Source, resource: Resource, known: dict[str, Source], tables: Tables) -> Task | None:
    """The table, if no row of it is suspect and no key at fault."""
    started = time.perf_counter()
    parents = [known.get(key.resource or source.name) for key in source.keys.foreign]
    read = tables.small if _is_small(source, known) else tables.scanned
    table, others = read(source), [read(each) if each else None for each in parents]
    if table is None or table.suspects or any(other is None or other.suspects for other in others):
        return None
    names = [each.names for each in parents if each]
    if not _can_match(source, [each for each in parents if each]):
        return None
    if key_faults(table, source.keys, others, names, 1).rows or not is_as_stated(resource.descriptor, table.stats):
        return None
    stats = {**table.stats, "fields": len(source.fields), "rows": table.count}
    seconds = round(time.perf_counter() - started, 3)
    kept = {name: value for name, value in stats.items() if value}
    return Task(source.name, resource.paths[0], list(source.names), {"seconds": seconds, **kept})


def _can_match(source: Source, parents: list[Source]) -> bool:
    """Whether foreign keys point at fields of their own kinds: others, frictionless compares."""
    rules = {each.name: each for each in source.fields}
    for key, parent in zip(source.keys.foreign, parents, strict=True):
        there = {each.name: each for each in parent.fields}
        if not set(key.there) <= set(there):
            return False
        if [rules[name].kind for name in key.fields] != [there[name].kind for name in key.there]:
            return False
    return True


def _clean_file(resource: Resource, package: Package) -> Task | None:
    """A resource that is no table, if it is there as it is stated."""
    if resource.is_table:
        return None
    if not resource.paths and "data" in resource.descriptor:
        return Task(resource.name, "<memory>", type="json", stats={"seconds": 0.0})
    return known_file(resource, package)


def _is_small(source: Source, known: dict[str, Source]) -> bool:
    """Whether Python reads the table, and those that it points at."""
    parents = [known.get(key.resource or source.name) for key in source.keys.foreign]
    return source.is_small and all(parent is None or parent.is_small for parent in parents)


BEGINNING = 1000
"""Rows at the beginning of a large table that tell whether there may be suspects."""


def _begins_with_suspects(source: Source) -> bool:
    """Whether one of the first rows of a table is not certainly valid."""
    import csv
    from itertools import islice

    from pipeline.table.rules_python import certain
    from pipeline.validate.timelimit import Expired, time_limit

    tests = [certain(each) for each in source.fields]
    try:
        with time_limit(1):
            return not all(
                len(row) == len(tests) and all(test(text) for test, text in zip(tests, row, strict=True) if test)
                for _, row in islice(source.cells(), BEGINNING)
            )
    except (Expired, ValueError, csv.Error):
        return True


def _prepare() -> None:
    from pipeline.validate.judge import prepare

    prepare()


def _judged(package: Package, tables: Tables, tasks: dict[str, Task], terms: Terms) -> Report:
    """The report on a package of which some resources are known to be clean."""
    import frictionless

    from pipeline.table.opened import adapted_package
    from pipeline.validate.judge import Judge, errors_of, with_places
    from pipeline.validate.standard import schema_errors

    for resource in package.resources if terms.engine != "spark" else ():
        if resource.is_table and resource.name not in tasks and not tables.has_scanned(resource.name):
            for path in resource.paths:
                refuse_long_lines(package.folder / path)
    descriptor = dict(package.descriptor)
    if terms.engine != "frictionless":
        faults = [error for each in package.resources for error in schema_errors(each.schema, each.name)]
        if faults:
            return Report(errors=faults)
        descriptor = adapted_package(package.descriptor, package.resources)
    try:
        judged = frictionless.Package.from_descriptor(descriptor, basepath=str(package.folder))
        judged.to_descriptor(validate=True)
    except frictionless.FrictionlessException as exception:
        errors = errors_of(exception)
        return Report(errors=with_places(errors, [each.descriptor for each in package.resources]))
    judge = Judge(tables, judged, terms.limit)
    report = Report()
    for number, described in enumerate(judged.resources, 1):
        name = str(described.name)
        if name not in tasks:
            terms.progress.advance(number, len(judged.resources), name)
        report.tasks.append(tasks.get(name) or _task(judge, described, terms))
        if terms.fail_fast and not report.tasks[-1].valid:
            break
    return report


def _task(judge: Any, resource: frictionless.Resource, terms: Terms) -> Task:
    if terms.engine == "frictionless":
        return Report.of(resource.validate(limit_errors=terms.limit)).tasks[0]
    task: Task = judge.task(resource)
    return task


# -- a table alone ---------------------------------------------------------------------------------------------------


def _judge_descriptor(content: dict[str, Any], path: Path, terms: Terms) -> Report:
    """The report on a resource whose descriptor lies beside its file."""
    named = {"name": path.stem, **content}
    checked_paths(named, path.parent, str(path))
    for part in ("schema", "dialect"):
        found = checked_part(named, part, path.parent, str(path))
        if found is not None:
            content = {**content, part: found}
    return _judge_alone(content, path.parent, terms)


def _judge_alone(described: dict[str, Any], folder: Path, terms: Terms) -> Report:
    import frictionless

    from pipeline.package.descriptor import as_list
    from pipeline.table.opened import adapted_resource
    from pipeline.validate.judge import Judge, errors_of, with_places
    from pipeline.validate.standard import schema_errors

    started = time.perf_counter()
    resource = Resource(str(described.get("name", "")), "", described, tuple(as_list(described.get("path"))), None)
    if terms.engine != "frictionless":
        faults = schema_errors(described.get("schema"), resource.name)
        if faults:
            return Report(errors=faults)
        described = adapted_resource(resource)
    try:
        opened = frictionless.Resource.from_descriptor(described, basepath=str(folder))
    except frictionless.FrictionlessException as exception:
        return Report(errors=with_places(errors_of(exception), [described]))
    with ExitStack() as stack, _rarely_collecting():
        schema = described.get("schema")
        keys = schema.get("foreignKeys") if isinstance(schema, dict) else None
        pointed_at = [
            (resource.name, as_list(key["reference"].get("fields")))
            for key in (keys if isinstance(keys, list) else [])
            if isinstance(key, dict) and isinstance(key.get("reference"), dict)
        ]
        judge = Judge(_tables(stack, pointed_at, terms), None, terms.limit)
        task = _task(judge, opened, terms)
    return Report([task], time.perf_counter() - started)


COLLECTED = 50_000
"""New objects after which Python looks for garbage among all: a report holds what it makes, so there is little."""


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Takes a tenth of the time from loading and judging."""
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], COLLECTED), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
