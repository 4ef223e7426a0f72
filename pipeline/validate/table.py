"""A table answers four questions: which rows are suspect? Which keys are missing, repeated, unmatched?

`SmallTable` answers them in Python, `ScannedTable` in DuckDB; another engine would be a third class with these methods.
Rows have their numbers in the file, where the header is row 1. Where no row is suspect and no key at fault, the table
is clean, whoever answered; otherwise frictionless judges the rows that `rows` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from pipeline.package.rules import Field, ForeignKey, Keys
from pipeline.report.verdict import Error

SuspectRow = tuple[int, Sequence[Any], Sequence[int] | None]
"""A row's number, its cells, and the positions (from 0) of those to be read; None: all of them."""

Reads = Callable[[int, Any], Any]
"""frictionless's value of a cell, by the field's position; None where it is missing or wrong."""


class Table(Protocol):
    """The answers; a key is the positions of its fields, None for a field that the table lacks."""

    fields: Sequence[Field]
    count: int
    stats: dict[str, Any]
    failures: Sequence[Error]
    """What broke off the reading, as frictionless says it."""

    @property
    def suspects(self) -> int:
        """How many rows are not certainly valid."""

    def complete(self, read: Reads) -> bool:
        """Reads the values of keys in suspect rows; False where this engine cannot compare them."""

    def missing(self, key: Sequence[int], *, every: bool, limit: int) -> list[int]:
        """The first rows in which every part of the key is missing, or else some are and others not."""

    def repeated(self, key: Sequence[int], *, whole: bool, limit: int) -> dict[int, int]:
        """The first rows whose key is that of an earlier row: number → the last such row. A row with any part missing
        is exempt where the key must be `whole`, otherwise one with all parts missing."""

    def unmatched(self, key: Sequence[int], parent: Self, there: Sequence[int | None], *, limit: int) -> list[int]:
        """The first rows whose key no row of the parent has; a row with all parts missing is exempt."""

    def rows(self, marked: set[int]) -> Iterator[SuspectRow]:
        """The suspects and the `marked` rows, in the order of the file."""

    def rank(self, number: int) -> int:
        """How many rows there are up to the one of that number."""


@dataclass
class KeyFaults:
    """The rows at which keys are at fault, and the earlier rows that they repeat."""

    unique: dict[str, dict[int, int]] = field(default_factory=dict)
    primary: dict[int, int] = field(default_factory=dict)
    without_primary: set[int] = field(default_factory=set)
    unique_keys: list[tuple[tuple[str, ...], dict[int, int]]] = field(default_factory=list)
    foreign: list[tuple[ForeignKey, set[int]]] = field(default_factory=list)

    @property
    def rows(self) -> set[int]:
        """All rows at fault."""
        found = {*self.primary, *self.without_primary}
        found.update(
            *self.unique.values(), *(rows for _, rows in self.unique_keys), *(rows for _, rows in self.foreign)
        )
        return found


def key_faults(table: Any, keys: Keys, parents: Sequence[Any], names: Sequence[Sequence[str]], limit: int) -> KeyFaults:
    """Asks the table about all of its keys; `parents` are those of the foreign keys, `names` those of their fields."""
    at = {each.name: position for position, each in enumerate(table.fields)}

    def here(fields: Sequence[str]) -> list[int]:
        return [at[name] for name in fields]

    found = KeyFaults()
    for name in keys.unique:
        found.unique[name] = table.repeated(here([name]), whole=True, limit=limit)
    if keys.primary:
        key = here(keys.primary)
        found.primary = table.repeated(key, whole=False, limit=limit)
        found.without_primary = set(table.missing(key, every=True, limit=limit))
        if len(key) > 1:
            found.without_primary |= set(table.missing(key, every=False, limit=limit))
    for group in keys.unique_keys:
        found.unique_keys.append((group, table.repeated(here(group), whole=True, limit=limit)))
    asked: dict[ForeignKey, set[int]] = {}  # a key that is stated twice is asked about once
    for foreign, parent, known in zip(keys.foreign, parents, names, strict=True):
        if foreign not in asked:
            there = [known.index(name) if name in known else None for name in foreign.there]
            asked[foreign] = set(table.unmatched(here(foreign.fields), parent, there, limit=limit))
        found.foreign.append((foreign, asked[foreign]))
    return found


def key_fields(fields: Sequence[Field], keys: Keys, pointed_at: Sequence[Sequence[str]]) -> list[int]:
    """The positions of the fields that keys need, those of other tables (`pointed_at`) as well."""
    wanted = {*keys.primary, *keys.unique}
    wanted.update(*keys.unique_keys, *(each.fields for each in keys.foreign), *pointed_at)
    return [position for position, each in enumerate(fields) if each.name in wanted]
