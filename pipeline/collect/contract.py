"""Whether rows keep the contract of their table: types, formats, constraints, codes and keys, as `validate` will judge.

Each cell is judged by frictionless, once for each value that a column has: so what is accepted can also be built from.
Foreign keys are left to `validate`: the rows that they lead to may come from another source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.core.errors import shorten
from pipeline.package.package import Resource
from pipeline.source.fetched_rows import Rows

Key = tuple[str | None, ...]

EXAMPLES = 3
"""Keys or values that a sentence names before it counts the rest."""

DESCRIBED = {
    "required": "is empty, but the field is required",
    "enum": "not in the code list",
    "pattern": "which do not match the pattern {}",
    "minimum": "less than {}",
    "maximum": "more than {}",
    "minLength": "shorter than {} characters",
    "maxLength": "longer than {} characters",
}


def breaches(table: Resource, rows: Rows) -> Iterable[str]:
    """What is against the contract, a sentence fragment each."""
    for field in table.fields:
        if field["name"] in rows.columns:
            yield from _cells(table, field, rows.columns[field["name"]])
    yield from _keys(table, rows)


def _cells(table: Resource, field: Mapping[str, Any], cells: list[str | None]) -> Iterable[str]:
    from frictionless import Field

    name, constraints = f"{table.name}.{field['name']}", field.get("constraints") or {}
    values = dict.fromkeys(cell for cell in cells if cell is not None)
    if constraints.get("required") and len(values) < len(cells) and None in cells:
        yield f"{name} is empty in {cells.count(None):,} rows, but required"
    codes = {str(code.get("value") if isinstance(code, dict) else code) for code in field.get("categories") or []}
    reader = Field.from_descriptor(_judged(field)).create_cell_reader()
    wrong: dict[str, list[str]] = {}
    for value in values:
        notes = reader(value)[1]
        if notes:
            wrong.setdefault(next(iter(notes)), []).append(value)
        elif codes and value not in codes:
            wrong.setdefault("enum", []).append(value)
    for rule, found in wrong.items():
        if rule == "type":
            what = f"not of the type {field.get('type', 'string')}"
        else:
            what = DESCRIBED.get(rule, f"against its {rule} {{}}").format(constraints.get(rule))
        yield f"{name} says {some(found, 'values')}, {what}"
    if constraints.get("unique"):
        twice = [value for value, count in Counter(cells).items() if value is not None and count > 1]
        if twice:
            yield f"{name} says {some(twice, 'values')} in more than one row"


def _judged(field: Mapping[str, Any]) -> dict[str, Any]:
    """The field as one value after another can be judged."""
    constraints = {
        name: value for name, value in (field.get("constraints") or {}).items() if name not in ("required", "unique")
    }
    known = ("name", "type", "format", "decimalChar", "groupChar", "bareNumber", "trueValues", "falseValues")
    return {**{name: field[name] for name in known if name in field}, "constraints": constraints}


def _keys(table: Resource, rows: Rows) -> Iterable[str]:
    """A row without its key, or with another's, cannot be built from."""
    key = [name for name in table.key if name in rows.columns]
    for name in key:
        if empty := rows.columns[name].count(None):
            yield f"{table.name}.{name} is empty in {empty:,} rows, and part of the key"
    keys: list[Key] = list(keys_of(rows, key))
    if len(set(keys)) < len(keys):
        twice = [written(each) for each, count in Counter(keys).items() if count > 1]
        yield f"{table.name} has more than one row for {some(twice, 'keys')}"


def keys_of(rows: Rows, key: list[str]) -> Iterable[Key]:
    """The key of each row; none for a table without one."""
    return zip(*(rows.columns[name] for name in key), strict=True) if key else ()


def written(key: Key) -> str:
    """A key as a message writes it."""
    return "|".join(cell or "" for cell in key)


def some(members: list[str], what: str) -> str:
    """The first of a list, and how many more there are."""
    named = ", ".join(shorten(member) for member in members[:EXAMPLES])
    more = len(members) - EXAMPLES
    return f"{named} and {more:,} more {what}" if more > 0 else named
