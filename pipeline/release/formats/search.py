"""Full-text search in SQLite: an FTS5 index for every table that has text which people search in.

The indexes are made in a copy of the database, in a thread of its own while the database gets its other indexes, and
are then taken over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.package.package import Resource

MEMORY = 16 << 20
"""Bytes of words that FTS5 gathers before it writes them; with its own 1 MB it merges what it wrote over and over."""

PARTS = {"data": "id", "idx": "segid, term", "docsize": "id"}
"""The tables in which FTS5 keeps an index, and their keys (sqlite.org/fts5.html, section 9)."""


@dataclass(frozen=True)
class Index:
    """The search index of a table: its name, and the table's fields in it."""

    name: str
    fields: tuple[str, ...]


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
    """Creates the table's index, empty; None for a table without text, or whose fields hide the number of a row."""
    found = fields(table, index)
    if not found or {"rowid", "_rowid_", "oid"} <= {name.casefold() for name in table.field_names}:
        return None
    content = table.stem.replace('"', '""')
    con.execute(
        f"CREATE VIRTUAL TABLE {identifier(index)} USING fts5({', '.join(map(identifier, found))}, "
        f'content="{content}"{_row_id(table)}, tokenize="unicode61 remove_diacritics 0")'
    )
    return Index(index, found)


def write(indexes: Iterable[Index], path: Path) -> None:
    """Fills the indexes in a copy of the database at `path`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN")
        for index in indexes:
            name = identifier(index.name)
            con.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('hashsize', ?)", (MEMORY,))
            con.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
            con.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")
        con.execute("COMMIT")


def take_over(con: sqlite3.Connection, indexes: Iterable[Index]) -> None:
    """Puts what `write` wrote into the indexes that `create` created. `con` has the database attached as `search`."""
    for index in indexes:
        for part, key in PARTS.items():
            name = identifier(f"{index.name}_{part}")
            con.execute(f"DELETE FROM main.{name}")
            con.execute(f"INSERT INTO main.{name} SELECT * FROM search.{name} ORDER BY {key}")


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
