"""What Datasette is told: the titles, texts and licence of datapackage.json, and on top of them metadata.yml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import InvalidData, Kind, Problem
from pipeline.files import read_yaml
from pipeline.package import Package, Resource


def metadata(package: Package, file: Path) -> dict[str, Any]:
    """Datasette's metadata for a release of the package; what `file` says, if it exists, goes before."""
    derived = _derived(package)
    return _merged(derived, stated(file, str(file))) if file.is_file() else derived


def stated(file: Path, name: str) -> dict[str, Any]:
    """What a metadata.yml says; `name` is what messages call it. Raises InvalidData for what Datasette cannot take."""
    read_yaml(file, name)  # refuses what is not plain YAML
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-02-30 is a ValueError
        raise _bad(name, f"holds a value that is none: {error}") from None
    _check_mapping(content, "it", name)
    _check_mapping(databases := content.get("databases", {}), "`databases`", name)
    for database, told in databases.items():
        _check_mapping(told, f"`{database}`", name)
        for part in ("tables", "queries"):
            _check_mapping(told.get(part, {}), f"`{part}` of `{database}`", name)
    return dict(content)


def _check_mapping(value: Any, what: str, name: str) -> None:
    if not isinstance(value, dict):
        raise _bad(name, f"{what} is no mapping")


def _bad(name: str, rule: str) -> InvalidData:
    return InvalidData(
        Problem(
            Kind.BAD_YAML, f"is not what Datasette can be told: {rule}", "See docs.datasette.io, metadata.", file=name
        )
    )


def _derived(package: Package) -> dict[str, Any]:
    descriptor = package.descriptor
    common = _origin(descriptor)
    about = {
        "title": _bilingual(descriptor, "title") or package.name,
        "description": _bilingual(descriptor, "description"),
    }
    tables = {
        table.stem: _filled(
            {
                "title": _bilingual(table.descriptor, "title"),
                "description": _bilingual(table.descriptor, "description"),
                "columns": {
                    field["name"]: text
                    for field in table.fields
                    if (text := _bilingual(field, "description") or _bilingual(field, "title"))
                },
                "facets": _facets(table),
            }
            | common
        )
        for table in package.tables
    }
    return _filled(about | common) | {"databases": {package.stem: {"tables": tables}}}


def _origin(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """Licence and source, which stand on every table because Datasette 1.0 inherits neither."""
    licence: Mapping[str, Any] = next(iter(descriptor.get("licenses") or []), {})
    return {
        "license": licence.get("title") or licence.get("name"),
        "license_url": _web(licence.get("path")),
        "source": next((source.get("title") for source in descriptor.get("sources") or []), None),
        "source_url": _web(descriptor.get("homepage")),
    }


def _web(address: Any) -> str | None:
    """The address, if it is one of the web: a link made of anything else could run a script."""
    is_web = isinstance(address, str) and address.startswith(("http://", "https://"))
    return address if is_web else None


def _bilingual(descriptor: Mapping[str, Any], member: str) -> str | None:
    """The text of a member in Swedish and English, or in the one language that there is."""
    texts = (descriptor.get(f"{member}@sv"), descriptor.get(member))
    return " / ".join(str(text) for text in texts if text) or None


def _facets(table: Resource) -> list[str]:
    return [field["name"] for field in table.fields if "enum" in (field.get("constraints") or {})][:3]


def _filled(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[name] = _merged(below, value)
        else:
            merged[name] = value
    return merged
