"""What differs between a release and a package: the schema, and the rows by primary key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.files import sha256
from pipeline.package import Package, Resource
from pipeline.release.version import Step
from pipeline.tables import connect, identifier, raw

DERIVED = ("provenance", "discrepancies")
"""Tables that follow from the others: whatever changes in them is a correction."""


@dataclass(frozen=True)
class Change:
    """One kind of change, its size, and what it is in words of both languages."""

    step: Step
    table: str | None
    en: str
    sv: str


def compare(old: Package, new: Package) -> list[Change]:
    """The changes from `old` to `new`, the largest first; empty when both hold the same data and descriptions."""
    con = connect()
    old_tables = {table.name: table for table in old.tables}
    new_tables = {table.name: table for table in new.tables}
    changes = [
        Change(Step.MAJOR, name, f"the table {name} was removed", f"tabellen {name} togs bort")
        for name in old_tables
        if name not in new_tables
    ]
    changes += [
        Change(Step.MINOR, name, f"the table {name} was added", f"tabellen {name} tillkom")
        for name in new_tables
        if name not in old_tables
    ]
    for name in old_tables:
        if name in new_tables:
            changes += _schema(old_tables[name], new_tables[name])
            changes += _rows(con, old, new, old_tables[name], new_tables[name])
    changes += _files(old, new)
    changes += _descriptor(old, new)
    return sorted(changes, key=lambda change: -change.step)


def _schema(old: Resource, new: Resource) -> list[Change]:
    name = new.name
    changes = []
    old_fields = {field["name"]: field for field in old.fields}
    new_fields = {field["name"]: field for field in new.fields}
    for field in old_fields:
        if field not in new_fields:
            changes.append(Change(Step.MAJOR, name, f"the field {field} was removed", f"fältet {field} togs bort"))
    for field, descriptor in new_fields.items():
        if field not in old_fields:
            required = bool((descriptor.get("constraints") or {}).get("required"))
            step = Step.MAJOR if required else Step.MINOR
            changes.append(Change(step, name, f"the field {field} was added", f"fältet {field} tillkom"))
        else:
            changes += _field(name, old_fields[field], descriptor)
    kept_before = [field for field in old_fields if field in new_fields]
    kept_now = [field for field in new_fields if field in old_fields]
    if kept_before != kept_now:
        changes.append(Change(Step.MAJOR, name, "the fields stand in another order", "fälten står i annan ordning"))
    old_keys = (old.key, old.foreign_keys, (old.schema or {}).get("uniqueKeys"))
    if old_keys != (new.key, new.foreign_keys, (new.schema or {}).get("uniqueKeys")):
        changes.append(Change(Step.MAJOR, name, "a key changed", "en nyckel ändrades"))
    if _missing(old) != _missing(new):
        words = ("what counts as missing changed", "vad som räknas som saknat ändrades")
        changes.append(Change(Step.MAJOR, name, *words))
    return changes


def _missing(table: Resource) -> Any:
    return (table.schema or {}).get("missingValues", [""])


def _field(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    name = new["name"]
    if any(old.get(part) != new.get(part) for part in ("type", "format", "unit")):
        return [Change(Step.MAJOR, table, f"the type of {name} changed", f"typen för {name} ändrades")]
    before, now = dict(old.get("constraints") or {}), dict(new.get("constraints") or {})
    codes_before, codes_now = before.pop("enum", None), now.pop("enum", None)
    changes = []
    if before != now:
        changes.append(Change(Step.MAJOR, table, f"the rules of {name} changed", f"reglerna för {name} ändrades"))
    if codes_before is not None and codes_now is not None:
        changes += [
            Change(Step.MAJOR, table, f"{name} lost the code {code}", f"{name} förlorade koden {code}")
            for code in codes_before
            if code not in codes_now
        ]
        changes += [
            Change(Step.MINOR, table, f"{name} got the code {code}", f"{name} fick koden {code}")
            for code in codes_now
            if code not in codes_before
        ]
    elif codes_before != codes_now:
        changes.append(Change(Step.MAJOR, table, f"the code list of {name} changed", f"kodlistan för {name} ändrades"))
    return changes


COUNT_BY_KEY = """
SELECT count(*) FILTER (o."\told" IS NULL), count(*) FILTER (n."\tnew" IS NULL),
       count(*) FILTER (o."\told" IS NOT NULL AND n."\tnew" IS NOT NULL AND ({differs}))
FROM (SELECT *, true AS "\told" FROM {old}) AS o
FULL JOIN (SELECT *, true AS "\tnew" FROM {new}) AS n ON {same_key}
"""

COUNT_BY_ROW = """
SELECT (SELECT count(*) FROM (SELECT {fields} FROM {new} EXCEPT ALL SELECT {fields} FROM {old})),
       (SELECT count(*) FROM (SELECT {fields} FROM {old} EXCEPT ALL SELECT {fields} FROM {new})), 0
"""


def _rows(
    con: duckdb.DuckDBPyConnection, old: Package, new: Package, old_table: Resource, new_table: Resource
) -> list[Change]:
    name = new_table.name
    shared = [field for field in new_table.field_names if field in old_table.field_names]
    if not shared or _is_same_file(old, old_table, new, new_table):
        return []
    old_rows, new_rows = (raw(con, old, old_table, "old"), raw(con, new, new_table, "new"))
    key = new_table.key if old_table.key == new_table.key else []
    if key:
        query = COUNT_BY_KEY.format(
            old=old_rows,
            new=new_rows,
            same_key=" AND ".join(f"o.{identifier(field)} = n.{identifier(field)}" for field in key),
            differs=" OR ".join(f"o.{identifier(field)} IS DISTINCT FROM n.{identifier(field)}" for field in shared),
        )
    else:
        fields = ", ".join(identifier(field) for field in shared)
        query = COUNT_BY_ROW.format(old=old_rows, new=new_rows, fields=fields)
    row = con.execute(query).fetchone()
    con.execute(f"DROP TABLE {old_rows}")
    con.execute(f"DROP TABLE {new_rows}")
    added, removed, changed = row if row else (0, 0, 0)
    derived = name in DERIVED
    counts = [
        (removed, Step.MAJOR, "row removed", "rows removed", "rad borttagen", "rader borttagna"),
        (added, Step.MINOR, "row added", "rows added", "rad tillagd", "rader tillagda"),
        (changed, Step.PATCH, "row corrected", "rows corrected", "rad rättad", "rader rättade"),
    ]
    return [
        Change(
            Step.PATCH if derived else step,
            name,
            f"{count} {one if count == 1 else many}",
            f"{count} {en_rad if count == 1 else rader}",
        )
        for count, step, one, many, en_rad, rader in counts
        if count
    ]


def _is_same_file(old: Package, old_table: Resource, new: Package, new_table: Resource) -> bool:
    """Whether both tables are one file, read in one way: then there is no need to read it."""
    ways = [
        (table.field_names, table.descriptor.get("dialect"), table.descriptor.get("encoding") or "utf-8")
        for table in (old_table, new_table)
    ]
    return ways[0] == ways[1] and _digests(old, old_table) == _digests(new, new_table)


def _files(old: Package, new: Package) -> list[Change]:
    """What differs in the resources that are no tables: their files are compared byte by byte."""
    before, now = (
        {resource.name: _digests(package, resource) for resource in package.resources if resource not in package.tables}
        for package in (old, new)
    )
    changes = [
        Change(Step.MAJOR, None, f"the resource {name} was removed", f"resursen {name} togs bort")
        for name in before
        if name not in now
    ]
    changes += [
        Change(Step.MINOR, None, f"the resource {name} was added", f"resursen {name} tillkom")
        for name in now
        if name not in before
    ]
    return changes + [
        Change(Step.PATCH, None, f"the resource {name} changed", f"resursen {name} ändrades")
        for name in before
        if name in now and before[name] != now[name]
    ]


def _digests(package: Package, resource: Resource) -> list[str]:
    return [sha256(package.folder / path) for path in resource.paths]


VOLATILE = ("version", "created", "resources", "licenses")
"""Members of a package's descriptor that are compared elsewhere, or follow from the release itself."""


def _descriptor(old: Package, new: Package) -> list[Change]:
    changes = []
    if old.descriptor.get("licenses") != new.descriptor.get("licenses"):
        changes.append(Change(Step.MAJOR, None, "the licence changed", "licensen ändrades"))
    if _described(old, new) != _described(new, old):
        changes.append(
            Change(Step.PATCH, None, "descriptions or metadata changed", "beskrivningar eller metadata ändrades")
        )
    return changes


def _described(package: Package, other: Package) -> tuple[Any, ...]:
    """What both packages describe, without what is compared on its own or follows from a release's own form."""
    members = {name: value for name, value in package.descriptor.items() if name not in VOLATILE}
    others = {resource.name: resource.field_names for resource in other.resources}
    resources = [
        {name: value for name, value in resource.descriptor.items() if name not in FORM}
        | {"schema": _rest(resource)}
        | {
            "texts": {
                field["name"]: _texts(field) for field in resource.fields if field["name"] in others[resource.name]
            }
        }
        for resource in package.resources
        if resource.name in others
    ]
    return members | {"name": package.name}, resources


FORM = ("path", "type", "profile", "bytes", "hash", "schema", "dialect", "encoding", "format", "mediatype")
"""Members of a resource that say what form its file has; a release gives it another."""


def _rest(resource: Resource) -> dict[str, Any]:
    """What a schema says beside fields, keys and missing values."""
    compared = ("fields", "primaryKey", "foreignKeys", "uniqueKeys", "missingValues", "$schema")
    return {name: value for name, value in (resource.schema or {}).items() if name not in compared}


def _texts(field: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in field.items() if name not in ("type", "format", "unit", "constraints")}
