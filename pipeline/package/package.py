"""A data package on disk, read once and with suspicion.

`load` accepts what the Data Package standard calls a package (a folder with a datapackage.json) and refuses a
descriptor that reaches outside its folder. What the data itself holds is for `validate` to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.core.errors import CannotRun, Kind, Problem, Reasons
from pipeline.core.files import read_json
from pipeline.core.names import stems
from pipeline.package.descriptor import (
    as_list,
    bad,
    check_location,
    check_schema,
    check_views,
    checked_members,
    checked_part,
    checked_paths,
)
from pipeline.package.format import compression, file_format, holds_table

DESCRIPTOR = "datapackage.json"
YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Resource:
    """A resource: its descriptor, with schema and dialect in place, and its files relative to the package's folder.

    `stem` is its name as files and database tables have it.
    """

    name: str
    stem: str
    descriptor: Mapping[str, Any]
    paths: tuple[str, ...]
    schema: Mapping[str, Any] | None

    @property
    def is_table(self) -> bool:
        """Whether the resource is a table, in files of any form or in the descriptor (`format.py`)."""
        return holds_table(self.descriptor, self.paths)

    @property
    def format(self) -> str:
        """The format in lower case, however it is written: `csv`, `geojson`; "" where nothing tells."""
        return file_format(self.descriptor, self.paths)

    @property
    def compression(self) -> str | None:
        """`gz` or `zip`, where the file is packed."""
        return compression(self.descriptor, self.paths)

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
            for key in (self.schema or {}).get("foreignKeys") or []
        ]


@dataclass(frozen=True)
class Package:
    """A package: the folder that its paths start from, its descriptor and its resources.

    `file` is the descriptor that a person would mend, and that messages name.
    """

    folder: Path
    descriptor: Mapping[str, Any]
    resources: tuple[Resource, ...]
    file: Path

    @property
    def name(self) -> str:
        """The package's name, or its folder's where it has none."""
        return str(self.descriptor.get("name") or self.folder.resolve().name or "package")

    @cached_property
    def stem(self) -> str:
        """The name as the package's files have it."""
        return stems([self.name])[0]

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

    def with_file(self, file: Path) -> Package:
        """The same package, whose faults are to be mended in another descriptor: the one that it was made from."""
        return replace(self, file=file)

    @property
    def parts(self) -> tuple[str, ...]:
        """The files beside the descriptor that hold schemas and dialects."""
        members = self.descriptor["resources"]
        return tuple(
            member[part] for member in members for part in ("schema", "dialect") if isinstance(member.get(part), str)
        )


def load(path: Path) -> Package:
    """The package at `path`: its folder, or its descriptor file.

    Raises InvalidData for a descriptor that is no descriptor or whose paths are absolute, are addresses, or climb
    out of the folder; CannotRun where there is no descriptor.
    """
    file = path / DESCRIPTOR if path.is_dir() else path
    yaml = [each for each in (file, *(file.with_suffix(end) for end in YAML)) if each.suffix in YAML and each.is_file()]
    if yaml and (file in yaml or not file.is_file()):
        fix = f"Convert it to JSON, and call it {DESCRIPTOR}."
        raise bad(str(yaml[0]), "is YAML, and descriptors are read as JSON", fix)
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
    members = checked_members(descriptor, str(file))
    names = stems(member["name"] for member in members)
    reasons = Reasons()
    found = [_resource(member, stem, file, reasons) for member, stem in zip(members, names, strict=True)]
    resources = tuple(resource for resource in found if resource is not None)
    package = Package(file.parent, descriptor, resources, file)
    with reasons.gathered():
        check_views(descriptor, [resource.stem for resource in resources if resource.is_table], str(file))
    tables = {table.name: table.descriptor for table in package.tables}
    for table in tables.values():
        with reasons.gathered():
            check_location(table, tables, str(file))
    reasons.refuse()
    return package


def _resource(member: dict[str, Any], stem: str, file: Path, reasons: Reasons) -> Resource | None:
    """The resource; None where something is wrong with it, which goes to the reasons."""
    known = len(reasons.problems)
    paths: tuple[str, ...] = ()
    with reasons.gathered():
        paths = checked_paths(member, file.parent, str(file))
    parts: dict[str, dict[str, Any] | None] = {"schema": None, "dialect": None}
    for part in parts:
        with reasons.gathered():
            parts[part] = checked_part(member, part, file.parent, str(file))
    if parts["schema"] is not None:
        with reasons.gathered():
            check_schema(parts["schema"], member["name"], str(file))
    if len(reasons.problems) > known:
        return None
    descriptor = member | {part: value for part, value in parts.items() if value is not None}
    return Resource(member["name"], stem, descriptor, paths, parts["schema"])
