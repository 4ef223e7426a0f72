"""What differs in what two packages say of themselves: titles, descriptions, sources, views, other metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.package.package import Package, Resource
from pipeline.release.compare.change import Change, as_text
from pipeline.release.compare.schema import TYPE, codes
from pipeline.release.version import What

OF_THE_PACKAGE = ("$schema", "profile", "name", "version", "created", "resources", "licenses", "views")
"""Members of a package that are compared elsewhere, or follow from the release itself."""

OF_THE_FORM = (
    *("$schema", "name", "path", "type", "profile", "bytes", "hash", "schema", "dialect", "encoding", "format"),
    *("mediatype", "licenses", "data", "compression", "innerpath"),
)
"""Members of a resource that are compared elsewhere, or say what form its file has; a release gives it another."""

OF_THE_SCHEMA = ("$schema", "fields", "fieldsMatch", "primaryKey", "foreignKeys", "uniqueKeys", "missingValues")
OF_THE_FIELD = (*TYPE, "name", "unit", "constraints", "missingValues", "categories")


def package_texts(old: Package, new: Package) -> Iterator[Change]:
    """What differs in the package's own members, and in its views."""
    yield from _members(None, "", old.descriptor, new.descriptor, OF_THE_PACKAGE)
    before, now = _views(old), _views(new)
    yield from (Change(What.VIEW_REMOVED, None, view, before[view]) for view in before if view not in now)
    yield from (Change(What.VIEW_ADDED, None, view, None, now[view]) for view in now if view not in before)
    for view in before:
        if view in now and before[view] != now[view]:
            yield Change(What.VIEW_CHANGED, None, view, before[view], now[view])


def resource_texts(old: Resource, new: Resource) -> Iterator[Change]:
    """What differs in the members of a resource that is no table."""
    yield from _members(new.name, "", old.descriptor, new.descriptor, OF_THE_FORM)


def table_texts(old: Resource, new: Resource, renamed: Mapping[str, str]) -> Iterator[Change]:
    """What differs in the texts of a table, its schema and its fields; `renamed` are fields, old name to new."""
    yield from resource_texts(old, new)
    yield from _members(new.name, "", old.schema or {}, new.schema or {}, OF_THE_SCHEMA)
    before = {renamed.get(field["name"], field["name"]): field for field in old.fields}
    for field in new.fields:
        if field["name"] in before:
            was = before[field["name"]]
            yield from _members(new.name, f"{field['name']}.", was, field, OF_THE_FIELD)
            texts = _labels(was, field), _labels(field, was)
            if texts[0] != texts[1]:
                yield Change(
                    What.TEXT_CHANGED, new.name, f"{field['name']}.categories", as_text(texts[0]), as_text(texts[1])
                )


def _members(
    table: str | None, prefix: str, old: Mapping[str, Any], new: Mapping[str, Any], elsewhere: tuple[str, ...]
) -> Iterator[Change]:
    for member in [*old, *(member for member in new if member not in old)]:
        if member not in elsewhere and old.get(member) != new.get(member):
            texts = as_text(old.get(member)), as_text(new.get(member))
            yield Change(What.TEXT_CHANGED, table, f"{prefix}{member}", *texts)


def _labels(field: Mapping[str, Any], other: Mapping[str, Any]) -> list[Any]:
    """What the field's categories say of the codes that the other has, too; codes themselves are the schema's."""
    known = codes({"categories": other.get("categories")}) or []
    return [
        category
        for category in field.get("categories") or []
        if isinstance(category, Mapping) and (as_text(category.get("value")) or "") in known
    ]


def _views(package: Package) -> dict[str, str]:
    """The query of each view as one text."""
    views = [view for view in package.descriptor.get("views") or [] if view.get("query") is not None]
    return {
        view["name"]: view["query"] if isinstance(view["query"], str) else "\n".join(view["query"]) for view in views
    }
