"""What stands beside the data in a release: the judgement of `validate`, and what changed since the last release."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json

REPORT, CHANGES, CHANGELOG = "report.json", "changes.json", "CHANGELOG.md"

MOST = 20_000_000
"""Bytes of a file that is read for the page; the changes of a large one are linked only."""

SHOWN = 40
"""Changes that are shown."""


@dataclass(frozen=True)
class Verdict:
    """Whether the package is valid, the numbers of what was judged, and the files that say more, by name."""

    valid: bool
    tables: int
    rows: int
    errors: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """A change in words, by language, and the table that it is of."""

    table: str | None
    words: dict[str, str]


@dataclass(frozen=True)
class Changes:
    """What changed since the version `before`, which is None for a first release; `more` changes are not shown."""

    before: str | None
    changes: tuple[Change, ...]
    more: int


def verdict(folder: Path) -> Verdict | None:
    """The verdict in a release's report.json, as frictionless writes it."""
    report = _read(folder / REPORT)
    if not isinstance(report, dict) or not isinstance(report.get("valid"), bool):
        return None
    tasks = [task for task in report.get("tasks") or [] if isinstance(task, dict) and task.get("type") == "table"]
    errors = len(report.get("errors") or []) + sum(len(task.get("errors") or []) for task in tasks)
    files = [path.name for path in sorted(folder.glob("report*.html"))] + [REPORT]
    return Verdict(report["valid"], len(tasks), sum(map(_rows, tasks)), errors, tuple(files))


def _rows(task: dict[str, Any]) -> int:
    rows = (task.get("stats") or {}).get("rows")
    return rows if isinstance(rows, int) else 0


def changes(folder: Path) -> Changes | None:
    """What a release's changes.json says."""
    found = _read(folder / CHANGES)
    if not isinstance(found, dict) or not isinstance(found.get("changes"), list):
        return None
    listed = [
        Change(each.get("table"), {tag: str(each[tag]) for tag in ("en", "sv") if each.get(tag)})
        for each in found["changes"]
        if isinstance(each, dict)
    ]
    old = found.get("old")
    before = old.get("version") if isinstance(old, dict) else None
    return Changes(before, tuple(listed[:SHOWN]), len(listed[SHOWN:]))


def _read(path: Path) -> Any:
    if not path.is_file() or path.stat().st_size > MOST:
        return None
    try:
        return read_json(path, path.name)
    except PipelineError:
        return None
