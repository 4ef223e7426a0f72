"""A project's metadata.yml: what Datasette and the pages are told besides what datapackage.json says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.yaml_files import LOADER, read_yaml


def read_metadata(file: Path, name: str) -> dict[str, Any]:
    """The content of a metadata.yml; messages call it `name`. Raises InvalidData where Datasette cannot use it."""
    read_yaml(file, name)  # refuses what is not plain YAML
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), LOADER) or {}
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-02-30 is a ValueError
        raise _unusable(name, f"it contains an invalid value: {error}") from None
    _check_mapping(content, "the file", name)
    _check_mapping(databases := content.get("databases", {}), "`databases`", name)
    for database, described in databases.items():
        _check_mapping(described, f"`{database}`", name)
        for part in ("tables", "queries"):
            _check_mapping(described.get(part, {}), f"`{part}` of `{database}`", name)
    return dict(content)


def _check_mapping(value: Any, what: str, name: str) -> None:
    if not isinstance(value, dict):
        raise _unusable(name, f"{what} must be a mapping, with a name and a colon on each line")


def _unusable(name: str, reason: str) -> InvalidData:
    return InvalidData(
        Problem(Kind.BAD_YAML, f"cannot be used by Datasette: {reason}", "See docs.datasette.io, metadata.", file=name)
    )
