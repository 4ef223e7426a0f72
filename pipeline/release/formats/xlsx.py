"""One workbook: a sheet that explains, one with code lists, then a sheet a table. No cell is a formula or a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

import xlsxwriter

from pipeline.core.quoting import identifier
from pipeline.package.package import Resource
from pipeline.release.formats.contents import Contents
from pipeline.table.dated import COVERS
from pipeline.table.workbook import MAX_CELL, OPTIONS, write_cell, write_text
from pipeline.web.words import LANGUAGES, Words

MAX_ROWS = 250_000
"""Rows of the longest table that is a sheet: nobody reads longer ones there, and Excel opens them slowly."""

MAX_COLUMNS = 16_384
"""Columns of a sheet."""

FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
ABOUT, CODES = "About", "Codes"
RESERVED = {"history"}
"""Names that Excel keeps for itself."""


def write(contents: Contents, folder: Path) -> None:
    """Writes the workbook. A table that is no sheet is named on the first one, with its CSV."""
    target = BytesIO()
    workbook = xlsxwriter.Workbook(target, OPTIONS | {"default_date_format": "yyyy-mm-dd"})
    workbook.set_properties({"title": str(contents.package.descriptor.get("title") or ""), "created": contents.time})
    styles = {
        "plain": workbook.add_format(),
        "bold": workbook.add_format({"bold": True}),
        "wrap": workbook.add_format({"text_wrap": True, "valign": "top"}),
    }
    reasons = {table.name: _why_no_sheet(table, contents) for table in contents.tables}
    fitting = [table for table in contents.tables if reasons[table.name] is None]
    taken = {ABOUT.lower(), CODES.lower(), *RESERVED}
    names = {table.name: _sheet_name(table.name, taken) for table in fitting}
    _explain(workbook.add_worksheet(ABOUT), contents, names, reasons, styles)
    _list_codes(workbook.add_worksheet(CODES), contents, styles)
    for table in fitting:
        _fill(workbook.add_worksheet(names[table.name]), table, contents, styles)
    workbook.close()
    (folder / f"{contents.package.stem}.xlsx").write_bytes(target.getbuffer())


def _why_no_sheet(table: Resource, contents: Contents) -> str | None:
    """The text that says why a table is no sheet: it has no rows, or more or longer ones than a sheet holds."""
    kinds = contents.types[table.name]
    texts = [identifier(name) for name, kind in kinds.items() if kind == "VARCHAR"]
    wanted = ", ".join(["count(*)", *(f"coalesce(max({_utf_16(column)}), 0)" for column in texts)])
    rows, *longest = contents.con.execute(f"SELECT {wanted} FROM {contents.relations[table.name]}").fetchall()[0]
    if not rows:
        return "workbook.without_rows"
    fits = rows <= MAX_ROWS and len(kinds) <= MAX_COLUMNS and max(longest, default=0) <= MAX_CELL
    return None if fits else "workbook.too_large"


def _utf_16(column: str) -> str:
    """SQL of the length of a text in UTF-16; only in a long one is it counted what takes two."""
    twice = f"length(regexp_replace({column}, '[^\\x{{10000}}-\\x{{10ffff}}]', '', 'g'))"
    return f"length({column}) + CASE WHEN length({column}) > {MAX_CELL // 2} THEN {twice} ELSE 0 END"


def _sheet_name(name: str, taken: set[str]) -> str:
    """A sheet's name: at most 31 characters, none of them forbidden, unlike every other whatever the case."""
    base = name.translate(FORBIDDEN)[:31]
    chosen, number = base, 2
    while chosen.lower() in taken:
        suffix = f"_{number}"
        chosen, number = base[: 31 - len(suffix)] + suffix, number + 1
    taken.add(chosen.lower())
    return chosen


def _explain(
    sheet: Any,
    contents: Contents,
    names: Mapping[str, str],
    reasons: Mapping[str, str | None],
    styles: Mapping[str, Any],
) -> None:
    """The first sheet: the package, tables that are elsewhere or called otherwise, then every field of every table."""
    sheet.set_column(0, 1, 24)
    sheet.set_column(2, 3, 10)
    sheet.set_column(4, 7, 50, styles["wrap"])
    row = 0
    for line in _lines(contents, names, reasons):
        write_text(sheet, row, 0, line, styles["plain"], styles["bold"] if row == 0 else None)
        row += 1
    row += 1
    members = ("name", "type", "unit", "title", "title@sv", "description", "description@sv")
    head = ("table", "field", "type", "unit", "title", "titel", "description", "beskrivning")
    _write_rows(
        sheet,
        row,
        head,
        (
            (table.name, *({"type": "any", **field, **_told(field)}.get(member) for member in members))
            for table in contents.tables
            for field in table.fields
        ),
        styles,
    )


def _told(field: Mapping[str, Any]) -> dict[str, str]:
    """The titles of a field of ISO dates, which the descriptor does not have."""
    if COVERS not in field:
        return {}
    date, end = field[COVERS]
    return {
        f"title{'' if str(words.language) == 'en' else f'@{words.language}'}": words.text(f"workbook.{end}", field=date)
        for words in map(Words, LANGUAGES)
    }


def _lines(contents: Contents, names: Mapping[str, str], reasons: Mapping[str, str | None]) -> Iterator[str]:
    descriptor = contents.package.descriptor
    stated = (descriptor.get(member) for member in ("title@sv", "description", "description@sv"))
    yield str(descriptor.get("title") or contents.package.name)
    yield from (str(text) for text in stated if text)
    yield f"Version {descriptor['version']}"
    for licence in descriptor.get("licenses") or []:
        yield f"Licence: {licence.get('name') or licence.get('title')}"
    for table in contents.tables:
        csv = PurePosixPath("data", f"{table.stem}.csv")
        for words in map(Words, LANGUAGES):
            if reason := reasons[table.name]:
                yield words.text(reason, table=table.name, file=csv, rows=words.number(MAX_ROWS))
            elif names[table.name] != table.name:
                yield words.text("workbook.renamed", table=table.name, sheet=names[table.name])


def _list_codes(sheet: Any, contents: Contents, styles: Mapping[str, Any]) -> None:
    """The second sheet: every code of every field with its labels."""
    sheet.set_column(0, 2, 24)
    sheet.set_column(3, 4, 50)
    sheet.freeze_panes(1, 0)
    listed = [
        (table.name, field["name"], code.get("value"), code.get("label"), code.get("label@sv"))
        for table in contents.tables
        for field in table.fields
        for code in field.get("categories") or []
        if isinstance(code, dict)
    ]
    head = ("table", "field", "code", "label", "etikett")
    _write_rows(sheet, 0, head, listed, styles)
    sheet.autofilter(0, 0, len(listed), len(head) - 1)


def _write_rows(
    sheet: Any, row: int, head: tuple[str, ...], rows: Iterator[tuple[Any, ...]] | list[Any], styles: Mapping[str, Any]
) -> None:
    """A header, then rows of texts."""
    for column, label in enumerate(head):
        sheet.write_string(row, column, label, styles["bold"])
    for number, cells in enumerate(rows, row + 1):
        for column, cell in enumerate(cells):
            if cell:
                write_text(sheet, number, column, str(cell), styles["plain"])


def _fill(sheet: Any, table: Resource, contents: Contents, styles: Mapping[str, Any]) -> None:
    """The sheet of a table: its header, which stays in view and filters, and its rows."""
    sheet.freeze_panes(1, len(table.key))
    for column, field in enumerate(table.field_names):
        sheet.set_column(column, column, 30 if field.endswith(("_sv", "_en")) else 18)
        write_text(sheet, 0, column, field, styles["plain"], styles["bold"])
    number = 0
    for number, row in enumerate(contents.rows(table, "*"), 1):
        for column, value in enumerate(row):
            write_cell(sheet, number, column, value, styles["plain"])
    sheet.autofilter(0, 0, number, len(table.fields) - 1)
