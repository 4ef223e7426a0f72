"""A table scanned once by DuckDB: which rows are certainly valid, and the values of the fields that keys need."""

from __future__ import annotations

import csv
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.table import duckdb
from pipeline.table.layout import Layout, Looked
from pipeline.table.relation import UNREAD
from pipeline.validate import reader, sql
from pipeline.validate.screen import DIGITS, Screen, Unscreened
from pipeline.validate.timelimit import pattern_limit

BATCH = 1000
"""Texts that frictionless reads within one limit of time."""


@dataclass
class Read:
    """A table as DuckDB relations.

    `scan` has a row for each row of the file: `row`, `certain`, `cells` (its texts, where it is not certain), and the
    typed values of the fields in `keyed`, under the field's number (`v3`). It is a view of `base`, in which
    `number_of_row` gives the row's number. `suspects` of its `count` rows are not certain.
    """

    con: duckdb.DuckDBPyConnection
    layout: Layout
    rows: reader.Rows
    screens: list[Screen]
    count: int
    suspects: int
    base: str
    scan: str
    number_of_row: str
    keyed: list[int]
    sha256: str | None


def read(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    screens: list[Screen],
    keyed: list[int],
    name: str,
    looking: Future[Looked | None] | None = None,
) -> Read:
    """Scans the table once; `keyed` are the numbers (from 0) of the fields whose values keys need.

    Raises Unscreened where only frictionless can tell, or where the rows take more memory than there is for them.
    """
    table = read_by_duckdb(con, layout, screens, keyed, name, looking)
    if table is not None:
        return table
    try:
        rows = reader.by_python(con, layout, len(screens), f"rows {name}")
    except (ValueError, csv.Error) as error:
        raise Unscreened from error
    table = _scan(con, layout, rows, screens, keyed, name)
    assert table is not None  # Python has read every byte
    return table


def read_by_duckdb(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    screens: list[Screen],
    keyed: list[int],
    name: str,
    looking: Future[Looked | None] | None = None,
) -> Read | None:
    """The same, where DuckDB reads the file as Python's `csv` does; None elsewhere."""
    if len(screens) > reader.WIDE or not all(_is_comparable(screens[number]) for number in keyed):
        raise Unscreened
    rows = reader.by_duckdb(layout, len(screens), looking)
    if rows is not None:
        with suppress(*UNREAD):
            return _scan(con, layout, rows, screens, keyed, name)
    return None


def _scan(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    rows: reader.Rows,
    screens: list[Screen],
    keyed: list[int],
    name: str,
) -> Read | None:
    """The table as the screens see it; None where the rows are not all that the file holds."""
    base, scan = identifier(f"scan {name}"), identifier(f"numbered {name}")
    # A table's rowid follows the order of the file, unless rows are joined to make it; then they are numbered before,
    # which takes one core for all.
    is_ordered = rows.unnumbered is not None and all(each.tests is not None for each in screens)
    source = rows.unnumbered if is_ordered and rows.unnumbered else rows.relation
    query = _query(con, rows, screens, keyed, name, source, "" if is_ordered else "row, ")
    con.execute(f"CREATE OR REPLACE TABLE {base} AS {query}")
    count, text, suspects = con.execute(COUNTS.format(base=base)).fetchall()[0]
    if not rows.adds_up(count, text):
        return None
    number_of_row = "rowid + 2" if is_ordered else "row"
    columns = ", ".join(["certain", "cells", *(f"v{number}" for number in keyed)])
    con.execute(f"CREATE OR REPLACE VIEW {scan} AS SELECT {number_of_row} AS row, {columns} FROM {base}")
    looked = rows.looking.result() if rows.looking else None
    sha256 = looked.sha256 if looked else None
    odd = len(rows.odd)
    return Read(con, layout, rows, screens, count + odd, suspects + odd, base, scan, number_of_row, keyed, sha256)


COUNTS = "SELECT count(*), coalesce(sum(bytes), 0), count(*) FILTER (NOT certain) FROM {base}"

SCAN = """
SELECT {row}certain, bytes, CASE WHEN NOT certain THEN [{cells}] END AS cells{keys}
FROM (
    SELECT *, CASE WHEN {certain} THEN true ELSE false END AS certain, {bytes} AS bytes
    FROM (
        SELECT *{tested}
        FROM (SELECT *{values} FROM {rows})
    )
)
"""
"""Each row's verdict and keys; step by step, so that what is needed twice (a value, a key's test) is evaluated once."""


def _query(
    con: duckdb.DuckDBPyConnection,
    rows: reader.Rows,
    screens: list[Screen],
    keyed: list[int],
    name: str,
    source: str,
    number: str,
) -> str:
    values, tested, tests, keys = "", "", [], ""
    for position, (each, cell) in enumerate(zip(screens, rows.cells, strict=True)):
        value = f"p{position}"
        if sql.reads(each, is_key=position in keyed):
            values += f", {sql.reading(each, cell)} AS {value}"
        bad = _refused(con, rows, each, cell, f"bad {name} {position}") if each.tests is None else None
        test = sql.certain(each, cell, value, bad)
        if position in keyed:
            tested += f", {test} AND {sql.is_short(cell)}" if each.kind == "number" else f", {test}"
            tested += f" AS t{position}"
            keys += f", {sql.key(each, cell, value, f't{position}')} AS v{position}"
            test = f"t{position}"
        tests.append(test)
    if not any(each.required for each in screens):
        tests.append(sql.has_value(screens, rows.cells))
    return SCAN.format(
        row=number,
        certain=" AND ".join(tests),
        bytes=rows.bytes,
        cells=", ".join(rows.cells),
        keys=keys,
        tested=tested,
        values=values,
        rows=source,
    )


SUSPECTS = """
SELECT row, cells, [{known}]
FROM (SELECT *{values} FROM (SELECT row, cells, {texts} FROM {scan} WHERE cells IS NOT NULL))
ORDER BY row
"""


def suspects(table: Read) -> str:
    """The query for the rows that are not certain: number, cells, and which of these are valid for sure, and not
    missing."""
    texts = [f"cells[{number}] AS {cell}" for number, cell in enumerate(table.rows.cells, 1)]
    values, known = "", []
    for position, (each, cell) in enumerate(zip(table.screens, table.rows.cells, strict=True)):
        value = f"p{position}"
        if sql.reads(each, is_key=False):
            values += f", {sql.reading(each, cell)} AS {value}"
        test = "false" if each.tests is None else sql.certain(each, cell, value)
        known.append(f"coalesce({test} AND NOT {sql.is_missing(each, cell)}, false)")
    return SUSPECTS.format(known=", ".join(known), values=values, texts=", ".join(texts), scan=table.scan)


def certain(table: Read) -> str:
    """The query for the certain rows of the numbers in $1: number, cells, and which of these are not missing."""
    rows = table.rows
    known = [f"NOT {sql.is_missing(each, cell)}" for each, cell in zip(table.screens, rows.cells, strict=True)]
    return (
        f"SELECT row, [{', '.join(rows.cells)}], [{', '.join(known)}] FROM {rows.relation} "
        "WHERE row IN (SELECT unnest($1::BIGINT[])) ORDER BY row"
    )


def _is_comparable(each: Screen) -> bool:
    """Whether the field's certain texts, or what SQL makes of them, are equal just where its values are."""
    if each.field.type in ("string", "any"):
        return True
    return each.tests is not None and each.field.type in ("integer", "number", "boolean", "date", "year", "yearmonth")


REFUSED = "CREATE OR REPLACE TABLE {bad} AS SELECT unnest($1::VARCHAR[]) AS text"


def _refused(con: duckdb.DuckDBPyConnection, rows: reader.Rows, each: Screen, cell: str, name: str) -> str:
    """The relation of the field's distinct texts that frictionless does not accept."""
    texts = con.execute(f"SELECT DISTINCT {cell} FROM {rows.unnumbered or rows.relation}").fetchall()
    read_cell = each.field.create_cell_reader()
    refused = []
    for start in range(0, len(texts), BATCH):
        with pattern_limit([each.field]):
            refused += [text for (text,) in texts[start : start + BATCH] if _is_refused(read_cell(text), each)]
    bad = identifier(name)
    con.execute(REFUSED.format(bad=bad), [refused])
    return bad


def _is_refused(read: tuple[Any, Any], each: Screen) -> bool:
    value, notes = read
    return bool(notes) or (value is not None and any(rule.broken(value) for rule in each.rules))


def complete(table: Read) -> None:
    """Fills in the values of key cells that are valid though not certain, as frictionless reads them.

    The screens are those of frictionless's own fields.
    """
    con = table.con
    for number in table.keyed:
        each, cell = table.screens[number], f"cells[{number + 1}]"
        query = f"SELECT DISTINCT {cell} FROM {table.base} WHERE NOT certain AND v{number} IS NULL"
        texts = [text for (text,) in con.execute(query).fetchall()]
        values = _values(each, texts)
        known = [(text, value) for text, value in zip(texts, values, strict=True) if value is not None]
        if known:
            con.execute(
                f"UPDATE {table.base} AS s SET v{number} = k.value FROM (SELECT unnest($1::VARCHAR[]) AS text, "
                f"unnest($2::{sql.TYPES[each.kind]}[]) AS value) AS k WHERE NOT certain AND k.text = {cell}",
                [[text for text, _ in known], [value for _, value in known]],
            )
    _add_odd(table)


def _add_odd(table: Read) -> None:
    """The rows of another width, which are never certain, with the values of their key cells."""
    odd = table.rows.odd
    if not odd:
        return
    values = [
        _values(table.screens[number], [cells[number] if number < len(cells) else None for _, cells in odd])
        for number in table.keyed
    ]
    columns = ["row", "certain", *(f"v{number}" for number in table.keyed)]
    selected = ["unnest($1::BIGINT[])", "false"]
    selected += [
        f"unnest(${position}::{sql.TYPES[table.screens[number].kind]}[])"
        for position, number in enumerate(table.keyed, 2)
    ]
    table.con.execute(
        f"INSERT INTO {table.base} ({', '.join(columns)}) SELECT {', '.join(selected)}",
        [[number for number, _ in odd], *values],
    )


def _values(each: Screen, texts: list[Any]) -> list[Any]:
    """The values that frictionless reads from the texts of a field; None for those that it refuses."""
    from pipeline.validate.standard import grouped_reader

    read_cell = grouped_reader(each.field)
    read = []
    for start in range(0, len(texts), BATCH):
        with pattern_limit([each.field]):
            read += [read_cell(text)[0] for text in texts[start : start + BATCH]]
    return [None if value is None else _storable(value, each) for value in read]


def _storable(value: Any, each: Screen) -> Any:
    """A value as SQL can hold it beside the certain ones, equal where they are equal."""
    if each.kind == "integer" and abs(value) < 2**63:
        return value
    if each.kind == "number" and value == value and abs(value) < 10**15:
        number = Decimal(str(value)).normalize()
        # Nearer to zero a double has fewer digits, or none.
        if len(number.as_tuple().digits) <= DIGITS and (not number or number.adjusted() > -300):
            return float(value)
    if (each.kind == "text" and isinstance(value, str)) or each.kind in ("boolean", "date"):
        return value
    raise Unscreened
