"""What Data Package v2 asks for and frictionless passes over, checked on the rows that frictionless reads.

docs/validation.md lists rule by rule what each of the two does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import frictionless
from frictionless import errors
from frictionless.table.row import Row

from pipeline.validate.rules import CODES, JSON_SCHEMA, Rule, are_codes, field_rules


class UniqueKeyError(errors.RowError):
    """Two rows have the same unique key (Table Schema, `uniqueKeys`)."""

    type = "unique-key"
    title = "Unique Key Error"
    description = "Values in the fields of a unique key should be unique for every row"
    template = 'Row at position "{rowNumber}" violates the unique key: {note}'


def unique_key_error(row: Row, fields: tuple[str, ...], before: int) -> frictionless.Error:
    note = f'"{", ".join(fields)}" is the same as in the row at position {before}'
    return UniqueKeyError.from_row(row, note=note)


@dataclass(frozen=True)
class Standard:
    """The rules of one table beyond frictionless's."""

    rules: tuple[Rule, ...]
    grouped: dict[str, str]
    unique_keys: tuple[tuple[str, ...], ...]
    primary_key: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether frictionless's verdict is complete as it is."""
        return not (self.rules or self.grouped or self.unique_keys or self.primary_key)

    def errors(self, row: Row) -> list[frictionless.Error]:
        """The row's errors: frictionless's, without those that the standard excuses, and the rules' own."""
        found = [error for error in row.errors if not self._excused(error)]
        for name, group in self.grouped.items():
            cell = _cell(row, name)
            if isinstance(cell, str) and group in cell:
                _, notes = cell_reader(row, name)(cell.replace(group, ""))
                found += [_constraint(row, name, note) for kind, note in (notes or {}).items() if kind != "type"]
        blank = any(error.type == "blank-row" for error in found)
        if not blank:
            for rule in self.rules:
                value = row.get(rule.field)
                note = None if value is None else rule.broken(value)
                if note:
                    found.append(_constraint(row, rule.field, note))
            found += self._partly_missing(row)
        return found

    def _partly_missing(self, row: Row) -> list[frictionless.Error]:
        missing = [name for name in self.primary_key if row.get(name) is None and name in row.blank_cells]
        if not missing or len(missing) == len(self.primary_key):
            return []
        note = f"the primary key's {', '.join(missing)} must not be missing"
        return [errors.PrimaryKeyError.from_row(row, note=note)]

    def _excused(self, error: frictionless.Error) -> bool:
        """A type error on a whole number with group characters, which v2 allows."""
        if error.type != "type-error" or getattr(error, "field_name", None) not in self.grouped:
            return False
        name = error.field_name  # type: ignore[attr-defined]
        plain = str(error.cell).replace(self.grouped[name], "")  # type: ignore[attr-defined]
        return plain.strip().lstrip("+-").isdigit()


def grouped_reader(field: frictionless.Field) -> Callable[[Any], tuple[Any, Any]]:
    """frictionless's reader of a field, after the group characters that v2 allows in a whole number are taken out."""
    read: Callable[[Any], tuple[Any, Any]] = field.create_cell_reader()
    group = field.custom.get("groupChar") if field.type == "integer" else None
    if not group:
        return read
    return lambda cell: read(cell.replace(str(group), "") if isinstance(cell, str) else cell)


def cell_reader(row: Row, name: str) -> Callable[[Any], tuple[Any, Any]]:
    """frictionless's reader of the field in a row."""
    field = next(each for each in row.fields if each.name == name)
    reader: Callable[[Any], tuple[Any, Any]] = field.create_cell_reader()
    return reader


def _cell(row: Row, name: str) -> Any:
    position = row.field_names.index(name) if name in row.field_names else len(row.cells)
    return row.cells[position] if position < len(row.cells) else None


def _constraint(row: Row, name: str, note: str) -> frictionless.Error:
    number = row.field_names.index(name) + 1
    cell = _cell(row, name)
    return errors.ConstraintError(
        note=note,
        cells=[str(each) if each is not None else "" for each in row.cells],
        row_number=row.row_number,
        cell=str(cell),
        field_name=name,
        field_number=number,
    )


def standard(schema: frictionless.Schema) -> Standard:
    """The rules of a schema that frictionless passes over."""
    grouped = {}
    for field in schema.fields:
        if field.type == "integer" and field.custom.get("groupChar"):
            grouped[field.name] = str(field.custom["groupChar"])
    names = {field.name for field in schema.fields}
    unique_keys = tuple(
        tuple(key) for key in schema.custom.get("uniqueKeys", []) if isinstance(key, list) and key and set(key) <= names
    )
    primary_key = tuple(schema.primary_key) if len(schema.primary_key) > 1 else ()
    rules = tuple(rule for field in schema.fields for rule in field_rules(field))
    return Standard(rules, grouped, unique_keys, primary_key)


# -- a descriptor as frictionless takes it, and what is wrong with it ------------------------------------------------


def adapted(schema: Any) -> Any:
    """The schema with v2's forms in those that frictionless takes: `fieldsMatch` as text, `jsonSchema` set aside."""
    if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
        return schema
    schema = dict(schema)
    match = schema.get("fieldsMatch")
    if isinstance(match, list) and len(match) == 1:
        schema["fieldsMatch"] = match[0]
    schema["fields"] = [_adapted_field(field) for field in schema["fields"]]
    return schema


def _adapted_field(field: Any) -> Any:
    constraints = field.get("constraints") if isinstance(field, dict) else None
    if not isinstance(constraints, dict) or "jsonSchema" not in constraints:
        return field
    if field.get("type") not in ("object", "array", "geojson", "list"):
        return field
    rest = {name: value for name, value in constraints.items() if name != "jsonSchema"}
    return {**field, "constraints": rest, JSON_SCHEMA: constraints["jsonSchema"]}


def schema_errors(schema: Any, name: str) -> list[frictionless.Error]:
    """What is wrong with a schema that frictionless passes over: keys of unknown fields, forms that are none."""
    if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
        return []
    names = [field.get("name") for field in schema["fields"] if isinstance(field, dict)]
    found = []
    keys = schema.get("uniqueKeys", [])
    if not isinstance(keys, list) or not all(isinstance(key, list) and key for key in keys):
        found.append(f'"uniqueKeys" of "{name}" is not a list of lists of field names')
    else:
        found += [
            f'unique key "{key}" of "{name}" does not match the fields "{names}"'
            for key in keys
            if not set(map(str, key)) <= set(map(str, names))
        ]
    for field in schema["fields"]:
        if isinstance(field, dict):
            found += _field_faults(field, name)
    return [errors.SchemaError(note=note) for note in found]


def _field_faults(field: dict[str, Any], name: str) -> list[str]:
    found = []
    categories = field.get("categories")
    if categories is not None:
        if not isinstance(categories, list) or not categories:
            found.append(f'"categories" of "{name}.{field.get("name")}" is not a list of values')
        elif (kind := field.get("type", "string")) not in CODES:
            found.append(f'"categories" of "{name}.{field.get("name")}" is for fields of type string or integer')
        elif not are_codes(categories, kind):
            found.append(f'"categories" of "{name}.{field.get("name")}" holds a value that is no {kind}')
    schema = (field.get("constraints") or {}).get("jsonSchema")
    if schema is not None and not isinstance(schema, dict):
        found.append(f'"jsonSchema" of "{name}.{field.get("name")}" is not a JSON Schema object')
    return found
