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

PARTS = {"data": "id", "idx": "segid, term", "docsize": "id", "content": "id"}
"""The tables in which FTS5 keeps an index, and their keys (sqlite.org/fts5.html, section 9)."""

QUOTE = '"'

RESERVED = ("rank", "rowid")
"""Names that no column of an index can have: FTS5's own; the name of the index is the third."""


@dataclass(frozen=True)
class Index:
    """The search index of a table: its name, the table's fields in it, and `row`, the number of a row in SQL.

    An index usually reads its texts from the table. Where a field has a name that FTS5 keeps for itself, the index has
    another name for it, and texts of its own: `own` are the columns of such an index.
    """

    name: str
    table: str
    fields: tuple[str, ...]
    row: str
    own: tuple[str, ...] | None


def fields(table: Resource) -> tuple[str, ...]:
    """The fields of a table that people search in."""
    linked = {name for names, _, _ in table.foreign_keys for name in names}
    return tuple(name for name in map(_text, table.fields) if name and name not in table.key and name not in linked)


def create(con: sqlite3.Connection, table: Resource, index: str) -> Index | None:
    """Creates the table's index, empty; None for a table without text, or whose fields hide the number of a row."""
    found = fields(table)
    names = {name.casefold() for name in table.field_names}
    row = next((name for name in ("rowid", "_rowid_", "oid") if name not in names), None)
    if not found or row is None:
        return None
    reserved = {*RESERVED, index.casefold()}
    own = _renamed(found, reserved) if reserved & {name.casefold() for name in found} else None
    content = f'content="{table.stem.replace(QUOTE, QUOTE * 2)}"'
    # Datasette and sqlite-utils find the index of a table by this text; where it is no option, it is a comment.
    told = f"/* {content} */" if own else f", {content}{'' if row == 'rowid' else f', content_rowid={identifier(row)}'}"
    con.execute(
        f"CREATE VIRTUAL TABLE {identifier(index)} USING fts5({', '.join(map(identifier, own or found))}, "
        f'tokenize="unicode61 remove_diacritics 0" {told})'
    )
    return Index(index, table.stem, found, row, own)


def _renamed(found: tuple[str, ...], reserved: set[str]) -> tuple[str, ...]:
    """The names of an index's columns: those of the fields, with `_` behind the reserved ones."""
    taken = {name.casefold() for name in found} | reserved
    names = []
    for name in found:
        if name.casefold() in reserved:
            while name.casefold() in taken:
                name += "_"
            taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def write(indexes: Iterable[Index], path: Path) -> None:
    """Fills the indexes in a copy of the database at `path`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as con:
        con.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN")
        for index in indexes:
            name = identifier(index.name)
            con.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('hashsize', ?)", (MEMORY,))
            if index.own is None:
                con.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
            else:
                columns, texts = (", ".join(map(identifier, names)) for names in (index.own, index.fields))
                con.execute(
                    f"INSERT INTO {name} (rowid, {columns}) SELECT {index.row}, {texts} FROM {identifier(index.table)}"
                )
            con.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")
        con.execute("COMMIT")


def take_over(con: sqlite3.Connection, indexes: Iterable[Index]) -> None:
    """Puts what `write` wrote into the indexes that `create` created. `con` has the database attached as `search`."""
    for index in indexes:
        for part, key in PARTS.items():
            if part == "content" and index.own is None:
                continue
            name = identifier(f"{index.name}_{part}")
            con.execute(f"DELETE FROM main.{name}")
            con.execute(f"INSERT INTO main.{name} SELECT * FROM search.{name} ORDER BY {key}")


def _text(field: Mapping[str, Any]) -> str | None:
    """The field's name, if people search in it: text that is not a code, a key, a date or an address."""
    constraints = field.get("constraints") or {}
    is_text = field.get("type", "any") in ("string", "any") and field.get("format", "default") == "default"
    if is_text and "enum" not in constraints and "pattern" not in constraints:
        return str(field["name"])
    return None
