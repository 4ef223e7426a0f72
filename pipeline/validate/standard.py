"""What Data Package v2 asks for and frictionless passes over, or takes in another form.

docs/validation.md lists rule by rule what each of the two does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.package.schema import CODES, are_codes, category_codes
from pipeline.report.verdict import Error
from pipeline.table.opened import JSON_SCHEMA


@dataclass(frozen=True)
class Rule:
    """A rule of a field that frictionless passes over: `broken` says what is wrong with a value, or None."""

    name: str
    broken: Callable[[Any], str | None]


def field_rules(field: Any) -> list[Rule]:
    """The rules of one of frictionless's fields that frictionless passes over."""
    rules = []
    described = {"type": field.type, "constraints": field.constraints, **field.custom}
    codes = category_codes(described)
    if codes is not None:
        rules.append(Rule("categories", _not_one_of(list(codes))))
    if JSON_SCHEMA in field.custom:
        rules.append(Rule("jsonSchema", _breaks(field.custom[JSON_SCHEMA])))
    return rules


def _not_one_of(codes: list[Any]) -> Callable[[Any], str | None]:
    known = set(codes)
    return lambda value: None if value in known else f'constraint "categories" is "{codes}"'


# -- JSON Schemas ----------------------------------------------------------------------------------------------------


def _breaks(schema: Any) -> Callable[[Any], str | None]:
    import jsonschema
    import referencing

    # An empty registry retrieves nothing: a schema is whole in itself.
    validator = jsonschema.validators.validator_for(schema)(schema, registry=referencing.Registry())

    def broken(value: Any) -> str | None:
        try:
            error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        except RecursionError:
            return 'constraint "jsonSchema" is not met: the value is nested too deep, or the schema refers to itself'
        return None if error is None else f'constraint "jsonSchema" is not met: {error.message}'

    return broken


def _json_schema_fault(schema: Any) -> str | None:
    """What is wrong with a JSON Schema: its form, or a `$ref` that leads nowhere, or out of it."""
    import jsonschema
    import referencing
    import referencing.exceptions
    from referencing.jsonschema import DRAFT202012

    if not isinstance(schema, dict):
        return "is not a JSON Schema object"
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
        found = referencing.Resource.from_contents(schema, default_specification=DRAFT202012)
        resolver = referencing.Registry().with_resource(found.id() or "", found).resolver(found.id() or "")
        for reference in _references(schema):
            resolver.lookup(reference)
    except jsonschema.exceptions.SchemaError as error:
        return f"is not a JSON Schema: {error.message[:200]}"
    except RecursionError:
        return "is nested too deep"
    except (referencing.exceptions.Unresolvable, referencing.exceptions.NoSuchResource, ValueError, KeyError):
        return f"refers to {reference!r}, which is not within the schema"
    return None


def _references(schema: Any) -> Iterator[str]:
    members = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for name, value in members:
        if name in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(value, str):
            yield value
        elif name not in ("enum", "const", "default", "examples"):
            yield from _references(value)


# -- what is wrong with a schema ------------------------------------------------


def schema_errors(schema: Any, name: str) -> list[Error]:
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
            found += [f'{fault[0]} of "{name}.{field.get("name")}" {fault[1]}' for fault in _field_faults(field)]
    return [Error("schema-error", note) for note in found]


def _field_faults(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    categories = field.get("categories")
    kind = field.get("type", "string")
    if categories is not None:
        if not isinstance(categories, list) or not categories:
            yield '"categories"', "is not a list of values"
        elif kind not in CODES:
            yield '"categories"', "is for fields of type string or integer"
        elif not are_codes(categories, kind):
            values = [each.get("value") if isinstance(each, dict) else each for each in categories]
            is_typed = all(type(value) is CODES[kind] for value in values)
            yield '"categories"', "holds a value twice" if is_typed else f"holds a value that is no {kind}"
    if kind == "integer" and not isinstance(field.get("groupChar", ""), str):
        yield '"groupChar"', "is not a text"
    constraints = field.get("constraints")
    if isinstance(constraints, dict) and "jsonSchema" in constraints:
        fault = _json_schema_fault(constraints["jsonSchema"])
        if fault:
            yield '"jsonSchema"', fault
