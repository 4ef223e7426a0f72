"""One SQLite file with everything: types, keys, foreign keys, indexes, full-text search and views.

The bytes depend on the tables alone: rows go in sorted, VACUUM INTO lays the pages out anew, and the four bytes that
hold the version of the SQLite library are set to zero (sqlite.org/fileformat2,
1.3.17). `remove_diacritics 0` keeps "får" and "far" apart.

A table has its resource's name as `names.stems` makes it. A key is declared where SQLite can keep it: the schema's
rules hold for values, and values that differ may look alike here (two numbers that are one double). NaN, which SQLite
does not have, becomes NULL.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.names import free
from pipeline.core.quoting import identifier
from pipeline.package.package import Resource
from pipeline.release.formats import search
from pipeline.release.formats.contents import Contents
from pipeline.release.formats.counts import write_counts

TYPES = {"BIGINT": "INTEGER", "DOUBLE": "REAL", "BOOLEAN": "INTEGER"}
"""SQLite's types by DuckDB's; every other is TEXT."""

INSERTED = {"DATE": "VARCHAR", "BOOLEAN": "UTINYINT"}
"""What values of a type become first, so that Python's sqlite3 need not ask how to adapt each."""

LIBRARY_VERSION = 96
"""Offset in the file's header of the version number of the library that wrote it."""

SETTINGS = """
PRAGMA page_size = 4096;
PRAGMA encoding = 'UTF-8';
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -65536;
"""
"""The draft needs no journal: it is thrown away if anything fails. Indexes are sorted in 64 MB."""

ROWS = 50
VALUES = 999
"""Rows, and values, of one INSERT. Python's lock is given back for each, and where another thread wants it, taking it
again is what costs."""

ForeignKey = tuple[list[str], Resource, list[str]]
"""Fields, the table that they point at, and the fields there."""


def write(contents: Contents, folder: Path) -> None:
    """Writes the database. `contents.filled` is set when what follows is SQLite's work alone.

    Raises InvalidData for a foreign key that points nowhere, or a view of the descriptor that SQLite refuses.
    """
    path = folder / f"{contents.package.stem}.sqlite"
    draft, words = (path.with_name(f"{path.name}.{part}") for part in ("draft", "words"))
    con = sqlite3.connect(draft, isolation_level=None)
    try:
        con.executescript(SETTINGS)
        con.execute("BEGIN")
        keys = {table.name: _foreign_keys(table, contents) for table in contents.tables}
        for table in contents.tables:
            con.execute(_create(table, contents, keys[table.name]))
        indexes = [
            index for table in contents.tables if (index := search.create(con, table, _free(con, f"{table.stem}_fts")))
        ]
        for table in contents.tables:
            _insert(con, table, contents)
        con.execute("COMMIT")
        contents.filled.set()
        shutil.copyfile(draft, words)
        con.execute("BEGIN")
        with ThreadPoolExecutor(1) as beside:
            searched = beside.submit(search.write, indexes, words)
            for table in contents.tables:
                for fields, kind in _indexes(table, keys, _is_large(con, table)):
                    _create_index(con, table, fields, kind)
            searched.result()
        con.execute("ATTACH ? AS search", (str(words),))
        search.take_over(con, indexes)
        _write_codes(con, contents)
        write_counts(con, {table.stem: _counted(table) for table in contents.tables})
        if contents.beside is not None:
            contents.beside(con)
        for view in contents.package.descriptor.get("views") or []:
            if view.get("query") is not None:
                _create_view(con, view, contents)
        _check_foreign_keys(con, path)
        con.execute("COMMIT")
        con.execute("VACUUM INTO ?", (str(path),))
    finally:
        con.close()
        draft.unlink(missing_ok=True)
        words.unlink(missing_ok=True)
    with path.open("r+b") as file:
        file.seek(LIBRARY_VERSION)
        file.write(bytes(4))


def _create(table: Resource, contents: Contents, foreign_keys: list[ForeignKey]) -> str:
    filled = _filled(table, contents)
    kinds = contents.types[table.name]
    columns = [
        f"{identifier(name)} {TYPES.get(kinds[name], 'TEXT')}{' NOT NULL' if name in filled else ''}"
        for name in table.field_names
    ]
    if table.key and filled.issuperset(table.key) and _is_unique(table, table.key, contents):
        columns.append(f"PRIMARY KEY ({_names(table.key)})")
    for fields, other, there in foreign_keys:
        columns.append(f"FOREIGN KEY ({_names(fields)}) REFERENCES {identifier(other.stem)} ({_names(there)})")
    body = ",\n  ".join(columns)
    return f"CREATE TABLE {identifier(table.stem)} (\n  {body}\n)"


def _filled(table: Resource, contents: Contents) -> set[str]:
    """The fields that must have a value, and have one in every row."""
    kinds = contents.types[table.name]
    required = [
        field["name"]
        for field in table.fields
        if (field.get("constraints") or {}).get("required") or field["name"] in table.key
    ]
    if not required:
        return set()
    gaps = ", ".join(
        f"count(*) FILTER ({name} IS NULL{f' OR isnan({name})' if kinds[field] == 'DOUBLE' else ''})"
        for field in required
        for name in [identifier(field)]
    )
    counts = contents.con.execute(f"SELECT {gaps} FROM {contents.relations[table.name]}").fetchall()[0]
    return {name for name, count in zip(required, counts, strict=True) if not count}


def _is_unique(table: Resource, fields: list[str], contents: Contents) -> bool:
    """Whether no two rows have the same values in the fields; NULL is unlike NULL."""
    if fields == table.key and _are_texts(table, fields):
        return True
    names = _names(fields)
    present = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in fields)
    return not contents.con.execute(
        f"SELECT 1 FROM {contents.relations[table.name]} WHERE {present} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
    ).fetchall()


def _foreign_keys(table: Resource, contents: Contents) -> list[ForeignKey]:
    """The foreign keys that SQLite can keep: to a table, to unique values there, with none that leads nowhere."""
    kept = []
    for fields, name, there in table.foreign_keys:
        other = contents.package.table(name)
        if (
            other is not None
            and set(there) <= set(other.field_names)
            and _is_unique(other, there, contents)
            and _leads_there(table, fields, other, there, contents)
        ):
            kept.append((fields, other, there))
    return kept


def _leads_there(table: Resource, fields: list[str], other: Resource, there: list[str], contents: Contents) -> bool:
    if _are_texts(table, fields) and _are_texts(other, there):
        return True
    present = " AND ".join(f"t.{identifier(name)} IS NOT NULL" for name in fields)
    return not contents.con.execute(
        f"SELECT 1 FROM {contents.relations[table.name]} AS t WHERE {present} AND NOT EXISTS ("
        f"SELECT 1 FROM {contents.relations[other.name]} AS o "
        f"WHERE {contents.equal(table, fields, other, there)}) LIMIT 1"
    ).fetchall()


def _are_texts(table: Resource, fields: list[str]) -> bool:
    """Whether the fields' values are the same here as where `validate` compared them, which needs no second look."""
    kinds = {field["name"]: field.get("type", "any") for field in table.fields}
    return all(kinds[name] in ("string", "any") for name in fields)


def _names(fields: list[str]) -> str:
    return ", ".join(identifier(name) for name in fields)


def _insert(con: sqlite3.Connection, table: Resource, contents: Contents) -> None:
    columns = ", ".join(
        f"CAST({identifier(name)} AS {INSERTED[kind]})" if kind in INSERTED else identifier(name)
        for name, kind in contents.types[table.name].items()
    )
    rows, width = contents.rows(table, columns), len(table.fields)
    count = max(1, min(ROWS, VALUES // width))
    row = f"({', '.join('?' * width)})"
    rest: list[Any] = []

    def groups() -> Iterator[list[Any]]:
        while group := list(chain.from_iterable(islice(rows, count))):
            if len(group) == count * width:
                yield group
            else:
                rest.extend(group)

    into = f"INSERT INTO {identifier(table.stem)} VALUES"
    con.executemany(f"{into} {', '.join([row] * count)}", groups())
    con.executemany(f"{into} {row}", (rest[place : place + width] for place in range(0, len(rest), width)))


LARGE = 20_000
"""Rows from which on a filter and a facet together need an index of both; fewer are counted in a millisecond."""

PAIRED = 3
"""Columns of a large table that are indexed in pairs, each pair in both orders."""


def _is_large(con: sqlite3.Connection, table: Resource) -> bool:
    return bool(con.execute(f"SELECT count(*) >= {LARGE} FROM {identifier(table.stem)}").fetchone()[0])


def _indexes(table: Resource, keys: Mapping[str, list[ForeignKey]], is_large: bool) -> list[tuple[list[str], str]]:
    """Indexes, as fields and kind: for foreign keys, for what they point at, and for what people filter and count by.

    `keys` are the foreign keys that SQLite keeps, by table. Where rows are many, one column is filtered by while
    another is counted: an index of both answers without a look at the table.
    """
    wanted = [fields for fields, _, _ in table.foreign_keys]
    wanted += [[field["name"]] for field in table.fields if _is_facet(field)]
    if is_large:
        first = _counted(table)[:PAIRED]
        wanted += [[one, two] for one in first for two in first if one != two]
    unique = [
        there
        for foreign_keys in keys.values()
        for _, other, there in foreign_keys
        if other.name == table.name and there != table.key
    ]
    seen = [*unique, table.key[:1] if table.key else []]
    kept = [fields for fields in _distinct(wanted) if fields not in seen]
    begun = [
        fields[:1]
        for fields in kept
        if len(fields) == 2 and fields not in (names for names, _, _ in table.foreign_keys)
    ]
    return [(fields, "UNIQUE ") for fields in _distinct(unique)] + [
        (fields, "") for fields in kept if fields not in begun
    ]


def _counted(table: Resource) -> list[str]:
    """The fields that people count rows by: codes and booleans, and what leads to one row of another table."""
    linked = [fields[0] for fields, _, _ in table.foreign_keys if len(fields) == 1]
    return [field["name"] for field in table.fields if _is_facet(field) or field["name"] in linked]


def _create_index(con: sqlite3.Connection, table: Resource, fields: list[str], kind: str) -> None:
    name = _free(con, f"{table.stem}_{'_'.join(fields)}")
    con.execute(f"CREATE {kind}INDEX {identifier(name)} ON {identifier(table.stem)} ({_names(fields)})")


def _free(con: sqlite3.Connection, name: str) -> str:
    """A name that no table, index or view has yet, which in SQLite share one set of names; nor any table of FTS5."""
    taken = [str(name).casefold() for (name,) in con.execute("SELECT name FROM sqlite_master")]
    return free(name, {*taken, *(name.removesuffix(suffix) for name in taken for suffix in FTS_TABLES)})


FTS_TABLES = ("_data", "_idx", "_content", "_docsize", "_config")
"""What FTS5 adds to the name of an index for its own tables (sqlite.org/fts5.html, section 9)."""


def _distinct(lists: list[list[str]]) -> list[list[str]]:
    return [fields for number, fields in enumerate(lists) if fields not in lists[:number]]


def _is_facet(field: Mapping[str, Any]) -> bool:
    return "enum" in (field.get("constraints") or {}) or field.get("type") == "boolean"


CODES = "codes"


def _write_codes(con: sqlite3.Connection, contents: Contents) -> None:
    """The code lists as a table, so that queries can join labels and definitions: a column of each a language."""
    codes = {
        (table.name, field["name"], str(category["value"])): category
        for table in contents.tables
        for field in table.fields
        for category in field.get("categories") or []
        if isinstance(category, Mapping) and "value" in category
    }
    if not codes or CODES in (table.stem.casefold() for table in contents.tables):
        return
    members = sorted({member for category in codes.values() for member in category})
    texts = {
        member.replace("@", "_").casefold(): member
        for stem in ("label", "description")
        for member in members
        if member.partition("@")[0] == stem
    }
    columns = ['"table" TEXT', '"field" TEXT', '"code" TEXT', *(f"{identifier(name)} TEXT" for name in texts)]
    con.execute(f'CREATE TABLE {CODES} ({", ".join(columns)}, PRIMARY KEY ("table", "field", "code"))')
    con.executemany(
        f"INSERT INTO {CODES} VALUES ({', '.join('?' for _ in columns)})",
        (
            (*code, *(None if (text := category.get(member)) is None else str(text) for member in texts.values()))
            for code, category in codes.items()
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
                file=str(contents.package.file),
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
