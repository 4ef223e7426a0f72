"""CHANGELOG.md: what a release changed, in words that a data user understands, in both languages, with the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.core.errors import printable, shorten
from pipeline.release.compare import Change, Comparison, Row, RowChanges
from pipeline.release.compare.change import CHANGED
from pipeline.release.compare.summary import KINDS as SUMMARISED
from pipeline.web.words import LANGUAGES, Language, Words

CHANGELOG = "CHANGELOG.md"
CHANGES = "changes.json"
"""The two files of a release that say what it changed, for people and for programs."""

HEADING = "# Changelog · Ändringar\n"

SHOWN = 10
"""Rows of a table and kind of change that are named; changes.json has all."""

KINDS = {what: change for what, change in SUMMARISED.items() if not what.startswith("traces-")}
"""Kinds of change whose rows are named; those of traces only repeat what their tables say."""


def changelog(version: str, created: str | None, comparison: Comparison | None, earlier: str | None) -> str:
    """The changelog with this release on top of the `earlier` one's; both are None for the first release."""
    date = f" ({created[:10]})" if created else ""
    lines = [f"## {version}{date}", ""]
    for language in LANGUAGES:
        if comparison is None:
            lines.append(Words(language).text("diff.first"))
        else:
            lines += _changes(comparison, language)
        lines.append("")
    before = (earlier or HEADING).removeprefix(HEADING)
    return HEADING + "\n" + "\n".join(lines[:-1]) + "\n" + before


def _changes(comparison: Comparison, language: Language) -> Iterator[str]:
    differing = {table.table: table for table in comparison.tables}
    for change in comparison.changes:
        yield f"- {_plain(change.line(language))}"
        if change.what in KINDS and change.table in differing:
            yield from _rows(comparison, differing[change.table], change, language)


def _rows(comparison: Comparison, table: RowChanges, change: Change, language: Language) -> Iterator[str]:
    for row in comparison.rows(table, KINDS[change.what], SHOWN):
        yield f"  - {_row(row, table, language)}"
    if change.count is not None and change.count > SHOWN:
        words = Words(language)
        yield f"  - {words.text('diff.rest_in_file', n=words.number(change.count - SHOWN))}"


def _row(row: Row, table: RowChanges, language: Language) -> str:
    """`0482` Flen, `0482`: people `16000` → `16001`; of a row without a key all its cells."""
    if not table.key:
        cells = row.old or row.new
        return ", ".join(f"{_plain(name)} {_cell(cell, language)}" for name, cell in cells.items() if cell)
    key = " · ".join(_cell(part, language) for part in row.key)
    if row.change != CHANGED:
        return f"{key} {_plain(shorten(row.name(language)))}".rstrip()
    cells = {name: f"{_cell(row.old[name], language)} → {_cell(row.new[name], language)}" for name in row.new}
    return f"{key}: {', '.join(f'{_plain(name)} {cell}' for name, cell in cells.items())}"


def _cell(text: str, language: Language) -> str:
    """A cell as code, which Markdown leaves alone."""
    if not text:
        return Words(language).text("diff.empty")
    shown = printable(shorten(text))
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    padding = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def _plain(text: str) -> str:
    """A text that Markdown takes as text: names and descriptions come from whoever wrote the package."""
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", printable(text))
