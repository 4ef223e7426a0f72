"""What fetched sources state: the rows of their accepted snapshots, as sheets beside the hand-written ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.assemble.sheet import Sheet
from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.source import snapshots
from pipeline.source.fetch import Fetch
from pipeline.source.fetched_rows import Rows, read
from pipeline.source.readers import BadAnswer
from pipeline.source.source import FILE, Source


@dataclass(frozen=True)
class Collected:
    """What was collected for a project: sheets by source and table, and the day of each fetched document.

    `ages` are sentences for the person who builds: how old each snapshot is.
    """

    sheets: Mapping[tuple[str, str], list[Sheet]] = field(default_factory=dict)
    accessed: Mapping[str, str | None] = field(default_factory=dict)
    """By document that is fetched; None before its first snapshot."""
    ages: tuple[str, ...] = ()


def collected(sources: list[Source], root: Path) -> Collected:
    """The accepted snapshots of all sources. Raises InvalidData for one that is damaged, or that is read no more."""
    sheets: dict[tuple[str, str], list[Sheet]] = {}
    accessed: dict[str, str | None] = {}
    ages: list[str] = []
    lacking: list[str] = []
    for source in sources:
        for fetch in source.fetches:
            found = snapshots.accepted(source, fetch)
            day = found[1].fetched[:10] if found else None
            accessed[fetch.document] = max(filter(None, (accessed.get(fetch.document), day)), default=None)
            if day is None:
                lacking.append(fetch.id)
            else:
                ages.append(f"{fetch.id}: {_age(day)}")
            if found:
                for table, sheet in _sheets(source, fetch, found[0], root).items():
                    sheets.setdefault((source.name, table), []).append(sheet)
    if lacking:
        ages.append(f"Not collected yet: {', '.join(lacking)}. Run `servicebanken collect`.")
    return Collected(sheets, accessed, tuple(ages))


def _sheets(source: Source, fetch: Fetch, snapshot: snapshots.Snapshot, root: Path) -> dict[str, Sheet]:
    name = str((source.folder / FILE).relative_to(root))
    folder = snapshot.folder.relative_to(root)
    files = {kept.sha256: str(folder / kept.file) for kept in snapshot.kept}
    try:
        tables = read(fetch, snapshot.answers())
    except BadAnswer as error:
        rule = f"has a snapshot that its reader refuses: it {error.rule}"
        fix = "Mend the fetch in source.yml, or run `servicebanken collect`."
        raise InvalidData(
            Problem(Kind.DAMAGED_SNAPSHOT, rule, fix, file=name, row=fetch.line, value=fetch.id)
        ) from None
    return {table: _sheet(name, fetch, rows, files) for table, rows in tables.items()}


def _sheet(name: str, fetch: Fetch, rows: Rows, files: Mapping[str, str]) -> Sheet:
    columns = {label: [cell or "" for cell in cells] for label, cells in rows.columns.items()}
    columns["document"] = [fetch.document] * len(rows.numbers)
    places = dict.fromkeys(columns, fetch.line)
    return Sheet(name, columns, rows.numbers, places, [files[digest] for digest in rows.snapshots], rows.snapshots)


def _age(day: str) -> str:
    """How old a snapshot of a day is, in words. A clock that was set back makes none younger than today."""
    days = (datetime.now(UTC).date() - datetime.fromisoformat(day).date()).days
    if days < 0:
        return f"snapshot of {day}, which is yet to come: is the clock right?"
    return f"snapshot of {day}, {days} day{'s' * (days != 1)} old"
