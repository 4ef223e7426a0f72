"""What differs in what a package and its resources say of themselves: names, licences, sources, texts, views, form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.package import manifest
from pipeline.package.package import Package, Resource
from pipeline.release.compare import licence
from pipeline.release.compare.change import Change, as_text
from pipeline.release.compare.members import form_members, text_members
from pipeline.release.version import What

LISTS = ("sources", "contributors", "keywords")
"""Members that list what each stands for itself."""


def package_changes(old: Package, new: Package) -> Iterator[Change]:
    """What differs in the packages' own members."""
    before, now = old.descriptor, new.descriptor
    if old.name != new.name:
        yield Change(What.PACKAGE_RENAMED, None, None, old.name, new.name)
    if before.get("id") != now.get("id"):
        what = What.IDENTIFIER_CHANGED if before.get("id") else What.TEXT_CHANGED
        yield Change(what, None, "id", as_text(before.get("id")), as_text(now.get("id")))
    yield from _licences(None, _licensed(before), _licensed(now))
    yield from _texts(None, "package", before, now)
    yield from _views(before.get("views") or [], now.get("views") or [])
    names = [[resource.name for resource in package.resources] for package in (old, new)]
    if names[0] != names[1] and sorted(names[0]) == sorted(names[1]):
        yield Change(What.RESTATED, None, "resources")
    if _is_form_compared(old, new):
        yield from _form(None, "package", before, now)


def resource_changes(old: tuple[Package, Resource], new: tuple[Package, Resource]) -> Iterator[Change]:
    """What differs in a resource's own members, its schema aside."""
    (old_package, old_resource), (new_package, new_resource) = old, new
    name, before, now = new_resource.name, old_resource.descriptor, new_resource.descriptor
    if before.get("licenses") or now.get("licenses"):
        whole = [_licensed(package.descriptor) for package in (old_package, new_package)]
        own = [_licensed(each) or licences for each, licences in zip((before, now), whole, strict=True)]
        if own != whole:  # else the package tells
            yield from _licences(name, own[0], own[1])
        elif before.get("licenses") != now.get("licenses"):
            yield Change(What.RESTATED, name, "licenses")
    yield from _texts(name, "resource", before, now)
    if _is_form_compared(old_package, new_package):
        yield from _form(name, "resource", before, now)
        schemas = [each.schema or {} for each in (old_resource, new_resource)]
        yield from _form(name, "schema", schemas[0], schemas[1])
        yield from _fields_match(name, schemas[0], schemas[1])


def _is_form_compared(old: Package, new: Package) -> bool:
    """Whether what form files have is theirs to say: a release writes its own, whatever it was made from."""
    return not any(manifest.is_release(package.folder) for package in (old, new))


# -- licences ------------------------------------------------------------------------------------------------------


def _licensed(descriptor: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The licences; the one of `license` in the first versions of the standard, too."""
    listed, single = descriptor.get("licenses"), descriptor.get("license")
    found = listed if isinstance(listed, list) else [single] if single else []
    return [each if isinstance(each, Mapping) else {"name": str(each)} for each in found]


def _licences(table: str | None, old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> Iterator[Change]:
    if old == new:
        return
    names = licence.names(old), licence.names(new)
    if licence.restricts(old, new):
        yield Change(What.LICENCE_RESTRICTED, table, None, *names)
    elif licence.restricts(new, old):
        yield Change(What.LICENCE_RELAXED, table, None, *names)
    elif names[0] != names[1]:
        yield Change(What.TEXT_CHANGED, table, "licenses", *names)
    else:
        yield Change(What.RESTATED, table, "licenses")


# -- texts, lists and form -----------------------------------------------------------------------------------------


def _texts(table: str | None, place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for member in text_members(place, old, new):
        was, is_now = old.get(member), new.get(member)
        if was == is_now:
            continue
        entries = [_entries(value) for value in (was, is_now)]
        if member.partition("@")[0] in LISTS and None not in entries:
            yield from _listed(table, member, entries[0] or {}, entries[1] or {})
        else:
            yield Change(What.TEXT_CHANGED, table, member, as_text(was), as_text(is_now))


def _listed(table: str | None, member: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    found = [Change(What.ENTRY_REMOVED, table, member, entry) for entry in old if entry not in new]
    found += [Change(What.ENTRY_ADDED, table, member, None, entry) for entry in new if entry not in old]
    shared = [entry for entry in new if entry in old and old[entry] != new[entry]]
    found += [Change(What.ENTRY_CHANGED, table, member, entry, entry) for entry in shared]
    yield from found or [Change(What.RESTATED, table, member)]


def _entries(value: Any) -> dict[str, Any] | None:
    """The entries of a list by what they are called; None where it is no list, or an entry has no name."""
    if value is None:
        return {}
    if not isinstance(value, list):
        return None
    names = [_called(entry) for entry in value]
    return None if None in names else {str(name): entry for name, entry in zip(names, value, strict=True)}


def _called(entry: Any) -> str | None:
    if isinstance(entry, Mapping):
        entry = next((entry[member] for member in ("title", "name", "path", "email") if entry.get(member)), None)
    return entry if isinstance(entry, str) else None


def _form(table: str | None, place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for member in form_members(place, old, new):
        was, is_now = old.get(member), new.get(member)
        if was != is_now:
            yield Change(What.FORM_CHANGED, table, member, as_text(was), as_text(is_now))


# -- how the file matches ------------------------------------------------------------------------------------------

LOOSER: Mapping[str, Iterable[str]] = {
    "exact": ("equal", "subset", "superset", "partial"),
    "equal": ("subset", "superset", "partial"),
    "subset": ("partial",),
    "superset": ("partial",),
    "partial": (),
}
"""What a file may be that matches each `fieldsMatch`: it matches these, too."""


def _fields_match(table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    stated = [schema.get("fieldsMatch") for schema in (old, new)]
    was, is_now = (str((value[0] if isinstance(value, list) and value else value) or "exact") for value in stated)
    if was != is_now:
        wider = is_now in LOOSER.get(was, ())
        yield Change(What.FIELDS_MATCH_WIDENED if wider else What.FIELDS_MATCH_NARROWED, table, None, was, is_now)
    elif stated[0] != stated[1]:
        yield Change(What.RESTATED, table, "fieldsMatch")


# -- views ---------------------------------------------------------------------------------------------------------


def _views(old: list[Any], new: list[Any]) -> Iterator[Change]:
    before, now = _queries(old), _queries(new)
    found = [Change(What.VIEW_REMOVED, None, view, before[view]) for view in before if view not in now]
    found += [Change(What.VIEW_ADDED, None, view, None, now[view]) for view in now if view not in before]
    changed = [view for view in before if view in now and before[view] != now[view]]
    found += [Change(What.VIEW_CHANGED, None, view, before[view], now[view]) for view in changed]
    if not found and old != new:
        found.append(Change(What.TEXT_CHANGED, None, "views", as_text(old), as_text(new)))
    yield from found


def _queries(views: list[Any]) -> dict[str, str]:
    """The query of each view as one text."""
    queries = {view["name"]: view["query"] for view in views if view.get("query") is not None}
    return {name: query if isinstance(query, str) else "\n".join(query) for name, query in queries.items()}
