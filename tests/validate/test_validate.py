"""frictionless is the judge; what is tested here is what reaches it and what comes of its report."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import frictionless
import pytest

from pipeline.core.errors import CannotRun, InvalidData, Kind
from pipeline.package.package import load
from pipeline.report.report import problems, settled, summary
from pipeline.validate import validate
from tests.command import servicebanken
from tests.projects import field, package, put, reference, table

TOWNS = table("towns", [field("id"), field("people", "integer")], ["id"])


def test_a_valid_package_is_valid_by_folder_descriptor_or_object(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "id,people\n0482,16000\n"})
    for source in (tmp_path, str(tmp_path), tmp_path / "datapackage.json", load(tmp_path)):
        report = validate(source)
        assert (report.valid, [task.name for task in report.tasks]) == (True, ["towns"])


def test_a_table_alone_is_judged_by_what_it_holds(tmp_path: Path) -> None:
    put(tmp_path, {"good.csv": "id,people\n0482,16000\n", "bad.csv": "id,people\n0482\n"})
    assert validate(tmp_path / "good.csv").valid
    (problem,) = problems(validate(tmp_path / "bad.csv"))
    assert (problem.kind, problem.file, problem.row, problem.field) == (Kind.INVALID_TABLE, "bad.csv", 2, "people")
    assert problem.rule.startswith("missing cell: ")


def test_a_resource_descriptor_is_judged(tmp_path: Path) -> None:
    put(tmp_path, {"towns.json": json.dumps(TOWNS), "towns.csv": "id,people\n0482,many\n"})
    (problem,) = problems(validate(tmp_path / "towns.json"))
    assert (problem.row, problem.field, problem.value) == (2, "people", "many")


@pytest.mark.parametrize("path", ["/etc/passwd", "../towns.csv"])
def test_a_resource_descriptor_that_reaches_outside_its_folder_is_invalid(path: str, tmp_path: Path) -> None:
    put(tmp_path, {"inner/towns.json": json.dumps({**TOWNS, "path": path}), "towns.csv": "id,people\n"})
    with pytest.raises(InvalidData) as caught:
        validate(tmp_path / "inner/towns.json")
    (problem,) = caught.value.problems
    assert (problem.kind, problem.value) == (Kind.UNSAFE_PATH, path)


def test_a_resource_descriptor_on_disk_makes_nobody_ask_the_network(tmp_path: Path) -> None:
    """Whoever wrote the descriptor would choose what this machine asks for."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815, RUF100  # the library's name

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        put(tmp_path, {"towns.json": json.dumps({**TOWNS, "path": f"http://127.0.0.1:{server.server_port}/towns.csv"})})
        run = servicebanken("validate", tmp_path / "towns.json", "--quiet")
        server.shutdown()
    assert asked == []
    assert run.code in (1, 2)
    assert "Traceback" not in run.err


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
        ("data/lands.csv", 2, "town", "9999"),
    ]
    assert [problem.rule.split(":")[0].replace(" ", "") for problem in found] == [
        "typeerror",
        "primarykeyerror",
        "foreignkeyerror",
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
    assert (run.code, run.out, run.err) == (0, "valid: 1 table, 1 row, 0 errors\n", "")


def test_the_command_names_every_fault_and_exits_with_1(tmp_path: Path) -> None:
    package(tmp_path, [TOWNS], {"towns.csv": "id,people\n0482,many\n0180,few\n"})
    run = servicebanken("validate", tmp_path, "--quiet")
    assert (run.code, run.err) == (1, "")
    fix = "Write a whole number in digits, such as 1250; leave the cell empty where the figure is not known."
    assert run.out == (
        "towns.csv: 2 errors\n"
        f"  error: towns.csv, row 2, column people: 'many' type error: not a whole number (integer). {fix} "
        "[invalid-table]\n"
        f"  error: towns.csv, row 3, column people: 'few' type error: not a whole number (integer). {fix} "
        "[invalid-table]\n"
        "invalid: 1 table, 2 rows, 2 errors\n"
    )


def test_the_command_shows_twenty_faults_and_counts_the_rest(tmp_path: Path) -> None:
    rows = "".join(f"{number},many\n" for number in range(23))
    package(tmp_path, [TOWNS], {"towns.csv": f"id,people\n{rows}"})
    lines = servicebanken("validate", tmp_path, "--quiet").out.splitlines()
    assert len(lines) == 23
    assert lines[21:] == ["  and 3 more: 3 type error", "invalid: 1 table, 23 rows, 23 errors"]


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


@pytest.mark.parametrize("ending", ["yml", "yaml"])
@pytest.mark.parametrize("by", ["folder", "file"])
def test_a_descriptor_in_yaml_is_refused_and_not_called_valid(tmp_path: Path, ending: str, by: str) -> None:
    file = put(tmp_path, {f"datapackage.{ending}": "resources: []\n"}) / f"datapackage.{ending}"
    with pytest.raises(InvalidData) as caught:
        validate(tmp_path if by == "folder" else file)
    assert str(caught.value.problems[0]) == (
        f"{file}: is YAML, and descriptors are read as JSON. Convert it to JSON, and call it datapackage.json. "
        "[bad-descriptor]"
    )


def test_files_are_counted_apart_from_tables(tmp_path: Path) -> None:
    package(tmp_path, [{"name": "readme", "path": "README.md"}], {"README.md": "# Towns\n"})
    assert summary(validate(tmp_path)) == "valid: 0 tables, 0 rows, 1 file, 0 errors"
    assert summary(validate(tmp_path), "sv") == "giltigt: 0 tabeller, 0 rader, 1 fil, 0 fel"
