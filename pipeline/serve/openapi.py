"""`/openapi.json`: the API of a release in OpenAPI 3.1, addresses of data that both families of Datasette answer alike.

What Datasette answers besides is not promised: its default shape differs from version to version. What is the same for
every release is in openapi.yml.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from datasette import Response
from datasette.utils import tilde_encode

from pipeline.package.package import Package, Resource
from pipeline.serve.addresses import prefix
from pipeline.serve.metadata import metadata
from pipeline.serve.request import Asked
from pipeline.serve.sql import limits

COMMON = Path(__file__).with_name("openapi.yml")

TYPES = {"integer": "integer", "number": "number", "boolean": "integer", "year": "integer"}
"""JSON's types by those of Table Schema, as SQLite keeps them; every other is a text. A boolean is 0 or 1."""


async def openapi(request: Any) -> Response:
    """The description of the release that is asked for, in English."""
    asked: Asked = request.scope["servicebanken"]
    release = asked.release
    file = asked.library.options.metadata or release.folder / "metadata.yml"
    questions = metadata(release.package, file, "en")["databases"].get(release.stem, {})
    begin = asked.library.path(prefix(asked.address.version, None)).rstrip("/")
    told = description(release.package, release.version, begin, questions.get("queries") or {})
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return Response(text, content_type="application/json; charset=utf-8")


def description(package: Package, version: str, begin: str, questions: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a release; `begin` is what its addresses begin with, without a `/` at the end."""
    common = yaml.safe_load(COMMON.read_text(encoding="utf-8"))
    kinds, components = common["kinds"], common["components"]
    database = tilde_encode(package.stem)
    paths: dict[str, Any] = {}

    def add(path: str, kind: str, name: str, title: str = "", rows: Any = None, more: Any = ()) -> None:
        told = kinds[kind]
        parameters = [{"$ref": f"#/components/parameters/{each}"} for each in told["parameters"]]
        texts = {
            text: told[text].format(title=title, seconds=f"{limits.SECONDS:g}", rows=limits.ROWS)
            for text in ("summary", "description")
            if text in told
        }
        good = rows or {"$ref": f"#/components/responses/{told['response']}"}
        answers = {"200": good, "default": {"$ref": "#/components/responses/Refused"}}
        paths[path] = {"get": {"operationId": name, **texts, "parameters": [*more, *parameters], "responses": answers}}

    for table in package.tables:
        start, title = f"/{database}/{tilde_encode(table.stem)}", str(table.descriptor.get("title") or table.stem)
        schema = f"Row_{tilde_encode(table.stem).replace('~', '.')}"
        components["schemas"][schema] = _row_of(table)
        items = {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}
        components["responses"][schema] = {
            "description": "Rows.",
            "content": {"application/json": {"schema": items}},
        }
        rows = {"$ref": f"#/components/responses/{schema}"}
        add(f"{start}.json", "rows", f"rows_of_{table.stem}", title, rows)
        if table.key and not any("~" in tilde_encode(name) for name in table.key):
            key = ",".join(f"{{{name}}}" for name in table.key)
            add(f"{start}/{key}.json", "row", f"row_of_{table.stem}", title, rows, _key_of(table))
    names = _parameter("table", "path", {"enum": [table.stem for table in package.tables]})
    add(f"/{database}/{{table}}.csv", "csv", "csv", more=[names])
    add(f"/{database}/{{table}}/-/rows.{{format}}", "files", "files", more=[names])
    for name, question in questions.items():
        told = question if isinstance(question, dict) else {}
        text = {"$ref": "#/components/schemas/Text"}
        asks = [_parameter(str(each), "query", text) for each in told.get("params") or []]
        add(
            f"/{database}/{tilde_encode(name)}.json",
            "question",
            f"question_{name}",
            told.get("title") or name,
            more=asks,
        )
    for form in ("json", "csv"):
        add(f"/-/sql.{form}", f"sql_as_{form}", f"sql_as_{form}")
    return {
        "openapi": common["openapi"],
        "info": _info(package, version),
        "servers": [{"url": begin or "/"}],
        "paths": paths,
        "components": components,
    }


def _info(package: Package, version: str) -> dict[str, Any]:
    next_page = 'The next page of rows is in the header `Link` with `rel="next"`.'
    info: dict[str, Any] = {
        "title": str(package.descriptor.get("title") or package.name),
        "version": version,
        "description": f"{package.descriptor.get('description') or ''}\n\n{next_page}".strip(),
    }
    licence: Mapping[str, Any] = next(iter(package.descriptor.get("licenses") or []), {})
    if called := licence.get("title") or licence.get("name"):
        is_web = str(licence.get("path")).startswith(("https://", "http://"))
        info["license"] = {"name": called} | ({"url": licence["path"]} if is_web else {})
    return info


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema} | ({"required": True} if place == "path" else {})


def _key_of(table: Resource) -> list[dict[str, Any]]:
    kinds = {field["name"]: _type(field) for field in table.fields}
    return [_parameter(name, "path", {"type": kinds[name]}) for name in table.key]


def _row_of(table: Resource) -> dict[str, Any]:
    """The fields of a row, with their titles where these say more than the names."""
    properties = {}
    for field in table.fields:
        title = str(field.get("title") or "")
        is_news = title and title.casefold() != field["name"].replace("_", " ").casefold()
        properties[field["name"]] = {"type": [_type(field), "null"]} | ({"title": title} if is_news else {})
    return {"type": "object", "properties": properties}


def _type(field: Mapping[str, Any]) -> str:
    return TYPES.get(str(field.get("type", "any")), "string")
