"""The rows of a table as XML of a workbook's sheet (ECMA-376, part 1, 18.3.1), which DuckDB writes on all processors.

Text stands in its cell, and is never taken for anything else. What a cell cannot hold as a number or a date is text:
whole numbers and decimals beyond 2^53, of which a spreadsheet would change digits; NaN; dates before 1900.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_col_to_name

from pipeline.core.quoting import identifier, literal
from pipeline.table import duckdb
from pipeline.table.relation import ROW, numbered
from pipeline.table.workbook import MOST_DIGITS

BATCH = 10_000
"""Rows that are in Python's hands at a time."""

CONTROL = [chr(code) for code in range(0x20) if chr(code) not in "\t\n"] + ["\ufffe", "\uffff"]
"""Characters that XML has no place for; a spreadsheet reads each from `_xHHHH_`, its number (22.9.2.19)."""

SPECIAL = r"[&<>\x00-\x08\x0b-\x1f\x{fffe}\x{ffff}]|_x[0-9A-Fa-f]{4}_|^[\s\pZ\x{85}]|[\s\pZ\x{85}]$"
"""A text with a mark of XML, with such a character or what looks like its escape, or with white space at an end."""


@dataclass(frozen=True)
class Column:
    """A field, its type in DuckDB, and whether any of its texts is special, which most of a table's are not."""

    name: str
    kind: str
    is_special: bool


def is_special(column: str) -> str:
    """SQL that tells whether any text of a column is."""
    return f"coalesce(bool_or(regexp_matches({column}, {literal(SPECIAL)})), false)"


def xml(relation: str, columns: Sequence[Column], first: int, date: int) -> str:
    """A query of the XML of each row of `relation`, which is a table with `columns`.

    `first` is the number of its first row in the sheet, `date` that of the workbook's format of dates. A cell without
    a value is left out, and so is a row without any.
    """
    number = identifier("\tnumber")
    cells = ", ".join(
        _cell(column, f"'<c r=\"{xl_col_to_name(place)}' || {number}", date) for place, column in enumerate(columns)
    )
    rows = f"SELECT *, CAST({identifier(ROW)} + {first - 1} AS VARCHAR) AS {number} FROM {numbered(relation)}"
    return (
        f"SELECT CASE cells WHEN '' THEN '' ELSE concat('<row r=\"', {number}, '\">', cells, '</row>') END "
        f"FROM (SELECT {number}, concat({cells}) AS cells FROM ({rows}))"
    )


def texts(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[bytes]:
    """What a query of one text gives, in UTF-8, many rows at a time."""
    cursor = con.cursor()
    cursor.execute(query)
    while rows := cursor.fetchmany(BATCH):
        yield "".join(text for (text,) in rows).encode()


def _cell(column: Column, begun: str, date: int) -> str:
    """SQL of a cell's XML, which is NULL where the value is; `begun` is SQL of its tag as far as its place."""
    name = identifier(column.name)
    # One NaN is like another, whatever its sign.
    value = f"CASE WHEN isnan({name}) THEN 'nan' ELSE {name} END" if column.kind == "DOUBLE" else name
    as_text = _text(begun, f"CAST({value} AS VARCHAR)", column.is_special)
    if column.kind == "BOOLEAN":
        return f"{begun} || '\" t=\"b\"><v>' || CAST({name} AS UTINYINT) || '</v></c>'"
    if column.kind in ("BIGINT", "DOUBLE"):
        number = name if column.kind == "BIGINT" else f"format('{{:.16G}}', {name})"
        plain = f"{begun} || '\"><v>' || {number} || '</v></c>'"
        return f"CASE WHEN {name} BETWEEN -{MOST_DIGITS} AND {MOST_DIGITS} THEN {plain} ELSE {as_text} END"
    if column.kind == "DATE":
        # A spreadsheet counts from 1 January 1900 as day 1, and believes in a 29 February of that year.
        days = f"{name} - DATE '1899-12-31' + CAST({name} >= DATE '1900-03-01' AS INTEGER)"
        plain = f"{begun} || '\" s=\"{date}\"><v>' || ({days}) || '</v></c>'"
        return f"CASE WHEN {name} >= DATE '1900-01-01' THEN {plain} ELSE {as_text} END"
    return as_text


def _text(begun: str, text: str, is_special: bool) -> str:
    """SQL of a cell that holds a text."""
    tag, end = f'{begun} || \'" t="inlineStr"><is><t', "</t></is></c>'"
    plain = f"{tag}>' || {text} || '{end}"
    if not is_special:
        return plain
    escaped = f"regexp_replace({text}, '(_x[0-9A-Fa-f]{{4}}_)', '_x005F\\1', 'g')"
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {sign: f"_x{ord(sign):04X}_" for sign in CONTROL}
    for sign, mark in marks.items():
        escaped = f"replace({escaped}, chr({ord(sign)}), '{mark}')"
    kept = f"{tag} xml:space=\"preserve\">' || {escaped} || '{end}"
    return f"CASE WHEN regexp_matches({text}, {literal(SPECIAL)}) THEN {kept} ELSE {plain} END"
