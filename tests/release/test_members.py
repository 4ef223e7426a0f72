"""Every member of the standard, added, removed and changed: no change of a descriptor goes unseen."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.package.package import load
from pipeline.release.compare import compare
from pipeline.release.compare.members import PLACES, Meaning
from pipeline.release.version import Step
from tests.projects import package

PROFILES = Path(__file__).parents[1] / "profiles/2.0"

VALUES: dict[str, tuple[Any, Any]] = {
    "categories": (["1", "2"], ["1", "3"]),
    "categoriesOrdered": (True, False),
    "constraints": ({"required": True}, {"required": False}),
    "contributors": ([{"title": "A"}], [{"title": "B"}]),
    "data": ([{"id": "1"}], [{"id": "2"}]),
    "dialect": ({"delimiter": ","}, {"delimiter": ",", "skipInitialSpace": False}),
    "enum": (["1", "2"], ["1"]),
    "falseValues": (["no"], ["n"]),
    "fieldsMatch": ("equal", "subset"),
    "foreignKeys": (
        [{"fields": ["id"], "reference": {"resource": "", "fields": ["other"]}}],
        [{"fields": ["other"], "reference": {"resource": "", "fields": ["id"]}}],
    ),
    "format": ("default", "uri"),
    "jsonSchema": ({"type": "object"}, {"type": "array"}),
    "keywords": (["a"], ["b"]),
    "licenses": ([{"name": "CC0-1.0"}], [{"name": "CC-BY-4.0"}]),
    "missingValues": ([""], ["", "-"]),
    "primaryKey": (["id"], ["other"]),
    "required": (True, False),
    "sources": ([{"title": "A"}], [{"title": "B"}]),
    "trueValues": (["yes"], ["y"]),
    "type": ("string", "any"),
    "unique": (True, False),
    "uniqueKeys": ([["id"]], [["other"]]),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (1, 2)),
    **dict.fromkeys(("minLength", "maxLength"), (1, 2)),
    "bareNumber": (True, False),
    "views": ([{"name": "v", "query": "SELECT 1"}], [{"name": "v", "query": "SELECT 2"}]),
    "created": ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
    "location": (["n", "m"], ["m", "n"]),
}
"""Two values of a member, where any two texts are none."""


def _members() -> Iterator[tuple[str, str]]:
    package_profile = json.loads((PROFILES / "datapackage.json").read_text(encoding="utf-8"))
    resource = json.loads((PROFILES / "dataresource.json").read_text(encoding="utf-8"))["properties"]
    schema = json.loads((PROFILES / "tableschema.json").read_text(encoding="utf-8"))["properties"]
    kinds = schema["fields"]["items"]["oneOf"]
    fields = {member for kind in kinds for member in kind["properties"]}
    rules = {rule for kind in kinds for rule in kind["properties"]["constraints"]["properties"]}
    places = {
        "package": package_profile["properties"],
        "resource": resource,
        "schema": schema,
        "field": fields,
        "constraint": rules,
    }
    for place, members in places.items():
        yield from ((place, member) for member in sorted(members))


MEMBERS = sorted({*_members(), *((place, member) for place, members in PLACES.items() for member in members)})


def _descriptor() -> Any:
    fields = [{"name": "id", "type": "string"}, {"name": "other", "type": "string"}]
    fields += [{"name": "n", "type": "number"}, {"name": "m", "type": "number"}]
    return {"name": "t", "path": "t.csv", "schema": {"fields": fields}}


def _with(place: str, member: str, value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A package's members and its table, with the member at its place; None leaves it out."""
    table, members = _descriptor(), dict[str, Any]()
    field = table["schema"]["fields"][0]
    holder = {"package": members, "resource": table, "schema": table["schema"], "field": field}.get(place)
    if place == "constraint":
        holder = field.setdefault("constraints", {})
    assert holder is not None
    if member in ("bareNumber", "groupChar"):
        field["type"] = "integer"
    elif member in ("decimalChar", "floatNumber"):
        field["type"] = "number"
    holder.pop(member, None)
    if value is not None:
        holder[member] = value
    return members, table


def _changes(folder: Path, *sides: tuple[dict[str, Any], dict[str, Any]]) -> list[Step]:
    for name, (members, table) in zip(("old", "new"), sides, strict=True):
        own = {"t.csv": "id,other,n,m\n"}
        package(folder / name, [copy.deepcopy(table)], own, **members)
    with compare(load(folder / "old"), load(folder / "new")) as comparison:
        return [change.step for change in comparison.changes]


BY_PART = ("fields", "resources", "schema", "name", "path", "data")
"""Members that are compared part by part, by the rows of docs/versions.md."""

CHANGED = [each for each in MEMBERS if each[1] not in BY_PART]


@pytest.mark.parametrize(("place", "member"), CHANGED, ids=[".".join(each) for each in CHANGED])
def test_a_member_that_is_added_removed_or_changed_is_seen(place: str, member: str, tmp_path: Path) -> None:
    one, two = VALUES.get(member, ("a", "b"))
    pairs = [(one, two), (two, one), (None, one), (one, None)]
    follows = PLACES[place].get(member) == Meaning.FOLLOWS
    for number, (old, new) in enumerate(pairs):
        steps = _changes(tmp_path / str(number), _with(place, member, old), _with(place, member, new))
        assert bool(steps) is not follows, (old, new)


@pytest.mark.parametrize("place", list(PLACES))
def test_a_member_that_nobody_knows_is_seen_and_named(place: str, tmp_path: Path) -> None:
    steps = _changes(tmp_path, _with(place, "x-unknown", None), _with(place, "x-unknown", "a"))
    assert steps == [Step.MAJOR if place == "constraint" else Step.PATCH]


def test_every_member_of_the_standard_is_classed() -> None:
    assert [each for each in _members() if each[1] not in PLACES[each[0]]] == []
