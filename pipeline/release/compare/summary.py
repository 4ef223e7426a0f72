"""A comparison for a terminal: each change with its step, and some of the rows that differ."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.core.errors import printable, shorten
from pipeline.package.package import Package
from pipeline.release.compare.change import ADDED, CHANGED, REMOVED, Change, Row
from pipeline.release.compare.package import Comparison
from pipeline.release.compare.rows import RowChanges
from pipeline.release.version import What
from pipeline.web.words import Language, Words

KINDS = {
    What.KEYS_REMOVED: REMOVED,
    What.ROWS_REMOVED: REMOVED,
    What.TRACES_REMOVED: REMOVED,
    What.ROWS_ADDED: ADDED,
    What.TRACES_ADDED: ADDED,
    What.ROWS_CHANGED: CHANGED,
    What.TRACES_CHANGED: CHANGED,
}
"""How the rows changed that a kind of change counts."""


def summary(comparison: Comparison, language: Language = "en", limit: int | None = 5) -> Iterator[str]:
    """The lines of the summary; at most `limit` rows of a table that changed in one way are shown, with None all."""
    yield f"{shown(comparison.old)} → {shown(comparison.new)}"
    if not comparison.changes:
        yield f"{Words(language).text('diff.same')}."
        return
    differing = {table.table: table for table in comparison.tables}
    for change in comparison.changes:
        yield f"{change.step.name.lower()}  {printable(change.line(language))}"
        if change.what in KINDS and change.table in differing:
            yield from _rows(comparison, differing[change.table], change, language, limit)
    if comparison.step is not None:
        yield Words(language).text("diff.step", step=comparison.step.name.lower())


def shown(package: Package) -> str:
    """A package's name, and its version where it states one."""
    return printable(f"{package.name} {package.descriptor.get('version') or ''}".rstrip())


def _rows(
    comparison: Comparison, table: RowChanges, change: Change, language: Language, limit: int | None
) -> Iterator[str]:
    for row in comparison.rows(table, KINDS[change.what], limit):
        yield f"         {row_text(row, table, language)}"
    if limit is not None and change.count is not None and change.count > limit:
        words = Words(language)
        yield f"         {words.text('diff.rest', n=words.number(change.count - limit))}"


def row_text(row: Row, table: RowChanges, language: Language) -> str:
    """A row on one line: its key, and the cells that changed; without a key all its cells that are not empty."""
    if not table.key:
        cells = row.old or row.new
        return ", ".join(f"{printable(name)} {_cell(cell, language)}" for name, cell in cells.items() if cell)
    key = " · ".join(_cell(part, language) for part in row.key)
    if row.change != CHANGED:
        return f"{key}  {printable(shorten(row.name(language)))}".rstrip()
    cells = {name: f"{_cell(row.old[name], language)} → {_cell(row.new[name], language)}" for name in row.new}
    return f"{key}  {', '.join(f'{printable(name)}: {cell}' for name, cell in cells.items())}"


def _cell(text: str, language: Language) -> str:
    return printable(shorten(text)) if text else f"({Words(language).text('diff.empty')})"
