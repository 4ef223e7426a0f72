"""What Datasette is told: the titles, texts and licence of datapackage.json, and on top of them metadata.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.package.metadata_yml import read_metadata
from pipeline.package.package import Package, Resource


def metadata(package: Package, file: Path, language: str | None = None) -> dict[str, Any]:
    """Datasette's metadata for a release of the package; what `file` says, if it exists, goes before.

    Texts are in the language, or in the one that there is; without a language they are in Swedish and English. So are
    columns: `kind_sv` becomes `kind_en` where pages are English and the table has both.
    """
    told = _derived(package, language)
    if file.is_file():
        told = _merged(told, _spoken(read_metadata(file, str(file)), language))
    columns = _columns(package)
    for name, table in told["databases"].get(package.stem, {}).get("tables", {}).items():
        if isinstance(table, dict):
            told["databases"][package.stem]["tables"][name] = _with_columns_of(
                language, table, columns.get(name, set())
            )
    return told


def _derived(package: Package, language: str | None) -> dict[str, Any]:
    descriptor = package.descriptor
    common = _origin(descriptor)
    about = {
        "title": _text(descriptor, "title", language) or package.name,
        "description": _text(descriptor, "description", language),
    }
    tables = {
        table.stem: _filled(
            {
                "title": _text(table.descriptor, "title", language),
                "description": _text(table.descriptor, "description", language),
                "columns": {
                    field["name"]: text
                    for field in table.fields
                    if (text := _text(field, "description", language) or _text(field, "title", language))
                },
                "facets": _facets(table),
            }
            | common
        )
        for table in package.tables
    }
    views = {
        view["name"]: _filled(
            {"title": _text(view, "title", language), "description": _text(view, "description", language)} | common
        )
        for view in descriptor.get("views") or []
        if view.get("query") is not None
    }
    return _filled(about | common) | {"databases": {package.stem: {"tables": views | tables}}}


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


def _text(holder: Mapping[str, Any], member: str, language: str | None) -> str | None:
    """The text of a member in the language, or in the one that there is; in every language where none is named."""
    tagged, plain = holder.get(f"{member}@sv"), holder.get(member)
    if language is None:
        return " / ".join(str(text) for text in (tagged, plain) if text) or None
    found = (tagged or plain) if language == "sv" else (plain or tagged)
    return str(found) if found else None


def _spoken(value: Any, language: str | None) -> Any:
    """What a metadata.yml says, with `title@sv` beside `title` made one text of the language, at every depth."""
    if isinstance(value, list):
        return [_spoken(member, language) for member in value]
    if not isinstance(value, dict):
        return value
    said = {name: _spoken(member, language) for name, member in value.items() if not str(name).endswith("@sv")}
    for name in (str(name) for name in value):
        if name.endswith("@sv") and isinstance(value[name], str):
            member = name.removesuffix("@sv")
            said[member] = _text(value, member, language)
    return said


def _columns(package: Package) -> dict[str, set[str]]:
    """The columns of each table, and the words in the query of each view, among which are its columns."""
    tables = {table.stem: set(table.field_names) for table in package.tables}
    return tables | {
        view["name"]: set(
            re.findall(r"\w+", "\n".join([view["query"]] if isinstance(view["query"], str) else view["query"]))
        )
        for view in package.descriptor.get("views") or []
        if view.get("query") is not None
    }


def _with_columns_of(language: str | None, table: dict[str, Any], columns: set[str]) -> dict[str, Any]:
    """The table with the columns of the language where it names those of another."""

    def spoken(name: Any) -> Any:
        base, _, tag = str(name).rpartition("_")
        return f"{base}_{language}" if tag in ("sv", "en") and f"{base}_{language}" in columns else name

    if language is None:
        return table
    changed: dict[str, Any] = {
        member: spoken(table[member]) for member in ("sort", "sort_desc", "label_column") if member in table
    }
    if isinstance(table.get("facets"), list):
        changed["facets"] = [spoken(facet) for facet in table["facets"]]
    return table | changed


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
