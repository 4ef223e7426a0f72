"""Words looked for everywhere: in texts, in the names of codes, and as the key of a row."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from pipeline.core.quoting import identifier
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.dataset import Dataset, Table
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.matching import Match, folded, matches

SHOWN = 6
"""Hits of a table that the page shows; it leads to all of them."""

MOST_RANKED = 5_000
"""Hits up to which the best come first; beyond, ranking takes longer than anybody waits, and tells little."""

MOST_CODES = 8
"""Codes whose names have the words, at most."""

OPEN, CLOSE = "\x02", "\x03"
"""Signs that FTS5 puts around a hit; a text that has them itself gets a mark too many, and nothing worse."""


@dataclass(frozen=True)
class Hits:
    """What a table has: how many rows, and the best of them."""

    table: Table
    count: int
    href: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """What was found: how (`Match`), by table, the rows with that key, and filters by codes with such a name."""

    match: Match | None
    hits: list[Hits]
    keys: list[tuple[Table, str, str]]
    codes: list[tuple[Table, str, str, str]]

    @property
    def total(self) -> int:
        """Rows found."""
        return sum(each.count for each in self.hits) + len(self.keys)


def find(con: sqlite3.Connection, dataset: Dataset, links: Links, words: str) -> Found:
    """What has the words, by the first way to look for them that finds anything."""
    if not any(sign.isalnum() for sign in words):
        return Found(None, [], [], [])
    searched = [table for table in dataset.tables.values() if table.index]
    tried = [*matches(dataset, words)]
    for match in tried:
        counts = [(table, _count(con, table, match)) for table in searched]
        if any(count for _, count in counts):
            break
    cells = Cells(dataset, links, match.words)
    hits = [_hits(con, cells, table, count, tried[0], match, words) for table, count in counts if count]
    return Found(match, hits, _keys(con, cells, words), _codes(dataset, links, match))


def _count(con: sqlite3.Connection, table: Table, match: Match) -> int:
    index = identifier(str(table.index))
    sql = f"SELECT count(*) FROM {index} WHERE {index} MATCH ?"
    return int(con.execute(sql, [match.expression]).fetchone()[0])


def _hits(
    con: sqlite3.Connection, cells: Cells, table: Table, count: int, exact: Match, match: Match, words: str
) -> Hits:
    """The best hits: those in the language of the page first, in it what is written as it was asked for."""
    index, name = identifier(str(table.index)), identifier(table.name)
    spoken = _in_language(con, table)
    ranked = f" ORDER BY rowid IN (SELECT rowid FROM {index} WHERE {index} MATCH :own) DESC, rank"
    best = con.execute(
        f"SELECT t.*, f.hit FROM (SELECT rowid AS number, snippet({index}, -1, :open, :close, '…', 28) AS hit "
        f"FROM {index} WHERE {index} MATCH :match{ranked if count <= MOST_RANKED else ''} LIMIT {SHOWN}) AS f "
        f"JOIN {name} AS t ON t.{table.rowid} = f.number",
        {
            "open": OPEN,
            "close": CLOSE,
            "match": match.expression,
            "own": f"{spoken}({exact.expression if match.how in ('all', 'alike') else match.expression})",
        },
    ).fetchall()
    cells.look_up(con, table.columns, best)
    rows = [_row(cells, table, row) for row in best]
    return Hits(table, count, cells.links.table(table.name, _search=words), rows)


def _in_language(con: sqlite3.Connection, table: Table) -> str:
    """The columns of the index that are not another language's, as FTS5 names them."""
    others = {column.name for column in table.columns if column.stands_for is not None}
    names = [name for (name,) in con.execute("SELECT name FROM pragma_table_info(?)", [table.index])]
    columns = [identifier(name) for name in names if name not in others]
    return "{" + " ".join(columns) + "} : " if columns else ""


def _row(cells: Cells, table: Table, row: Any) -> dict[str, Any]:
    name = cells.name(table, row)
    hit = marked(row[-1])  # a column of the table may be called `hit`
    shown = hit.striptags()
    return {
        "href": cells.links.row(table.name, [row[part] for part in table.key]) if table.key else None,
        "name": cells.marked(name),
        "hit": None if shown.strip("… ")[:40] in name else hit,
    }


def _keys(con: sqlite3.Connection, cells: Cells, words: str) -> list[tuple[Table, str, str]]:
    """Rows whose key is what was written: table, name and address."""
    found = []
    for table in cells.dataset.tables.values():
        if len(table.key) != 1 or table.is_view:
            continue
        sql = f"SELECT * FROM {identifier(table.name)} WHERE {identifier(table.key[0])} = ?"
        row = con.execute(sql, [words.strip()]).fetchone()
        if row is not None:
            found.append((table, cells.name(table, row), cells.links.row(table.name, [words.strip()])))
    return found


def _codes(dataset: Dataset, links: Links, match: Match) -> list[tuple[Table, str, str, str]]:
    """Codes whose names have all the words: table, column, name, and the address of the rows with the code."""
    wanted = [folded(word) for word in match.words]
    found = [
        (table, column.title, label, links.table(table.name, **{column.argument: code}))
        for table in dataset.tables.values()
        if not table.is_view and table.count
        for column in table.columns
        for code, label in column.labels.items()
        if wanted and all(any(part.startswith(word) for part in folded(label).split()) for word in wanted)
    ]
    return found[:MOST_CODES]


def marked(hit: str) -> Markup:
    """A hit of FTS5 as HTML, its words in `<mark>`."""
    return Markup(str(escape(hit)).replace(OPEN, "<mark>").replace(CLOSE, "</mark>"))
