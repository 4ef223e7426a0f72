"""The description of the API, in OpenAPI 3.1: addresses of data that both families of Datasette answer alike.

Tables with `_shape=array`, a row, CSV, ready-made questions, files of a filter, SQL. What Datasette answers besides is
not promised: its default shape differs from version to version. Parameters and errors are the same for every table, so
they are described once, under `components`; any column is a filter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasette.utils import tilde_encode

from pipeline.package.package import Package, Resource
from pipeline.serve.sql import limits

ERROR = {
    "type": "object",
    "required": ["ok", "error", "status"],
    "properties": {"ok": {"const": False}, "error": {"type": "string"}, "status": {"type": "integer"}},
}
EXAMPLES = {
    "400": "There is no column `kindd` in `solutions`. Did you mean `kind`?",
    "403": "This is not allowed here.",
    "404": "There is nothing at this address.",
    "413": "The file would have more rows than a file may have; filter first.",
    "414": "The URL is too long: at most 2000 characters in the path and 4000 after the question mark.",
    "429": "Many queries are running. Try again in 5 seconds.",
    "500": "The server could not answer. The fault is ours.",
    "503": "The query took too long and was stopped. Narrow it down, or download the data.",
}
"""What a request that is refused is told, by status."""

FILES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""All rows of a filter as a file, and the media type of each."""

KINDS = {"integer": "integer", "number": "number", "boolean": "integer", "year": "integer"}
"""JSON's types by those of Table Schema, as SQLite keeps them; every other is a text. A boolean is 0 or 1."""

PAGES = 'The next page of rows is in the header `Link` with `rel="next"`.'

TEXT = {"type": "string", "pattern": "^[^\\u0000]*$"}
"""A text without the character that is none."""


def description(package: Package, version: str, prefix: str, questions: Mapping[str, Any]) -> Any:
    """The description of a release; `prefix` is what its addresses begin with, without a `/` at the end."""
    database = tilde_encode(package.stem)
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Error": ERROR}
    for table in package.tables:
        start, schema = f"/{database}/{tilde_encode(table.stem)}", f"Row_{tilde_encode(table.stem).replace('~', '.')}"
        schemas[schema] = _object(table)
        paths[f"{start}.json"] = {"get": _rows(table, schema)}
        paths[f"{start}.csv"] = {"get": _csv(table)}
        if table.key and not any("~" in tilde_encode(name) for name in table.key):
            paths[f"{start}/{','.join(f'{{{name}}}' for name in table.key)}.json"] = {"get": _row(table, schema)}
    paths[f"/{database}/{{table}}/-/rows.{{format}}"] = {"get": _files(package)}
    for name, question in questions.items():
        paths[f"/{database}/{tilde_encode(name)}.json"] = {"get": _question(name, question)}
    for form in ("json", "csv"):
        paths[f"/-/sql.{form}"] = {"get": _sql(form)}
    licence: Mapping[str, Any] = next(iter(package.descriptor.get("licenses") or []), {})
    info: dict[str, Any] = {
        "title": str(package.descriptor.get("title") or package.name),
        "version": version,
        "description": f"{package.descriptor.get('description') or ''}\n\n{PAGES}".strip(),
    }
    if called := licence.get("title") or licence.get("name"):
        info["license"] = {"name": called} | ({"url": licence["path"]} if _is_web(licence.get("path")) else {})
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": prefix or "/"}],
        "paths": paths,
        "components": {"schemas": schemas, "parameters": PARAMETERS, "responses": RESPONSES},
    }


def _is_web(address: Any) -> bool:
    return isinstance(address, str) and address.startswith(("https://", "http://"))


def _parameter(name: str, schema: dict[str, Any], text: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": text}


PARAMETERS = {
    "shape": _parameter("_shape", {"const": "array"}, "An array of objects.", required=True),
    "size": _parameter("_size", {"type": "integer", "minimum": 1, "maximum": 1000}, "Rows of a page; 100 by default."),
    "sort": _parameter("_sort", TEXT | {"maxLength": 200}, "The column to sort by; `_sort_desc` sorts downwards."),
    "search": _parameter("_search", TEXT | {"maxLength": 200}, "Words that all are in a row's texts."),
    "stream": _parameter("_stream", {"const": "on"}, "All rows, not a page of them."),
    "filters": {
        "name": "filters",
        "in": "query",
        "style": "form",
        "explode": True,
        "schema": {"type": "object", "additionalProperties": TEXT | {"maxLength": 200}},
        "description": (
            "Any column: `kind=fixed`, or `column__operation=value` with exact, not, contains, startswith, endswith, "
            "gt, gte, lt, lte, like, in, isblank, notblank and more. A column whose name begins with `_` needs an "
            "operation: `_region__exact=s`."
        ),
    },
}
"""The parameters, each described once."""


def _rows_as(schema: dict[str, Any], media: str) -> dict[str, Any]:
    return {"description": "The rows.", "content": {media: {"schema": schema}}}


RESPONSES = {
    "Csv": _rows_as({"type": "string"}, "text/csv; charset=utf-8"),
    "Objects": _rows_as({"type": "array", "items": {"type": "object"}}, "application/json"),
    "Refused": {
        "description": "Why there is no answer, by status.",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Error"},
                "examples": {
                    status: {"value": {"ok": False, "status": int(status), "error": text}}
                    for status, text in EXAMPLES.items()
                },
            }
        },
    },
}
"""What a request that is refused gets, at every address."""


def _known(*names: str) -> list[dict[str, Any]]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _responses(rows: str | dict[str, Any]) -> dict[str, Any]:
    """The rows, by the name of a response or as a schema of JSON; and what a request that is refused gets."""
    good = {"$ref": f"#/components/responses/{rows}"} if isinstance(rows, str) else _rows_as(rows, "application/json")
    return {"200": good, "default": {"$ref": "#/components/responses/Refused"}}


def _array(schema: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}


def _rows(table: Resource, schema: str) -> dict[str, Any]:
    return {
        "operationId": f"rows_of_{table.stem}",
        "summary": _title(table),
        "parameters": _known("shape", "size", "sort", "search", "filters"),
        "responses": _responses(_array(schema)),
    }


def _csv(table: Resource) -> dict[str, Any]:
    return {
        "operationId": f"csv_of_{table.stem}",
        "summary": f"{_title(table)}, as CSV",
        "parameters": _known("size", "stream", "filters"),
        "responses": _responses("Csv"),
    }


def _row(table: Resource, schema: str) -> dict[str, Any]:
    kinds = {field["name"]: _kind(field)[0] for field in table.fields}
    keys = [
        {"name": name, "in": "path", "required": True, "schema": {"type": kinds[name]}, "description": "Key."}
        for name in table.key
    ]
    return {
        "operationId": f"row_of_{table.stem}",
        "summary": f"A row of {_title(table)}",
        "parameters": [*keys, *_known("shape")],
        "responses": _responses(_array(schema) | {"minItems": 1, "maxItems": 1}),
    }


def _files(package: Package) -> dict[str, Any]:
    tables = {"enum": [table.stem for table in package.tables]}
    named = {"table": (tables, "The table."), "format": ({"enum": [*FILES]}, "The format of the file.")}
    content: dict[str, Any] = {media: {"schema": {"type": "string"}} for media in FILES.values() if "json" not in media}
    content["application/json"] = {"schema": {"type": "array", "items": {"type": "object"}}}
    told = _responses({})
    told["200"] = {"description": "All rows of the filter.", "content": content}
    return {
        "operationId": "files",
        "summary": "All rows of a filter as a file",
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": schema, "description": text}
                for name, (schema, text) in named.items()
            ),
            *_known("search", "filters"),
        ],
        "responses": told,
    }


def _question(name: str, question: Any) -> dict[str, Any]:
    told = question if isinstance(question, dict) else {}
    asked = [
        _parameter(str(each), TEXT | {"maxLength": 200}, "What the question asks for.")
        for each in told.get("params") or []
    ]
    return {
        "operationId": f"question_{name}",
        "summary": str(told.get("title") or name),
        "parameters": [*_known("shape"), *asked],
        "responses": _responses("Objects"),
    }


def _sql(form: str) -> dict[str, Any]:
    query = _parameter("sql", TEXT | {"minLength": 1, "maxLength": limits.LONGEST}, "SELECT …", required=True)
    is_json = form == "json"
    return {
        "operationId": f"sql_as_{form}",
        "summary": f"A query of your own, as {form.upper()}",
        "description": (
            f"Runs in a process of its own, for at most {limits.SECONDS:g} seconds. More than {limits.ROWS} rows are "
            "not sent; `x-truncated: true` says so. `:name` in it stands for the parameter of that name. `_shape` can "
            "be objects, arrays, array, arrayfirst; `_nl=on` with `array` writes a row a line."
        ),
        "parameters": [query, *(_known("shape") if is_json else [])],
        "responses": _responses("Objects" if is_json else "Csv"),
    }


def _object(table: Resource) -> dict[str, Any]:
    properties = {field["name"]: {"type": _kind(field)} | _titled(field) for field in table.fields}
    return {"type": "object", "properties": properties}


def _kind(field: Mapping[str, Any]) -> list[str]:
    return [KINDS.get(str(field.get("type", "any")), "string"), "null"]


def _titled(field: Mapping[str, Any]) -> dict[str, Any]:
    """The field's title, where it says more than its name."""
    title = str(field.get("title") or "")
    return {"title": title} if title and title.casefold() != field["name"].replace("_", " ").casefold() else {}


def _title(table: Resource) -> str:
    return str(table.descriptor.get("title") or table.stem)
