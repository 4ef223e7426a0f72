"""A hand-written CSV file, read strictly: what a spreadsheet would quietly repair is refused here, with its place."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import bad_byte, byte_order_mark, os_errors

MAX_LINE = 1_000_000
"""Bytes of the longest line that is read."""


@dataclass(frozen=True)
class Sheet:
    """The rows of a file as columns of text; `rows` holds each row's number, where the header is row 1.

    `places` are the rows that name a column, where that is not the header. Rows that were read from snapshots have the
    file of each, and its SHA-256.
    """

    name: str
    columns: dict[str, list[str]]
    rows: list[int]
    places: Mapping[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)


def read(path: Path, name: str) -> Sheet:
    """The sheet in a UTF-8 file with comma, double quotes and a header (RFC 4180).

    Raises InvalidData for a byte that is not UTF-8 or is zero, a byte order mark, a row that is ragged or blank, a
    quote that does not close, a header that is blank or stands twice, and a line over `MAX_LINE` bytes.
    """
    with os_errors(name), path.open("rb") as file, _cells_limited():
        reader = csv.reader(_lines(file, name), strict=True)
        number = 0
        cells: list[list[str]] = []
        numbers: list[int] = []
        header: list[str] | None = None
        try:
            for number, row in enumerate(reader, 1):
                if header is None:
                    header = _checked_header(row, name)
                    continue
                _refuse_misshapen(row, header, name, number)
                cells.append(row)
                numbers.append(number)
        except csv.Error as error:
            raise _bad_quote(name, number + 1, str(error)) from None
        except _Unreadable as error:
            raise InvalidData(replace(error.problem, row=number + 1)) from None
    if header is None:
        raise InvalidData(Problem(Kind.EMPTY_FILE, "is empty", "Write a header, or delete the file.", file=name))
    columns = [list(column) for column in zip(*cells, strict=True)] or [[] for _ in header]
    return Sheet(name, dict(zip(header, columns, strict=True)), numbers)


def has_rows(path: Path) -> bool:
    """Whether something stands below the header of a file."""
    with path.open("rb") as file:
        return bool(file.readline()) and any(line.strip() for line in file)


@contextmanager
def _cells_limited() -> Iterator[None]:
    """The `csv` module has one limit for all who use it."""
    before = csv.field_size_limit(MAX_LINE)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class _Unreadable(Exception):
    """A line of the file is no text; the row is known to the one who counts rows."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    offset = 0
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise _Unreadable(
                Problem(
                    Kind.LONG_LINE,
                    f"is a line of more than {MAX_LINE:,} bytes",
                    "Look for a quote that never closes, or line ends that were lost.",
                    file=name,
                    row=number,
                )
            )
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            raise _Unreadable(byte_order_mark(name))
        if b"\0" in line:
            raise _Unreadable(_zero_byte(name, offset + line.index(b"\0")))
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _Unreadable(bad_byte(name, number, offset + error.start, line[error.start])) from None
        offset += len(line)


def _zero_byte(name: str, offset: int) -> Problem:
    return Problem(
        Kind.BAD_BYTE,
        f"is no text at byte {offset} of the file",
        "Save the file as UTF-8; it may be in UTF-16 now.",
        file=name,
        value="0x00",
    )


SEPARATORS = {";": "semicolons", "\t": "tabs"}


def _checked_header(header: list[str], name: str) -> list[str]:
    for sign, called in SEPARATORS.items():
        if len(header) == 1 and sign in header[0]:
            rule = f"is separated by {called}, as spreadsheets with Swedish settings write it"
            fix = "Save it as CSV with commas (in Excel and LibreOffice: `CSV UTF-8`, separator `,`)."
            raise InvalidData(Problem(Kind.WRONG_SEPARATOR, rule, fix, file=name, row=1, value=header[0]))
    for position, label in enumerate(header, 1):
        if not label.strip():
            raise InvalidData(
                Problem(
                    Kind.BLANK_HEADER,
                    f"has no name in the header for column {position}",
                    "Name the column, or delete it.",
                    file=name,
                    row=1,
                )
            )
        if header.index(label) < position - 1:
            raise InvalidData(
                Problem(
                    Kind.DUPLICATE_HEADER,
                    "appears twice in the header",
                    "Keep one of the two columns.",
                    file=name,
                    row=1,
                    field=label,
                )
            )
    if not header:
        raise InvalidData(
            Problem(
                Kind.BLANK_HEADER,
                "has a blank first row",
                "Start the file with its header.",
                file=name,
                row=1,
            )
        )
    return header


def _refuse_misshapen(row: list[str], header: list[str], name: str, number: int) -> None:
    if not row:
        raise InvalidData(Problem(Kind.BLANK_ROW, "is blank", "Delete the row.", file=name, row=number))
    if len(row) != len(header):
        raise InvalidData(
            Problem(
                Kind.RAGGED_ROW,
                f"has {len(row)} cells where the header has {len(header)}",
                "Add the missing commas, or quote the cell that holds a comma.",
                file=name,
                row=number,
                value=",".join(row),
            )
        )


def _bad_quote(name: str, number: int, reason: str) -> InvalidData:
    return InvalidData(
        Problem(
            Kind.BAD_QUOTE,
            f"has quotes that do not match ({reason})",
            'Close the quote that was opened; inside a quoted cell write "" for a quote.',
            file=name,
            row=number,
        )
    )
