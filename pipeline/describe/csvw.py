"""CSVW: what the columns of every CSV file are (https://www.w3.org/TR/tabular-metadata/)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pipeline.core.quoting import identifier
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


# -- a field of Table Schema as a datatype of CSVW (section 5.11.1) ----------------------------------------------------

PLAIN = {
    "string": "string",
    "any": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "year": "gYear",
    "yearmonth": "gYearMonth",
    "duration": "duration",
    "object": "json",
    "array": "json",
    "geojson": "json",
}
"""Types that CSVW has too; it knows no `list` and no `geopoint`."""

DATES = {
    f"{first}{sign}{second}{sign}{third}"
    for sign in "-/."
    for first, second, third in (("dd", "MM", "yyyy"), ("MM", "dd", "yyyy"), ("yyyy", "MM", "dd"))
} - {"yyyy/MM/dd", "yyyy.MM.dd"} | {"yyyyMMdd"}
TIMES = {"HH:mm:ss", "HHmmss", "HH:mm", "HHmm"}
"""The patterns of dates and times that CSVW knows (Tabular Data Model, section 6.4.4)."""

TRUE, FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
"""What a boolean of Table Schema may be where its field does not say."""

LETTERS = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}
SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|/]")
NUMBERS = ("integer", "number")


def datatype(field: dict[str, Any], booleans: Collection[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """The datatype of a field, and in words what of the field it cannot say.

    `booleans` are the texts that a boolean's cells have, where the field does not name its own.
    """
    kind = field.get("type", "any")
    base = PLAIN.get(kind, "string")
    lost = [] if kind in PLAIN else [f"CSVW has no type {kind}; the column is a string."]
    constraints = field.get("constraints") or {}
    form, reason = _format(field, base, booleans)
    if reason:
        base, form, lost = "string", None, [*lost, reason]
    found: dict[str, Any] = {"base": base}
    if form is not None:
        found["base"] = "decimal" if kind == "number" else base
        found["format"] = form
    elif base == "string":
        found["format"] = _pattern(constraints)
    if "format" in found and found["format"] is None:
        del found["format"]
        if kind == "string" and field.get("format") == "uri":
            found["base"] = "anyURI"
    found |= _limits(constraints, found["base"], kind)
    lost += _unsaid(field, constraints, found)
    return found, lost


def _format(field: dict[str, Any], base: str, booleans: Collection[str]) -> tuple[Any, str | None]:
    """The format of a value that is not text, None where CSVW's own fits; and why CSVW cannot say it."""
    if base in ("integer", "number"):
        return _number(field)
    if base == "boolean":
        return _boolean(field, booleans)
    stated = field.get("format", "default")
    if base in ("date", "time", "datetime") and stated == "any":
        return None, f"A {base} may be written in any form; the column is a string."
    if base in ("date", "time", "datetime") and stated != "default":
        return _time(str(stated))
    return None, None


def _number(field: dict[str, Any]) -> tuple[Any, str | None]:
    if field.get("bareNumber", True) is not True:
        return None, "CSVW has no numbers with other signs around them; the column is a string."
    signs = {name: field[name] for name in ("decimalChar", "groupChar") if field.get(name)}
    return (signs if signs and signs != {"decimalChar": "."} else None), None


def _boolean(field: dict[str, Any], booleans: Collection[str]) -> tuple[Any, str | None]:
    """Of the words that Table Schema takes for booleans by itself, only those count that are there."""
    true = field.get("trueValues") or [word for word in TRUE if word in booleans] or ["true"]
    false = field.get("falseValues") or [word for word in FALSE if word in booleans] or ["false"]
    if {*true} <= {"true", "1"} and {*false} <= {"false", "0"}:
        return None, None
    if len(true) == len(false) == 1 and not any("|" in str(value) for value in (*true, *false)):
        return f"{true[0]}|{false[0]}", None
    return None, "A boolean of CSVW has one word for each value; the column is a string."


def _time(stated: str) -> tuple[Any, str | None]:
    pattern = re.sub(r"%[A-Za-z]", lambda found: LETTERS.get(found[0], found[0]), stated)
    day, _, hour = pattern.replace("T", " ").partition(" ")
    known = pattern in DATES or pattern in TIMES or (day in DATES and hour in TIMES)
    return (pattern, None) if known else (None, f"CSVW does not know the format {stated}; the column is a string.")


def _pattern(constraints: dict[str, Any]) -> str | None:
    """The regular expression of the allowed texts: the code list's, or else the pattern."""
    if codes := constraints.get("enum"):
        return "|".join(SPECIAL.sub(lambda found: f"\\{found[0]}", str(code)) for code in codes)
    pattern = constraints.get("pattern")
    return str(pattern) if pattern else None


LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "minExclusive",
    "exclusiveMaximum": "maxExclusive",
}


def _limits(constraints: dict[str, Any], base: str, kind: str) -> dict[str, Any]:
    if base == "string":
        return {name: constraints[name] for name in ("minLength", "maxLength") if name in constraints}
    if kind in (*NUMBERS, "date", "time", "datetime"):
        return {ours: constraints[name] for name, ours in LIMITS.items() if name in constraints}
    return {}


def _unsaid(field: dict[str, Any], constraints: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What the datatype leaves out, in words."""
    unsaid = []
    if field.get("categories"):
        unsaid.append("CSVW lists codes without labels.")
    if constraints.get("enum") and found["base"] != "string":
        unsaid.append(f"CSVW has no code lists of the type {field.get('type')}.")
    if constraints.get("unique"):
        unsaid.append("CSVW has no way to state that values are unique, beside the primary key.")
    left = [name for name, ours in LIMITS.items() if name in constraints and ours not in found]
    if left:
        unsaid.append(f"CSVW has no {' and '.join(left)} of the type {field.get('type', 'any')}.")
    return unsaid
