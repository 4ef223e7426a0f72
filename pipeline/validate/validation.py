"""What is judged, by whichever way is the quicker: found clean, or judged by frictionless."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import read_json
from pipeline.core.progress import Progress
from pipeline.package.package import DESCRIPTOR, Package, load
from pipeline.validate.clean import Cleared
from pipeline.validate.verdict import CleanReport, Report, as_frictionless

Engine = Literal["screen", "frictionless"]


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
) -> Report:
    """frictionless's report on a data package, a resource descriptor, or a table in a file.

    `source` is a Package, a folder with a datapackage.json, or the path of a descriptor or of a table; `schema` is the
    file of a Table Schema for a table, which is inferred otherwise. With the engine `screen` DuckDB finds the rows that
    frictionless must judge, and v2's further rules are checked; with `frictionless` it does everything by itself.

    Raises InvalidData for a descriptor that is none or reaches outside its folder, for a table with a line over
    `look.MAX_LINE` bytes, and for a pattern that takes endless time; CannotRun where there is nothing at `source`.
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
        content = read_json(path, str(path))
        if isinstance(content, dict) and "resources" in content:
            return _judge_package(load(path), terms)
        from pipeline.validate.judge import judge_descriptor

        return judge_descriptor(content, path, terms)
    from pipeline.validate.judge import judge_table

    return judge_table(path, schema, terms)


COLLECTED = 50_000
"""New objects after which Python looks for garbage among all: a report holds what it makes, so there is little."""


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Takes a tenth of the time from loading and judging."""
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], COLLECTED), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def merged(reports: list[Report]) -> Report:
    """One report of several."""
    if len(reports) == 1:
        return reports[0]
    seconds = sum(report.stats["seconds"] for report in reports)
    clean = [report for report in reports if isinstance(report, CleanReport)]
    if len(clean) == len(reports):
        return CleanReport([task for report in clean for task in report.tasks], seconds)
    import frictionless

    return frictionless.Report.from_validation_reports(time=seconds, reports=list(map(as_frictionless, reports)))


def _judge_package(package: Package, terms: Terms) -> Report:
    started = time.perf_counter()
    with ExitStack() as stack, rarely_collecting():
        cleared = Cleared(package if terms.engine == "screen" else None, stack)
        for number, resource in enumerate(package.resources, 1):
            if cleared.clear(resource.name) is not None:
                terms.progress.advance(number, len(package.resources), resource.name)
            elif terms.fail_fast:
                break
        report = cleared.report(time.perf_counter() - started)
        if report is not None:
            return report
        from pipeline.validate.judge import judge_package

        return judge_package(package, terms, cleared)
