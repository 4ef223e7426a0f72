"""One workbook: a sheet that explains, then a sheet a table. Text stays text: no cell becomes a formula or a link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from pipeline.package import Resource
from pipeline.release.formats.contents import Contents
from pipeline.release.formats.sheet import Sheet

MAX_ROWS = 1_048_575
"""Rows below the header that a sheet holds."""

MAX_COLUMNS = 16_384
"""Columns of a sheet."""

MAX_CELL = 32_767
"""Characters that a cell holds."""

FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
ABOUT = "About"


def write(contents: Contents, path: Path) -> None:
    """Writes the workbook to `path`. A table with more rows or longer texts than a sheet holds is named, not cut."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    workbook = xlsxwriter.Workbook(str(path), options)
    workbook.set_properties({"title": str(contents.package.descriptor.get("title") or ""), "created": contents.time})
    bold = workbook.add_format({"bold": True})
    wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
    fitting = {table.name: _fits(table, contents) for table in contents.tables}
    _explain(workbook, contents, fitting, bold, wrap)
    names: set[str] = {ABOUT.lower()}
    for table in contents.tables:
        if fitting[table.name]:
            _fill(workbook.add_worksheet(_sheet_name(table.name, names), worksheet_class=Sheet), table, contents, bold)
    try:
        workbook.close()
    except FileCreateError as error:
        # It wraps what the operating system refused, a full disk for one.
        raise error.args[0] from None


def _fits(table: Resource, contents: Contents) -> bool:
    relation = contents.relations[table.name]
    rows = contents.con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
    longest = contents.con.execute(
        f"SELECT coalesce(max(length(CAST(COLUMNS(*) AS VARCHAR))), 0) FROM {relation}"
    ).fetchall()[0]
    return bool(rows <= MAX_ROWS and len(longest) <= MAX_COLUMNS and max(longest) <= MAX_CELL)


def _explain(workbook: Any, contents: Contents, fitting: dict[str, bool], bold: Any, wrap: Any) -> None:
    """The first sheet: the package, then a row for every field of every table."""
    sheet = workbook.add_worksheet(ABOUT)
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
        *(f"{name}: too large for a sheet; see the CSV" for name, fits in fitting.items() if not fits),
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


def _fill(sheet: Any, table: Resource, contents: Contents, bold: Any) -> None:
    sheet.freeze_panes(1, len(table.key))
    for column, field in enumerate(table.field_names):
        sheet.set_column(column, column, 30 if field.endswith(("_sv", "_en")) else 18)
        sheet.write_string(0, column, field, bold)
    sheet.fill(contents.rows(table), first=1)
