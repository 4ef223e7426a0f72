"""The version rule: every row of the table in docs/versions.md is built, and comes out as it says there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.package.package import load
from pipeline.package.version import Wanted
from pipeline.release import propose
from pipeline.release import record as records
from pipeline.release.compare import Change, compare, members
from pipeline.release.compare.licence import restricts
from pipeline.release.compare.package import is_held
from pipeline.release.version import RULE, What
from tests import projects
from tests.projects import change, field, package, put, reference, table

PAGE = Path(__file__).parents[2] / "docs/versions.md"
LINE = re.compile(r"^\| `(?P<what>[a-z-]+)` \| (?P<step>[A-Z]+) \| (?P<example>.+) \|$", re.MULTILINE)
LISTED = [(match["what"], match["step"], match["example"]) for match in LINE.finditer(PAGE.read_text(encoding="utf-8"))]

Edit = Callable[[Any], object]
Files = dict[str, str | bytes]

TOWNS = "id,name,kind,people\n0180,Stockholm,city,900000\n0482,Flen,town,16000\n"
ROADS = "town,to\n0180,0482\n0482,0180\n"
TRACES = "table,key,field,document\ntowns,0180,name,a\ntowns,0482,name,a\n"


TRACED = ["table", "key", "field", "document"]


def _package(folder: Path) -> Path:
    towns = table(
        "towns",
        [
            field("id"),
            field("name"),
            field("kind", constraints={"enum": ["city", "town", "village"]}),
            field(
                "people",
                "integer",
                title="People",
                unit="persons",
                rdfType="https://example.org/people",
                constraints={"minimum": 0},
            ),
        ],
        ["id"],
    )
    ends = [reference("town", "towns"), reference("to", "towns")]
    roads = table("roads", [field("town"), field("to")], ["town", "to"], foreignKeys=ends)
    traces = table("provenance", [field(name) for name in TRACED], TRACED[:3])
    size = field("size", categories=[{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}])
    kinds = table(
        "kinds",
        [field("id"), size | {"categoriesOrdered": True}, field("use", categories=["a", "b"])],
        ["id"],
    )
    kinds["schema"] |= {"uniqueKeys": [["size"]], "fieldsMatch": "equal"}
    files = {
        "towns.csv": TOWNS,
        "kinds.csv": "id,size,use\ncity,l,a\ntown,s,b\n",
        "roads.csv": ROADS,
        "provenance.csv": TRACES,
        "readme.md": "a",
        "metadata.yml": "title: a\n",
    }
    return package(
        folder,
        [towns, roads, traces, {"name": "readme", "path": "readme.md"}, kinds],
        files,
        id="https://example.org/towns",
        sources=[{"title": "Flens kommun"}],
        licenses=[{"name": "CC-BY-4.0"}],
        views=[{"name": "large", "query": "SELECT id FROM towns WHERE people > 100000"}],
    )


def _schema(descriptor: Any, number: int = 0) -> Any:
    return descriptor["resources"][number]["schema"]


def _people(descriptor: Any) -> Any:
    return _schema(descriptor)["fields"][3]


def _sizes(descriptor: Any) -> Any:
    return _schema(descriptor, 4)["fields"][1]


def _view(name: str, query: str) -> Edit:
    return lambda descriptor: descriptor["views"].append({"name": name, "query": query})


def _swap(descriptor: Any) -> None:
    fields = _schema(descriptor)["fields"]
    fields[1], fields[2] = fields[2], fields[1]


def _rename_roads(descriptor: Any) -> None:
    descriptor["resources"][1].update(name="streets")


def _without_people(descriptor: Any) -> None:
    _schema(descriptor)["fields"].pop()
    descriptor["views"].clear()


def _people_renamed(descriptor: Any) -> None:
    _people(descriptor).update(name="inhabitants")
    descriptor["views"].clear()


WITHOUT_PEOPLE = "id,name,kind\n0180,Stockholm,city\n0482,Flen,town\n"
REORDERED = "id,kind,name,people\n0180,city,Stockholm,900000\n0482,town,Flen,16000\n"
AREA = "id,name,kind,people,area\n0180,Stockholm,city,900000,187\n0482,Flen,town,16000,5\n"

EXAMPLES: dict[What, tuple[Edit | None, Files]] = {
    What.PACKAGE_RENAMED: (lambda p: p.update(name="cities"), {}),
    What.IDENTIFIER_CHANGED: (lambda p: p.update(id="https://example.org/cities"), {}),
    What.LICENCE_RESTRICTED: (lambda p: p.update(licenses=[{"name": "CC-BY-SA-4.0"}]), {}),
    What.LICENCE_RELAXED: (lambda p: p.update(licenses=[{"name": "CC0-1.0"}]), {}),
    What.TEXT_CHANGED: (lambda p: _people(p).update(title="Inhabitants"), {}),
    What.ENTRY_REMOVED: (lambda p: p["sources"].pop(), {}),
    What.ENTRY_ADDED: (lambda p: p["sources"].append({"title": "Krokoms kommun"}), {}),
    What.ENTRY_CHANGED: (lambda p: p["sources"][0].update(path="https://example.org/flen"), {}),
    What.FORM_CHANGED: (lambda p: p["resources"][0].update(encoding="us-ascii"), {}),
    What.RESTATED: (lambda p: _people(p).update(bareNumber=True), {}),
    What.FILE_CHANGED: (None, {"metadata.yml": "title: b\n"}),
    What.VIEW_REMOVED: (lambda p: p["views"].clear(), {}),
    What.VIEW_ADDED: (_view("small", "SELECT id FROM towns"), {}),
    What.VIEW_CHANGED: (lambda p: p["views"][0].update(query="SELECT id FROM towns"), {}),
    What.TABLE_REMOVED: (lambda p: p["resources"].pop(1), {}),
    What.TABLE_RENAMED: (_rename_roads, {}),
    What.TABLE_ADDED: (lambda p: p["resources"].append(table("seas", [field("id")], ["id"])), {"seas.csv": "id\na\n"}),
    What.RESOURCE_REMOVED: (lambda p: p["resources"].pop(3), {}),
    What.RESOURCE_ADDED: (lambda p: p["resources"].append({"name": "notes", "path": "notes.md"}), {"notes.md": "b"}),
    What.RESOURCE_CHANGED: (None, {"readme.md": "b"}),
    What.NOT_COMPARED: (None, {"roads.csv": b"town,to\n\xff,0482\n"}),
    What.FIELD_REMOVED: (_without_people, {"towns.csv": WITHOUT_PEOPLE}),
    What.FIELD_RENAMED: (_people_renamed, {"towns.csv": TOWNS.replace("people", "inhabitants")}),
    What.FIELD_RETYPED: (lambda p: _people(p).update(type="number"), {}),
    What.FIELD_NARROWED: (lambda p: _people(p).update(constraints={"minimum": 1}), {}),
    What.FIELD_WIDENED: (lambda p: _people(p).pop("constraints"), {}),
    What.FIELD_ADDED: (lambda p: _schema(p)["fields"].append(field("area")), {"towns.csv": AREA}),
    What.REQUIRED_FIELD_ADDED: (
        lambda p: _schema(p)["fields"].append(field("area", constraints={"required": True})),
        {"towns.csv": AREA},
    ),
    What.FIELDS_REORDERED: (_swap, {"towns.csv": REORDERED}),
    What.UNIT_CHANGED: (lambda p: _people(p).update(unit="thousands"), {}),
    What.MISSING_CHANGED: (lambda p: _schema(p).update(missingValues=["", "-"]), {}),
    What.MISSING_WIDENED: (lambda p: _people(p).update(missingValues=["", "-"]), {}),
    What.SENSE_CHANGED: (lambda p: _people(p).update(rdfType="https://example.org/inhabitants"), {}),
    What.KEY_CHANGED: (lambda p: _schema(p).update(primaryKey=["name"]), {}),
    What.UNIQUE_KEY_ADDED: (lambda p: _schema(p).update(uniqueKeys=[["name"]]), {}),
    What.UNIQUE_KEY_REMOVED: (lambda p: _schema(p, 4).pop("uniqueKeys"), {}),
    What.FOREIGN_KEY_ADDED: (lambda p: _schema(p).update(foreignKeys=[reference("kind", "kinds")]), {}),
    What.FOREIGN_KEY_REMOVED: (lambda p: _schema(p, 1)["foreignKeys"].pop(0), {}),
    What.FOREIGN_KEY_CHANGED: (lambda p: _schema(p, 1)["foreignKeys"][0]["reference"].update(resource="kinds"), {}),
    What.FIELDS_MATCH_NARROWED: (lambda p: _schema(p, 4).update(fieldsMatch="exact"), {}),
    What.FIELDS_MATCH_WIDENED: (lambda p: _schema(p, 4).update(fieldsMatch="subset"), {}),
    What.CODE_REMOVED: (lambda p: _schema(p)["fields"][2].update(constraints={"enum": ["city", "town"]}), {}),
    What.CODE_ADDED: (lambda p: _schema(p)["fields"][2]["constraints"]["enum"].append("hamlet"), {}),
    What.CODE_REDEFINED: (lambda p: _sizes(p)["categories"][0].update(label="Large"), {}),
    What.LABEL_CHANGED: (lambda p: _sizes(p)["categories"][0].update(label="Tiny"), {}),
    What.CODES_REORDERED: (lambda p: _sizes(p)["categories"].reverse(), {}),
    What.CODES_ORDERED: (lambda p: _schema(p, 4)["fields"][2].update(categoriesOrdered=True), {}),
    What.KEYS_REMOVED: (None, {"towns.csv": TOWNS.replace("0482,Flen,town,16000\n", "")}),
    What.ROWS_REMOVED: (None, {"roads.csv": "town,to\n0180,0482\n"}),
    What.ROWS_ADDED: (None, {"towns.csv": TOWNS + "1980,Västerås,city,150000\n"}),
    What.ROWS_CHANGED: (None, {"towns.csv": TOWNS.replace("16000", "16001")}),
    What.TRACES_REMOVED: (None, {"provenance.csv": TRACES.replace("towns,0482,name,a\n", "")}),
    What.TRACES_ADDED: (None, {"provenance.csv": TRACES + "towns,0482,kind,a\n"}),
    What.TRACES_CHANGED: (None, {"provenance.csv": TRACES.replace("0482,name,a", "0482,name,b")}),
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The releases of the package that the examples change."""
    folder = tmp_path_factory.mktemp("rule")
    _package(folder)
    extras = {"metadata.yml": folder / "metadata.yml"}
    projects.released(folder, "1.2.3", extras)
    return folder


def test_the_page_lists_every_kind_of_change_in_the_order_of_the_rule() -> None:
    assert [what for what, _, _ in LISTED] == [str(what) for what in What]


OF_PACKAGES = (What.FORM_CHANGED, What.FIELDS_MATCH_NARROWED, What.FIELDS_MATCH_WIDENED)
"""What a release does its own way, whatever the package does."""


def told(kind: What, released: Path, folder: Path) -> tuple[Change, tuple[Change, ...]]:
    """The example of a kind of change, and all changes that come with it."""
    put(_package(folder / "new"), EXAMPLES[kind][1])
    if edit := EXAMPLES[kind][0]:
        change(folder / "new/datapackage.json", edit)
    extras = {"metadata.yml": folder / "new/metadata.yml"}
    record = records.read(released / "build/releases.json", released / "data", released / "build/releases")
    with propose(load(folder / "new"), record, extras, Wanted(major=True)) as proposal:
        changes = proposal.changes
    if kind in OF_PACKAGES:
        with compare(load(_package(folder / "old")), load(folder / "new")) as comparison:
            changes = comparison.changes
    return next(found for found in changes if found.what == kind), changes


@pytest.mark.parametrize(("what", "step", "example"), LISTED, ids=[what for what, _, _ in LISTED])
def test_every_row_of_the_rule_is_true(what: str, step: str, example: str, released: Path, tmp_path: Path) -> None:
    kind = What(what)
    found, changes = told(kind, released, tmp_path)
    assert found.line() == example.replace("\\`", "`")
    assert found.step.name == step == RULE[kind].name
    largest = max(each.step for each in changes)
    assert largest.name == step or kind == What.VIEW_REMOVED


def test_the_page_shows_the_table_that_classes_every_member() -> None:
    assert "\n".join(members.lines()) in PAGE.read_text(encoding="utf-8")


def _tie(key: list[str], *other: dict[str, Any]) -> dict[str, Any]:
    """A table whose field x points at another table."""
    return table("a", [field("x"), *other], key, foreignKeys=[reference("x", "b")])


HELD: list[tuple[str, dict[str, Any], list[Any], bool]] = [
    ("a key of its own", table("a", [field("id")], ["id"]), [], True),
    ("no key", table("a", [field("id")]), [], False),
    ("a key that is a reference", _tie(["x"]), [], False),
    ("a reference and a code", _tie(["x", "y"], field("y", constraints={"enum": ["1"]})), [], False),
    ("a reference and a date", _tie(["x", "y"], field("y", "date")), [], True),
    ("something points at it", _tie(["x"]), [reference("id", "a", "x")], True),
]


@pytest.mark.parametrize(("described", "pointing", "held"), [case[1:] for case in HELD], ids=[case[0] for case in HELD])
def test_which_keys_others_may_hold(described: Any, pointing: list[Any], held: bool, tmp_path: Path) -> None:
    other = table("b", [field("id")], ["id"], foreignKeys=pointing)
    found = load(package(tmp_path, [described, other], {"a.csv": "", "b.csv": ""}))
    assert is_held(found, found.tables[0]) is held


LICENCES = [
    ("CC0-1.0", "CC-BY-4.0", True),
    ("CC-BY-4.0", "CC0-1.0", False),
    ("CC-BY-4.0", "CC-BY-SA-4.0", True),
    ("CC-BY-NC-SA-4.0", "CC-BY-SA-4.0", False),
    ("CC-BY-SA-4.0", "CC-BY-NC-4.0", True),
    ("ODbL-1.0", "ODC-BY-1.0", False),
    ("CC-BY-3.0", "CC-BY-4.0", False),
    ("MIT", "CC-BY-4.0", True),
    ("CC-BY-4.0", None, True),
    ("ODbL-1.0", "CC-BY-SA-4.0", True),
    ("CC-BY-SA-4.0", "ODbL-1.0", True),
    ("ODC-ODbL-1.0", "ODbL-1.0", False),
    ("CC-BY-NC-SA-4.0", "CC-BY-NC-4.0", False),
    ("CC0-1.0", "PDDL-1.0", False),
    ("other-open", "other-open", False),
    (None, "CC-BY-4.0", False),
]


@pytest.mark.parametrize(("old", "new", "restricted"), LICENCES)
def test_a_licence_that_may_allow_less_is_a_restriction(old: str | None, new: str | None, restricted: bool) -> None:
    sides: list[list[Any]] = [[{"name": name}] if name else [] for name in (old, new)]
    assert restricts(*sides) is restricted
