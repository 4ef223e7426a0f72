"""CSVW: what the columns of every CSV file are (https://www.w3.org/TR/tabular-metadata/)."""

from __future__ import annotations

import re
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.describe.csvw_datatype import datatype
from pipeline.describe.dataset import Dataset, File
from pipeline.describe.document import Document, Note, as_json, require
from pipeline.package import about
from pipeline.package.package import Resource
from pipeline.table.relation import connect, raw

DIALECT = {
    "encoding": "utf-8",
    "delimiter": ",",
    "quoteChar": '"',
    "doubleQuote": True,
    "header": True,
    "lineTerminators": ["\n", "\r\n"],
}
"""How the tables of a release are written."""


def render(dataset: Dataset) -> Document:
    """The tables with their columns, keys and code lists. Raises InvalidData for a package without tables."""
    texts = [file for file in dataset.files if file.table and file.ending in ("csv", "tsv")]
    tables = {file.table.name: file for file in texts if file.table}
    require(dataset, "CSVW", (tables, "resources", "Give it a resource that is a CSV file, with a schema."))
    notes: list[Note] = []
    descriptor = dataset.descriptor
    group = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": dataset.languages[0]}]
        if dataset.languages
        else "http://www.w3.org/ns/csvw",
        "@type": "TableGroup",
        "dc:title": _texts(dataset, descriptor, "title"),
        "dc:description": _texts(dataset, descriptor, "description"),
        "dc:license": _licences(descriptor),
        "dc:publisher": [person.name for person in about.people(descriptor) if "publisher" in person.roles],
        "dc:source": [{"@id": source.path} for source in about.sources(descriptor) if source.path],
        "schema:version": dataset.version,
        "dialect": DIALECT,
        "tables": [_table(dataset, dataset.package.table(name), file, tables, notes) for name, file in tables.items()],
    }
    return Document(as_json(group), tuple(notes))


def _table(
    dataset: Dataset, table: Resource | None, file: File, tables: dict[str, File], notes: list[Note]
) -> dict[str, Any]:
    assert table is not None
    schema = table.schema or {}
    booleans = _booleans(dataset, table)
    for member, why in (("uniqueKeys", "keys beside the primary key"), ("fieldsMatch", "columns that may be missing")):
        if schema.get(member):
            notes.append(Note(f"{table.name}.{member}", f"CSVW has no way to state {why}."))
    return {
        "@type": "Table",
        "url": dataset.address(file.path),
        "dc:title": _texts(dataset, table.descriptor, "title"),
        "dc:description": _texts(dataset, table.descriptor, "description"),
        "dc:license": _licences(table.descriptor),
        "dialect": _dialect(table, file),
        "tableSchema": {
            "@type": "Schema",
            "columns": [_column(table, dataset, field, booleans, notes) for field in table.fields],
            "primaryKey": [column_name(field) for field in table.key],
            "foreignKeys": [
                {
                    "columnReference": [column_name(field) for field in fields],
                    "reference": {
                        "resource": dataset.address(tables[other].path),
                        "columnReference": [column_name(field) for field in there],
                    },
                }
                for fields, other, there in table.foreign_keys
                if other in tables
            ],
        },
    }


def _booleans(dataset: Dataset, table: Resource) -> dict[str, list[str]]:
    """What stands in the cells of each boolean field that does not name its words."""
    names = [
        field["name"]
        for field in table.fields
        if field.get("type") == "boolean" and not field.get("trueValues") and not field.get("falseValues")
    ]
    if not names:
        return {}
    with connect() as con:
        rows = raw(con, dataset.package, table)
        found = {name: con.execute(f"SELECT DISTINCT {identifier(name)} FROM {rows}").fetchall() for name in names}
    return {name: [text for (text,) in texts] for name, texts in found.items()}


def _dialect(table: Resource, file: File) -> dict[str, Any] | None:
    """How the table's file is written, where that differs from a release's way."""
    stated = table.descriptor.get("dialect") or {}
    flat = {**(stated.get("csv") or {}), **stated}
    found = dict(DIALECT)
    if file.ending == "tsv":
        found["delimiter"] = "\t"
    found |= {member: flat[member] for member in ("delimiter", "quoteChar", "doubleQuote", "header") if member in flat}
    if encoding := about.text(table.descriptor.get("encoding")):
        found["encoding"] = encoding.lower()
    return found if found != DIALECT else None


def _column(
    table: Resource, dataset: Dataset, field: dict[str, Any], booleans: dict[str, list[str]], notes: list[Note]
) -> dict[str, Any]:
    place = f"{table.name}.{field['name']}"
    constraints = field.get("constraints") or {}
    kind, lost = datatype(field, booleans.get(field["name"], ()))
    notes += [Note(place, reason) for reason in lost]
    missing = field.get("missingValues", (table.schema or {}).get("missingValues", [""]))
    null = [str(value["value"] if isinstance(value, dict) else value) for value in missing]
    column = {
        "name": column_name(field["name"]),
        "titles": field["name"],
        "dc:title": _texts(dataset, field, "title"),
        "dc:description": _texts(dataset, field, "description"),
        "schema:unitText": about.text(field.get("unit")),
        "datatype": kind,
        "required": True if constraints.get("required") is True else None,
    }
    return column if null == [""] else {**column, "null": null or ()}  # CSVW has "" for missing where nothing is said


def column_name(field: str) -> str:
    """A field's name as a variable of a URI template (RFC 6570, section 2.3), which a column's name must be."""
    name = re.sub(r"[^A-Za-z0-9_]", lambda found: _percent(found[0]), field)
    return f"%5F{name[1:]}" if name.startswith("_") else name


def _percent(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode())


def _texts(dataset: Dataset, holder: Any, member: str) -> list[str | dict[str, str]]:
    """A text in each language, as values of JSON-LD."""
    return [
        {"@value": text, "@language": language} if language else text
        for language, text in dataset.texts(holder, member).items()
    ]


def _licences(holder: Any) -> list[Any]:
    return [{"@id": licence.path} if licence.path else str(licence) for licence in about.licences(holder)]
