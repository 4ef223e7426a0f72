"""Foreign keys: the tables that they point at, and a row that points at nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import frictionless
from frictionless import errors
from frictionless.resources import TableResource
from frictionless.table.row import Row

from pipeline.validate.clean import Cleared
from pipeline.validate.screen import Unscreened
from pipeline.validate.timelimit import pattern_limit, patterned


@dataclass
class ForeignKey:
    """A foreign key that is checked: its fields, what it points at, and the rows that point at nothing."""

    fields: tuple[str, ...]
    resource: str
    there: tuple[str, ...]
    rows: set[int]


def parts(key: Any) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """A foreign key's fields, the resource it points at, and the fields there."""
    return tuple(key["fields"]), key["reference"]["resource"], tuple(key["reference"]["fields"])


class Parents:
    """The tables that the foreign keys of one package point at; the values of each key are read once."""

    def __init__(self, package: frictionless.Package | None, cleared: Cleared) -> None:
        self._package = package
        self._cleared = cleared
        self._values: dict[tuple[str, tuple[str, ...]], set[tuple[Any, ...]]] = {}

    def table(self, name: str) -> TableResource:
        """A copy of the table of that name. Raises Unscreened where there is none."""
        if self._package is None or not self._package.has_resource(name):
            raise Unscreened
        found = self._package.get_resource(name).to_copy()
        if not isinstance(found, TableResource):
            raise Unscreened
        return found

    def values(self, name: str, fields: tuple[str, ...]) -> set[tuple[Any, ...]]:
        """The values of the fields in every row of the table of that name, as frictionless reads them."""
        if (name, fields) not in self._values:
            known = self._cleared.values(name, fields)
            values = set(self._streamed(name, fields) if known is None else known)
            self._values[name, fields] = {each for each in values if set(each) != {None}}
        return self._values[name, fields]

    def _streamed(self, name: str, fields: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        parent = self.table(name)
        with without(parent.schema.foreign_keys, parent):
            parent.open()
        with parent:
            limited = patterned([field for field in parent.schema.fields if field.name in fields])
            for row in parent.row_stream:
                with pattern_limit(limited):
                    yield tuple(row.get(field) for field in fields)


@contextmanager
def without(foreign_keys: list[Any], resource: TableResource) -> Iterator[None]:
    """Keeps frictionless from reading the tables that foreign keys point at, row by row, as it opens the resource."""
    if not foreign_keys:
        yield
        return
    resource.schema.foreign_keys = []
    try:
        yield
    finally:
        resource.schema.foreign_keys = foreign_keys


def foreign_key_error(row: Row, key: ForeignKey) -> frictionless.Error:
    values = [row[name] for name in key.fields]
    note = (
        f'for "{", ".join(key.fields)}": values "{", ".join(map(str, values))}" not found in the lookup table '
        f'"{key.resource}" as "{", ".join(key.there)}"'
    )
    return errors.ForeignKeyError.from_row(
        row,
        note=note,
        field_names=list(key.fields),
        field_values=values,
        reference_name=key.resource,
        reference_field_names=list(key.there),
    )
