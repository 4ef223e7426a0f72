"""What a person reads on the terminal: a line per problem, the gravest first, capped, in Swedish and English."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.report.report import chosen, lines, problems, settled, summary
from pipeline.report.verdict import Error
from pipeline.report.wording import fix, rule
from pipeline.validate import Report, validate
from pipeline.web.words import LANGUAGES, catalogue
from tests.projects import field, package, reference, table


def judged(folder: Path, tables: list[dict[str, Any]], files: dict[str, str | bytes]) -> Report:
    """The report on a package of those tables."""
    return validate(package(folder, tables, files))


def two_tables(folder: Path) -> Report:
    """A report with an error of each gravity in one table, and a valid table."""
    towns = table(
        "towns",
        [field("id"), field("people", "integer", constraints={"minimum": 0}), field("land")],
        ["id"],
        foreignKeys=[reference("land", "lands")],
    )
    rows = ["a,-1,x", "b,many,x", "a,2,x", "c,3,nowhere", "d,4"]
    return judged(
        folder,
        [towns, table("lands", [field("id")], ["id"])],
        {"towns.csv": "id,people,land\n" + "\n".join(rows) + "\n", "lands.csv": "id\nx\n"},
    )


def test_each_problem_is_a_line_the_gravest_first_and_the_verdict_comes_last(tmp_path: Path) -> None:
    assert lines(two_tables(tmp_path)) == [
        "towns.csv: 5 errors, the gravest first",
        "  error: towns.csv, row 6, column land: '' missing cell: the row ends before column 3. Look for a "
        "delimiter that is missing or a quotation mark that does not close. [invalid-table]",
        "  error: towns.csv, row 4: primary key error: the same as in row 2. Keep one of the rows with this key, or "
        "complete the key so that each row has its own. [invalid-table]",
        "  error: towns.csv, row 5, column land: 'nowhere' foreign key error: not found in lands (id). Correct the "
        "reference, or add the row that it points at. [invalid-table]",
        "  error: towns.csv, row 3, column people: 'many' type error: not a whole number (integer). Write a whole "
        "number in digits, such as 1250; leave the cell empty where the figure is not known. [invalid-table]",
        "  error: towns.csv, row 2, column people: '-1' constraint error: less than the minimum, 0. Correct the value, "
        "or the constraint in the schema if it is too strict. [invalid-table]",
        "invalid: 2 tables, 6 rows, 5 errors",
    ]


def test_the_same_in_swedish(tmp_path: Path) -> None:
    said = lines(two_tables(tmp_path), language="sv")
    assert said[0] == "towns.csv: 5 fel, de allvarligaste först"
    assert (
        "  fel: towns.csv, rad 3, kolumn people: 'many' fel typ: inte ett heltal (integer). Skriv ett heltal med "
        "siffror, till exempel 1250; lämna cellen tom om uppgiften inte är känd. [invalid-table]"
    ) in said
    assert said[-1] == "ogiltigt: 2 tabeller, 6 rader, 5 fel"


def test_a_valid_report_is_one_line(tmp_path: Path) -> None:
    report = judged(tmp_path, [table("lands", [field("id")], ["id"])], {"lands.csv": "id\nx\n"})
    assert lines(report) == ["valid: 1 table, 1 row, 0 errors"]
    assert summary(report, "sv") == "giltigt: 1 tabell, 1 rad, 0 fel"


def test_a_table_shows_as_many_problems_as_asked_and_counts_the_rest_by_type(tmp_path: Path) -> None:
    rows = "".join(f"{number},many\n" for number in range(30)) + "0,1\n"
    report = judged(
        tmp_path,
        [table("towns", [field("id"), field("people", "integer")], ["id"])],
        {"towns.csv": f"id,people\n{rows}"},
    )
    said = lines(report)
    assert len(said) == 1 + 20 + 1 + 1
    assert "primary key error" in said[1]
    assert said[-2] == "  and 11 more: 11 type error"
    assert lines(report, limit=2)[-2] == "  and 29 more: 29 type error"
    assert len(lines(report, limit=0)) == 1 + 31 + 1


def test_one_bad_column_does_not_hide_the_others(tmp_path: Path) -> None:
    rows = "".join("many,1,x\n" for _ in range(30)) + "1,few,\n"
    fields = [field("a", "integer"), field("b", "integer"), field("c", constraints={"required": True})]
    report = judged(tmp_path, [table("towns", fields)], {"towns.csv": f"a,b,c\n{rows}"})
    shown = chosen(report.tasks[0].errors, 5)
    assert [error.field_name for error in shown] == ["a", "a", "a", "b", "c"]


def test_a_short_row_of_a_wide_table_does_not_hide_the_others(tmp_path: Path) -> None:
    fields = [field(f"f{number}", "integer") for number in range(100)]
    header = ",".join(each["name"] for each in fields)
    report = judged(
        tmp_path, [table("wide", fields)], {"wide.csv": f"{header}\n1\n{','.join(['x'] * 3 + ['1'] * 97)}\n"}
    )
    kinds = [error.type for error in chosen(report.tasks[0].errors, 10)]
    assert kinds == ["missing-cell"] * 7 + ["type-error"] * 3


def test_a_line_never_steers_the_terminal_or_turns_the_writing(tmp_path: Path) -> None:
    report = judged(
        tmp_path,
        [table("towns", [field("id"), field("people", "integer")])],
        {"towns.csv": "id,\x1b[31mpeople\u202e\n1,\x1b[2J\u202e\n"},
    )
    said = lines(report, {"towns": "a\nb\x1b.csv"})
    assert said[0] == "a↵b⟨U+001B⟩.csv: 2 errors, the gravest first"
    assert all(line.isprintable() for line in said)


def test_what_limits_a_report_is_said(tmp_path: Path) -> None:
    rows = "".join("many\n" for _ in range(1200))
    report = judged(tmp_path, [table("towns", [field("people", "integer")])], {"towns.csv": f"people\n{rows}"})
    assert lines(report)[-2] == "warning: towns: reached error limit: 1000"
    assert lines(report, language="sv")[-2].startswith("varning: ")


def test_a_problem_of_a_foreign_key_names_its_fields_and_values(tmp_path: Path) -> None:
    (problem,) = [each for each in problems(two_tables(tmp_path)) if each.rule.startswith("foreign key")]
    assert (problem.row, problem.field, problem.value) == (5, "land", "nowhere")


# -- words for every error -------------------------------------------------------------------------------------------

CELLS = [
    ("integer", {}, "x"),
    ("number", {}, "x"),
    ("boolean", {}, "x"),
    ("date", {}, "x"),
    ("datetime", {}, "x"),
    ("time", {}, "x"),
    ("year", {}, "x"),
    ("yearmonth", {}, "x"),
    ("duration", {}, "x"),
    ("object", {}, "x"),
    ("array", {}, "x"),
    ("geopoint", {}, "x"),
    ("geojson", {}, "x"),
    ("list", {"itemType": "integer"}, "x"),
    ("array", {"arrayItem": {"constraints": {"enum": ["a"]}}}, '[""x""]'),
    ("string", {"format": "email"}, "x"),
    ("string", {"constraints": {"required": True}}, ""),
    ("string", {"constraints": {"enum": ["a", "b"]}}, "x"),
    ("string", {"categories": ["a", "b"]}, "x"),
    ("string", {"constraints": {"pattern": "[a-c]+"}}, "x"),
    ("string", {"constraints": {"minLength": 2}}, "x"),
    ("string", {"constraints": {"maxLength": 2}}, "xxx"),
    ("integer", {"constraints": {"minimum": 2}}, "1"),
    ("integer", {"constraints": {"maximum": 2}}, "3"),
    ("integer", {"constraints": {"exclusiveMinimum": 2}}, "2"),
    ("integer", {"constraints": {"exclusiveMaximum": 2}}, "2"),
    ("object", {"constraints": {"jsonSchema": {"required": ["a"]}}}, "{}"),
]


@pytest.mark.parametrize(("kind", "members", "cell"), CELLS, ids=[f"{kind} {members}" for kind, members, _ in CELLS])
def test_an_error_in_a_cell_has_a_sentence_and_a_way_out_in_both_languages(
    kind: str, members: dict[str, Any], cell: str, tmp_path: Path
) -> None:
    report = judged(
        tmp_path, [table("t", [field("id"), field("f", kind, **members)])], {"t.csv": f'id,f\n1,"{cell}"\n'}
    )
    (error,) = report.tasks[0].errors
    assert f"report.name.{error.type}" in catalogue("en")
    said = {language: rule(error, language) for language in LANGUAGES}
    assert said["en"] != said["sv"]
    assert not {"constraint", "type is"} & set(said["sv"].split())
    assert fix(error, "en") != fix(error, "sv")


@pytest.mark.parametrize(
    ("header", "rows", "kind", "said"),
    [
        ("id,x", "1,2", "incorrect-label", "kolumn 2 heter 'x' och ska heta 'f'"),
        ("id,id", "1,2", "duplicate-label", "kolumn 2 heter som kolumn 1"),
        ("id,", "1,2", "blank-label", "kolumn 2 saknar namn"),
        ("id", "1", "missing-label", "fältet 'f' finns inte i rubrikraden"),
        ("id,f,g", "1,2,3", "extra-label", "kolumn 3 finns inte i schemat"),
        ("id,f", "1,2,3", "extra-cell", "kolumn 3 finns inte i rubrikraden"),
        ("id,f", "1", "missing-cell", "raden slutar före kolumn 2"),
        ("id,f", ",", "blank-row", "alla celler är tomma"),
        ("id,f", "1,2\n1,3", "primary-key", "samma som på rad 2"),
        ("id,f", "1,2\n2,2", "unique-error", "samma som på rad 2"),
    ],
)
def test_an_error_of_header_row_or_key_has_a_sentence(
    header: str, rows: str, kind: str, said: str, tmp_path: Path
) -> None:
    described = table("t", [field("id"), field("f", constraints={"unique": True})], ["id"])
    report = judged(tmp_path, [described], {"t.csv": f"{header}\n{rows}\n"})
    assert said in [rule(error, "sv") for error in report.tasks[0].errors if error.type == kind]


def test_every_way_out_is_in_two_languages_and_ends_as_a_sentence() -> None:
    ways = [(text, catalogue("sv")[key]) for key, text in catalogue("en").items() if key.startswith("report.fix")]
    assert len(ways) > 40
    assert [(en, sv) for en, sv in ways if en == sv or not en.endswith(".") or not sv.endswith(".")] == []


def test_an_error_that_nobody_knows_is_given_as_it_is(tmp_path: Path) -> None:
    report = judged(tmp_path, [{**table("t", [field("id")]), "hash": "sha256:abc"}], {"t.csv": "id\n1\n"})
    (error,) = report.tasks[0].errors
    assert rule(error, "sv").startswith("abc väntas; det är ")
    error.note = "something new"
    assert rule(error, "sv") == "something new"


def test_a_settled_report_stays_json(tmp_path: Path) -> None:
    assert "seconds" not in json.dumps(settled(two_tables(tmp_path)))


def test_what_a_row_has_too_many_or_lacks_is_said_once_and_counted(tmp_path: Path) -> None:
    shops = table("shops", [field("a"), field("b"), field("c")])
    told = lines(judged(tmp_path, [shops], {"shops.csv": "a,b,c\n1\n1,2,3,4,5\n"}))
    assert told[0] == "shops.csv: 4 errors"
    assert [line.split(" cell: ")[0] for line in told[1:-1]] == [
        "  error: shops.csv, row 2, column b: '' missing",
        "  error: shops.csv, row 3: '4' extra",
    ]
    assert told[-1] == "invalid: 1 table, 2 rows, 4 errors"


def test_a_format_that_cannot_be_read_here_says_what_to_install() -> None:
    error = Error("error", 'Please install "frictionless[json]"')
    assert rule(error) == "reading this format needs frictionless[json], which is not installed"
    assert fix(error) == 'Install it: `pip install "frictionless[json]"`.'
