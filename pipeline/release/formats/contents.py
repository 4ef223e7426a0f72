"""What every format is written from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from pipeline.package import Package, Resource
from pipeline.tables import identifier

BATCH = 10_000
"""Rows that are in Python's hands at a time."""


@dataclass(frozen=True)
class Contents:
    """The package, its typed tables (by name, a DuckDB relation sorted by key), and when it was made."""

    con: duckdb.DuckDBPyConnection
    package: Package
    relations: dict[str, str]
    created: str | None

    @property
    def tables(self) -> tuple[Resource, ...]:
        """The tables, in the order of the descriptor."""
        return self.package.tables

    @property
    def time(self) -> datetime:
        """When the release was made, for formats that must hold a time; the year 2000 where nothing says."""
        if self.created is None:
            return datetime(2000, 1, 1)
        return datetime.fromisoformat(self.created).astimezone(UTC).replace(tzinfo=None)

    def rows(self, table: Resource, columns: str = "*") -> Iterator[tuple[Any, ...]]:
        """The rows of a table, streamed."""
        cursor = self.con.cursor()
        cursor.execute(f"SELECT {columns} FROM {self.relations[table.name]}")
        while batch := cursor.fetchmany(BATCH):
            yield from batch

    def select(self, table: Resource) -> str:
        """A query of the table's fields in schema order."""
        fields = ", ".join(identifier(name) for name in table.field_names)
        return f"SELECT {fields} FROM {self.relations[table.name]}"
