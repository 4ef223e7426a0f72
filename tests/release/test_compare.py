"""What changed between a release and a package, and how large a step that is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.package.package import load
from pipeline.release.compare import compare
from pipeline.release.version import Step
from tests.projects import change, field, package, put, table

ROWS = "id,name,kind,people\n0180,Stockholm,city,900000\n0482,Flen,town,16000\n"


def _towns(folder: Path) -> Path:
    fields = [
        field("id"),
        field("name", title="Name"),
        field("kind", constraints={"enum": ["city", "town"]}),
        field("people", "integer"),
    ]
    lands = table("lands", [field("id")], ["id"])
    licences = [{"name": "CC0-1.0"}]
    package(
        folder, [table("towns", fields, ["id"]), lands], {"towns.csv": ROWS, "lands.csv": "id\ns\n"}, licenses=licences
    )
    return folder


def _compare(
    tmp_path: Path, edit: Callable[[Any], object] | None, rows: str = ROWS
) -> list[tuple[Step, str | None, str]]:
    """The changes from the package to the one that `edit` and `rows` make of it."""
    old, new = _towns(tmp_path / "old"), _towns(tmp_path / "new")
    put(new, {"towns.csv": rows})
    if edit:
        change(new / "datapackage.json", edit)
    return changes(old, new)


def changes(old: Path, new: Path) -> list[tuple[Step, str | None, str]]:
    """The changes between two packages: how large, of which table, in words."""
    with compare(load(old), load(new)) as comparison:
        return [(found.step, found.table, found.text()) for found in comparison.changes]


def test_the_same_is_no_change(tmp_path: Path) -> None:
    assert _compare(tmp_path, None) == []


ROW_CHANGES = [
    (ROWS + "1980,Västerås,city,150000\n", Step.MINOR, "1 row added"),
    ("id,name,kind,people\n0482,Flen,town,16000\n", Step.MAJOR, "1 row removed"),
    (ROWS.replace("16000", "16001"), Step.PATCH, "1 row corrected"),
    (ROWS.replace("16000", ""), Step.PATCH, "1 row corrected"),
    (ROWS.replace("900000", "900001").replace("16000", "16001"), Step.PATCH, "2 rows corrected"),
]


@pytest.mark.parametrize(("rows", "step", "words"), ROW_CHANGES)
def test_rows_are_compared_by_key(rows: str, step: Step, words: str, tmp_path: Path) -> None:
    assert _compare(tmp_path, None, rows) == [(step, "towns", words)]


def test_rows_in_another_order_are_no_change(tmp_path: Path) -> None:
    header, first, second = ROWS.splitlines(keepends=True)
    assert _compare(tmp_path, None, header + second + first) == []


def test_a_key_that_changed_is_a_row_removed_and_a_row_added(tmp_path: Path) -> None:
    assert _compare(tmp_path, None, ROWS.replace("0482", "0483")) == [
        (Step.MAJOR, "towns", "1 row removed"),
        (Step.MINOR, "towns", "1 row added"),
    ]


def _schema(package: Any) -> Any:
    return package["resources"][0]["schema"]


def _field(package: Any, number: int) -> Any:
    return _schema(package)["fields"][number]


EDITS: list[tuple[str, Callable[[Any], object], Step, str | None, str]] = [
    ("a table goes", lambda p: p["resources"].pop(1), Step.MAJOR, "lands", "the table was removed"),
    (
        "a table comes",
        lambda p: p["resources"].append(table("seas", [field("id")], ["id"])),
        Step.MINOR,
        "seas",
        "the table was added",
    ),
    (
        "a key changes",
        lambda p: _schema(p).update(primaryKey=["name"]),
        Step.MAJOR,
        "towns",
        "the primary key changed from id to name",
    ),
    (
        "a unique key comes",
        lambda p: _schema(p).update(uniqueKeys=[["name"]]),
        Step.MAJOR,
        "towns",
        "name must now be unique",
    ),
    (
        "a type changes",
        lambda p: _field(p, 3).update(type="number"),
        Step.MAJOR,
        "towns",
        "the type of people changed from integer to number",
    ),
    (
        "a unit changes",
        lambda p: _field(p, 3).update(unit="t"),
        Step.MAJOR,
        "towns",
        "the unit of people changed from nothing to t",
    ),
    (
        "a rule comes",
        lambda p: _field(p, 3).update(constraints={"minimum": 0}),
        Step.MAJOR,
        "towns",
        "people may hold less: nothing became minimum 0",
    ),
    (
        "a code comes",
        lambda p: _field(p, 2)["constraints"]["enum"].append("village"),
        Step.MINOR,
        "towns",
        "kind got the code village",
    ),
    (
        "a code goes",
        lambda p: _field(p, 2)["constraints"].update(enum=["city", "town"][:1]),
        Step.MAJOR,
        "towns",
        "kind lost the code town",
    ),
    (
        "a code list comes",
        lambda p: _field(p, 1).update(constraints={"enum": ["Flen", "Stockholm"]}),
        Step.MAJOR,
        "towns",
        "name may hold less: nothing became one of Flen, Stockholm",
    ),
    (
        "the words change",
        lambda p: _field(p, 1).update(title="The name"),
        Step.PATCH,
        "towns",
        "name.title changed: Name became The name",
    ),
    ("the title changes", lambda p: p.update(title="Towns"), Step.PATCH, None, "title changed: nothing became Towns"),
    (
        "missing values change",
        lambda p: _schema(p).update(missingValues=["", "-"]),
        Step.MAJOR,
        "towns",
        'what counts as missing in towns changed from "" to "", "-"',
    ),
]


@pytest.mark.parametrize(
    ("edit", "step", "name", "words"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_a_change_of_the_contract_has_its_step(
    edit: Callable[[Any], object], step: Step, name: str | None, words: str, tmp_path: Path
) -> None:
    put(tmp_path / "new", {"seas.csv": "id\n"})
    assert _compare(tmp_path, edit) == [(step, name, words)]


def test_another_licence_is_a_major_step(tmp_path: Path) -> None:
    found = _compare(tmp_path, lambda package: package.update(licenses=[{"name": "CC-BY-4.0"}]))
    assert found == [(Step.MAJOR, None, "the licence may allow less: CC0-1.0 became CC-BY-4.0")]


def test_fields_that_come_go_and_move_are_named(tmp_path: Path) -> None:
    def edit(package: Any) -> None:
        fields = _schema(package)["fields"]
        fields[:] = [
            fields[0],
            fields[2],
            fields[1],
            field("area", "number"),
            field("rank", constraints={"required": True}),
        ]

    rows = "id,kind,name,area,rank\n0180,city,Stockholm,187.1,1\n0482,town,Flen,,2\n"
    assert _compare(tmp_path, edit, rows) == [
        (Step.MAJOR, "towns", "the field people was removed"),
        (Step.MAJOR, "towns", "the field rank, which must be filled in, was added"),
        (Step.MAJOR, "towns", "the fields are in another order: id, kind, name"),
        (Step.MINOR, "towns", "the field area was added"),
    ]


def test_what_changes_in_the_traces_is_a_correction(tmp_path: Path) -> None:
    for name, rows in (("old", "id\na\nb\n"), ("new", "id\na\nc\n")):
        package(tmp_path / name, [table("provenance", [field("id")], ["id"])], {"provenance.csv": rows})
    assert changes(tmp_path / "old", tmp_path / "new") == [
        (Step.PATCH, "provenance", "1 row removed"),
        (Step.PATCH, "provenance", "1 row added"),
    ]


def test_without_a_key_rows_are_compared_whole(tmp_path: Path) -> None:
    for name, rows in (("old", "id,n\na,1\na,1\nb,2\n"), ("new", "id,n\na,1\nb,3\n")):
        package(tmp_path / name, [table("towns", [field("id"), field("n")])], {"towns.csv": rows})
    assert changes(tmp_path / "old", tmp_path / "new") == [
        (Step.MINOR, "towns", "2 rows removed"),
        (Step.MINOR, "towns", "1 row added"),
    ]
