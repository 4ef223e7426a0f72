"""A table judged row by row, as frictionless streams it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import frictionless
from frictionless.resources import TableResource
from frictionless.table.row import Row

from pipeline.validate.foreign import ForeignKey, Parents, foreign_key_error, parts
from pipeline.validate.standard import standard, unique_key_error
from pipeline.validate.timelimit import pattern_limit, patterned


class Streamed:
    """The rows as frictionless streams them, with foreign keys looked up in values that are read once a package."""

    def __init__(self, resource: TableResource, foreign_keys: list[Any], parents: Parents) -> None:
        self.resource = resource
        self.rules = standard(resource.schema)
        self.patterned = patterned(resource.schema.fields)
        names = {each.name for each in resource.header.get_expected_fields()} if foreign_keys else set()
        self.foreign = [
            (ForeignKey(fields, name, there, set()), parents.values(name or str(resource.name), there))
            for fields, name, there in map(parts, foreign_keys)
            if set(fields) <= names
        ]

    def rows(self) -> Iterator[list[frictionless.Error]]:
        """The errors of every row."""
        seen: list[dict[Any, int]] = [{} for _ in self.rules.unique_keys]
        stream = self.resource.row_stream
        while True:
            try:
                with pattern_limit(self.patterned):
                    row = next(stream, None)
                    if row is None:
                        return
                    found = self._judged(row)
            except frictionless.FrictionlessException as exception:
                yield [exception.error]
                continue
            for fields, before in zip(self.rules.unique_keys, seen, strict=True):
                unique = tuple(row.get(name) for name in fields)
                if None not in unique:
                    if unique in before:
                        found = [*found, unique_key_error(row, fields, before[unique])]
                    before[unique] = row.row_number
            yield found

    def _judged(self, row: Row) -> list[frictionless.Error]:
        for key, known in self.foreign:
            values = tuple(row[name] for name in key.fields)
            if set(values) != {None} and values not in known:
                row.errors.append(foreign_key_error(row, key))
        return row.errors if self.rules.is_empty else self.rules.errors(row)

    def settle(self, partial: bool) -> None:
        """frictionless has counted and hashed the stream itself."""
