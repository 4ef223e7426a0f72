"""When a source changed, and by how much: its log, and the rows of one accepted snapshot beside those of the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.collect.jobs import Job, chosen
from pipeline.collect.store import lines
from pipeline.core.errors import PipelineError
from pipeline.package.package import Package
from pipeline.source import snapshots
from pipeline.source.fetch import Fetch
from pipeline.source.fetched_rows import Rows, read
from pipeline.source.project import Project
from pipeline.source.readers import BadAnswer
from pipeline.source.source import Source


@dataclass(frozen=True)
class Change:
    """How many rows of a table a snapshot has, and how many are new, gone, or say something else than before."""

    rows: int
    added: int
    removed: int
    changed: int

    def __str__(self) -> str:
        moved = [
            f"{sign}{count:,}" for sign, count in (("+", self.added), ("−", self.removed), ("~", self.changed)) if count
        ]
        return f"{self.rows:,} rows" + (f" ({' '.join(moved)})" if moved else "")


@dataclass(frozen=True)
class Entry:
    """A verdict on a fetch. `unchanged` counts the times that it was found as it was, until `last`."""

    source: str
    fetch: str
    time: str
    verdict: str
    snapshot: str | None = None
    bytes: int | None = None
    tables: dict[str, Change] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    unchanged: int = 0
    last: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON-ready data, without what is not known."""
        return {name: value for name, value in asdict(self).items() if value not in (None, (), {}, 0)}

    def __str__(self) -> str:
        tables = ", ".join(f"{table} {change}" for table, change in self.tables.items())
        size = f"{self.bytes:,} bytes" if self.bytes is not None else ""
        line = "  ".join(
            part for part in (self.time[:16].replace("T", " "), self.fetch, self.verdict, size, tables) if part
        )
        since = f"unchanged {self.unchanged} time{'s' * (self.unchanged != 1)}, last {(self.last or '')[:10]}"
        return "\n".join(
            [line, *(f"  {reason}" for reason in self.reasons), *([f"  {since}"] if self.unchanged else [])]
        )


def history(project: Project, only: tuple[str, ...] = ()) -> list[Entry]:
    """The verdicts on each fetch, oldest first, in the order of the sources."""
    return [entry for job in chosen(project, only) for entry in _entries(job, project.contract)]


def _entries(job: Job, contract: Package) -> list[Entry]:
    source, fetch = job
    log = lines(source.folder / snapshots.FOLDER / snapshots.LOG)
    entries: list[Entry] = []
    before: Mapping[str, Rows] = {}
    current: int | None = None
    for line in log:
        if line.get("fetch") != fetch.id or "verdict" not in line:
            continue
        verdict, time = str(line["verdict"]), str(line.get("time", ""))
        if verdict == "unchanged" and current is not None:
            entries[current] = _seen_again(entries[current], time)
            continue
        found = _found(source, fetch, line.get("snapshot")) if verdict in ("accepted", "rejected") else None
        size, rows = found or (None, {})
        entries.append(
            Entry(
                source.name,
                fetch.id,
                time,
                verdict,
                line.get("snapshot") if found else None,
                size,
                {table: _change(before.get(table), of, _key(table, of, contract)) for table, of in rows.items()},
                tuple(map(str, line.get("reasons", ()))),
            )
        )
        if verdict == "accepted":
            before, current = rows, len(entries) - 1
    return entries


def _seen_again(entry: Entry, time: str) -> Entry:
    return Entry(**{**entry.__dict__, "unchanged": entry.unchanged + 1, "last": time})


def _found(source: Source, fetch: Fetch, id: object) -> tuple[int, Mapping[str, Rows]] | None:
    """The bytes and the rows of a snapshot; without rows where source.yml reads it no more, None where it is gone."""
    try:
        snapshot = snapshots.load(snapshots.folder_of(source, fetch), str(id))
        answers = snapshot.answers()
    except PipelineError:
        return None
    size = sum(len(answer.body) for answer in answers)
    try:
        return size, read(fetch, answers)
    except BadAnswer:
        return size, {}


def _key(table: str, rows: Rows, contract: Package) -> list[str]:
    found = contract.table(table)
    return [name for name in (found.key if found else []) if name in rows.columns]


def _change(old: Rows | None, new: Rows, key: list[str]) -> Change:
    """The difference between two tables; rows are the same row where they have the same key."""
    before, after = _by_key(old, key) if old else {}, _by_key(new, key)
    both = before.keys() & after.keys()
    return Change(
        rows=len(new.numbers),
        added=len(after.keys() - before.keys()),
        removed=len(before.keys() - after.keys()),
        changed=sum(before[each] != after[each] for each in both),
    )


def _by_key(rows: Rows, key: list[str]) -> dict[tuple[str | None, ...], tuple[str | None, ...]]:
    names = sorted(rows.columns)
    keys = zip(*(rows.columns[name] for name in key or names), strict=True)
    return dict(zip(keys, zip(*(rows.columns[name] for name in names), strict=True), strict=True))
