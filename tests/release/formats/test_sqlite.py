from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.progress import Progress
from pipeline.package.package import load
from pipeline.release import release
from tests.projects import field, package, reference, table


@pytest.fixture
def con(services_release: Path) -> Iterator[sqlite3.Connection]:
    """The database of the services project, as a reader opens it."""
    connection = sqlite3.connect(f"file:{services_release}/services.sqlite?mode=ro", uri=True)
    yield connection
    connection.close()


def test_it_is_whole_and_every_reference_leads_somewhere(con: sqlite3.Connection) -> None:
    assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert con.execute("PRAGMA foreign_key_check").fetchall() == []


def test_tables_have_types_keys_and_references(con: sqlite3.Connection) -> None:
    (sql,) = con.execute("SELECT sql FROM sqlite_master WHERE name = 'solutions'").fetchone()
    assert sql == (
        'CREATE TABLE "solutions" (\n'
        '  "id" TEXT NOT NULL,\n'
        '  "name_sv" TEXT,\n'
        '  "name_en" TEXT,\n'
        '  "place" TEXT,\n'
        '  "kind" TEXT,\n'
        '  "opened" TEXT,\n'
        '  "staffed" INTEGER,\n'
        '  "people" INTEGER,\n'
        '  "share" REAL,\n'
        '  PRIMARY KEY ("id"),\n'
        '  FOREIGN KEY ("place") REFERENCES "places" ("id")\n'
        ")"
    )
    assert con.execute("SELECT * FROM pragma_foreign_key_list('solution_services')").fetchall() == [
        (0, 0, "solutions", "solution", "id", "NO ACTION", "NO ACTION", "NONE")
    ]


def test_keys_and_facets_are_indexed(con: sqlite3.Connection) -> None:
    indexes = con.execute(
        "SELECT tbl_name, name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    ).fetchall()
    assert indexes == [
        ("_counts", "_counts_table_column"),
        ("changes", "changes_release"),
        ("changes", "changes_table_key"),
        ("discrepancies", "discrepancies_document_not_taken"),
        ("discrepancies", "discrepancies_document_taken"),
        ("provenance", "provenance_document"),
        ("provenance", "provenance_inferred"),
        ("solutions", "solutions_kind"),
        ("solutions", "solutions_place"),
        ("solutions", "solutions_staffed"),
    ]


SEARCHES = [
    ("får", ["servicepunkten", "vagen"]),
    ("FÅR", ["servicepunkten", "vagen"]),
    ("far", []),
    ("Älvdalen", ["bokbussen"]),
    ("älv*", ["bokbussen"]),
    ("alvdalen", []),
    ("library", ["bokbussen"]),
    ("fixed", []),
]


@pytest.mark.parametrize(("words", "found"), SEARCHES)
def test_search_finds_words_in_both_languages_and_keeps_swedish_letters_apart(
    words: str, found: list[str], con: sqlite3.Connection
) -> None:
    query = "SELECT id FROM solutions WHERE rowid IN (SELECT rowid FROM solutions_fts WHERE solutions_fts MATCH ?)"
    assert [row[0] for row in con.execute(query + " ORDER BY id", [words])] == found


def test_far_is_found_where_it_stands_and_nowhere_else(con: sqlite3.Connection) -> None:
    query = (
        "SELECT solution, service FROM solution_services WHERE rowid IN "
        "(SELECT rowid FROM solution_services_fts WHERE solution_services_fts MATCH 'far')"
    )
    assert con.execute(query).fetchall() == [("bokbussen", "library")]


def test_the_search_index_agrees_with_its_table(services_release: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((services_release / "services.sqlite").read_bytes())
    con = sqlite3.connect(copy)
    check = "INSERT INTO solutions_fts (solutions_fts, rank) VALUES ('integrity-check', 1)"
    con.execute(check)
    con.execute("DELETE FROM solutions")
    with pytest.raises(sqlite3.DatabaseError):
        con.execute(check)
    con.close()


def test_views_join_what_people_ask_for(con: sqlite3.Connection) -> None:
    assert con.execute("SELECT * FROM solutions_overview ORDER BY solution").fetchall() == [
        ("bokbussen", "Älvdalen"),
        ("servicepunkten", "Idre"),
        ("vagen", None),
    ]


def test_code_lists_are_a_table(con: sqlite3.Connection) -> None:
    assert con.execute("SELECT * FROM codes").fetchall() == [
        ("solutions", "kind", "fixed", "fixed", "fast"),
        ("solutions", "kind", "mobile", "mobile", "mobil"),
    ]


# -- packages of others ----------------------------------------------------------------------------------------------


def _database(folder: Path) -> sqlite3.Connection:
    released = release(load(folder), folder / "build/releases", Progress(), {})
    return sqlite3.connect(released.folder / "towns.sqlite")


@pytest.mark.parametrize("name", ["rank", "rowid", "towns_fts", "order", "a b", 'q"', "å"])
def test_a_searchable_field_may_have_any_name(name: str, tmp_path: Path) -> None:
    """`rank` and `rowid` are FTS5's own."""
    quoted = '"' + name.replace('"', '""') + '"'
    package(
        tmp_path,
        [table("towns", [field("id"), field(name), field("note")], ["id"])],
        {"towns.csv": f"id,{quoted},note\na,first,second\n"},
    )
    con = _database(tmp_path)
    assert con.execute(f"SELECT id, {quoted}, note FROM towns").fetchall() == [("a", "first", "second")]
    con.close()


def test_fields_that_differ_in_case_alone_are_refused_or_kept_apart(tmp_path: Path) -> None:
    """SQL knows no case in names; a package may."""
    from pipeline.core.errors import InvalidData

    package(tmp_path, [table("towns", [field("Name"), field("name")])], {"towns.csv": "Name,name\na,b\n"})
    with pytest.raises(InvalidData) as caught:
        _database(tmp_path)
    assert "name" in str(caught.value)


def test_indexes_that_would_have_one_name_are_kept_apart(tmp_path: Path) -> None:
    coded: dict[str, Any] = {"constraints": {"enum": ["x"]}}
    package(
        tmp_path,
        [
            table("a", [field("id"), field("b_c", **coded)], ["id"]),
            table("a_b", [field("id"), field("c", **coded)], ["id"]),
            table("a_b_c", [field("id")], ["id"]),
        ],
        {"a.csv": "id,b_c\n1,x\n", "a_b.csv": "id,c\n1,x\n", "a_b_c.csv": "id\n1\n"},
    )
    con = _database(tmp_path)
    indexes = con.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name LIKE 'a%' ORDER BY name"
    ).fetchall()
    assert indexes == [("a_b_c_2",), ("a_b_c_3",)]
    con.close()


def test_a_table_that_is_called_as_a_search_index_would_be_is_kept(tmp_path: Path) -> None:
    package(
        tmp_path,
        [
            table("towns", [field("id"), field("note")], ["id"]),
            table("towns_fts", [field("id"), field("note")], ["id"]),
        ],
        {"towns.csv": "id,note\n1,x\n", "towns_fts.csv": "id,note\n2,y\n"},
    )
    con = _database(tmp_path)
    assert con.execute("SELECT id, note FROM towns_fts").fetchall() == [("2", "y")]
    con.close()


def test_a_table_may_be_called_codes(tmp_path: Path) -> None:
    coded: dict[str, Any] = {"constraints": {"enum": ["x"]}, "categories": [{"value": "x", "label": "X"}]}
    package(tmp_path, [table("codes", [field("id", **coded)], ["id"])], {"codes.csv": "id\nx\n"})
    con = _database(tmp_path)
    assert con.execute("SELECT * FROM codes").fetchall() == [("x",)]
    con.close()


def test_a_reference_to_a_field_with_equal_values_is_not_declared_because_sqlite_refuses_it(tmp_path: Path) -> None:
    package(
        tmp_path,
        [
            table("towns", [field("id"), field("land")], ["id"]),
            table("people", [field("id"), field("land")], ["id"], foreignKeys=[reference("land", "towns", "land")]),
        ],
        {"towns.csv": "id,land\n1,s\n2,s\n", "people.csv": "id,land\nx,s\n"},
    )
    con = _database(tmp_path)
    assert con.execute("PRAGMA foreign_key_check").fetchall() == []
    assert con.execute("SELECT * FROM pragma_foreign_key_list('people')").fetchall() == []
    assert con.execute("SELECT p.id, t.id FROM people AS p JOIN towns AS t USING (land)").fetchall() == [
        ("x", "1"),
        ("x", "2"),
    ]
    con.close()


def test_a_table_may_refer_to_itself_and_to_one_that_comes_later(tmp_path: Path) -> None:
    package(
        tmp_path,
        [
            table(
                "towns",
                [field("id"), field("near"), field("land")],
                ["id"],
                foreignKeys=[reference("near", ""), reference("land", "lands")],
            ),
            table("lands", [field("id")], ["id"]),
        ],
        {"towns.csv": "id,near,land\na,b,s\nb,,s\n", "lands.csv": "id\ns\n"},
    )
    con = _database(tmp_path)
    assert con.execute("PRAGMA foreign_key_check").fetchall() == []
    assert con.execute("SELECT * FROM towns").fetchall() == [("a", "b", "s"), ("b", None, "s")]
    con.close()


def test_a_figure_that_is_no_number_is_no_crash(tmp_path: Path) -> None:
    """NaN is a valid number of Table Schema; SQLite has none."""
    share = field("share", "number", constraints={"required": True})
    package(tmp_path, [table("towns", [field("id"), share], ["id"])], {"towns.csv": "id,share\na,NaN\nb,INF\n"})
    con = _database(tmp_path)
    assert con.execute("SELECT id FROM towns").fetchall() == [("a",), ("b",)]
    con.close()


def test_a_whole_number_that_sqlite_cannot_hold_is_no_crash(tmp_path: Path) -> None:
    from pipeline.core.errors import InvalidData

    package(tmp_path, [table("towns", [field("id", "integer")], ["id"])], {"towns.csv": "id\n99999999999999999999\n"})
    try:
        con = _database(tmp_path)
    except InvalidData as error:
        assert "99999999999999999999" in str(error)
    else:
        assert str(con.execute("SELECT CAST(id AS TEXT) FROM towns").fetchone()[0]) == "99999999999999999999"
        con.close()
