"""A file's bytes, looked at once: would DuckDB's reader and Python's `csv` cut them into the same cells?

They surely do where the file is UTF-8 without a byte order mark or a zero byte, its line ends are all of one kind, and
every quote stands at the edge of its cell or is doubled inside it (RFC 4180). What DuckDB passes over in silence, a
blank line or a delimiter too many, shows in the sum: text, delimiters, quotes and line ends must be the whole file.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

CHUNK = 1 << 20
"""Bytes that are looked at in one go; with the rest of their last line, where they have quotes, CR or one column."""

MAX_LINE = 10_000_000
"""Bytes of the longest line of a table that is read; a reader needs memory for a whole line."""


@dataclass(frozen=True)
class Layout:
    """How a file is cut into cells."""

    path: Path
    encoding: str
    delimiter: str
    quote: str
    dialect: Any
    labels: tuple[str, ...]
    header: bool = True


@dataclass(frozen=True)
class Looked:
    """The bytes of a file of `width` columns that are no text of a cell below the header.

    `header`: those of the labels; `quotes`: those around cells and before quotes within; `end`: those of a line end;
    `is_ended`: whether the last line has one. `sha256` is that of the file.
    """

    size: int
    width: int
    header: int
    quotes: int
    end: int
    is_ended: bool
    sha256: str

    def adds_up(self, rows: int, text: int) -> bool:
        """Whether so many rows below the header, whose cells have so many bytes of text, are all of the file."""
        ends = (rows + self.is_ended) * self.end
        delimiters = (rows + 1) * (self.width - 1)
        return self.header + text + self.quotes + delimiters + ends == self.size


def look(layout: Layout, width: int) -> Looked | None:
    """What the bytes hold; None where DuckDB and Python's `csv` might cut them differently."""
    if not is_plain(layout):
        return None
    header = _header(layout, width)
    if header is None:
        return None
    end, quotes, inside, last = 0, 0, False, b""
    line = 0  # bytes of the line that the chunk before left open
    digest = hashlib.sha256()
    quote = layout.quote.encode()
    with layout.path.open("rb") as file:
        while chunk := file.read(CHUNK):
            first = chunk.find(b"\n")
            if line + (len(chunk) if first < 0 else first) >= MAX_LINE:
                return None
            line = line + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1
            if line and (inside or width == 1 or quote in chunk or b"\r" in chunk):
                rest = file.readline(MAX_LINE)
                if line + len(rest) >= MAX_LINE:
                    return None
                chunk, line = chunk + rest, 0
            digest.update(chunk)
            if b"\0" in chunk or (layout.encoding == "ascii" and not chunk.isascii()):
                return None
            if not last and chunk.startswith((b"\xef\xbb\xbf", b"\n", b"\r")):
                return None
            found = _line_end(chunk)
            if found is None or (end and found and found != end):
                return None
            end = end or found
            if width == 1 and _has_blank_line(chunk):
                return None
            if inside or quote in chunk:
                around = _quotes(chunk, layout, last, inside)
                if around is None:
                    return None
                quotes += around[0]
                inside = around[1]
            last = chunk[-1:]
    if inside:
        return None
    return Looked(layout.path.stat().st_size, width, header, quotes, end, last == b"\n", digest.hexdigest())


def parsed(layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header as Python's `csv` reads them; raises ValueError and csv.Error as it does."""
    with layout.path.open("rb") as binary:
        text = io.TextIOWrapper(binary, layout.encoding, newline="")
        yield from islice(enumerate(csv.reader(text, dialect=layout.dialect), 1), 1, None)


def is_plain(layout: Layout) -> bool:
    """Whether the encoding is one that DuckDB reads, and delimiter and quote are each one byte."""
    return (
        layout.encoding in ("utf-8", "ascii")
        and len(layout.quote) == 1
        and layout.quote.isascii()
        and len(layout.delimiter) == 1
        and layout.delimiter.isascii()
        and layout.delimiter not in f" {layout.quote}\r\n"
    )


def _header(layout: Layout, width: int) -> int | None:
    """Bytes of the labels as they stand in the file; None where they are not as many as the columns."""
    try:
        with layout.path.open("rb") as binary:
            labels = next(csv.reader(io.TextIOWrapper(binary, "utf-8", newline=""), dialect=layout.dialect), [])
    except (ValueError, csv.Error):
        return None
    return sum(len(label.encode()) for label in labels) if len(labels) == width else None


def _line_end(chunk: bytes) -> int | None:
    """Bytes of each line end in the chunk: 1 for LF, 2 for CRLF, 0 where there is none; None for any other, or both."""
    if b"\r" not in chunk:
        return 1 if b"\n" in chunk else 0
    import numpy as np

    data = np.frombuffer(chunk, dtype=np.uint8)
    returns = np.flatnonzero(data == ord("\r"))
    is_paired = returns[-1] + 1 < len(data) and bool(np.all(data[returns + 1] == ord("\n")))
    return 2 if is_paired and np.count_nonzero(data == ord("\n")) == len(returns) else None


def _has_blank_line(chunk: bytes) -> bool:
    """In a table of one column DuckDB takes a blank line for an empty cell, and Python for a row without cells."""
    return chunk.startswith((b"\n", b"\r\n")) or b"\n\n" in chunk or b"\n\r\n" in chunk


def _quotes(chunk: bytes, layout: Layout, last: bytes, inside: bool) -> tuple[int, bool] | None:
    """How many quotes are no text, and whether the chunk ends within them; None where one stands amid a cell.

    The chunk ends where a line does, and follows the byte `last`.
    """
    import numpy as np

    data = np.frombuffer(chunk, dtype=np.uint8)
    at = np.flatnonzero(data == ord(layout.quote))
    if not len(at):
        return 0, inside
    edge = np.zeros(256, dtype=bool)
    edge[list(f"{layout.delimiter}\r\n".encode())] = True
    is_first = not last or bool(edge[last[0]])
    bounded = np.concatenate(([is_first], edge[data], [True]))  # shifted by one
    opens = (np.arange(len(at)) + inside) % 2 == 0
    follows = np.concatenate(([False], np.diff(at) == 1))
    doubles = opens & follows
    is_doubled = np.concatenate((doubles[1:], [False]))
    if not np.all(np.where(opens, bounded[at] | doubles, bounded[at + 2] | is_doubled)):
        return None
    return len(at) - int(np.count_nonzero(doubles)), inside ^ bool(len(at) % 2)
