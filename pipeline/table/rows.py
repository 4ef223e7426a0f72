"""A table's rows as DuckDB relations, with the row numbers and cells that frictionless would see.

DuckDB reads a file itself only where its reader and Python's `csv` surely agree (see `look`). Any other file is read by
Python's `csv` with frictionless's own dialect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.table import duckdb
from pipeline.table.layout import Layout, Looked, is_plain, look
from pipeline.table.relation import scanned

BATCH = 20_000
"""Rows that Python hands to DuckDB at a time."""


WIDE = 1000
"""Columns of the widest table that DuckDB is asked about: each takes a quarter of a megabyte, however few the rows."""


@dataclass
class Rows:
    """A table's rows below the header, which is row 1.

    `relation` has the columns `row` and c1 … cn; `unnumbered` has the cells alone, in the order of the file, which
    DuckDB reads on all cores. `looking` is to say what the rows must add up to. `odd` are the rows of another width,
    as (number, cells).
    """

    relation: str
    unnumbered: str | None
    looking: Future[Looked | None] | None
    width: int
    odd: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def cells(self) -> list[str]:
        """The names of the columns that hold cells."""
        return _names(self.width)

    @property
    def bytes(self) -> str:
        """The bytes of a row's text."""
        return _sum([f"strlen({cell})" for cell in self.cells])

    def adds_up(self, count: int, text: int) -> bool:
        """Whether `count` rows with so many bytes of text are all that the file holds, and cut as Python cuts it."""
        if self.looking is None:
            return True
        looked = self.looking.result()
        return looked is not None and looked.adds_up(count, text)


def _names(width: int) -> list[str]:
    return [f"c{number}" for number in range(1, width + 1)]


def _sum(terms: Sequence[str]) -> str:
    """The sum of terms, halved again and again: SQL may nest only so deep."""
    middle = len(terms) // 2
    return terms[0] if len(terms) == 1 else f"({_sum(terms[:middle])} + {_sum(terms[middle:])})"


def by_duckdb(layout: Layout, width: int, looking: Future[Looked | None] | None = None) -> Rows | None:
    """The rows as DuckDB reads them, to be held against `Rows.adds_up`; None where Python surely reads others.

    What the bytes say (`looking`, where somebody has begun with it) is found out beside: DuckDB need not wait for it.
    """
    if width > WIDE or not is_plain(layout):
        return None
    scan = scanned(layout, _names(width))
    relation = f"(SELECT row_number() OVER () + 1 AS row, * FROM {scan})"
    return Rows(relation, scan, looking or look_beside(layout, width), width)


def look_beside(layout: Layout, width: int) -> Future[Looked | None]:
    """What the bytes say, in a thread: a file is read and hashed without Python's lock."""
    beside = ThreadPoolExecutor(1)
    looking = beside.submit(look, layout, width)
    beside.shutdown(wait=False)
    return looking


def by_python(
    con: duckdb.DuckDBPyConnection, cells: Iterable[tuple[int, Sequence[Any]]], width: int, name: str
) -> Rows:
    """Rows of texts that Python has read, with their numbers, in a DuckDB table of that name."""
    table = Rows(identifier(name), None, None, width)
    columns = ", ".join(f"{cell} VARCHAR" for cell in table.cells)
    con.execute(f"CREATE OR REPLACE TABLE {table.relation} (row BIGINT, {columns})")
    values = ", ".join(f"unnest(${number}::VARCHAR[])" for number in range(2, width + 2))
    insert = f"INSERT INTO {table.relation} SELECT unnest($1::BIGINT[]), {values}"
    rows = iter(cells)
    while batch := list(islice(rows, BATCH)):
        table.odd += [(number, list(row)) for number, row in batch if len(row) != width]
        batch = [(number, row) for number, row in batch if len(row) == width]
        if batch:
            columns_of = zip(*(row for _, row in batch), strict=True)
            con.execute(insert, [[number for number, _ in batch], *(list(column) for column in columns_of)])
    return table
