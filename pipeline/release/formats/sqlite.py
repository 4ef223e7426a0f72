"""One SQLite file with everything: types, keys, foreign keys, indexes, full-text search and views.

The bytes depend on the tables alone: rows go in sorted, VACUUM INTO lays the pages out anew, and the four bytes that
hold the version of the SQLite library are set to zero (sqlite.org/fileformat2,
1.3.17). `remove_diacritics 0` keeps "får" and "far" apart.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InvalidData, Kind, Problem
from pipeline.package import DESCRIPTOR, Resource
from pipeline.release.formats.contents import Contents
from pipeline.tables import identifier

TYPES = {"integer": "INTEGER", "year": "INTEGER", "number": "REAL", "boolean": "INTEGER"}
LIBRARY_VERSION = 96
"""Offset in the file's header of the version number of the library that wrote it."""


def write(contents: Contents, path: Path) -> None:
    """Writes the database to `path`.

    Raises InvalidData for a foreign key that points nowhere, or a view of the descriptor that SQLite refuses.
    """
    draft = path.with_name(path.name + ".draft")
    con = sqlite3.connect(draft, isolation_level=None)
    try:
        con.executescript(
            "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
            "PRAGMA secure_delete = ON; PRAGMA encoding = 'UTF-8'; BEGIN"
        )
        for table in contents.tables:
            con.execute(_create(table, contents))
            _insert(con, table, contents)
        for table in contents.tables:
            for statement in _indexes(table, contents):
                con.execute(statement)
            _index_text(con, table)
        _write_codes(con, contents)
        for view in contents.package.descriptor.get("views", []):
            _create_view(con, view, contents)
        _check_foreign_keys(con, path)
        con.execute("COMMIT")
        con.execute("VACUUM INTO ?", (str(path),))
    finally:
        con.close()
        draft.unlink(missing_ok=True)
    with path.open("r+b") as file:
        file.seek(LIBRARY_VERSION)
        file.write(bytes(4))


def _create(table: Resource, contents: Contents) -> str:
    columns = [_column(field, table) for field in table.fields]
    if table.key:
        columns.append(f"PRIMARY KEY ({_names(table.key)})")
    for fields, resource, there in table.foreign_keys:
        if resource in contents.relations:
            columns.append(f"FOREIGN KEY ({_names(fields)}) REFERENCES {identifier(resource)} ({_names(there)})")
    body = ",\n  ".join(columns)
    return f"CREATE TABLE {identifier(table.name)} (\n  {body}\n)"


def _column(field: Mapping[str, Any], table: Resource) -> str:
    required = (field.get("constraints") or {}).get("required") or field["name"] in table.key
    kind = TYPES.get(field.get("type", "any"), "TEXT")
    return f"{identifier(field['name'])} {kind}{' NOT NULL' if required else ''}"


def _names(fields: list[str]) -> str:
    return ", ".join(identifier(name) for name in fields)


def _insert(con: sqlite3.Connection, table: Resource, contents: Contents) -> None:
    marks = ", ".join("?" for _ in table.fields)
    columns = ", ".join(
        f"CAST({identifier(field['name'])} AS VARCHAR)" if field.get("type") == "date" else identifier(field["name"])
        for field in table.fields
    )
    con.executemany(f"INSERT INTO {identifier(table.name)} VALUES ({marks})", contents.rows(table, columns))


def _indexes(table: Resource, contents: Contents) -> list[str]:
    """Indexes for foreign keys, for what they point at, and for the fields that people filter and count by."""
    wanted = [fields for fields, _, _ in table.foreign_keys]
    wanted += [[field["name"]] for field in table.fields if _is_facet(field)]
    unique = [
        there
        for other in contents.tables
        for _, resource, there in other.foreign_keys
        if resource == table.name and there != table.key
    ]
    statements = [_index(table, fields, "UNIQUE ") for fields in _distinct(unique)]
    seen = [*unique, table.key[:1] if table.key else []]
    return statements + [_index(table, fields) for fields in _distinct(wanted) if fields not in seen]


def _distinct(lists: list[list[str]]) -> list[list[str]]:
    return [fields for number, fields in enumerate(lists) if fields not in lists[:number]]


def _index(table: Resource, fields: list[str], kind: str = "") -> str:
    name = identifier(f"{table.name}_{'_'.join(fields)}")
    return f"CREATE {kind}INDEX {name} ON {identifier(table.name)} ({_names(fields)})"


def _is_facet(field: Mapping[str, Any]) -> bool:
    return "enum" in (field.get("constraints") or {}) or field.get("type") == "boolean"


def _index_text(con: sqlite3.Connection, table: Resource) -> None:
    fields = [name for name in map(_text, table.fields) if name]
    linked = {name for names, _, _ in table.foreign_keys for name in names}
    fields = [name for name in fields if name not in table.key and name not in linked]
    if not fields:
        return
    index = identifier(f"{table.name}_fts")
    content = table.name.replace('"', '""')
    con.execute(
        f'CREATE VIRTUAL TABLE {index} USING fts5({_names(fields)}, content="{content}", '
        'tokenize="unicode61 remove_diacritics 0")'
    )
    con.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")
    con.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")


def _text(field: Mapping[str, Any]) -> str | None:
    """The field's name, if people search in it: text that is not a code, a key, a date or an address."""
    constraints = field.get("constraints") or {}
    is_text = field.get("type", "any") in ("string", "any") and field.get("format", "default") == "default"
    if is_text and "enum" not in constraints and "pattern" not in constraints:
        return str(field["name"])
    return None


CODES = "codes"


def _write_codes(con: sqlite3.Connection, contents: Contents) -> None:
    """The code lists as a table, so that queries can join labels: one `label` column a language."""
    lists = [
        (table.name, field["name"], category)
        for table in contents.tables
        for field in table.fields
        for category in field.get("categories", [])
        if isinstance(category, Mapping)
    ]
    if not lists or CODES in contents.relations:
        return
    labels = sorted({member for _, _, category in lists for member in category if member.startswith("label")})
    columns = ", ".join(f"{identifier(label.replace('@', '_'))} TEXT" for label in labels)
    con.execute(
        f'CREATE TABLE {CODES} ("table" TEXT, "field" TEXT, "code" TEXT, {columns}, '
        'PRIMARY KEY ("table", "field", "code"))'
    )
    marks = ", ".join("?" for _ in range(3 + len(labels)))
    con.executemany(
        f"INSERT INTO {CODES} VALUES ({marks})",
        (
            (table, field, str(category["value"]), *(category.get(label) for label in labels))
            for table, field, category in lists
        ),
    )


def _create_view(con: sqlite3.Connection, view: Mapping[str, Any], contents: Contents) -> None:
    name = view.get("name")
    query = view.get("query")
    text = "\n".join(query) if isinstance(query, list) else query
    try:
        con.execute(f"CREATE VIEW {identifier(str(name))} AS {text}")
        con.execute(f"SELECT * FROM {identifier(str(name))} LIMIT 1")
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise InvalidData(
            Problem(
                Kind.BAD_VIEW,
                f"is a view that SQLite refuses: {error}",
                "Mend its `query` in `views`.",
                file=str(contents.package.folder / DESCRIPTOR),
                value=str(name),
            )
        ) from None


def _check_foreign_keys(con: sqlite3.Connection, path: Path) -> None:
    broken = con.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise InvalidData(
            [
                Problem(
                    Kind.INVALID_TABLE,
                    f"points at a row that {parent!r} does not have",
                    "Add the row there, or mend the reference.",
                    file=path.name,
                    row=rowid,
                    field=table,
                )
                for table, rowid, parent, _ in broken
            ]
        )
