"""What differs between the schemas of two tables: fields, types, rules, code lists, keys, units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.package.package import Resource
from pipeline.release.compare.change import Change, as_text
from pipeline.release.version import What

Field = Mapping[str, Any]

TYPE = (
    "type",
    "format",
    "decimalChar",
    "groupChar",
    "bareNumber",
    "trueValues",
    "falseValues",
    "itemType",
    "delimiter",
)
"""Members of a field that say how its cells are read (Table Schema, field types)."""

DEFAULTS = {"type": "string", "format": "default"}


def schema_changes(old: Resource, new: Resource, renamed: Mapping[str, str]) -> list[Change]:
    """The changes from `old` to `new`; `renamed` are fields that have another name now, old to new."""
    return [*_fields(old, new, renamed), *_keys(old, new, renamed), *_table_missing(old, new)]


def _fields(old: Resource, new: Resource, renamed: Mapping[str, str]) -> Iterator[Change]:
    name = new.name
    before = {renamed.get(field["name"], field["name"]): field for field in old.fields}
    now = {field["name"]: field for field in new.fields}
    for field in before:
        if field not in now:
            yield Change(What.FIELD_REMOVED, name, field)
    for was, is_now in renamed.items():
        yield Change(What.FIELD_RENAMED, name, is_now, was, is_now)
    for field, descriptor in now.items():
        if field not in before:
            required = (descriptor.get("constraints") or {}).get("required") is True
            yield Change(What.REQUIRED_FIELD_ADDED if required else What.FIELD_ADDED, name, field)
        else:
            yield from _field(name, before[field], descriptor)
    kept = [field for field in now if field in before]
    if [field for field in before if field in now] != kept:
        yield Change(
            What.FIELDS_REORDERED, name, None, ", ".join(field for field in before if field in now), ", ".join(kept)
        )


def _field(table: str, old: Field, new: Field) -> Iterator[Change]:
    name = new["name"]
    if _type(old) != _type(new):
        yield Change(What.FIELD_RETYPED, table, name, _shown_type(old), _shown_type(new))
    if old.get("unit") != new.get("unit"):
        yield Change(What.UNIT_CHANGED, table, name, as_text(old.get("unit")), as_text(new.get("unit")))
    if old.get("missingValues") != new.get("missingValues"):
        texts = (as_text(old.get("missingValues")), as_text(new.get("missingValues")))
        yield Change(What.MISSING_CHANGED, table, name, *texts)
    yield from _constraints(table, old, new)
    yield from _codes(table, old, new)


def _type(field: Field) -> dict[str, Any]:
    return {**DEFAULTS, **{part: field[part] for part in TYPE if part in field}}


def _shown_type(field: Field) -> str:
    parts = {part: value for part, value in _type(field).items() if (part, value) != ("format", "default")}
    kind = str(parts.pop("type"))
    return f"{kind} ({', '.join(f'{part} {as_text(value)}' for part, value in parts.items())})" if parts else kind


# -- rules ---------------------------------------------------------------------------------------------------------

FLOORS = ("minimum", "exclusiveMinimum", "minLength")
CEILINGS = ("maximum", "exclusiveMaximum", "maxLength")


def _constraints(table: str, old: Field, new: Field) -> Iterator[Change]:
    before, now = _rules(old), _rules(new)
    for rule in [*before, *(rule for rule in now if rule not in before)]:
        was, is_now = before.get(rule), now.get(rule)
        if was == is_now:
            continue
        what = What.FIELD_WIDENED if _is_wider(rule, was, is_now) else What.FIELD_NARROWED
        yield Change(what, table, new["name"], _shown_rule(rule, was), _shown_rule(rule, is_now))


def _rules(field: Field) -> dict[str, Any]:
    """The rules that rule something out, but for the code list."""
    rules = field.get("constraints") or {}
    return {rule: value for rule, value in rules.items() if rule != "enum" and value is not None and value is not False}


def _shown_rule(rule: str, value: Any) -> str | None:
    return None if value is None else rule if value is True else f"{rule} {as_text(value)}"


def _is_wider(rule: str, old: Any, new: Any) -> bool:
    """Whether every value that the rule let pass still passes; what cannot be told is not wider."""
    if new is None:
        return True
    if old is None or rule not in (*FLOORS, *CEILINGS):
        return False
    pair = _comparable(old, new)
    return pair is not None and (pair[0] > pair[1] if rule in FLOORS else pair[0] < pair[1])


def _comparable(old: Any, new: Any) -> tuple[Any, Any] | None:
    """Two limits as numbers, or as texts that are ordered as what they write (dates and times of ISO 8601)."""
    try:
        return float(old), float(new)
    except (TypeError, ValueError):
        is_text = isinstance(old, str) and isinstance(new, str) and len(old) == len(new)
        return (old, new) if is_text else None


# -- code lists ----------------------------------------------------------------------------------------------------


def _codes(table: str, old: Field, new: Field) -> Iterator[Change]:
    name, before, now = new["name"], codes(old), codes(new)
    if before is None and now is None:
        return
    if before is None:
        yield Change(What.FIELD_NARROWED, table, name, None, f"one of {', '.join(now or [])}")
    elif now is None:
        yield Change(What.FIELD_WIDENED, table, name, f"one of {', '.join(before)}", None)
    else:
        yield from (Change(What.CODE_REMOVED, table, name, code) for code in before if code not in now)
        yield from (Change(What.CODE_ADDED, table, name, None, code) for code in now if code not in before)


def codes(field: Field) -> list[str] | None:
    """The values that the field's code list allows, as text: `enum`, else `categories`; None without either."""
    listed = (field.get("constraints") or {}).get("enum")
    if listed is None:
        listed = field.get("categories")
    if not isinstance(listed, list):
        return None
    values = [code.get("value") if isinstance(code, Mapping) else code for code in listed]
    return list(dict.fromkeys(as_text(value) or "" for value in values))


# -- keys, and what counts as missing ------------------------------------------------------------------------------


def _keys(old: Resource, new: Resource, renamed: Mapping[str, str]) -> Iterator[Change]:
    before = [renamed.get(field, field) for field in old.key]
    if before != new.key:
        yield Change(What.KEY_CHANGED, new.name, None, ", ".join(old.key) or None, ", ".join(new.key) or None)
    unique = [_unique_keys(old, renamed), _unique_keys(new, {})]
    if unique[0] != unique[1]:
        yield Change(What.UNIQUE_KEY_CHANGED, new.name, None, as_text(unique[0] or None), as_text(unique[1] or None))
    were, are = _foreign_keys(old, renamed), _foreign_keys(new, {})
    for fields in [*were, *(fields for fields in are if fields not in were)]:
        if were.get(fields) != are.get(fields):
            yield Change(What.FOREIGN_KEY_CHANGED, new.name, fields, were.get(fields), are.get(fields))


def _unique_keys(table: Resource, renamed: Mapping[str, str]) -> list[list[str]]:
    keys = (table.schema or {}).get("uniqueKeys") or []
    return sorted([renamed.get(field, field) for field in ([key] if isinstance(key, str) else key)] for key in keys)


def _foreign_keys(table: Resource, renamed: Mapping[str, str]) -> dict[str, str]:
    """Where each foreign key leads, by its fields."""
    keys: dict[str, str] = {}
    for fields, there, others in table.foreign_keys:
        name = ", ".join(renamed.get(field, field) for field in fields)
        leads = f"{there} ({', '.join(others)})"
        keys[name] = f"{keys[name]}; {leads}" if name in keys else leads
    return keys


def _table_missing(old: Resource, new: Resource) -> Iterator[Change]:
    was, is_now = ((table.schema or {}).get("missingValues", [""]) for table in (old, new))
    if was != is_now:
        yield Change(What.MISSING_CHANGED, new.name, new.name, as_text(was), as_text(is_now))
