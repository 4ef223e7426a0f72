"""Small projects and packages to try things on: real files in real folders."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.core.progress import Progress
from pipeline.init import EXAMPLE, init
from pipeline.package.package import load
from pipeline.package.version import Wanted
from pipeline.release import Released, release
from pipeline.release import record as records
from pipeline.source.project import Project, find

SOURCE = "sources/example-municipality"
"""The one source of the example project."""

TRACES = ("documents", "provenance", "discrepancies")
"""The tables that every assembled package has."""


def example(folder: Path) -> Path:
    """A new project as `servicebanken init` makes it, but for its second table and its texts."""
    init(folder)
    for name in ("README.md", "metadata.yml", f"{SOURCE}/services.csv"):
        (folder / name).unlink()
    contract = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    contract["resources"] = [resource for resource in contract["resources"] if resource["name"] != "services"]
    del contract["contributors"]
    return put(folder, {"datapackage.json": json.dumps(contract, ensure_ascii=False, indent=2) + "\n"})


def put(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes files below a folder, which is made; returns the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def change(path: Path, edit: Callable[[Any], object]) -> None:
    """Lets `edit` change the JSON value in a file."""
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2), encoding="utf-8")


def field(name: str, kind: str = "string", **members: Any) -> dict[str, Any]:
    """A field of a schema."""
    return {"name": name, "type": kind, **members}


def table(name: str, fields: list[dict[str, Any]], key: list[str] | None = None, **members: Any) -> dict[str, Any]:
    """A tabular resource in `<name>.csv`; `foreignKeys` goes into its schema, other members beside it."""
    schema: dict[str, Any] = {"fields": fields}
    if key:
        schema["primaryKey"] = key
    if "foreignKeys" in members:
        schema["foreignKeys"] = members.pop("foreignKeys")
    return {"name": name, "type": "table", "path": f"{name}.csv", "schema": schema, **members}


def reference(name: str, resource: str, there: str = "id") -> dict[str, Any]:
    """A foreign key of one field."""
    return {"fields": [name], "reference": {"resource": resource, "fields": [there]}}


def package(folder: Path, tables: list[dict[str, Any]], files: Mapping[str, str | bytes], **members: Any) -> Path:
    """A folder with a datapackage.json of the tables, and their files."""
    descriptor = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "towns",
        **members,
        "resources": tables,
    }
    return put(folder, {"datapackage.json": json.dumps(descriptor, ensure_ascii=False, indent=2), **files})


def project(folder: Path, tables: list[dict[str, Any]], files: Mapping[str, str | bytes], **members: Any) -> Project:
    """A project that assembles `tables`, and the example's tables of documents and traces, from `files`."""
    contract = json.loads((EXAMPLE / "datapackage.json").read_text(encoding="utf-8"))
    traces = [resource for resource in contract["resources"] if resource["name"] in TRACES]
    assembled = [{**member, "path": f"data/{member['name']}.csv"} for member in tables]
    package(folder, [*assembled, *traces], files, **members)
    return find(folder)


def source(*documents: str, rank: int = 10, **members: str) -> str:
    """A source.yml that lists the documents."""
    head = {"publisher": "A publisher", "licence": "CC0-1.0", **members}
    lines = [*(f"{name}: {value}" for name, value in head.items()), f"rank: {rank}", "documents:"]
    for document in documents:
        lines += [f"  - id: {document}", f"    url: https://example.org/{document}", "    accessed: 2026-01-31"]
    return "\n".join(lines) + "\n"


def released(folder: Path, asked: str | None = None, extras: Mapping[str, Path] | None = None) -> Released:
    """Releases the package in a folder as it is, without asking whether it is valid, and records that there."""
    project = find(folder)
    extras = extras or {}
    record = records.read(project.ledger, project.record, project.releases)
    wanted = Wanted(version=asked, major=True)
    made = release(load(folder), project.releases, Progress(), extras, record, wanted)
    if made.new:
        records.add(record, project.ledger, project.record, made.folder, "tests", list(extras))
    return made


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes, and every link with where it leads."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


SOLUTIONS = '''\
id,name_sv,name_en,place,kind,opened,staffed,people,share,document
bokbussen,Bokbussen i Älvdalen,The library bus,alvdalen,mobile,,false,0,0.5,page-one
servicepunkten,"Servicepunkten ""Får & Ull""",The service point,idre,fixed,2019-02-28,true,1200,12.25,page-one
vagen,Här får alla plats,"=HYPERLINK(""https://evil.example"",""x"")",,fixed,2020-01-01,true,,,page-two
'''

SOLUTION_SERVICES = """\
solution,service,note_sv,document
bokbussen,library,"Böcker, tidningar
och far som läser",page-one
bokbussen,wifi,,page-two
servicepunkten,post,<script>alert(1)</script>,page-one
"""

PLACES = """\
id,name,latitude,longitude,document
alvdalen,Älvdalen,61.22776,14.03945,page-one
idre,Idre,61.8586801,12.7194999,page-two
"""

SERVICES_METADATA = """\
title: Tjänster / Services
databases:
  services:
    queries:
      by-kind:
        title: Lösningar av ett slag / Solutions of a kind
        sql: SELECT id, name_sv FROM solutions WHERE kind = :kind ORDER BY id
        params:
        - kind
      with-place:
        title: Lösningar med plats / Solutions with their place
        sql: SELECT solution, place FROM solutions_overview ORDER BY solution
"""


def services(folder: Path) -> Project:
    """A project with what the example lacks: a foreign key, a composite key, every type, coordinates, a view, and
    cells that would be formulas, scripts or broken rows where nobody took care."""
    categories = [
        {"value": "fixed", "label": "fixed", "label@sv": "fast"},
        {"value": "mobile", "label": "mobile", "label@sv": "mobil"},
    ]
    tables = [
        table(
            "places",
            [field("id"), field("name"), field("latitude", "number"), field("longitude", "number")],
            ["id"],
            location=["latitude", "longitude"],
        ),
        table(
            "solutions",
            [
                field("id"),
                field("name_sv", title="Name", description="Its name."),
                field("name_en"),
                field("place"),
                field("kind", constraints={"enum": ["fixed", "mobile"]}, categories=categories),
                field("opened", "date"),
                field("staffed", "boolean"),
                field("people", "integer", unit="persons"),
                field("share", "number"),
            ],
            ["id"],
            foreignKeys=[reference("place", "places")],
            location="place",
        ),
        table(
            "solution_services",
            [field("solution"), field("service"), field("note_sv")],
            ["solution", "service"],
            foreignKeys=[reference("solution", "solutions")],
        ),
    ]
    files = {
        "sources/region/source.yml": source("page-one", "page-two"),
        "sources/region/places.csv": PLACES,
        "sources/region/solutions.csv": SOLUTIONS,
        "sources/region/solution_services.csv": SOLUTION_SERVICES,
        "metadata.yml": SERVICES_METADATA,
    }
    views = [
        {
            "name": "solutions_overview",
            "query": [
                "SELECT s.id AS solution, p.name AS place",
                "FROM solutions AS s LEFT JOIN places AS p ON p.id = s.place",
            ],
        }
    ]
    licences = [{"name": "CC-BY-4.0", "title": "CC BY 4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}]
    return project(folder, tables, files, name="services", title="Services", licenses=licences, views=views)
