"""Full-text search in SQLite: an FTS5 index for every table that has text which people search in.

The index is made in a file and a thread of its own while the rows go into the database, and is then taken over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from pipeline.package import Resource
from pipeline.release.formats.contents import Contents
from pipeline.tables import identifier

MEMORY = 16 << 20
"""Bytes of words that FTS5 gathers before it writes them; with its own 1 MB it merges what it wrote over and over."""

ROWS = 50
VALUES = 999
"""Rows, and values, of one INSERT. Python's lock is given back for each, and where another thread wants it, taking it
again is what costs."""

PARTS = {"data": "id", "idx": "segid, term", "docsize": "id"}
"""The tables in which FTS5 keeps an index, and their keys (sqlite.org/fts5.html, section 9)."""


@dataclass(frozen=True)
class Index:
    """The search index of a table: its name, the table's fields in it, and SQL for the number of a row."""

    name: str
    table: Resource
    fields: tuple[str, ...]
    number: str


def fields(table: Resource, index: str) -> tuple[str, ...]:
    """The fields of a table that people search in."""
    linked = {name for names, _, _ in table.foreign_keys for name in names}
    reserved = {"rank", "rowid", index.casefold()}  # of FTS5
    return tuple(
        name
        for name in map(_text, table.fields)
        if name and name not in table.key and name not in linked and name.casefold() not in reserved
    )


def create(con: sqlite3.Connection, table: Resource, index: str) -> Index | None:
    """Creates the table's index, empty; None for a table without text."""
    found = fields(table, index)
    if not found:
        return None
    con.execute(_create(table, index, found))
    key = [(name, kind) for _, name, kind, _, _, place in con.execute(_columns(table)) if place]
    # A key that is one whole number is the number of the row; else rows are numbered as they come in.
    number = identifier(key[0][0]) if len(key) == 1 and key[0][1] == "INTEGER" else "row_number() OVER ()"
    return Index(index, table, found, number)


def write(contents: Contents, indexes: Iterable[Index], path: Path) -> None:
    """Writes the indexes into a database of their own at `path`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN")
        for index in indexes:
            name, columns = identifier(index.name), ", ".join(map(identifier, index.fields))
            con.execute(_create(index.table, index.name, index.fields))
            con.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('hashsize', ?)", (MEMORY,))
            rows = contents.rows(index.table, f"{index.number}, {columns}")
            insert(con, f"{name} (rowid, {columns})", len(index.fields) + 1, rows)
            con.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")
        con.execute("COMMIT")


def take_over(con: sqlite3.Connection, indexes: Iterable[Index]) -> None:
    """Puts what `write` wrote into the indexes that `create` created. `con` has the database attached as `search`."""
    for index in indexes:
        for part, key in PARTS.items():
            name = identifier(f"{index.name}_{part}")
            con.execute(f"DELETE FROM main.{name}")
            con.execute(f"INSERT INTO main.{name} SELECT * FROM search.{name} ORDER BY {key}")


def insert(con: sqlite3.Connection, into: str, width: int, rows: Iterator[tuple[Any, ...]]) -> None:
    """Inserts rows of `width` values, several with one statement."""
    count = max(1, min(ROWS, VALUES // width))
    row = f"({', '.join('?' * width)})"
    rest: list[Any] = []

    def groups() -> Iterator[list[Any]]:
        while group := list(chain.from_iterable(islice(rows, count))):
            if len(group) == count * width:
                yield group
            else:
                rest.extend(group)

    con.executemany(f"INSERT INTO {into} VALUES {', '.join([row] * count)}", groups())
    single = (rest[place : place + width] for place in range(0, len(rest), width))
    con.executemany(f"INSERT INTO {into} VALUES {row}", single)


def _create(table: Resource, index: str, names: tuple[str, ...]) -> str:
    content = table.stem.replace('"', '""')
    return (
        f"CREATE VIRTUAL TABLE {identifier(index)} USING fts5({', '.join(map(identifier, names))}, "
        f'content="{content}"{_row_id(table)}, tokenize="unicode61 remove_diacritics 0")'
    )


def _columns(table: Resource) -> str:
    return f"PRAGMA table_info({identifier(table.stem)})"


def _row_id(table: Resource) -> str:
    """What FTS5 must be told where a field hides SQLite's own number of the row."""
    names = {name.casefold() for name in table.field_names}
    if "rowid" not in names:
        return ""
    return f', content_rowid="{next(name for name in ("_rowid_", "oid", "rowid") if name not in names)}"'


def _text(field: Mapping[str, Any]) -> str | None:
    """The field's name, if people search in it: text that is not a code, a key, a date or an address."""
    constraints = field.get("constraints") or {}
    is_text = field.get("type", "any") in ("string", "any") and field.get("format", "default") == "default"
    if is_text and "enum" not in constraints and "pattern" not in constraints:
        return str(field["name"])
    return None
