"""How frictionless cuts a CSV file that says nothing of its dialect: as `csv.Sniffer` has it of the first lines.

The order of the questions is that of frictionless's `CsvParser` and `Detector` (5.21).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pipeline.table.layout import Layout

LINES = 100
"""Lines that frictionless looks at."""

LONG = 1_000_000
"""Characters of a line that is too long to be looked at here."""

BUFFER = 100_000
"""Bytes of which frictionless guesses the encoding."""


def sniffed(path: Path, encoding: str | None, delimiter: str | None, quote: str | None) -> Layout | None:
    """How the file is cut; what is not None is given. None where only frictionless can tell."""
    with path.open("rb") as binary:
        if encoding is None and not _is_ascii(binary.read(BUFFER)):
            return None
        binary.seek(0)
        text = io.TextIOWrapper(binary, "utf-8", newline="")
        sample: list[str] = []
        try:
            while len(sample) < LINES and (line := text.readline(LONG)):
                if len(line) >= LONG:
                    return None
                sample.append(line)
            dialect = _dialect(sample, delimiter, quote)
            labels = next(csv.reader(sample, dialect=dialect), [])
        except (ValueError, csv.Error):
            return None
    if dialect.skipinitialspace or not dialect.quotechar:
        return None
    return Layout(path, "utf-8", dialect.delimiter, dialect.quotechar, dialect, tuple(labels))


def _is_ascii(buffer: bytes) -> bool:
    """Whether chardet surely calls this ASCII, which frictionless takes for UTF-8: no escape sequence, no `~{`."""
    return buffer.isascii() and b"\x1b" not in buffer and b"~{" not in buffer


def _dialect(sample: list[str], delimiter: str | None, quote: str | None) -> csv.excel:
    guessed: type[csv.Dialect] | csv.Dialect
    try:
        guessed = csv.Sniffer().sniff("".join(sample), delimiter or ",\t;|")
    except csv.Error:
        guessed = csv.excel()
    dialect = csv.excel()
    dialect.delimiter = delimiter or guessed.delimiter
    dialect.quotechar = quote or ('"' if guessed.quotechar == "'" else guessed.quotechar)
    dialect.skipinitialspace = guessed.skipinitialspace
    dialect.escapechar = guessed.escapechar
    return dialect
