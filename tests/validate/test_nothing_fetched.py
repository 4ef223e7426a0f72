"""No address is fetched and no file is read because of what a package says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import PipelineError
from pipeline.report.report import lines
from pipeline.validate import Terms, validate

SECRET = "SECRET-VALUE-OF-THE-CANARY"
V2 = "https://datapackage.org/profiles/2.0/datapackage.json"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps({"type": "object", "required": ["canary"], "const": SECRET, "fields": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815, RUF100  # the library's name

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/", asked
        listening.shutdown()


def packages(address: str) -> dict[str, dict[str, Any]]:
    """Packages that name the address in every member of the standard that can hold a reference, and some others."""
    field: dict[str, Any] = {"name": "j", "type": "object"}
    table = {"name": "t", "path": "t.csv", "schema": {"fields": [field, {"name": "s", "type": "string"}]}}

    def package(resource: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
        return {"name": "p", "resources": [{**table, **(resource or {})}], **members}

    def schema(**members: Any) -> dict[str, Any]:
        return package({"schema": {**table["schema"], **members}})  # type: ignore[dict-item]

    def rule(json_schema: Any) -> dict[str, Any]:
        return schema(fields=[{**field, "constraints": {"jsonSchema": json_schema}}, {"name": "s", "type": "string"}])

    return {
        "path": package({"path": address}),
        "path in a list": package({"path": ["t.csv", address]}),
        "extrapaths": package({"extrapaths": [address]}),
        "url": package({"url": address}),
        "url alone": {"name": "p", "resources": [{"name": "t", "url": address, "schema": table["schema"]}]},
        "data": {"name": "p", "resources": [{"name": "t", "data": address, "schema": table["schema"]}]},
        "scheme": package({"scheme": "http", "path": address.removeprefix("http://").replace(":", "_")}),
        "scheme remote": package({"scheme": "remote"}),
        "schema": package({"schema": address}),
        "dialect": package({"dialect": address}),
        "basepath": package({"basepath": address}),
        "package's basepath": package(basepath=address),
        "innerpath": package({"innerpath": address, "compression": "zip"}),
        "control": package({"control": {"type": "remote", "httpTimeout": 1}, "scheme": "http"}),
        "source": package({"source": address}),
        "resource's package": package({"package": address}),
        "resource as text": {"name": "p", "resources": [address]},
        "resource $ref": {"name": "p", "resources": [{"$ref": address}]},
        "package $ref": {"$ref": address, **package()},
        "schema $ref": schema(**{"$ref": address}),
        "dialect $ref": package({"dialect": {"$ref": address}}),
        "field $ref": schema(fields=[{**field, "$ref": address}]),
        "foreign key": schema(foreignKeys=[{"fields": "s", "reference": {"resource": address, "fields": "s"}}]),
        "foreign key's package": schema(
            foreignKeys=[{"fields": "s", "reference": {"package": address, "resource": "t", "fields": "s"}}]
        ),
        "profile": package(profile=address),
        "profiles": package(profiles=[address]),
        "resource's profile": package({"profile": address}),
        "resource's profiles": package({"profiles": [address]}),
        "schema's profile": schema(profile=address),
        "$schema": {**package(), "$schema": address},
        "resource's $schema": package({"$schema": address}),
        "schema's $schema": schema(**{"$schema": address}),
        "dialect's $schema": package({"dialect": {"$schema": address}}),
        "licence": package(licenses=[{"path": address}]),
        "source of the package": package(sources=[{"title": "x", "path": address}]),
        "image": package(image=address),
        "jsonSchema $ref": rule({"$ref": address}),
        "jsonSchema $ref with a fragment": rule({"$ref": address + "#/definitions/x"}),
        "jsonSchema inner $ref": rule({"properties": {"a": {"$ref": address}}}),
        "jsonSchema $schema": rule({"$schema": address}),
        "jsonSchema $id": rule({"$id": address, "properties": {"a": {"$ref": "other.json"}}}),
        "jsonSchema $dynamicRef": rule({"$dynamicRef": address}),
        "jsonSchema as text": rule(address),
        "format": package({"format": "sql", "path": "t.csv"}),
        "excel": package({"format": "xlsx"}),
        "missing values": schema(missingValues=[address]),
    }


NAMES = list(packages("http://127.0.0.1/"))


@pytest.mark.parametrize("name", NAMES)
def test_no_address_is_fetched(name: str, server: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = server
    asked.clear()
    assert SECRET not in verdict(tmp_path, packages(address)[name])
    assert asked == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["file:{}", "{}", "../canary.json"])
def test_no_file_outside_the_package_is_read(name: str, form: str, tmp_path: Path) -> None:
    (tmp_path / "canary.json").write_text(json.dumps({"const": SECRET, "enum": [SECRET], "fields": []}))
    folder = tmp_path / "package"
    folder.mkdir()
    assert SECRET not in verdict(folder, packages(form.format(tmp_path / "canary.json"))[name])


def verdict(folder: Path, package: dict[str, Any]) -> str:
    """What is said of a package, its one resource alone, and its table with the schema: a verdict or a refusal."""
    (folder / "t.csv").write_text('j,s\n{},x\n"{""a"": 1}",y\n', encoding="utf-8")
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    resource = package["resources"][0]
    (folder / "resource.json").write_text(json.dumps(resource), encoding="utf-8")
    said = []
    for source in (folder, folder / "resource.json"):
        try:
            report = validate(source, Terms())
            said += [*lines(report), json.dumps(report.to_descriptor())]
        except PipelineError as error:
            said.append(str(error))
    return "\n".join(said)
