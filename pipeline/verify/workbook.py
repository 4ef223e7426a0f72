"""That the workbook has the rows of the CSV, cell by cell.

Sheets are read as XML, one row at a time (ECMA-376, part 1, 18.3). A number, a date or a truth may stand as text where
a spreadsheet cannot hold it. A table that is no sheet must be named on the first one.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

from pipeline.core.errors import Problem
from pipeline.verify.rows import SHOWN, Rows, problem

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
DAY_ZERO = date(1899, 12, 30)
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
UNREADABLE = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, KeyError, ValueError, EOFError, IndexError)
"""What is raised for a file that is no workbook."""

Row = list[Any]


def check(rows: Rows, path: Path, taken: set[str]) -> list[Problem]:
    """What the table's sheet has otherwise; `taken` are the sheets of other tables, to which this one's is added."""
    try:
        with closing(Workbook(path)) as workbook:
            return _check(rows, workbook, path.name, taken)
    except UNREADABLE as error:
        return [problem(path.name, f"cannot be read (table {rows.table.name}): {error or type(error).__name__}")]


def _check(rows: Rows, workbook: Workbook, name: str, taken: set[str]) -> list[Problem]:
    fields, first = rows.table.field_names, next(iter(workbook.sheets))
    sheets = [sheet for sheet in workbook.sheets if sheet not in {first, *taken}]
    sheet = next((each for each in sheets if next(workbook.rows(each), None) == fields), None)
    if sheet is None:
        lines = ([cell for cell in row if cell is not None] for row in workbook.rows(first))
        told = " ".join(str(line[0]) for line in lines if len(line) == 1)  # longer rows are the dictionary's
        return [] if rows.table.name in told else [problem(name, f"has no sheet of {rows.table.name!r}")]
    taken.add(sheet)
    found: list[Problem] = []
    theirs = islice(workbook.rows(sheet), 1, None)
    for number, (ours, cells) in enumerate(zip_longest(rows.values(), theirs), 1):
        if ours is None or cells is None:
            return [*found, problem(name, f"holds in {sheet!r} another number of rows than the CSV, {rows.count:,}")]
        cells += [None] * (len(fields) - len(cells))
        wrong = [each for each in zip(fields, ours, cells, strict=False) if not same(each[1], each[2])]
        if wrong or any(cell is not None for cell in cells[len(fields) :]):
            field, one, two = wrong[0] if wrong else ("", None, cells[-1])
            found.append(rows.of_cell(name, number, field, one, two))
            if len(found) == SHOWN:
                break
    return found


class Workbook:
    """A workbook that is open; raises one of `UNREADABLE` for what is none."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        names = self._archive.namelist()
        self._texts = list(self._shared("xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in names else []
        links = self._tree("xl/_rels/workbook.xml.rels")
        targets = {link.attrib["Id"]: link.attrib["Target"].removeprefix("/xl/") for link in links}
        self.sheets = {
            sheet.attrib["name"]: f"xl/{targets[sheet.attrib[LINK]]}"
            for sheet in self._tree("xl/workbook.xml").iter(f"{MAIN}sheet")
        }

    def close(self) -> None:
        """Closes the file."""
        self._archive.close()

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a sheet: texts, numbers and truths; None for an empty cell, up to the last that is not."""
        with self._archive.open(self.sheets[name]) as file:
            for row in _elements(file, f"{MAIN}row"):
                cells: Row = []
                for cell in row.iter(f"{MAIN}c"):
                    place = _column(cell.attrib["r"]) if "r" in cell.attrib else len(cells)
                    cells += [None] * (place - len(cells))
                    cells.append(self._value(cell))
                yield cells

    def _value(self, cell: ElementTree.Element) -> Any:
        kind, value = cell.attrib.get("t", "n"), cell.findtext(f"{MAIN}v")
        if kind == "inlineStr":
            return _text(cell)
        if value is None:
            return None
        if kind == "s":
            return self._texts[int(value)]
        return value == "1" if kind == "b" else float(value) if kind == "n" else _unescaped(value)

    def _shared(self, name: str) -> Iterator[str]:
        with self._archive.open(name) as file:
            for text in _elements(file, f"{MAIN}si"):
                yield _text(text)

    def _tree(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self._archive.read(name))


DIGITS = 16
"""Digits of a number in a workbook; XlsxWriter writes so many, and spreadsheets show fifteen."""


def same(value: Any, cell: Any) -> bool:
    """Whether a cell says what a value of the CSV says."""
    if value is None or cell is None:
        return value is None and cell is None
    if isinstance(cell, bool | str):
        return cell == value if type(value) is type(cell) else cell in _written(value)
    if isinstance(value, date):
        return bool(cell == (value - DAY_ZERO).days)
    return isinstance(value, int | float) and cell in (float(value), float(f"{value:.{DIGITS}G}"))


def _written(value: Any) -> tuple[str, ...]:
    """How a value may stand as a text."""
    if isinstance(value, bool):
        return str(value).lower(), str(value).upper()
    if isinstance(value, float):
        return str(value), str(value).upper(), f"{value:.0f}" if value.is_integer() else repr(value)
    return (str(value),)


def _elements(file: IO[bytes], tag: str) -> Iterator[ElementTree.Element]:
    for _, element in ElementTree.iterparse(file):
        if element.tag == tag:
            yield element
            element.clear()


def _text(holder: ElementTree.Element) -> str:
    return _unescaped("".join(text.text or "" for text in holder.iter(f"{MAIN}t")))


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _column(place: str) -> int:
    """The number of a column, from 0: 27 of AB12."""
    number = 0
    for letter in place.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number - 1
