"""frictionless is the judge; what is tested here is what reaches it and what comes of its report."""

from __future__ import annotations

import json
from pathlib import Path

import frictionless
import pytest

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.package import load
from pipeline.validate import problems, settled, validate
from tests.command import servicebanken
from tests.projects import field, package, put, reference, table

FIX = "Correct the value in the file that the row comes from, or the rule in datapackage.json."
TOWNS = table("towns", [field("id"), field("people", "integer")], ["id"])


def test_a_valid_package_is_valid_by_folder_descriptor_or_object(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "id,people\n0482,16000\n"})
    for source in (tmp_path, str(tmp_path), tmp_path / "datapackage.json", load(tmp_path)):
        report = validate(source)
        assert isinstance(report, frictionless.Report)
        assert (report.valid, [task.name for task in report.tasks]) == (True, ["towns"])


def test_a_table_alone_is_judged_by_what_it_holds(tmp_path: Path) -> None:
    put(tmp_path, {"good.csv": "id,people\n0482,16000\n", "bad.csv": "id,people\n0482\n"})
    assert validate(tmp_path / "good.csv").valid
    assert problems(validate(tmp_path / "bad.csv")) == [
        Problem(
            Kind.INVALID_TABLE,
            'missing cell: Row at position "2" has a missing cell in field "people" at position "2"',
            FIX,
            file="bad.csv",
            row=2,
            field="people",
            value="",
        )
    ]


def test_a_resource_descriptor_is_judged(tmp_path: Path) -> None:
    put(tmp_path, {"towns.json": json.dumps(TOWNS), "towns.csv": "id,people\n0482,many\n"})
    (problem,) = problems(validate(tmp_path / "towns.json"))
    assert (problem.row, problem.field, problem.value) == (2, "people", "many")


@pytest.mark.parametrize("path", ["/etc/passwd", "../towns.csv", "https://example.org/towns.csv"])
def test_a_resource_descriptor_that_reaches_outside_its_folder_is_refused(path: str, tmp_path: Path) -> None:
    put(tmp_path, {"inner/towns.json": json.dumps({**TOWNS, "path": path}), "towns.csv": "id,people\n"})
    with pytest.raises(InvalidData) as caught:
        validate(tmp_path / "inner/towns.json")
    assert caught.value.problems[0].kind == Kind.UNSAFE_PATH


@pytest.mark.parametrize("name", ["towns.csv", "towns.json", "towns"])
def test_what_does_not_exist_could_not_be_judged(name: str, tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as caught:
        validate(tmp_path / name)
    assert str(caught.value) == f"{tmp_path}/{name}: does not exist. Check the path. [missing-file]"


def test_every_fault_is_a_problem_with_its_place(tmp_path: Path) -> None:
    lands = table("lands", [field("id"), field("town")], ["id"], foreignKeys=[reference("town", "towns")])
    package(
        tmp_path,
        [TOWNS, lands],
        {"towns.csv": "id,people\n0482,many\n0482,1\n", "lands.csv": "id,town\nx,9999\n"},
    )
    found = problems(validate(tmp_path), {"lands": "data/lands.csv"})
    assert [(problem.file, problem.row, problem.field, problem.value) for problem in found] == [
        ("towns.csv", 2, "people", "many"),
        ("towns.csv", 3, None, None),
        ("data/lands.csv", 2, None, None),
    ]
    assert [problem.rule.split(":")[0] for problem in found] == [
        "type error",
        "primarykey error",
        "foreignkey error",
    ]
    assert {problem.kind for problem in found} == {Kind.INVALID_TABLE}


def test_a_settled_report_is_the_same_each_time_and_is_json(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "id,people\n0482,16000\n"})
    first, second = (settled(validate(tmp_path)) for _ in range(2))
    assert first == second == json.loads(json.dumps(first))
    assert "seconds" not in json.dumps(first)
    assert first["valid"] is True
    assert first["tasks"][0]["stats"]["rows"] == 1


def test_the_command_says_valid_and_exits_with_0(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "id,people\n0482,16000\n"})
    run = servicebanken("validate", tmp_path, "--quiet")
    assert (run.code, run.out, run.err) == (0, "valid: 1 tables, 1 rows, 0 errors\n", "")


def test_the_command_names_every_fault_and_exits_with_1(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "id,people\n0482,many\n0180,few\n"})
    run = servicebanken("validate", tmp_path, "--quiet")
    assert (run.code, run.err) == (1, "")
    assert run.out == (
        f"error: towns.csv, row 2, column people: 'many' type error: type is \"integer/default\". {FIX} "
        "[invalid-table]\n"
        f"error: towns.csv, row 3, column people: 'few' type error: type is \"integer/default\". {FIX} "
        "[invalid-table]\n"
        "invalid: 1 tables, 2 rows, 2 errors\n"
    )


def test_the_command_shows_twenty_faults_and_counts_the_rest(tmp_path: Path) -> None:
    rows = "".join(f"{number},many\n" for number in range(23))
    package(tmp_path, [TOWNS], {"towns.csv": f"id,people\n{rows}"})
    lines = servicebanken("validate", tmp_path, "--quiet").out.splitlines()
    assert len(lines) == 22
    assert lines[20:] == ["error: and 3 more", "invalid: 1 tables, 23 rows, 23 errors"]


def test_as_json_the_command_prints_frictionless_report(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "id,people\n0482,many\n"})
    run = servicebanken("validate", tmp_path, "--json", "--quiet")
    assert (run.code, run.err) == (1, "")
    printed = json.loads(run.out)
    assert printed["tasks"][0]["errors"][0]["type"] == "type-error"
    assert frictionless.Report.from_descriptor(printed).valid is False


def test_a_path_that_is_missing_could_not_be_judged_and_exits_with_2(tmp_path: Path) -> None:
    run = servicebanken("validate", tmp_path / "nothing.csv", "--quiet")
    assert (run.code, run.out) == (2, "")
    assert run.err == f"error: {tmp_path}/nothing.csv: does not exist. Check the path. [missing-file]\n"
