"""Words looked for in every table that has an index of its texts, with the words marked where they were found."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from pipeline.core.quoting import identifier
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.dataset import Dataset, Table
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.selection import matching

SHOWN = 6
"""Hits of a table that the page shows; it leads to all of them."""

MOST_RANKED = 5_000
"""Hits up to which the best come first; beyond, ranking takes longer than anybody waits, and tells little."""

OPEN, CLOSE = "\x02", "\x03"
"""Signs that FTS5 puts around a hit; a text that has them itself gets a mark too many, and nothing worse."""


@dataclass(frozen=True)
class Hits:
    """What a table has: how many rows, and the best of them."""

    table: Table
    count: int
    href: str
    rows: list[dict[str, Any]]


def find(con: sqlite3.Connection, dataset: Dataset, links: Links, words: str) -> list[Hits]:
    """The tables with rows that have all the words, in the order of the package."""
    if not any(sign.isalnum() for sign in words):
        return []
    cells = Cells(dataset, links, tuple(words.replace('"', " ").split()))
    found = (_hits(con, cells, table, words) for table in dataset.tables.values() if table.index)
    return [hits for hits in found if hits is not None]


def _hits(con: sqlite3.Connection, cells: Cells, table: Table, words: str) -> Hits | None:
    index, name = identifier(str(table.index)), identifier(table.name)
    match = matching(words)
    count = con.execute(f"SELECT count(*) FROM {index} WHERE {index} MATCH ?", [match]).fetchone()[0]
    if not count:
        return None
    ranked = " ORDER BY rank" if count <= MOST_RANKED else ""
    best = con.execute(
        f"SELECT t.*, f.hit FROM (SELECT rowid AS number, snippet({index}, -1, ?, ?, '…', 28) AS hit "
        f"FROM {index} WHERE {index} MATCH ?{ranked} LIMIT {SHOWN}) AS f JOIN {name} AS t ON t.rowid = f.number",
        [OPEN, CLOSE, match],
    ).fetchall()
    cells.look_up(con, table.columns, best)
    rows = [_row(cells, table, row) for row in best]
    return Hits(table, count, cells.links.table(table.name, _search=words), rows)


def _row(cells: Cells, table: Table, row: Any) -> dict[str, Any]:
    name = cells.name(table, row)
    hit = marked(row["hit"])
    return {
        "href": cells.links.row(table.name, [row[part] for part in table.key]) if table.key else None,
        "name": cells.marked(name),
        "hit": None if hit.striptags() == name else hit,
    }


def marked(hit: str) -> Markup:
    """A hit of FTS5 as HTML, its words in `<mark>`."""
    return Markup(str(escape(hit)).replace(OPEN, "<mark>").replace(CLOSE, "</mark>"))
