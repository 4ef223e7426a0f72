"""A descriptor that is plain: frictionless surely finds nothing wrong with it, and all that it says is known here.

As a screen is for cells, so is this for descriptors: what is plain needs no frictionless to be read, and what is not is
left to it. A member that frictionless does not know means nothing to it, and may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.package.descriptor import as_list
from pipeline.package.package import Package, Resource
from pipeline.validate.rules import are_codes

V2 = "https://datapackage.org/profiles/2.0/datapackage.json"
"""The profile of Data Package v2; without one a descriptor is of v1."""

SMALL = 100_000
"""Bytes below which Python reads a table sooner than DuckDB is loaded and asked about it."""

NAME = re.compile(r"[-a-z0-9._/]+")
PATH = re.compile(r"[\w. -]+(/[\w. -]+)*\.csv")

RESERVED = {
    "package": {"profile", "profiles", "type", "created", "dataset", "control", "source", "dialect", "detector"}
    | {"basepath", "missingValues", "fields", "resourceNames"},
    "resource": {"profile", "profiles", "url", "data", "scheme", "compression", "extrapaths", "innerpath", "fields"}
    | {"rows", "stats", "hashing", "layout", "control", "detector", "source", "package", "packagify", "basepath"}
    | {"missingValues", "datatype", "tabular", "contributors"},
    "schema": {"name", "type", "descriptor"},
    "field": {"required", "bareNumber", "floatNumber", "decimalChar", "groupChar", "itemType", "delimiter"}
    | {"arrayItem", "schema"},
}
"""Members that frictionless knows and this does not: with one of these a descriptor is not plain."""

CONSTRAINTS = {
    "string": {"required", "minLength", "maxLength", "pattern", "enum"},
    "boolean": {"required", "enum"},
    "any": {"required", "enum"},
    **{
        name: {"required", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum"}
        for name in ("integer", "number", "date", "datetime", "time", "year", "yearmonth")
    },
}
"""The types of field that a plain schema may have, and the constraints that frictionless knows for each."""


class NotPlain(Exception):
    """Only frictionless can tell what this means."""


@dataclass(frozen=True)
class PlainField:
    """A field, with those of frictionless's members that a screen asks for."""

    name: str
    type: str
    constraints: Mapping[str, Any]
    missing_values: tuple[str, ...]
    true_values: tuple[str, ...]
    false_values: tuple[str, ...]
    custom: Mapping[str, Any]
    format: str = "default"
    decimal_char: str = "."
    group_char: str = ""

    @property
    def supported_constraints(self) -> set[str]:
        """The constraints that a field of this type may have."""
        return CONSTRAINTS[self.type]

    def has_defined(self, _name: str) -> bool:
        """Whether a member is the field's own; those of the schema are in place already."""
        return True

    def create_value_reader(self) -> Callable[[Any], Any]:
        """What reads a bound, or a code of `enum`. Raises NotPlain for one that is not written plainly."""
        return READERS.get(self.type, _refused)


@dataclass(frozen=True)
class PlainTable:
    """A table that only has rules known here; `encoding`, `delimiter` and `quote` are None where nothing is said."""

    name: str
    path: str
    file: Path
    fields: tuple[PlainField, ...]
    primary_key: tuple[str, ...]
    unique_keys: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...]
    encoding: str | None
    delimiter: str | None
    quote: str | None
    bytes: int | None
    sha256: str | None
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(each.name for each in self.fields))

    @property
    def unique(self) -> tuple[str, ...]:
        """The fields whose values must differ."""
        return tuple(each.name for each in self.fields if each.constraints.get("unique"))


def is_small(path: Path) -> bool:
    """Whether a table is read sooner without DuckDB."""
    return path.is_file() and path.stat().st_size < SMALL


def is_plain(package: Package) -> bool:
    """Whether frictionless surely has nothing to say of the package's own members."""
    try:
        _check_package(package.descriptor)
    except NotPlain:
        return False
    names = [resource.name for resource in package.resources]
    return len(set(names)) == len(names)


def plain_table(resource: Resource, package: Package) -> PlainTable | None:
    """The resource, where it is a table in a CSV file that frictionless surely finds no fault with but in its rows."""
    try:
        return _table(resource.descriptor, package)
    except NotPlain:
        return None


def _check_package(descriptor: Mapping[str, Any]) -> None:
    _reserved(descriptor, "package")
    _require(descriptor.get("$schema", V2) == V2)
    _require("name" not in descriptor or _is_name(descriptor["name"]))
    _texts(descriptor, "title", "description", "homepage", "version", "image")
    _require(all(isinstance(each, str) for each in _list(descriptor, "keywords")))
    _attributions(descriptor)


def _attributions(descriptor: Mapping[str, Any]) -> None:
    """Licences, sources and contributors."""
    for member in ("licenses", "sources", "contributors"):
        for each in _list(descriptor, member):
            _require(isinstance(each, dict) and "email" not in each)
            _texts(each, "name", "path", "title", "organisation", "role")
            _require(member != "licenses" or bool(each.get("path") or each.get("name")))


def _table(descriptor: Mapping[str, Any], package: Package) -> PlainTable:
    _reserved(descriptor, "resource")
    _texts(descriptor, "title", "description", "homepage", "mediatype")
    _attributions(descriptor)
    name, path = descriptor.get("name"), descriptor.get("path")
    _require(_is_name(name) and isinstance(path, str) and bool(PATH.fullmatch(path)) and "../" not in path)
    _require(descriptor.get("type", "table") == "table" and descriptor.get("format", "csv") == "csv")
    encoding = descriptor.get("encoding")
    _require(encoding in (None, "utf-8", "UTF-8", "utf8"))
    dialect = descriptor.get("dialect") or {}
    _require(isinstance(dialect, dict) and set(dialect) <= {"delimiter", "quoteChar"})
    _require(all(isinstance(each, str) and len(each) == 1 for each in dialect.values()))
    size, digest = descriptor.get("bytes"), descriptor.get("hash")
    _require(size is None or (type(size) is int and size > 0))
    _require(digest is None or (isinstance(digest, str) and bool(re.fullmatch("sha256:[0-9a-f]{64}", digest))))
    schema = descriptor.get("schema")
    _require(isinstance(schema, dict))
    is_v2 = package.descriptor.get("$schema") == V2
    fields = _fields(schema, is_v2)
    names = [each.name for each in fields]
    keys = _keys(schema, names)
    return PlainTable(
        str(name),
        str(path),
        package.folder / str(path),
        fields,
        *keys,
        "utf-8" if encoding else None,
        dialect.get("delimiter"),
        dialect.get("quoteChar"),
        size,
        digest and digest.removeprefix("sha256:"),
    )


def _fields(schema: Any, is_v2: bool) -> tuple[PlainField, ...]:
    _reserved(schema, "schema")
    _require("$schema" not in schema and schema.get("fieldsMatch", "exact") in ("exact", ["exact"]))
    _texts(schema, "title", "description")
    missing = _strings(schema.get("missingValues", [""]))
    members = schema.get("fields")
    _require(isinstance(members, list) and bool(members))
    fields = tuple(_field(each, missing, is_v2) for each in members)
    _require(len({each.name for each in fields}) == len(fields))
    return fields


def _field(member: Any, missing: tuple[str, ...], is_v2: bool) -> PlainField:
    _require(isinstance(member, dict))
    _reserved(member, "field")
    _texts(member, "name", "title", "description", "rdfType")
    name, kind = member.get("name", ""), member.get("type")
    _require(
        bool(name) and name.strip() == name and kind in CONSTRAINTS and member.get("format", "default") == "default"
    )
    constraints = member.get("constraints", {})
    _require(isinstance(constraints, dict) and set(constraints) <= {*CONSTRAINTS[kind], "unique"})
    _check_constraints(constraints, is_v2)
    _require(kind == "boolean" or not {"trueValues", "falseValues"} & set(member))
    categories = member.get("categories")
    _require(categories is None or are_codes(categories, kind))
    found = PlainField(
        name,
        kind,
        constraints,
        _strings(member["missingValues"]) if "missingValues" in member else missing,
        _strings(member.get("trueValues", ["true", "True", "TRUE", "1"])),
        _strings(member.get("falseValues", ["false", "False", "FALSE", "0"])),
        {"categories": categories} if categories is not None else {},
    )
    _check_example(found, member.get("example"))
    return found


def _check_constraints(constraints: Mapping[str, Any], is_v2: bool) -> None:
    _require(None not in constraints.values())
    for name, value in constraints.items():
        if name in ("required", "unique"):
            _require(isinstance(value, bool))
        elif name in ("minLength", "maxLength"):
            _require(type(value) is int)
        elif name == "pattern":
            _require(isinstance(value, str))
        elif name == "enum":
            _require(isinstance(value, list) and bool(value))
        else:
            _require(is_v2 or not name.startswith("exclusive"))


def _check_example(described: PlainField, example: Any) -> None:
    """frictionless reads an example without constraints, and has it that it is valid."""
    if not example:
        return
    from pipeline.validate.screen import screen
    from pipeline.validate.small import certain

    _require(isinstance(example, str))
    free = PlainField(
        described.name, described.type, {}, ("",), described.true_values, described.false_values, custom={}
    )
    test = certain(screen(free))
    _require(test is not None and test(example))


def _keys(schema: Any, names: list[str]) -> tuple[Any, Any, Any]:
    """Primary key, unique keys and foreign keys."""
    primary = as_list(schema.get("primaryKey"))
    _require(all(isinstance(each, str) for each in primary) and set(primary) <= set(names))
    _require(len(set(primary)) == len(primary))
    unique = schema.get("uniqueKeys", [])
    _require(isinstance(unique, list))
    for key in unique:
        _require(isinstance(key, list) and bool(key) and all(isinstance(each, str) for each in key))
        _require(set(key) <= set(names))
    foreign = schema.get("foreignKeys", [])
    _require(isinstance(foreign, list))
    found = []
    for key in foreign:
        _require(isinstance(key, dict) and set(key) == {"fields", "reference"})
        reference = key["reference"]
        _require(isinstance(reference, dict) and set(reference) <= {"resource", "fields"} and "fields" in reference)
        here, there = as_list(key["fields"]), as_list(reference["fields"])
        resource = reference.get("resource", "")
        _require(isinstance(resource, str) and all(isinstance(each, str) for each in (*here, *there)))
        _require(bool(here) and len(here) == len(there) and set(here) <= set(names))
        found.append((tuple(here), resource, tuple(there)))
    return tuple(primary), tuple(tuple(key) for key in unique), tuple(found)


# -- what is asked of members ----------------------------------------------------------------------------------------


def _require(holds: bool) -> None:
    if not holds:
        raise NotPlain


def _reserved(descriptor: Mapping[str, Any], part: str) -> None:
    _require(not RESERVED[part] & set(descriptor) and "$frictionless" not in descriptor)
    _require(None not in descriptor.values())


def _texts(descriptor: Mapping[str, Any], *members: str) -> None:
    _require(all(isinstance(descriptor.get(member, ""), str) for member in members))


def _list(descriptor: Mapping[str, Any], member: str) -> list[Any]:
    found = descriptor.get(member, [])
    _require(isinstance(found, list))
    return list(found)


def _strings(values: Any) -> tuple[str, ...]:
    _require(isinstance(values, list) and all(isinstance(each, str) for each in values))
    return tuple(values)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(NAME.fullmatch(name))


# -- bounds and codes ------------------------------------------------------------------------------------------------


def _text(value: Any) -> Any:
    _require(isinstance(value, str))
    return value


def _whole(value: Any) -> int:
    _require(type(value) is int or (isinstance(value, str) and bool(re.fullmatch("-?[0-9]{1,18}", value))))
    return int(value)


def _year(value: Any) -> int:
    year = _whole(value)
    _require(1000 <= year <= 9999)
    return year


def _number(value: Any) -> Decimal:
    _require(
        type(value) in (int, float) or (isinstance(value, str) and bool(re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value)))
    )
    return Decimal(str(value))


def _day(value: Any) -> date:
    _require(isinstance(value, str) and bool(re.fullmatch("[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", value)))
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise NotPlain from None


def _refused(_value: Any) -> Any:
    raise NotPlain


READERS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "integer": _whole,
    "year": _year,
    "number": _number,
    "date": _day,
}
