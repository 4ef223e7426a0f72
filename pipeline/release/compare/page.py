"""A comparison as one page of HTML: complete in itself, without script or request, in one language.

Everything that comes from data or a descriptor is escaped by the template, and made visible first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.package.package import Package
from pipeline.release.compare.change import ADDED, CHANGED, LOST, REMOVED, Change, Row
from pipeline.release.compare.package import Comparison
from pipeline.release.compare.rows import RowChanges
from pipeline.web import templates
from pipeline.web.words import Language, Words

ROWS = 100
"""Rows of a table that changed in one way and are shown; the others are counted."""

TABLES = 200
"""Tables whose rows are shown."""

FIELDS = 40
"""Cells of a row that was added or removed which are shown."""


@dataclass(frozen=True)
class Section:
    """What differs in one table, or, without a name, in the package itself."""

    name: str | None
    title: str
    changes: list[Change]
    kinds: list[Kind]


@dataclass(frozen=True)
class Kind:
    """Rows that changed in one way: some of them, and how many others there are."""

    change: str
    count: int
    rows: list[Row]
    key: tuple[str, ...]
    fields: list[str]

    @property
    def rest(self) -> int:
        """How many rows are not shown."""
        return self.count - len(self.rows)


def render(comparison: Comparison, language: Language = "en", limit: int = ROWS) -> str:
    """The page; of each table at most `limit` rows that changed in one way are shown."""
    sections = list(_sections(comparison, language, limit))
    ways = (ADDED, REMOVED, CHANGED)
    counts = {change: sum(getattr(table, change) for table in comparison.tables) for change in ways}
    template = templates.environment(Path(__file__).parent / "templates").get_template("diff.html")
    page = template.render(
        t=Words(language),
        old=_about(comparison.old, language),
        new=_about(comparison.new, language),
        step=comparison.step.name.lower() if comparison.step else None,
        sections=sections,
        counts=counts,
    )
    return page.rstrip("\n") + "\n"


def _sections(comparison: Comparison, language: Language, limit: int) -> Iterator[Section]:
    differing = {table.table: table for table in comparison.tables}
    names = dict.fromkeys(change.table for change in comparison.changes)
    order: list[str | None] = [None] if None in names else []
    order += [name for name in names if name is not None]
    for number, name in enumerate(order):
        changes = [change for change in comparison.changes if change.table == name]
        table = differing.get(name) if name is not None else None
        kinds = list(_kinds(comparison, table, limit)) if table is not None and number < TABLES else []
        yield Section(name, _title(comparison, name, language), changes, kinds)


def _kinds(comparison: Comparison, table: RowChanges, limit: int) -> Iterator[Kind]:
    counts = {ADDED: table.added, REMOVED: table.removed, CHANGED: table.changed, LOST: table.lost}
    for change, count in counts.items():
        if count and change != LOST:
            fields = table.old_fields if change == REMOVED else table.new_fields
            rows = list(comparison.rows(table, change, limit))
            yield Kind(change, count, rows, table.key, list(fields[:FIELDS]))


def _title(comparison: Comparison, name: str | None, language: Language) -> str:
    for package in (comparison.new, comparison.old):
        for resource in package.resources:
            if resource.name == name:
                return _translated(resource.descriptor, language)
    return ""


def _about(package: Package, language: Language) -> dict[str, str]:
    stated = {member: str(package.descriptor.get(member) or "") for member in ("version", "created")}
    return {"title": _translated(package.descriptor, language) or package.name, **stated}


def _translated(descriptor: Any, language: Language) -> str:
    found = descriptor.get(f"title@{language}") or descriptor.get("title")
    return found if isinstance(found, str) else ""
