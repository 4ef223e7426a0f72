"""Resources of which all that they say is known here: frictionless surely finds no fault but in what they hold.

As a test is for cells, so is this for descriptors: what is known needs no frictionless to be read, and what is not is
left to it. A member that frictionless does not know means nothing to it, and may hold anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.package.package import Package, Resource
from pipeline.package.schema import compiled
from pipeline.report.verdict import Task
from pipeline.table.sniff import sniffed
from pipeline.validate.source import Source, of_layout
from pipeline.validate.timelimit import Expired, time_limit

V2 = "https://datapackage.org/profiles/2.0/datapackage.json"
"""The profile of Data Package v2; without one a descriptor is of v1."""

NAME = re.compile(r"[-a-z0-9._/]+")
PATH = re.compile(r"[\w. -]+(/[\w. -]+)*\.(\w+)")

RESERVED = {
    "package": {"profile", "profiles", "type", "created", "dataset", "control", "source", "dialect", "detector"}
    | {"basepath", "missingValues", "fields", "resourceNames"},
    "resource": {"profile", "profiles", "url", "data", "scheme", "compression", "extrapaths", "innerpath", "fields"}
    | {"rows", "stats", "hashing", "layout", "control", "detector", "source", "package", "packagify", "basepath"}
    | {"missingValues", "datatype", "tabular", "contributors"},
}
"""Members that frictionless knows and this does not: with one of these nothing is known."""

FILES = {"geojson": "json", "topojson": "json", "md": "text", "pdf": "file", "png": "file", "jpg": "file"}
"""Endings of files that are no tables, and the type that frictionless gives each; it does not look into them."""


def is_known(package: Package) -> bool:
    """Whether frictionless surely has nothing to say of the package's own members."""
    descriptor = package.descriptor
    names = [resource.name for resource in package.resources]
    return (
        _are_known(descriptor, "package")
        and descriptor.get("$schema", V2) == V2
        and ("name" not in descriptor or _is_name(descriptor["name"]))
        and _are_texts(descriptor, "title", "description", "homepage", "version", "image")
        and isinstance(keywords := descriptor.get("keywords", []), list)
        and all(isinstance(each, str) for each in keywords)
        and _attributes(descriptor)
        and len(set(names)) == len(names)
    )


def known_table(resource: Resource, package: Package) -> Source | None:
    """The table, if it is a CSV file whose labels are its fields' names and all that is said of it is known."""
    described = resource.descriptor
    dialect, schema = described.get("dialect") or {}, resource.schema
    if not (
        _is_known_resource(resource, "csv")
        and described.get("type", "table") == "table"
        and described.get("format", "csv") == "csv"
        and isinstance(dialect, dict)
        and set(dialect) <= {"delimiter", "quoteChar"}
        and all(isinstance(each, str) and len(each) == 1 for each in dialect.values())
        and schema
    ):
        return None
    rules = compiled(schema, is_v2=package.descriptor.get("$schema") == V2)
    path = package.folder / resource.paths[0]
    if not rules.is_known or not path.is_file():
        return None
    encoding = "utf-8" if described.get("encoding") else None
    try:
        with time_limit(1):
            layout = sniffed(path, encoding, dialect.get("delimiter"), dialect.get("quoteChar"))
    except Expired:  # looking at long lines takes long; frictionless is given more time, and then refused
        return None
    if layout is None or layout.labels != rules.names:
        return None
    return of_layout(resource.name, layout, rules.fields, rules.keys)


def known_file(resource: Resource, package: Package) -> Task | None:
    """What is said of a file that is no table, and that is there as it is stated."""
    ending = resource.paths[0].rpartition(".")[2] if resource.paths else ""
    described = resource.descriptor
    if not (
        ending in FILES
        and _is_known_resource(resource, ending)
        and not {"type", "schema", "dialect"} & set(described)
        and described.get("format", ending) == ending
    ):
        return None
    path = package.folder / resource.paths[0]
    if not path.is_file() or path.stat().st_size == 0:
        return None
    stats = _hashes(path) if {"hash", "bytes"} & set(described) else {}
    task = Task(resource.name, resource.paths[0], [], {"seconds": 0.0, **stats}, type=FILES[ending])
    return task if is_as_stated(described, stats) else None


def is_as_stated(described: Mapping[str, Any], stats: Mapping[str, Any]) -> bool:
    """Whether a file's size and SHA-256 are those that its descriptor has, if it has any."""
    digest = described.get("hash")
    return described.get("bytes") in (None, stats.get("bytes")) and digest in (None, f"sha256:{stats.get('sha256')}")


def _hashes(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        file.seek(0)
        return {"md5": md5, "sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _is_known_resource(resource: Resource, ending: str) -> bool:
    described = resource.descriptor
    size, digest, path = described.get("bytes"), described.get("hash"), described.get("path")
    found = PATH.fullmatch(path) if isinstance(path, str) else None
    return (
        _are_known(described, "resource")
        and found is not None
        and found[2] == ending
        and _is_name(described.get("name"))
        and _are_texts(described, "title", "description", "homepage", "mediatype")
        and _attributes(described)
        and described.get("encoding") in (None, "utf-8", "UTF-8", "utf8")
        and (size is None or (type(size) is int and size > 0))
        and (digest is None or (isinstance(digest, str) and bool(re.fullmatch("sha256:[0-9a-f]{64}", digest))))
    )


def _are_known(described: Mapping[str, Any], part: str) -> bool:
    return not RESERVED[part] & set(described) and "$frictionless" not in described and None not in described.values()


def _attributes(described: Mapping[str, Any]) -> bool:
    """Licences, sources and contributors."""
    return all(
        isinstance(listed := described.get(member, []), list)
        and all(
            isinstance(each, dict)
            and "email" not in each
            and _are_texts(each, "name", "path", "title", "organisation", "role")
            and (member != "licenses" or bool(each.get("path") or each.get("name")))
            for each in listed
        )
        for member in ("licenses", "sources", "contributors")
    )


def _are_texts(described: Mapping[str, Any], *members: str) -> bool:
    return all(isinstance(described.get(member, ""), str) for member in members)


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(NAME.fullmatch(name))
