"""What a resource holds: a table or a file, in which format, packed or not. This is decided here and nowhere else.

Publishers write a format as they like: `CSV` (as CKAN exports), `.csv`, `text/csv`; or they say nothing and the file is
called `data.txt`. A resource is a table where it says so (`type`, `schema`, the profile of Data Package 1), where its
format, its media type or its file's ending is one of delimited text, or where it holds rows itself (`data`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

DELIMITED = ("csv", "tsv")
"""Formats of text whose cells are separated by a sign."""

PACKED = ("gz", "zip")
"""Endings of files that hold another file, which frictionless unpacks."""

NAMES = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/json": "json",
    "application/geo+json": "geojson",
    "text/tab-separated-values": "tsv",
    "comma-separated-values": "csv",
    "tab": "tsv",
    "dsv": "csv",
    "excel": "xlsx",
}
"""Media types, and other names of formats."""

UNTOLD = ("txt", "text", "dat", "data", "text/plain", "plain", "asc")
"""Formats and endings that say no more than that there is text."""


def file_format(descriptor: Mapping[str, Any], paths: Sequence[str]) -> str:
    """The format in lower case (`csv`, `geojson`); "" where nothing tells. What is only called text is CSV if a table.

    The member `format` goes before the file's ending, and that before `mediatype`; the ending of a packed file is the
    one of the file within.
    """
    told = [_name(descriptor.get("format")), *(_ending(path) for path in paths[:1])]
    told += [_name(descriptor.get("mediatype"))]
    if "data" in descriptor and not paths:
        told.append("inline")
    known = [each for each in told if each and each not in UNTOLD and each not in PACKED]
    if known:
        return known[0]
    return "csv" if paths and _says_table(descriptor) else ""


def compression(descriptor: Mapping[str, Any], paths: Sequence[str]) -> str | None:
    """`gz` or `zip`, where the file is packed."""
    told = descriptor.get("compression")
    if isinstance(told, str) and told and told != "no":
        return told.lower()
    ending = PurePosixPath(paths[0]).suffix.lower().removeprefix(".") if paths else ""
    return ending if ending in PACKED and file_format(descriptor, paths) != ending else None


def holds_table(descriptor: Mapping[str, Any], paths: Sequence[str]) -> bool:
    """Whether the resource is a table."""
    data = descriptor.get("data")
    return (
        _says_table(descriptor)
        or file_format(descriptor, paths) in DELIMITED
        or (not paths and isinstance(data, list) and bool(data))
    )


def _says_table(descriptor: Mapping[str, Any]) -> bool:
    schema = descriptor.get("schema")
    return (
        descriptor.get("type") == "table"
        or descriptor.get("profile") == "tabular-data-resource"
        or (schema is not None and schema != {})
    )


def _name(told: Any) -> str:
    """A format or media type without its case, its dot and its parameters."""
    if not isinstance(told, str):
        return ""
    name = told.strip().lower().split(";")[0].strip().removeprefix(".")
    return NAMES.get(name, name.rpartition("/")[2].removeprefix("x-") if name not in UNTOLD else name)


def _ending(path: str) -> str:
    pure = PurePosixPath(path)
    endings = [each.lower().removeprefix(".") for each in pure.suffixes]
    if endings and endings[-1] in PACKED:
        endings.pop()
    ending = endings[-1] if endings else ""
    return NAMES.get(ending, ending) if not ending.isdigit() else ""
