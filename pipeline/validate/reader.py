"""A table's rows as DuckDB relations, with the row numbers and cells that frictionless would see.

DuckDB reads a file itself only where its reader and Python's `csv` surely agree: UTF-8 without a byte order mark or a
zero byte, line ends all of one kind, no blank line, every quote at the edge of its cell or doubled inside it (RFC
4180). Any other file is read by Python's `csv` with frictionless's own dialect.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from pipeline.tables import identifier, literal

BATCH = 20_000
"""Rows that Python hands to DuckDB at a time."""

CHUNK = 1 << 24
"""Bytes of a file that are looked at in one go."""

MAX_LINE = 10_000_000
"""Bytes of the longest line that DuckDB is asked to read."""

BUFFER = 1 << 25
"""Bytes that DuckDB reads at a time; by default it would follow from the longest line."""


@dataclass(frozen=True)
class Layout:
    """How a file is cut into cells."""

    path: Path
    encoding: str
    delimiter: str
    quote: str
    dialect: Any
    labels: tuple[str, ...]


@dataclass
class Rows:
    """A table's rows below the header, which is row 1.

    `relation` has the columns `row` and c1 … cn; `unnumbered` has the cells alone, in the order of the file, which
    DuckDB reads on all cores. `looked` is what the file's bytes say the rows must add up to. `odd` are the rows of
    another width, as (number, cells).
    """

    relation: str
    unnumbered: str | None
    looked: Looked | None
    width: int
    odd: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def cells(self) -> list[str]:
        """The names of the columns that hold cells."""
        return [f"c{number}" for number in range(1, self.width + 1)]


def by_duckdb(layout: Layout, width: int) -> Rows | None:
    """The rows as DuckDB reads them, or None where its reader and Python's might differ."""
    looked = _look(layout, width)
    if looked is None:
        return None
    scan = _scan(layout, width)
    return Rows(f"(SELECT row_number() OVER () + 1 AS row, * FROM {scan})", scan, looked, width)


def adds_up(con: duckdb.DuckDBPyConnection, layout: Layout, rows: Rows, count: int) -> bool:
    """Whether the rows that DuckDB read are all that the file's bytes speak of.

    DuckDB passes over a blank line, and over a delimiter at the end of a row that has all its cells.
    """
    looked = rows.looked
    if looked is None:
        return True
    if looked.lines not in (None, count):
        return False
    if looked.delimiters is None:
        return True
    within = 0
    if looked.quoted:
        mark = literal(layout.delimiter)
        counts = " + ".join(f"sum(length({cell}) - length(replace({cell}, {mark}, '')))" for cell in rows.cells)
        within = con.execute(f"SELECT {counts} FROM {rows.unnumbered}").fetchall()[0][0] or 0
        within += sum(label.count(layout.delimiter) for label in layout.labels)
    return bool(looked.delimiters == within + (count + 1) * (rows.width - 1))


def _scan(layout: Layout, width: int) -> str:
    names = [f"c{number}" for number in range(1, width + 1)]
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    kept = ", ".join(literal(name) for name in names)
    quote = literal(layout.quote)
    return (
        f"read_csv({literal(str(layout.path))}, header = true, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {literal(layout.delimiter)}, quote = {quote}, escape = {quote}, strict_mode = true, "
        f"force_not_null = [{kept}], max_line_size = {MAX_LINE}, buffer_size = {BUFFER})"
    )


def by_python(con: duckdb.DuckDBPyConnection, layout: Layout, width: int, name: str) -> Rows:
    """The rows as Python's `csv` reads them with frictionless's dialect, in a table of that name."""
    table = Rows(identifier(name), None, None, width)
    columns = ", ".join(f"{cell} VARCHAR" for cell in table.cells)
    con.execute(f"CREATE OR REPLACE TABLE {table.relation} (row BIGINT, {columns})")
    values = ", ".join(f"unnest(${number}::VARCHAR[])" for number in range(2, width + 2))
    insert = f"INSERT INTO {table.relation} SELECT unnest($1::BIGINT[]), {values}"
    numbers: list[int] = []
    batch: list[list[str]] = []
    for number, cells in _parsed(layout):
        if number == 1:
            continue
        if len(cells) != width:
            table.odd.append((number, cells))
            continue
        numbers.append(number)
        batch.append(cells)
        if len(batch) == BATCH:
            con.execute(insert, [numbers, *(list(column) for column in zip(*batch, strict=True))])
            numbers, batch = [], []
    if batch:
        con.execute(insert, [numbers, *(list(column) for column in zip(*batch, strict=True))])
    return table


def _parsed(layout: Layout) -> Iterator[tuple[int, list[str]]]:
    with layout.path.open("rb") as binary:
        text = io.TextIOWrapper(binary, layout.encoding, newline="")
        yield from enumerate(csv.reader(text, dialect=layout.dialect), 1)


# -- where two readers surely agree ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Looked:
    """What the bytes of a file tell.

    `lines`: the rows below the header, where no quote can hide a line end. `delimiters`: how many there are, where one
    stands at the end of a line.
    """

    quoted: bool
    lines: int | None
    delimiters: int | None


def _look(layout: Layout, width: int) -> Looked | None:
    """None unless DuckDB and Python's `csv` surely cut the file into the same cells, as far as `adds_up` confirms it.

    A blank line in a table of one column would be an empty cell to DuckDB, and is looked for here.
    """
    if layout.encoding not in ("utf-8", "ascii") or len(layout.quote) != 1 or not layout.quote.isascii():
        return None
    if len(layout.delimiter) != 1 or not layout.delimiter.isascii() or layout.delimiter in f" {layout.quote}\r\n":
        return None
    ends = _LineEnds(layout.delimiter, seek_blank=width == 1)
    quotes = _Quotes(layout.delimiter, layout.quote)
    with layout.path.open("rb") as file:
        while chunk := file.read(CHUNK):
            quoted = layout.quote.encode() in chunk
            if not ends.look(chunk, quoted) or not quotes.look(chunk):
                return None
    if not ends.agree() or not quotes.closed():
        return None
    return Looked(
        ends.quoted,
        None if ends.quoted else ends.feeds - ends.terminated,
        ends.delimiters if ends.trailing or ends.ends_in_delimiter else None,
    )


class _LineEnds:
    """Counts line ends and delimiters; finds zero bytes, a byte order mark, delimiters at the end of a line, and blank
    lines where quotes could hide them."""

    def __init__(self, delimiter: str, *, seek_blank: bool) -> None:
        self.delimiter = delimiter.encode()
        self.trailing = False
        self.delimiters = 0
        self.first = True
        self.quoted = False
        self.seek_blank = seek_blank
        self.tail = b""
        self.returns = self.feeds = self.pairs = 0

    def look(self, chunk: bytes, quoted: bool) -> bool:
        if self.first and chunk.startswith((b"\xef\xbb\xbf", b"\n", b"\r")):
            return False
        if b"\0" in chunk:
            return False
        self.quoted |= quoted
        if self.quoted or self.seek_blank:
            joined = self.tail + chunk[:3]
            if any(blank in part for blank in (b"\n\n", b"\n\r\n") for part in (joined, chunk)):
                return False
        self.first = False
        self.trailing = self.trailing or any(
            self.delimiter + end in part for end in (b"\n", b"\r") for part in (self.tail + chunk[:3], chunk)
        )
        self.delimiters += chunk.count(self.delimiter)
        self.feeds += chunk.count(b"\n")
        if b"\r" in chunk or self.tail.endswith(b"\r"):
            self.returns += chunk.count(b"\r")
            self.pairs += chunk.count(b"\r\n") + (self.tail.endswith(b"\r") and chunk.startswith(b"\n"))
        self.tail = (self.tail + chunk[-3:])[-3:]
        return True

    @property
    def terminated(self) -> bool:
        """Whether the last line has its line end."""
        return self.tail.endswith(b"\n")

    @property
    def ends_in_delimiter(self) -> bool:
        """Whether the last line, without a line end, ends in a delimiter."""
        return self.tail.endswith(self.delimiter)

    def agree(self) -> bool:
        return self.returns == 0 or self.returns == self.pairs == self.feeds


class _Quotes:
    """Whether every quote opens a cell, closes one, or is doubled within one."""

    def __init__(self, delimiter: str, quote: str) -> None:
        self.edges = (delimiter + "\r\n").encode()
        self.quote = quote.encode()
        self.before = b"\n"
        self.inside = False
        self.pending = False

    def look(self, chunk: bytes) -> bool:
        if self.quote not in chunk:
            return self._settle(chunk[:1]) and self._pass(chunk)
        import numpy as np

        if not self._settle(chunk[:1]):
            return False
        data = np.frombuffer(chunk, dtype=np.uint8)
        at = np.flatnonzero(data == self.quote[0])
        edge = np.zeros(256, dtype=bool)
        edge[list(self.edges)] = True
        previous = np.concatenate((np.frombuffer(self.before, dtype=np.uint8), data[:-1]))[at]
        opens = (np.arange(len(at)) % 2 == 1) if self.inside else (np.arange(len(at)) % 2 == 0)
        doubled_before = np.concatenate(([self.before == self.quote and at[0] == 0], np.diff(at) == 1))
        if not np.all(edge[previous[opens]] | doubled_before[opens]):
            return False
        closes = ~opens
        following = np.minimum(at + 1, len(data) - 1)
        last = at == len(data) - 1
        if not np.all((edge[data[following]] | (data[following] == self.quote[0]) | last)[closes]):
            return False
        self.inside ^= bool(len(at) % 2)
        self.pending = bool(last[-1]) and not self.inside
        self.before = chunk[-1:]
        return True

    def _settle(self, following: bytes) -> bool:
        """A quote that closed a cell at the end of the last chunk is followed by an edge or another quote."""
        if self.pending and following not in (b"", self.quote) and following not in self.edges:
            return False
        self.pending = False
        return True

    def _pass(self, chunk: bytes) -> bool:
        self.before = chunk[-1:]
        return True

    def closed(self) -> bool:
        return not self.inside
