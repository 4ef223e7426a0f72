"""The history in the SQLite of a release: what each release changed, and what any row was before."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pipeline.package import manifest
from pipeline.package.history import Line, as_of, names, of_row
from pipeline.package.package import load
from tests import projects
from tests.projects import field, package, table, tree

TOWNS = table("towns", [field("id", "integer"), field("name"), field("people", "integer")], ["id"])
RICHER = table("towns", [field("id", "integer"), field("name"), field("area", "number")], ["id"])
RENAMED = table("cities", [field("id", "integer"), field("title"), field("area", "number")], ["id"])

RELEASES: list[tuple[str, dict[str, Any], str]] = [
    ("1.0.0", TOWNS, "id,name,people\n1,Flen,16000\n2,Malmö,360000\n3,Vadsbro,\n"),
    ("1.1.0", TOWNS, "id,name,people\n1,Flen,16001\n2,Malmö,\n3,Vadsbro,\n4,Idre,800\n"),
    ("2.0.0", TOWNS, "id,name,people\n1,Flen,16001\n3,Vadsbro,200\n4,Idre,800\n"),
    ("3.0.0", RICHER, "id,name,area\n1,Flén,4.5\n3,Vadsbro,\n4,Idre,\n2,Malmö,80\n"),
    (
        "4.0.0",
        {**RENAMED, "name": "towns", "path": "towns.csv"},
        "id,title,area\n1,Flén,4.50\n2,Malmö,80\n3,Vadsbro,1\n",
    ),
    ("5.0.0", RENAMED, "id,title,area\n1,Flen,4.5\n2,Malmö,80\n3,Vadsbro,1\n"),
]


def _release(folder: Path, number: int) -> Path:
    version, described, rows = RELEASES[number]
    package(folder, [described], {described["path"]: rows}, created=f"202{number}-01-31T00:00:00Z")
    released = projects.released(folder)
    assert released.version == version
    return released.folder


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The releases of `RELEASES`, each made while only the one before it was there."""
    folder = tmp_path_factory.mktemp("history")
    made = []
    for number in range(len(RELEASES)):
        made.append(_release(folder, number))
        kept = folder / "kept" / made[-1].name
        shutil.copytree(made[-1], kept)
        if number:
            shutil.rmtree(made[-2])
        made[-1] = kept if number == len(RELEASES) - 1 else made[-1]
    return [folder / "kept" / version for version, _, _ in RELEASES]


def _open(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "towns.sqlite")


def test_every_release_is_listed_with_what_it_changed(releases: list[Path]) -> None:
    con = _open(releases[2])
    rows = con.execute("SELECT version, number, date, step, added, removed, changed, en FROM releases").fetchall()
    assert rows == [
        ("1.0.0", 1, "2020-01-31", None, 0, 0, 0, ""),
        ("1.1.0", 2, "2021-01-31", "minor", 1, 0, 2, "towns: 1 row added\ntowns: 2 rows corrected"),
        ("2.0.0", 3, "2022-01-31", "major", 0, 1, 1, "towns: 1 row removed\ntowns: 1 row corrected"),
    ]


def test_every_cell_that_changed_has_a_line(releases: list[Path]) -> None:
    lines = _open(releases[2]).execute('SELECT release, change, "table", key, field, old, new FROM changes').fetchall()
    assert lines == [
        ("1.1.0", "changed", "towns", "1", "people", "16000", "16001"),
        ("1.1.0", "changed", "towns", "2", "people", "360000", None),
        ("1.1.0", "added", "towns", "4", None, None, None),
        ("2.0.0", "removed", "towns", "2", "id", "2", None),
        ("2.0.0", "removed", "towns", "2", "name", "Malmö", None),
        ("2.0.0", "removed", "towns", "2", None, None, None),
        ("2.0.0", "changed", "towns", "3", "people", None, "200"),
    ]


def test_the_history_of_a_row_is_in_the_order_of_the_releases(releases: list[Path]) -> None:
    assert of_row(_open(releases[3]), "towns", [1]) == [
        Line("1.1.0", "changed", "people", "16000", "16001"),
        Line("3.0.0", "changed", "name", "Flen", "Flén"),
        Line("3.0.0", "lost", "people", "16001", None),
    ]


@pytest.mark.parametrize("now", range(len(RELEASES)))
def test_every_row_is_told_as_it_was_in_every_earlier_release(now: int, releases: list[Path]) -> None:
    con = _open(releases[now])
    called = "cities" if now == 5 else "towns"
    for folder in releases[: now + 1]:
        then = _open(folder)
        then.row_factory = sqlite3.Row
        name = "cities" if folder.name == "5.0.0" else "towns"
        for key in (1, 2, 3, 4, 5):
            row = then.execute(f"SELECT * FROM {name} WHERE id = ?", (key,)).fetchone()
            assert _values(as_of(con, folder.name, called, [key])) == _values(row), (folder.name, key)


def _values(row: Any) -> Any:
    """A row's cells that are not empty; numbers by their value."""
    if row is None:
        return None
    cells = dict(row)
    return {
        name: float(cell) if name in ("id", "people", "area") else cell
        for name, cell in cells.items()
        if cell is not None
    }


def test_a_version_that_was_never_released_is_refused(releases: list[Path]) -> None:
    with pytest.raises(KeyError):
        as_of(_open(releases[0]), "9.0.0", "towns", [1])


def test_rows_without_a_key_are_told_whole(tmp_path: Path) -> None:
    for rows in ("a,b\n1,x\n1,x\n", "a,b\n1,x\n2,\n"):
        package(tmp_path, [table("pairs", [field("a"), field("b")])], {"pairs.csv": rows})
        folder = projects.released(tmp_path).folder
    lines = _open(folder).execute("SELECT change, key, field, old, new FROM changes").fetchall()
    assert lines == [
        ("removed", None, None, '{"a": "1", "b": "x"}', None),
        ("added", None, None, None, '{"a": "2", "b": ""}'),
    ]


def test_a_package_with_tables_of_these_names_has_its_history_in_others(tmp_path: Path) -> None:
    taken = [table("releases", [field("id")], ["id"]), table("Changes", [field("id")], ["id"])]
    for rows in ("id\na\n", "id\na\nb\n"):
        package(tmp_path, taken, {"releases.csv": rows, "Changes.csv": "id\na\n"})
        folder = projects.released(tmp_path).folder
    called = names(load(folder))
    assert (called.releases, called.changes) == ("releases_2", "changes_2")
    con = _open(folder)
    assert con.execute("SELECT id FROM releases").fetchall() == [("a",), ("b",)]
    assert [line.change for line in of_row(con, "releases", ["b"], called)] == ["added"]
    assert as_of(con, "1.0.0", "releases", ["b"], called) is None
    assert as_of(con, "1.0.0", "releases", ["a"], called) == {"id": "a"}


def test_a_release_before_that_had_no_history_starts_one(tmp_path: Path) -> None:
    first = _release(tmp_path, 0)
    con = sqlite3.connect(first / "towns.sqlite")
    con.executescript("DROP TABLE changes; DROP TABLE releases")
    con.close()
    manifest.write(first)
    folder = _release(tmp_path, 1)
    listed = _open(folder).execute("SELECT version, date FROM releases").fetchall()
    assert listed == [("1.0.0", "2020-01-31"), ("1.1.0", "2021-01-31")]
    assert as_of(_open(folder), "1.0.0", "towns", [1]) == {"id": 1, "name": "Flen", "people": "16000"}


def test_the_history_does_not_depend_on_where_the_releases_lie(releases: list[Path], tmp_path: Path) -> None:
    _release(tmp_path / "a folder/elsewhere", 0)
    again = _release(tmp_path / "a folder/elsewhere", 1)
    assert tree(again) == tree(releases[1])


def test_the_query_of_the_page_on_versions_tells_what_was_otherwise(releases: list[Path]) -> None:
    page = (Path(__file__).parents[2] / "docs/versions.md").read_text(encoding="utf-8")
    query = page.partition("```sql\n")[2].partition("```")[0]
    assert "'solutions'" in query
    assert "'bokbussen'" in query
    query = query.replace("'solutions'", "'towns'").replace("'bokbussen'", "'3'")
    assert [line[:4] for line in _open(releases[2]).execute(query)] == [("people", None, "changed", "2.0.0")]
    query = query.replace("'3'", "'4'")
    assert [line[:4] for line in _open(releases[2]).execute(query)] == [(None, None, "added", "1.1.0")]
