"""The description of the API, in OpenAPI 3.1: addresses of data that both families of Datasette answer alike.

Tables with `_shape=array`, a row, CSV, ready-made questions, files of a filter, SQL. What Datasette answers besides is
not promised: its default shape differs from version to version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasette.utils import tilde_encode

from pipeline.package.package import Package, Resource
from pipeline.serve.places import prefix
from pipeline.serve.sql import limits

ERROR = {
    "type": "object",
    "required": ["ok", "error", "status"],
    "properties": {"ok": {"const": False}, "error": {"type": "string"}, "status": {"type": "integer"}},
}
REFUSALS = {
    "400": "What is asked is not understood, or is too much.",
    "403": "This is not allowed.",
    "404": "This is not there.",
    "414": "The address is too long.",
    "429": "Too many ask at the moment; ask again after the seconds in Retry-After.",
    "500": "A query could not be run.",
}

KINDS = {"integer": "integer", "number": "number", "boolean": "integer", "year": "integer"}
"""JSON's types by those of Table Schema, as SQLite keeps them; every other is a text. A boolean is 0 or 1."""

TEXT = {"type": "string", "pattern": "^[^\\u0000]*$"}
"""A text without the character that is none."""


def description(package: Package, told: Mapping[str, Any], version: str | None, questions: Mapping[str, Any]) -> Any:
    """The description; `told` is what plugins are told, `version` stands in the addresses, or None for the latest."""
    database = tilde_encode(package.stem)
    paths: dict[str, Any] = {}
    for table in package.tables:
        start = f"/{database}/{tilde_encode(table.stem)}"
        paths[f"{start}.json"] = {"get": _rows(table)}
        paths[f"{start}.csv"] = {"get": _csv(table)}
        if table.key:
            key = ",".join(f"{{{name}}}" for name in table.key)
            paths[f"{start}/{key}.json"] = {"get": _row(table)}
    for name, question in questions.items():
        paths[f"/{database}/{tilde_encode(name)}.json"] = {"get": _question(name, question)}
    paths["/-/sql.json"] = {"get": _sql()}
    licence: Mapping[str, Any] = next(iter(package.descriptor.get("licenses") or []), {})
    info: dict[str, Any] = {
        "title": str(package.descriptor.get("title") or package.name),
        "version": str(told["version"]),
        "description": str(package.descriptor.get("description") or ""),
    }
    if called := licence.get("title") or licence.get("name"):
        info["license"] = {"name": called} | ({"url": licence["path"]} if _is_web(licence.get("path")) else {})
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": prefix(version, None).rstrip("/") or "/"}],
        "paths": paths,
        "components": {"schemas": {"Error": ERROR}},
    }


def _is_web(address: Any) -> bool:
    return isinstance(address, str) and address.startswith(("https://", "http://"))


def _rows(table: Resource) -> dict[str, Any]:
    names = table.field_names
    return {
        "operationId": f"rows_of_{table.stem}",
        "summary": _title(table),
        "description": 'The next page is in the header `Link` with `rel="next"`.',
        "parameters": [
            _parameter("_shape", {"const": "array"}, "An array of objects.", required=True),
            _parameter("_size", {"type": "integer", "minimum": 1, "maximum": 1000}, "Rows of a page."),
            _parameter("_sort", {"enum": names}, "The column to sort by."),
            _parameter("_search", TEXT | {"maxLength": 200}, "Words that a row's texts hold."),
            *(_parameter(name, TEXT, "Rows with this value only.") for name in _filters(names)),
        ],
        "responses": _responses({"type": "array", "items": _object(table)}),
    }


def _filters(names: list[str]) -> list[str]:
    """Columns that can be filtered by their name alone: Datasette takes arguments that begin with _ for its own."""
    return [name for name in names if not name.startswith("_") and name not in ("sql",)]


def _csv(table: Resource) -> dict[str, Any]:
    sized = _parameter("_size", {"type": "integer", "minimum": 1, "maximum": 1000}, "Rows of a page.")
    whole = _parameter("_stream", {"const": "on"}, "All rows, not a page of them.")
    return {
        "operationId": f"csv_of_{table.stem}",
        "summary": f"{_title(table)}, as CSV",
        "parameters": [sized, whole],
        "responses": _responses({"type": "string"}, "text/csv; charset=utf-8"),
    }


def _row(table: Resource) -> dict[str, Any]:
    kinds = {field["name"]: _kind(field)[0] for field in table.fields}
    return {
        "operationId": f"row_of_{table.stem}",
        "summary": f"A row of {_title(table)}",
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": kinds[name]}, "description": "Key."}
                for name in table.key
            ),
            _parameter("_shape", {"const": "array"}, "An array of one object.", required=True),
        ],
        "responses": _responses({"type": "array", "items": _object(table), "minItems": 1, "maxItems": 1}),
    }


def _question(name: str, question: Any) -> dict[str, Any]:
    told = question if isinstance(question, dict) else {}
    return {
        "operationId": f"question_{name}",
        "summary": str(told.get("title") or name),
        "parameters": [
            _parameter("_shape", {"const": "array"}, "An array of objects.", required=True),
            *(
                _parameter(str(each), TEXT | {"maxLength": 200}, "What the question asks for.")
                for each in told.get("params") or []
            ),
        ],
        "responses": _responses({"type": "array", "items": {"type": "object"}}),
    }


def _sql() -> dict[str, Any]:
    return {
        "operationId": "sql",
        "summary": "A query of your own",
        "description": (
            f"Runs in a process of its own, for at most {limits.SECONDS:g} seconds. More than {limits.ROWS} rows are "
            "not sent; `x-truncated: true` says so. `:name` in it stands for the parameter of that name."
        ),
        "parameters": [
            _parameter("sql", TEXT | {"minLength": 1, "maxLength": limits.LONGEST}, "SELECT …", required=True),
            _parameter("_shape", {"const": "array"}, "An array of objects.", required=True),
        ],
        "responses": _responses({"type": "array", "items": {"type": "object"}}),
    }


def _responses(schema: dict[str, Any], media: str = "application/json") -> dict[str, Any]:
    answers = {
        status: {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for status, text in REFUSALS.items()
    }
    return {"200": {"description": "The rows.", "content": {media: {"schema": schema}}}, **answers}


def _parameter(name: str, schema: dict[str, Any], text: str, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": text}


def _object(table: Resource) -> dict[str, Any]:
    properties = {field["name"]: {"type": _kind(field)} | _about(field) for field in table.fields}
    return {"type": "object", "required": table.field_names, "properties": properties}


def _kind(field: Mapping[str, Any]) -> list[str]:
    return [KINDS.get(str(field.get("type", "any")), "string"), "null"]


def _about(field: Mapping[str, Any]) -> dict[str, Any]:
    text = field.get("description") or field.get("title")
    return {"description": str(text)} if text else {}


def _title(table: Resource) -> str:
    return str(table.descriptor.get("title") or table.stem)
