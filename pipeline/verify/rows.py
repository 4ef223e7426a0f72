"""A table of a release as the CSV has it, and the words for what another file has otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from pipeline.core.errors import Kind, Problem
from pipeline.core.quoting import identifier
from pipeline.package.package import Package, Resource
from pipeline.table import duckdb

SHOWN = 3
"""Rows of a table that are named; the first ones that differ tell what happened."""

BATCH = 10_000

FIX = "The release was made wrong: report it to its publisher, or build it again."

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Rows:
    """The rows of a table as the CSV has them: a relation of typed values, its columns' types, and how many rows."""

    con: duckdb.DuckDBPyConnection
    package: Package
    table: Resource
    relation: str
    types: dict[str, str]
    count: int

    def values(self, columns: Iterable[str] | None = None) -> Iterator[Row]:
        """The rows, streamed; `columns` is SQL of what is selected, and else all fields."""
        selected = ", ".join(columns if columns is not None else map(identifier, self.types))
        cursor = self.con.cursor().execute(f"SELECT {selected} FROM {self.relation}")
        return chain.from_iterable(iter(partial(cursor.fetchmany, BATCH), []))

    def of_counts(self, name: str, held: int) -> list[Problem]:
        """A problem where the file `name` holds another number of rows."""
        rule = f"holds {held:,} rows of {self.table.name!r}, where the CSV has {self.count:,}"
        return [] if self.count == held else [problem(name, rule)]

    def of_row(self, name: str, number: int, ours: Sequence[Any], theirs: Sequence[Any]) -> Problem:
        """The first cell that differs; `number` counts the rows from 1."""
        cells = zip(self.table.field_names, ours, theirs, strict=True)
        field, one, two = next(cell for cell in cells if cell[1] != cell[2])
        return self.of_cell(name, number, field, one, two)

    def of_cell(self, name: str, number: int, field: str, ours: object, theirs: object) -> Problem:
        """A cell that differs."""
        return Problem(
            Kind.DIFFERENT_COPY,
            f"is what it holds in {self.table.name!r}, where the CSV has {ours!r}",
            FIX,
            file=name,
            row=number + 1,
            field=field,
            value=str(theirs),
        )


def problem(name: str, rule: str) -> Problem:
    """A file of the release that is not what the CSV says."""
    return Problem(Kind.DIFFERENT_COPY, rule, FIX, file=name)
