"""One workbook: a sheet that explains, then a sheet a table. Text stays text: no cell becomes a formula or a link.

XlsxWriter makes the workbook, with sheets that have a header and no rows; the rows are put in as it is packed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range

from pipeline.core.quoting import identifier
from pipeline.package.package import Resource
from pipeline.release.formats import sheet
from pipeline.release.formats.contents import Contents
from pipeline.release.formats.zipped import Zip
from pipeline.table import duckdb
from pipeline.table.workbook import MAX_CELL, OPTIONS, TextSheet

MAX_ROWS = 1_048_575
"""Rows below the header that a sheet holds."""

MAX_COLUMNS = 16_384
"""Columns of a sheet."""

ROW_XML, CELL_XML, ESCAPED = 32, 100, 7
"""Bytes of XML at most: of a row, of a cell beside its text, and of a byte of text, which may be escaped."""

FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
ABOUT = "About"


@dataclass(frozen=True)
class _Sheet:
    """A table as a sheet: its rows and columns, whether a sheet holds them, and the most bytes that their XML has."""

    rows: int
    columns: list[sheet.Column]
    fits: bool
    most: int


def write(contents: Contents, path: Path) -> None:
    """Writes the workbook to `path`. A table with more rows or longer texts than a sheet holds is named, not cut."""
    sheets = {table.name: _measured(table, contents) for table in contents.tables}
    frame = BytesIO()
    workbook = xlsxwriter.Workbook(frame, OPTIONS | {"default_date_format": "yyyy-mm-dd"})
    workbook.set_properties({"title": str(contents.package.descriptor.get("title") or ""), "created": contents.time})
    bold = workbook.add_format({"bold": True})
    wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
    date = workbook.default_date_format._get_xf_index()
    _explain(workbook, contents, [name for name, size in sheets.items() if not size.fits], bold, wrap)
    names: set[str] = {ABOUT.lower()}
    fitting = [table for table in contents.tables if sheets[table.name].fits]
    for table in fitting:
        _begin(workbook.add_worksheet(_sheet_name(table.name, names), TextSheet), table, bold)
    workbook.close()
    tables = {f"xl/worksheets/sheet{number}.xml": table.name for number, table in enumerate(fitting, 2)}
    with zipfile.ZipFile(frame) as framed, Zip(path) as packed:
        for member in framed.namelist():
            content = framed.read(member)
            if member in tables:
                size, relation = sheets[tables[member]], contents.relations[tables[member]]
                packed.add(member, _with_rows(content, size, relation, contents.con, date), len(content) + size.most)
            else:
                packed.add(member, [content], len(content))


def _measured(table: Resource, contents: Contents) -> _Sheet:
    kinds = contents.types[table.name]
    texts = [name for name, kind in kinds.items() if kind == "VARCHAR"]
    columns = [identifier(name) for name in texts]
    longest = [f"coalesce(max({_utf_16(column)}), 0)" for column in columns]
    together = [f"coalesce(sum(strlen({column})), 0)" for column in columns]
    wanted = ", ".join(["count(*)", *longest, *together, *map(sheet.is_special, columns)])
    rows, *found = contents.con.execute(f"SELECT {wanted} FROM {contents.relations[table.name]}").fetchall()[0]
    count = len(texts)
    special = dict(zip(texts, found[2 * count :], strict=True))
    return _Sheet(
        rows,
        [sheet.Column(name, kind, special.get(name, False)) for name, kind in kinds.items()],
        rows <= MAX_ROWS and len(kinds) <= MAX_COLUMNS and max(found[:count], default=0) <= MAX_CELL,
        rows * (ROW_XML + CELL_XML * len(kinds)) + ESCAPED * int(sum(found[count : 2 * count])),
    )


def _utf_16(column: str) -> str:
    """SQL of the length of a text in UTF-16; only in a long one is it counted what takes two."""
    twice = f"length(regexp_replace({column}, '[^\\x{{10000}}-\\x{{10ffff}}]', '', 'g'))"
    return f"length({column}) + CASE WHEN length({column}) > {MAX_CELL // 2} THEN {twice} ELSE 0 END"


def _with_rows(xml: bytes, table: _Sheet, relation: str, con: duckdb.DuckDBPyConnection, date: int) -> Iterator[bytes]:
    """A sheet that has a header, with the table's rows below it."""
    begun, ended, rest = xml.partition(b"</sheetData>")
    area = xl_range(0, 0, table.rows, len(table.columns) - 1)
    yield re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="{area}"'.encode(), begun, count=1)
    yield from sheet.texts(con, sheet.xml(relation, table.columns, 2, date))
    yield ended + rest


def _explain(workbook: Any, contents: Contents, too_large: list[str], bold: Any, wrap: Any) -> None:
    """The first sheet: the package, then a row for every field of every table."""
    sheet = workbook.add_worksheet(ABOUT, TextSheet)
    sheet.set_column(0, 1, 24)
    sheet.set_column(2, 3, 10)
    sheet.set_column(4, 7, 50, wrap)
    descriptor = contents.package.descriptor
    lines = [
        descriptor.get("title", contents.package.name),
        descriptor.get("title@sv"),
        descriptor.get("description"),
        descriptor.get("description@sv"),
        f"Version {descriptor['version']}",
        *(f"Licence: {licence.get('name') or licence.get('title')}" for licence in descriptor.get("licenses") or []),
        *(f"{name}: too large for a sheet; see the CSV" for name in too_large),
    ]
    row = 0
    for line in filter(None, lines):
        sheet.write_string(row, 0, str(line), bold if row == 0 else None)
        row += 1
    row += 1
    header = ("table", "field", "type", "unit", "title", "titel", "description", "beskrivning")
    for column, label in enumerate(header):
        sheet.write_string(row, column, label, bold)
    for table in contents.tables:
        for field in table.fields:
            row += 1
            cells = (
                table.name,
                field["name"],
                field.get("type", "any"),
                field.get("unit"),
                field.get("title"),
                field.get("title@sv"),
                field.get("description"),
                field.get("description@sv"),
            )
            for column, cell in enumerate(cells):
                if cell:
                    sheet.write_string(row, column, str(cell))


def _sheet_name(name: str, taken: set[str]) -> str:
    """A sheet's name: at most 31 characters, none of them forbidden, unlike every other whatever the case."""
    base = name.translate(FORBIDDEN)[:31]
    chosen, number = base, 2
    while chosen.lower() in taken:
        suffix = f"_{number}"
        chosen, number = base[: 31 - len(suffix)] + suffix, number + 1
    taken.add(chosen.lower())
    return chosen


def _begin(sheet: Any, table: Resource, bold: Any) -> None:
    sheet.freeze_panes(1, len(table.key))
    for column, field in enumerate(table.field_names):
        sheet.set_column(column, column, 30 if field.endswith(("_sv", "_en")) else 18)
        sheet.write_string(0, column, field, bold)
