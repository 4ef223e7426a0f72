"""A table that frictionless has opened: its rows and rules, and the readers of its cells."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import frictionless
from frictionless.resources import TableResource

from pipeline.package.rules import Field, ForeignKey, Keys
from pipeline.package.schema import compiled_field
from pipeline.table.layout import parsed
from pipeline.table.opened import JSON_SCHEMA, layout, layouts, open_table
from pipeline.validate.source import Source
from pipeline.validate.standard import Rule, field_rules
from pipeline.validate.timelimit import pattern_limit

BATCH = 1000
"""Texts that frictionless reads within one limit of time."""

KEPT = 100_000
"""Texts of a table whose reading is kept."""


class Readers:
    """frictionless's readers of a table's cells; what it has read of a text it need not read again."""

    def __init__(self, fields: Sequence[frictionless.Field]) -> None:
        self.fields = list(fields)
        self.rules: list[list[Rule]] = [field_rules(each) for each in self.fields]
        self._read = [_grouped(each) for each in self.fields]
        self._known: list[dict[str, Any]] = [{} for _ in self.fields]
        self.patterned = [each for each in self.fields if "pattern" in each.constraints or JSON_SCHEMA in each.custom]

    def __reduce__(self) -> Any:
        """As tasks on other machines get it: frictionless's fields do not survive pickling, their descriptors do."""
        return _readers, (json.dumps([(_described(each), _missing(each)) for each in self.fields]),)

    def cell(self, position: int, cell: Any) -> tuple[Any, dict[str, str] | None]:
        """The value and the notes on what is wrong with it: by constraint, or `type`."""
        known = self._known[position]
        if not isinstance(cell, str):
            value, notes = self._read[position](cell)
            return value, notes
        if cell not in known:
            if len(known) > KEPT:
                known.clear()
            known[cell] = self._read[position](cell)
        return known[cell]

    def value(self, position: int, cell: Any) -> Any:
        """The value; None where it is missing or of another type."""
        with self.limit([position]):
            return self.cell(position, cell)[0]

    def refused(self, position: int, texts: list[str]) -> list[str]:
        """Those of the texts that are not accepted."""
        found = []
        for start in range(0, len(texts), BATCH):
            with self.limit([position]):
                found += [text for text in texts[start : start + BATCH] if self._is_refused(position, text)]
        return found

    def limit(self, positions: Sequence[int]) -> Any:
        """The limit of time for reading cells of these fields."""
        return pattern_limit([self.fields[each] for each in positions if self.fields[each] in self.patterned])

    def _is_refused(self, position: int, text: str) -> bool:
        value, notes = self.cell(position, text)
        return bool(notes) or (value is not None and any(rule.broken(value) for rule in self.rules[position]))


V2 = "https://datapackage.org/profiles/2.0/tableschema.json"
"""A schema of version 2: it allows all that one of version 1 does."""


@lru_cache(16)
def _readers(fields: str) -> Readers:
    """Made once for all tasks of a worker: frictionless judges a schema before it takes it."""
    schemas = (
        {"$schema": V2, "fields": [described], "missingValues": missing} for described, missing in json.loads(fields)
    )
    return Readers([frictionless.Schema.from_descriptor(each).fields[0] for each in schemas])


def _described(field: frictionless.Field) -> dict[str, Any]:
    described = {**field.to_descriptor(), "type": field.type, "name": field.name}
    described.pop("missingValues", None)
    return described


def _missing(field: frictionless.Field) -> list[str]:
    own = field.has_defined("missing_values") or field.schema is None
    return list(field.missing_values if own or field.schema is None else field.schema.missing_values)


def _grouped(field: frictionless.Field) -> Callable[[Any], tuple[Any, Any]]:
    """frictionless's reader of a field, after the group characters that v2 allows in a whole number are taken out."""
    read: Callable[[Any], tuple[Any, Any]] = field.create_cell_reader()
    group = field.custom.get("groupChar") if field.type == "integer" else None
    if not isinstance(group, str) or not group:
        return read

    def grouped(cell: Any) -> tuple[Any, Any]:
        value, notes = read(cell)
        if isinstance(cell, str) and notes and "type" in notes and group in cell:
            plain, others = read(cell.replace(group, ""))
            if plain is not None and not (others and "type" in others):
                return plain, others
        return value, notes

    return grouped


def source(resource: TableResource) -> tuple[Source, Readers]:
    """The rows and rules of a resource that frictionless has open."""
    expected = resource.header.get_expected_fields()
    readers = Readers(expected)
    fields = tuple(map(_compiled, expected))
    found = layout(resource)
    cells = partial(parsed, found) if found else partial(_cells, resource)
    name = str(resource.name)
    return (
        Source(
            name,
            fields,
            _keys(resource, fields),
            cells,
            _size(resource),
            found,
            resource.format in ("csv", "tsv"),
            readers.value,
            readers.refused,
            layouts(resource),
        ),
        readers,
    )


def _compiled(field: frictionless.Field) -> Field:
    return compiled_field(_described(field), tuple(_missing(field)))


def _keys(resource: TableResource, fields: Sequence[Field]) -> Keys:
    """The keys as frictionless has them; a key that names a column which is not there is not judged, as with it."""
    names, schema = {each.name for each in fields}, resource.schema
    unique_keys = schema.custom.get("uniqueKeys", [])
    foreign = [
        ForeignKey(tuple(key["fields"]), key["reference"]["resource"], tuple(key["reference"]["fields"]))
        for key in schema.foreign_keys
    ]
    return Keys(
        tuple(schema.primary_key) if set(schema.primary_key) <= names else (),
        tuple(each.name for each in fields if each.unique),
        tuple(tuple(key) for key in unique_keys if set(key) <= names),
        tuple(each for each in foreign if set(each.fields) <= names),
    )


def _size(resource: TableResource) -> int:
    """Bytes of the files; what is packed may be many times as much."""
    total = 0
    for path in resource.normpaths if resource.path else []:
        with suppress(OSError):
            total += Path(path).stat().st_size
    return total * 10 if resource.compression else total


def _cells(resource: TableResource) -> Iterator[tuple[int, list[Any]]]:
    """The rows below the header as frictionless reads them."""
    open_table(resource)
    yield from resource.dialect.read_enumerated_content_stream(resource.cell_stream)


def by_frictionless(resource: TableResource, found: Source) -> Source:
    """The same source, read by frictionless itself: where Python's `csv` fails, it says how."""
    from dataclasses import replace

    return replace(found, layout=None, cells=partial(_cells, resource))


READABLE = (ValueError, csv.Error)
"""What reading a file with Python's `csv` raises."""
