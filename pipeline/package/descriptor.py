"""A package's descriptor, judged before anything trusts it: its members have the shapes that the rest relies on.

The shapes are those of Data Package v2 and Table Schema, and of the two members that are our own: `views` of a package
and `location` of a table. What a schema asks of the rows is for `validate` to judge.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlparse

from pipeline.core.errors import InvalidData, Kind, Problem, Reasons
from pipeline.core.files import read_json

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
"""RFC 3339; without an offset it is UTC."""


def as_list(value: Any) -> list[str]:
    """Keys may be written as a string or as a list of strings (Table Schema, `primaryKey`)."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def bad(file: str, rule: str, fix: str, value: str | None = None) -> InvalidData:
    """The descriptor cannot be used."""
    return InvalidData(Problem(Kind.BAD_DESCRIPTOR, rule, fix, file=file, value=value))


# -- the package -------------------------------------------------------------------------------------------------


def checked_members(descriptor: Any, file: str) -> list[dict[str, Any]]:
    """The descriptors of a package's resources, whose names are known to be texts of their own."""
    if not isinstance(descriptor, dict):
        raise bad(file, "is not an object", "A package descriptor is a JSON object with `resources`.")
    name = descriptor.get("name")
    if name is not None and not _is_name(name):
        raise bad(file, "is not a name for a package", "Write `name` as a text on one line.", str(name))
    _check_created(descriptor.get("created"), file)
    resources = descriptor.get("resources")
    if not isinstance(resources, list) or not resources:
        raise bad(file, "has no list of `resources`", "Name at least one resource.")
    names: set[str] = set()
    reasons = Reasons()
    for number, member in enumerate(resources, 1):
        name = member.get("name") if isinstance(member, dict) else None
        with reasons.gathered():
            if not isinstance(name, str) or not _is_name(name):
                raise bad(file, f"has no `name` in resource {number}", "Name the resource, in a text on one line.")
            if name in names:
                raise bad(file, "names two resources alike", "Give each its own name.", name)
            names.add(name)
    reasons.refuse()
    return resources


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not any(unicodedata.category(sign) == "Cc" for sign in value)


def _check_created(created: Any, file: str) -> None:
    if created is None:
        return
    try:
        if not isinstance(created, str) or not DATE_TIME.fullmatch(created):
            raise ValueError
        datetime.fromisoformat(created)
    except ValueError:
        raise bad(file, "is not a time for `created`", "Write it as 2026-01-31T12:00:00Z.", str(created)) from None


def check_views(descriptor: Mapping[str, Any], names: Sequence[str], file: str) -> None:
    """Refuses `views` that are none; `names` are those that the tables have in SQL.

    A view is an object with `name` and `query`, a text or a list of lines. Objects without `query` are somebody
    else's (datahub.io keeps charts under `views`) and are passed over.
    """
    views = descriptor.get("views")
    if views is None:
        return
    if not isinstance(views, list) or not all(isinstance(view, dict) for view in views):
        raise bad(file, "has `views` that are no list of objects", "Write a `name` and a `query` for each view.")
    taken = {name.casefold() for name in names}
    for number, view in enumerate(views, 1):
        query = view.get("query")
        if query is None:
            continue
        if not _is_name(view.get("name")):
            raise bad(file, f"has no `name` in view {number}", "Name the view, in a text on one line.")
        if not isinstance(query, str) and not _are_texts(query):
            fix = "Write the query as a text, or as a list of lines."
            raise bad(file, "is a view whose `query` is not text", fix, view["name"])
        if view["name"].casefold() in taken:
            raise bad(file, "is a view with the name of a table or of another view", "Rename it.", view["name"])
        taken.add(view["name"].casefold())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(member, str) for member in value)


# -- a resource --------------------------------------------------------------------------------------------------


def checked_paths(member: Mapping[str, Any], folder: Path, file: str) -> tuple[str, ...]:
    """The resource's paths, all of which stay in the folder; empty where it holds its data itself."""
    name, path = member["name"], member.get("path")
    if path is not None and not isinstance(path, str) and not _are_texts(path):
        raise bad(file, "has a `path` that is not text", "Write the path as a string.", name)
    if path is None and "data" not in member and "url" not in member:
        raise bad(file, "has a resource with neither `path` nor `data`", "Give its path.", name)
    if path is None and "data" not in member and isinstance(member.get("url"), str):
        path = member["url"]
    further = member.get("extrapaths")
    for each in [*as_list(path), *(as_list(further) if _are_texts(further) else [])]:
        refuse_unsafe(each, name, folder, file)
    encoding = member.get("encoding")
    if encoding is not None and not isinstance(encoding, str):
        raise bad(file, "has an `encoding` that is not text", 'Write it as "utf-8".', name)
    return tuple(as_list(path))


def checked_part(member: Mapping[str, Any], part: str, folder: Path, file: str) -> dict[str, Any] | None:
    """The resource's `schema` or `dialect`, read from the file that the descriptor names where it names one."""
    name, value = member["name"], member.get(part)
    if isinstance(value, str):
        refuse_unsafe(value, name, folder, file, part)
        if not (folder / value).is_file():
            raise bad(file, f"is the `{part}` of {name!r} and does not exist", "Mend the path.", value)
        value = read_json(folder / value, str(folder / value))
    if value is None or isinstance(value, dict):
        return value
    fix = "Write an object with `fields`, or the path of a file." if part == "schema" else "Write an object."
    raise bad(file, f"has a `{part}` that is not an object", fix, name)


def refuse_unsafe(path: str, name: str, folder: Path, file: str, part: str = "path") -> None:
    """Raises InvalidData for a path of the resource `name` that leads out of the folder or is no path.

    `part` is the member that it stands in.
    """
    pure = PurePosixPath(path)
    rule = None
    if not _is_name(path):
        rule = "is not a path"
    elif _is_address(path):
        rule = "is an address; a package here holds its own files"
    elif pure.is_absolute() or path.startswith("\\") or path[1:2] == ":":
        rule = "is an absolute path"
    elif ".." in pure.parts or ".." in path.split("\\"):
        rule = "climbs out of the package's folder with `..`"
    elif "\\" in path:
        rule = "holds a backslash, where a path has `/`"
    elif any(part.startswith(".") for part in pure.parts):
        rule = "names a hidden file or folder"
    elif not (folder / path).resolve().is_relative_to(folder.resolve()):
        rule = "leads out of the package's folder through a symbolic link"
    elif (folder / path).exists() and not (folder / path).is_file():
        rule = "is a folder, a pipe or a device, not a file"
    if rule:
        raise InvalidData(
            Problem(
                Kind.UNSAFE_PATH,
                f"(resource {name!r}) {'' if part == 'path' else f'is its `{part}`, and '}{rule}",
                "Put the file into the folder of the descriptor and write its relative path.",
                file=file,
                value=path,
            )
        )


def _is_address(path: str) -> bool:
    try:
        return len(urlparse(path).scheme) > 1
    except ValueError:
        return True


def check_location(member: Mapping[str, Any], members: Mapping[str, Mapping[str, Any]], file: str) -> None:
    """Refuses a `location` that leads to no coordinates; `members` are all tables, by name, with their schemas.

    A location is the names of two fields that hold numbers, latitude and longitude, or the name of a foreign key's
    only field, to a table with a location of the first kind.
    """
    location, schema = member.get("location"), member["schema"]
    if location is None or _are_coordinates(location, schema):
        return
    for key in schema.get("foreignKeys") or []:
        other = members.get(key["reference"].get("resource") or member["name"])
        leads_there = other is not None and _are_coordinates(other.get("location"), other["schema"])
        if as_list(key["fields"]) == [location] and leads_there:
            return
    raise bad(
        file,
        f"is a `location` of {member['name']!r} that leads to no coordinates",
        "Name two fields of the table that hold numbers, or a foreign key's field to a table that names two.",
        str(location),
    )


def _are_coordinates(location: Any, schema: Mapping[str, Any]) -> bool:
    numbers = {field["name"] for field in schema["fields"] if field.get("type") in ("number", "integer")}
    return _are_texts(location) and len(location) == 2 and set(location) <= numbers


# -- a schema ----------------------------------------------------------------------------------------------------


def check_schema(schema: Mapping[str, Any], name: str, file: str) -> None:
    """Refuses a schema whose fields are no objects with names of their own, or whose keys are no keys of those."""
    fields = schema.get("fields")
    if not isinstance(fields, list):
        raise bad(file, "has a schema without `fields`", "List the fields of the table in its schema.", name)
    for number, field in enumerate(fields, 1):
        if not isinstance(field, dict) or not isinstance(field.get("name"), str) or not field["name"]:
            raise bad(file, f"has no `name` in field {number} of its schema", "Name the field.", name)
    names = [field["name"] for field in fields]
    reasons = Reasons()
    reasons.problems += [
        problem
        for field, count in Counter(names).items()
        if count > 1
        for problem in bad(file, f"is the name of two fields of {name!r}", "Name each field once.", field).problems
    ]
    for field in fields:
        with reasons.gathered():
            _check_field(field, name, file)
    with reasons.gathered():
        _check_missing(schema, name, file)
    with reasons.gathered():
        _check_key(schema.get("primaryKey"), "primaryKey", names, name, file)
    foreign_keys = schema.get("foreignKeys")
    if foreign_keys is not None and not isinstance(foreign_keys, list):
        reasons.problems += bad(file, "has `foreignKeys` that are no list", "Write a list of keys.", name).problems
        foreign_keys = []
    for key in foreign_keys or []:
        with reasons.gathered():
            _check_foreign_key(key, names, name, file)
    reasons.refuse()


def check_column_names(schema: Mapping[str, Any], name: str, file: str) -> None:
    """Refuses field names that are valid, and that databases and spreadsheets do not take: those of a release."""
    names = [field["name"] for field in schema["fields"]]
    if not names:
        raise bad(file, "has a schema without `fields`", "List the fields of the table in its schema.", name)
    folded = Counter(field.casefold() for field in names)
    reasons = Reasons()
    for number, field in enumerate(names, 1):
        with reasons.gathered():
            if not _is_name(field):
                rule = f"is the name of field {number} of {name!r}, and holds a line break or another control character"
                raise bad(file, rule, "Rename the field, in the schema and in the file.", field)
            if folded.pop(field.casefold(), 0) > 1:
                rule = f"differs only in case from another field of {name!r}, and databases take the two for one"
                raise bad(file, rule, "Rename one of them.", field)
    reasons.refuse()


def _check_field(field: Mapping[str, Any], table: str, file: str) -> None:
    place = f"{table}.{field['name']}"
    if not isinstance(field.get("type", ""), str):
        raise bad(file, "has a `type` that is not text", "Write one of Table Schema's types.", place)
    constraints = field.get("constraints")
    if constraints is not None and not isinstance(constraints, dict):
        raise bad(file, "has `constraints` that are no object", 'Write them as {"required": true}.', place)
    if not isinstance((constraints or {}).get("enum", []), list):
        raise bad(file, "has an `enum` that is no list", "List the values that are allowed.", place)
    _check_missing(field, place, file)


def _check_missing(holder: Mapping[str, Any], place: str, file: str) -> None:
    listed = holder.get("missingValues", [])
    if not isinstance(listed, list) or not all(
        isinstance(value.get("value") if isinstance(value, dict) else value, str) for value in listed
    ):
        raise bad(file, "has `missingValues` that are no list of texts", 'Write them as ["", "NA"].', place)


def _check_key(key: Any, member: str, names: list[str], table: str, file: str) -> None:
    if key is not None and not isinstance(key, str) and not (key == [] or _are_texts(key)):
        rule = f"has a `{member}` that is neither a field's name nor a list of such"
        raise bad(file, rule, "Name fields of the table.", table)
    for field in as_list(key):
        if field not in names:
            rule = f"has a key of the table {table!r} that names an unknown field"
            raise bad(file, rule, f"The fields are: {', '.join(names)}.", field)


def _check_foreign_key(key: Any, names: list[str], table: str, file: str) -> None:
    reference = key.get("reference") if isinstance(key, dict) else None
    if not isinstance(reference, dict) or not reference.get("fields") or not key.get("fields"):
        raise bad(file, "has a foreign key without `fields` and `reference.fields`", "Complete the key.", table)
    _check_key(key["fields"], "foreignKeys.fields", names, table, file)
    there = reference["fields"]
    if not isinstance(there, str) and not _are_texts(there):
        raise bad(file, "has a foreign key whose `reference.fields` are no names", "Name fields there.", table)
    if len(as_list(there)) != len(as_list(key["fields"])):
        fix = "Name as many fields there as here."
        raise bad(file, "has a foreign key with more fields on one side than on the other", fix, table)
    if not isinstance(reference.get("resource") or "", str):
        raise bad(file, "has a foreign key whose `reference.resource` is no name", "Name a resource.", table)
