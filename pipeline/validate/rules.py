"""The rules of a field that Data Package v2 has and frictionless passes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

JSON_SCHEMA = "x:jsonSchema"
"""Where `constraints.jsonSchema` is kept from frictionless, which calls it unsupported."""


CODES = {"string": str, "integer": int}
"""The types of field that have categories, and those of their values."""


@dataclass(frozen=True)
class Rule:
    """A rule of a field that frictionless passes over: `broken` says what is wrong with a value, or None."""

    field: str
    name: str
    broken: Callable[[Any], str | None]


def field_rules(field: Any) -> list[Rule]:
    """The rules of a field that frictionless passes over."""
    rules = []
    codes = category_codes(field)
    if codes is not None:
        rules.append(Rule(field.name, "categories", _not_one_of(codes)))
    if JSON_SCHEMA in field.custom:
        rules.append(Rule(field.name, "jsonSchema", _breaks(field.custom[JSON_SCHEMA])))
    return rules


def category_codes(field: Any) -> list[Any] | None:
    """The field's category values, unless `enum` checks the very same."""
    categories = field.custom.get("categories")
    if not isinstance(categories, list) or field.type not in CODES:
        return None
    codes = _codes(categories)
    listed = field.constraints.get("enum")
    return None if listed is not None and set(map(str, listed)) <= set(map(str, codes)) else codes


def are_codes(categories: Any, kind: str) -> bool:
    """Whether the categories of a field of that type are a list of values of the type."""
    if not isinstance(categories, list) or not categories:
        return False
    return all(type(code) is CODES.get(kind) for code in _codes(categories))


def _codes(categories: list[Any]) -> list[Any]:
    return [each.get("value") if isinstance(each, dict) else each for each in categories]


def _not_one_of(codes: list[Any]) -> Callable[[Any], str | None]:
    known = set(codes)
    return lambda value: None if value in known else f'constraint "categories" is "{codes}"'


def _breaks(schema: Any) -> Callable[[Any], str | None]:
    import jsonschema

    validator = jsonschema.validators.validator_for(schema)(schema)

    def broken(value: Any) -> str | None:
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        return None if error is None else f'constraint "jsonSchema" is not met: {error.message}'

    return broken
