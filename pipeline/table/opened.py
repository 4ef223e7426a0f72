"""A table as frictionless opens it: its descriptor in frictionless's own words, and how it then cuts the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from frictionless.formats.csv import CsvControl
from frictionless.resources import TableResource

from pipeline.package.format import DELIMITED
from pipeline.package.package import Resource
from pipeline.table.layout import Layout

JSON_SCHEMA = "x:jsonSchema"
"""Where `constraints.jsonSchema` is kept from frictionless, which calls it unsupported."""

JSON_TYPES = ("object", "array", "geojson", "list")
"""The types of field that may have a JSON Schema."""

PROFILES = ("data-package", "tabular-data-package", "data-resource", "tabular-data-resource")
"""The profiles that frictionless knows by name; it would fetch any other, or read it from a file."""


LEFT = ("scheme", "control", "basepath", "profiles", "package", "packagify", "detector")
"""Members of a resource that are frictionless's own, and would have it read something else than the files."""


def adapted_resource(resource: Resource) -> dict[str, Any]:
    """The resource in frictionless's own words; what would have it read anything but its files is left out."""
    described = {
        name: adapted(value) if name == "schema" else value
        for name, value in resource.descriptor.items()
        if name not in LEFT and not (name == "profile" and value not in PROFILES)
    }
    if resource.is_table:
        described["type"] = "table"
        if resource.format in DELIMITED:
            described["format"] = resource.format
    elif resource.format in ("json", "yaml", "yml"):
        described["type"] = "file"  # else frictionless opens it to see whether it is a descriptor, and follows that
    return described


def adapted_package(descriptor: Mapping[str, Any], resources: tuple[Resource, ...]) -> dict[str, Any]:
    """The package in frictionless's own words."""
    left = {"profiles", "basepath", *(["profile"] if descriptor.get("profile") not in PROFILES else [])}
    kept = {name: value for name, value in descriptor.items() if name not in left}
    return kept | {"resources": [adapted_resource(each) for each in resources]}


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
    if field.get("type") not in JSON_TYPES:
        return field
    rest = {name: value for name, value in constraints.items() if name != "jsonSchema"}
    return {**field, "constraints": rest, JSON_SCHEMA: constraints["jsonSchema"]}


@contextmanager
def without_foreign_keys(resource: TableResource) -> Iterator[None]:
    """Keeps frictionless from reading the tables that foreign keys point at, row by row, as it opens the resource."""
    schema = resource.schema
    kept = schema.foreign_keys
    if not kept:
        yield
        return
    schema.foreign_keys = []
    try:
        yield
    finally:
        resource.schema.foreign_keys = kept


def open_table(resource: TableResource) -> None:
    """Has frictionless open the resource. Raises FrictionlessException as it does."""
    with without_foreign_keys(resource):
        resource.open()  # type: ignore[no-untyped-call]


def layout(resource: TableResource) -> Layout | None:
    """How frictionless, which has the resource open, cuts its file; None where only it can."""
    found = layouts(resource)
    plain = len(found) == 1 and found[0].header and not resource.compression and not resource.multipart
    return found[0] if plain else None


def layouts(resource: TableResource) -> tuple[Layout, ...]:
    """How frictionless cuts each file of the resource, which it has open; none where only it can."""
    dialect = resource.dialect
    plain = (
        resource.format in ("csv", "tsv")
        and resource.scheme in ("file", "multipart")
        and resource.compression in (None, "", "gz")
        and not resource.memory
        and resource.normpath
        and dialect.header_rows == [1]
        and not dialect.comment_char
        and not dialect.comment_rows
        and not dialect.skip_blank_rows
        and (resource.encoding in ("utf-8", "ascii") or resource.format == "csv")
    )
    if not plain:
        return ()
    python = CsvControl.from_dialect(dialect).to_python()
    alike = not python.escapechar and not python.skipinitialspace and python.doublequote
    if not alike and resource.format == "tsv":
        return ()
    labels, quote = tuple(resource.labels), python.quotechar if alike else ""
    return tuple(
        Layout(Path(path), str(resource.encoding), python.delimiter, quote, python, labels, bool(dialect.header))
        for path in resource.normpaths
    )
