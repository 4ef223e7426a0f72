"""What differs between the schemas of two tables: fields, keys, what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.package.package import Resource
from pipeline.release.compare.cells import Cells, Scope
from pipeline.release.compare.change import Change, as_text
from pipeline.release.compare.fields import field_changes, missing_scope
from pipeline.release.compare.members import text_members
from pipeline.release.version import What

Names = Mapping[str, str]
"""Old names to new ones, of what is called otherwise now."""


def schema_changes(old: Resource, new: Resource, renamed: Names, tables: Names) -> Iterator[Change]:
    """The changes from `old` to `new`; `renamed` are fields, `tables` tables that have another name now."""
    yield from _fields(old, new, renamed)
    yield from _missing(old, new, renamed)
    yield from _primary_key(old, new, renamed)
    yield from _unique_keys(old, new, renamed)
    yield from _foreign_keys(old, new, renamed, tables)
    before, now = old.schema or {}, new.schema or {}
    for member in text_members("schema", before, now):
        if before.get(member) != now.get(member):
            yield Change(What.TEXT_CHANGED, new.name, member, as_text(before.get(member)), as_text(now.get(member)))


def cells(table: Resource) -> dict[str, Cells]:
    """The cells of each field, by name."""
    of_table = (table.schema or {}).get("missingValues")
    return {
        field["name"]: Cells(field, _missing_values(field.get("missingValues", of_table))) for field in table.fields
    }


def _missing_values(listed: Any) -> frozenset[str]:
    values = [""] if listed is None else listed if isinstance(listed, list) else []
    return frozenset(str(value.get("value")) if isinstance(value, Mapping) else str(value) for value in values)


def _shared(old: Resource, new: Resource, renamed: Names) -> list[tuple[Cells, Cells]]:
    """The fields that both have, in the new order."""
    before = {renamed.get(name, name): found for name, found in cells(old).items()}
    return [(before[name], found) for name, found in cells(new).items() if name in before]


# -- fields --------------------------------------------------------------------------------------------------------


def _fields(old: Resource, new: Resource, renamed: Names) -> Iterator[Change]:
    before = {renamed.get(name, name): name for name in old.field_names}
    yield from (Change(What.FIELD_REMOVED, new.name, name) for name in before if name not in new.field_names)
    yield from (Change(What.FIELD_RENAMED, new.name, is_now, was, is_now) for was, is_now in renamed.items())
    for field in new.fields:
        if field["name"] not in before:
            required = (field.get("constraints") or {}).get("required") is True
            yield Change(What.REQUIRED_FIELD_ADDED if required else What.FIELD_ADDED, new.name, field["name"])
    for was, is_now in _shared(old, new, renamed):
        yield from field_changes(new.name, was, is_now)
    orders = [name for name in before if name in new.field_names], [name for name in new.field_names if name in before]
    if orders[0] != orders[1]:
        yield Change(What.FIELDS_REORDERED, new.name, None, ", ".join(orders[0]), ", ".join(orders[1]))


def _missing(old: Resource, new: Resource, renamed: Names) -> Iterator[Change]:
    """What counts as missing: of fields that say it themselves, and of the table for all others at once."""
    scopes: dict[str | None, Scope] = {}
    for was, is_now in _shared(old, new, renamed):
        own = [found.field.get("missingValues") for found in (was, is_now)]
        place = is_now.field["name"] if own != [None, None] else None
        differs = own[0] != own[1] or was.missing != is_now.missing
        scope = missing_scope(was, is_now) if differs else Scope.SAME
        if place is not None and differs:
            yield _of_missing(scope, new.name, place, was.field, is_now.field)
        elif differs:
            scopes[place] = min((found for found in (scopes.get(place), scope) if found is not None), key=_weight)
    before, now = old.schema or {}, new.schema or {}
    if before.get("missingValues") != now.get("missingValues"):
        yield _of_missing(scopes.get(None, Scope.SAME), new.name, None, before, now)


def _weight(scope: Scope) -> int:
    """What is lost counts most, then what comes."""
    return (Scope.LESS, Scope.MORE, Scope.SAME).index(scope)


def _of_missing(scope: Scope, table: str, field: str | None, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    was, is_now = (
        ", ".join(f'"{value}"' for value in sorted(_missing_values(each.get("missingValues")))) for each in (old, new)
    )
    what = {Scope.LESS: What.MISSING_CHANGED, Scope.MORE: What.MISSING_WIDENED}.get(scope)
    if what is None:
        return Change(What.RESTATED, table, f"{field}.missingValues" if field else "missingValues")
    return Change(what, table, field or table, was or None, is_now or None)


# -- keys ----------------------------------------------------------------------------------------------------------


def _primary_key(old: Resource, new: Resource, renamed: Names) -> Iterator[Change]:
    before = [renamed.get(name, name) for name in old.key]
    if before != new.key:
        yield Change(What.KEY_CHANGED, new.name, None, ", ".join(old.key) or None, ", ".join(new.key) or None)
    elif _stated(old, "primaryKey") != _stated(new, "primaryKey") and not renamed:
        yield Change(What.RESTATED, new.name, "primaryKey")


def _unique_keys(old: Resource, new: Resource, renamed: Names) -> Iterator[Change]:
    """What must be unique: `uniqueKeys`, and the constraint `unique` of one field."""
    before, now = _unique(old, renamed), _unique(new, {})
    kept = {*before, *([frozenset(renamed.get(name, name) for name in old.key)] if old.key else [])}
    come = [key for key in now if key not in kept]
    gone = [key for key in before if key not in {*now, *([frozenset(new.key)] if new.key else [])}]
    yield from (Change(What.UNIQUE_KEY_ADDED, new.name, None, None, ", ".join(now[key])) for key in come)
    yield from (Change(What.UNIQUE_KEY_REMOVED, new.name, None, ", ".join(before[key]), None) for key in gone)
    if not come and not gone and not renamed:
        members = [
            f"{is_now.field['name']}.constraints.unique"
            for was, is_now in _shared(old, new, {})
            if (was.field.get("constraints") or {}).get("unique")
            != (is_now.field.get("constraints") or {}).get("unique")
        ]
        if _stated(old, "uniqueKeys") != _stated(new, "uniqueKeys"):
            members.append("uniqueKeys")
        yield from (Change(What.RESTATED, new.name, member) for member in members)


def _unique(table: Resource, renamed: Names) -> dict[frozenset[str], list[str]]:
    listed = [[key] if isinstance(key, str) else list(key) for key in _stated(table, "uniqueKeys") or []]
    listed += [[field["name"]] for field in table.fields if (field.get("constraints") or {}).get("unique") is True]
    keys = [[renamed.get(name, name) for name in key] for key in listed]
    return {frozenset(key): key for key in keys}


def _foreign_keys(old: Resource, new: Resource, renamed: Names, tables: Names) -> Iterator[Change]:
    before, now = _leads(old, new, renamed, tables), _leads(new, new, {}, {})
    for fields in dict.fromkeys((*before, *now)):
        was, is_now = before.get(fields, set()), now.get(fields, set())
        name = ", ".join(fields)
        led, leads = (", ".join(sorted(found)) or None for found in (was, is_now))
        if is_now - was:
            yield Change(What.FOREIGN_KEY_CHANGED if was else What.FOREIGN_KEY_ADDED, new.name, name, led, leads)
        elif was - is_now:
            yield Change(What.FOREIGN_KEY_REMOVED, new.name, name, led, leads)
    if before == now and _stated(old, "foreignKeys") != _stated(new, "foreignKeys") and not renamed and not tables:
        yield Change(What.RESTATED, new.name, "foreignKeys")


def _leads(table: Resource, itself: Resource, renamed: Names, tables: Names) -> dict[tuple[str, ...], set[str]]:
    """Where each foreign key leads, by its fields; pairs of fields are in an order of their own."""
    keys: dict[tuple[str, ...], set[str]] = {}
    for fields, resource, others in table.foreign_keys:
        is_own = resource == table.name
        there = itself.name if is_own else tables.get(resource, resource)
        names = renamed if is_own else {}
        pairs = sorted((renamed.get(one, one), names.get(two, two)) for one, two in zip(fields, others, strict=True))
        leads = f"{there} ({', '.join(two for _, two in pairs)})"
        keys.setdefault(tuple(one for one, _ in pairs), set()).add(leads)
    return keys


def _stated(table: Resource, member: str) -> Any:
    return (table.schema or {}).get(member)
