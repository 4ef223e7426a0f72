"""What every format is written from."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import chain
from threading import Event
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.package.package import Package, Resource
from pipeline.table import duckdb

BATCH = 10_000
"""Rows that are in Python's hands at a time."""

NUMERIC = {"BIGINT", "DOUBLE"}
"""Types whose values DuckDB compares as they are."""


@dataclass(frozen=True)
class Contents:
    """The package, its typed tables (by name, a DuckDB relation sorted by key), and when it was made.

    `beside` writes what the SQLite database holds beside the package's own tables; `filled` is set when all rows are
    in it, and it needs no more of Python.
    """

    con: duckdb.DuckDBPyConnection
    package: Package
    relations: dict[str, str]
    created: str | None
    beside: Callable[[sqlite3.Connection], None] | None = None
    filled: Event = field(default_factory=Event)

    @property
    def tables(self) -> tuple[Resource, ...]:
        """The tables, in the order of the descriptor."""
        return self.package.tables

    @property
    def time(self) -> datetime:
        """When the release was made, for formats that must hold a time; the year 2000 where nothing says."""
        if self.created is None:
            return datetime(2000, 1, 1)
        time = datetime.fromisoformat(self.created)
        return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time

    def rows(self, table: Resource, columns: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, streamed; `columns` is SQL of what is selected."""
        cursor = self.con.cursor()
        cursor.execute(f"SELECT {columns} FROM {self.relations[table.name]}")
        return chain.from_iterable(iter(partial(cursor.fetchmany, BATCH), []))

    @cached_property
    def types(self) -> dict[str, dict[str, str]]:
        """DuckDB's type of each field, by table, in schema order."""
        described = {
            name: self.con.execute(f"DESCRIBE {relation}").fetchall() for name, relation in self.relations.items()
        }
        return {name: {field: kind for field, kind, *_ in fields} for name, fields in described.items()}

    def equal(self, table: Resource, fields: list[str], other: Resource, there: list[str]) -> str:
        """The condition that `fields` of the table, as t, have the values of `there` in the other, as o."""
        kinds, others = self.types[table.name], self.types[other.name]
        return " AND ".join(
            f"t.{identifier(one)} = o.{identifier(two)}"
            if {kinds[one], others[two]} <= NUMERIC or kinds[one] == others[two]
            else f"CAST(t.{identifier(one)} AS VARCHAR) = CAST(o.{identifier(two)} AS VARCHAR)"
            for one, two in zip(fields, there, strict=True)
        )

    def select(self, table: Resource) -> str:
        """A query of the table's fields in schema order."""
        fields = ", ".join(identifier(name) for name in table.field_names)
        return f"SELECT {fields} FROM {self.relations[table.name]}"
