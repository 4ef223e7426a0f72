"""A data package on disk, read once and with suspicion.

`load` accepts what the Data Package standard calls a package (a folder with a datapackage.json) and refuses a
descriptor that reaches outside its folder. What the data itself holds is for `validate` to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlparse

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import read_json

DESCRIPTOR = "datapackage.json"


@dataclass(frozen=True)
class Resource:
    """A resource: its descriptor, and its files relative to the package's folder."""

    name: str
    descriptor: Mapping[str, Any]
    paths: tuple[str, ...]
    schema: Mapping[str, Any] | None

    @property
    def is_table(self) -> bool:
        """Whether the resource is one delimited text file."""
        return len(self.paths) == 1 and PurePosixPath(self.paths[0]).suffix.lower() in (".csv", ".tsv")

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields of the schema, in order; empty without a schema."""
        return list(self.schema["fields"]) if self.schema else []

    @property
    def field_names(self) -> list[str]:
        """The names of the fields, in order."""
        return [field["name"] for field in self.fields]

    @property
    def key(self) -> list[str]:
        """The primary key's fields; empty without one."""
        return as_list((self.schema or {}).get("primaryKey"))

    @property
    def foreign_keys(self) -> list[tuple[list[str], str, list[str]]]:
        """Foreign keys as (fields, resource, fields there); a self-reference names this resource."""
        return [
            (
                as_list(key["fields"]),
                key["reference"].get("resource") or self.name,
                as_list(key["reference"]["fields"]),
            )
            for key in (self.schema or {}).get("foreignKeys", [])
        ]


@dataclass(frozen=True)
class Package:
    """A package: the folder that its paths start from, its descriptor and its resources."""

    folder: Path
    descriptor: Mapping[str, Any]
    resources: tuple[Resource, ...]

    @property
    def name(self) -> str:
        """The package's name, or its folder's where it has none."""
        return str(self.descriptor.get("name") or self.folder.name)

    @property
    def tables(self) -> tuple[Resource, ...]:
        """The resources that are tables with a schema."""
        return tuple(resource for resource in self.resources if resource.is_table and resource.schema)

    def table(self, name: str) -> Resource | None:
        """The table of that name, if there is one."""
        return next((table for table in self.tables if table.name == name), None)

    def with_resources(self, resources: tuple[Resource, ...]) -> Package:
        """The same package with other resources."""
        return replace(self, resources=resources)


def load(path: Path) -> Package:
    """The package at `path`: its folder, or its descriptor file.

    Raises InvalidData for a descriptor that is no descriptor or whose paths are absolute, are addresses, or climb
    out of the folder; CannotRun where there is no descriptor.
    """
    file = path / DESCRIPTOR if path.is_dir() else path
    if not file.is_file():
        raise CannotRun(
            Problem(
                Kind.MISSING_FILE,
                "does not exist",
                f"Give a folder that holds a {DESCRIPTOR}, or the file itself.",
                file=str(file),
            )
        )
    descriptor = read_json(file, str(file))
    members = _members(descriptor, str(file))
    folder = file.parent
    return Package(folder, descriptor, tuple(_resource(member, folder, str(file)) for member in members))


def as_list(value: Any) -> list[str]:
    """Keys may be written as a string or as a list of strings (Table Schema, `primaryKey`)."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _members(descriptor: Any, file: str) -> list[dict[str, Any]]:
    if not isinstance(descriptor, dict):
        raise _bad(file, "is not an object", "A package descriptor is a JSON object with `resources`.")
    resources = descriptor.get("resources")
    if not isinstance(resources, list) or not resources:
        raise _bad(file, "has no list of `resources`", "Name at least one resource.")
    names: set[str] = set()
    for number, member in enumerate(resources, 1):
        name = member.get("name") if isinstance(member, dict) else None
        if not isinstance(name, str) or not name:
            raise _bad(file, f"has no `name` in resource {number}", "Name the resource.")
        if name in names:
            raise _bad(file, "names two resources alike", "Give each its own name.", name)
        names.add(name)
    return resources


def _resource(member: dict[str, Any], folder: Path, file: str) -> Resource:
    name = member["name"]
    paths = as_list(member.get("path"))
    if not all(isinstance(path, str) for path in paths):
        raise _bad(file, "has a `path` that is not text", "Write the path as a string.", name)
    for path in paths:
        _refuse_unsafe(path, name, folder, file)
    if not paths and "data" not in member:
        raise _bad(file, "has a resource with neither `path` nor `data`", "Give its path.", name)
    schema = member.get("schema")
    if isinstance(schema, str):
        _refuse_unsafe(schema, name, folder, file)
        schema = read_json(folder / schema, str(folder / schema))
    if schema is not None:
        _check_schema(schema, name, file)
    return Resource(name, member, tuple(paths), schema)


def _check_schema(schema: Any, name: str, file: str) -> None:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    named = isinstance(fields, list) and all(
        isinstance(field, dict) and isinstance(field.get("name"), str) for field in fields
    )
    if not named or not fields:
        raise _bad(file, "has a schema without named `fields`", "List the fields of the table in its schema.", name)
    names = [field["name"] for field in fields]
    keys = [as_list(schema.get("primaryKey"))]
    for key in schema.get("foreignKeys") or []:
        reference = key.get("reference") if isinstance(key, dict) else None
        if not isinstance(reference, dict) or "fields" not in reference or "fields" not in key:
            raise _bad(file, "has a foreign key without `fields` and `reference.fields`", "Complete the key.", name)
        keys.append(as_list(key["fields"]))
    for field in (field for key in keys for field in key):
        if field not in names:
            raise _bad(
                file,
                f"has a key of the table {name!r} that names an unknown field",
                f"The fields are: {', '.join(names)}.",
                field,
            )


def _refuse_unsafe(path: str, name: str, folder: Path, file: str) -> None:
    pure = PurePosixPath(path)
    rule = None
    if len(urlparse(path).scheme) > 1:
        rule = "is an address; a package here holds its own files"
    elif pure.is_absolute() or path.startswith("\\") or (len(path) > 1 and path[1] == ":"):
        rule = "is an absolute path"
    elif ".." in pure.parts or ".." in path.split("\\"):
        rule = "climbs out of the package's folder with `..`"
    elif any(part.startswith(".") for part in pure.parts):
        rule = "names a hidden file or folder"
    elif "\0" in path or not path:
        rule = "is not a path"
    elif not (folder / path).resolve().is_relative_to(folder.resolve()):
        rule = "leads out of the package's folder through a symbolic link"
    if rule:
        raise InvalidData(
            Problem(
                Kind.UNSAFE_PATH,
                f"(resource {name!r}) {rule}",
                "Put the file into the folder of the descriptor and write its relative path.",
                file=file,
                value=path,
            )
        )


def _bad(file: str, rule: str, fix: str, value: str | None = None) -> InvalidData:
    return InvalidData(Problem(Kind.BAD_DESCRIPTOR, rule, fix, file=file, value=value))
