"""The command line: what goes to which stream, exit codes, and JSON."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.command import SCRIPT, environment, servicebanken
from tests.projects import SOURCE, put, tree

COMMANDS = ["build", "assemble", "validate", "release", "serve", "sources", "init"]
SHOPS = "id,name,kind,opened,document\nx,Only Shop,staffed,2001,example-shops-page\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], *([command, "--help"] for command in COMMANDS)])
def test_help_is_a_result_and_fine(arguments: list[str]) -> None:
    run = servicebanken(*arguments)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("Usage: servicebanken ")


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    run = servicebanken("--version")
    assert (run.code, run.out, run.err) == (0, f"servicebanken, version {version('servicebanken')}\n", "")


@pytest.mark.parametrize(
    "arguments", [["bild"], ["build", "--fast"], ["serve", "--port", "x"], ["init"], ["build", "x"]]
)
def test_a_command_that_is_misspelt_could_not_run(arguments: list[str]) -> None:
    run = servicebanken(*arguments)
    assert (run.code, run.out) == (2, "")
    assert "Usage: " in run.err


def test_results_go_to_stdout_and_progress_to_stderr(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    run = servicebanken("release", "--major", "--project", built)
    assert run.code == 0
    assert run.out == (
        f"Released 1.0.0  {built}/build/releases/1.0.0\n"
        "  shops: 2 rows removed\n"
        "  shops: 1 row added\n"
        "  provenance: 6 rows removed\n"
        "  provenance: 3 rows added\n"
        "  discrepancies: 1 row removed\n"
        "Commit it: git add build/releases.json data\n"
    )
    assert run.steps == ["assemble", "validate", "release"]


def test_quiet_leaves_the_result_alone(built: Path) -> None:
    run = servicebanken("release", "--quiet", "--project", built)
    assert (run.code, run.out, run.err) == (0, f"Up to date: 0.1.0  {built}/build/releases/0.1.0\n", "")


def test_quiet_does_not_silence_errors(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": ""})
    assert servicebanken("release", "--quiet", "--project", built).err.startswith("error: ")


def test_as_json_a_build_is_an_object_and_progress_is_json_lines(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    run = servicebanken("release", "--major", "--json", "--project", built)
    assert json.loads(run.out) == {
        "version": "1.0.0",
        "folder": f"{built}/build/releases/1.0.0",
        "new": True,
        "made": True,
        "rows": 17,
        "changes": [
            "shops: 2 rows removed",
            "shops: 1 row added",
            "provenance: 6 rows removed",
            "provenance: 3 rows added",
            "discrepancies: 1 row removed",
        ],
    }
    records = [json.loads(line) for line in run.err.splitlines()]
    assert [record["step"] for record in records if "seconds" in record] == ["assemble", "validate", "release"]
    assert {"step": "assemble", "done": 1, "total": 2, "what": "shops"} in records


def test_as_json_an_error_is_an_object_with_its_place(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": "id,kind,document\nx,floating,example-shops-page\n"})
    run = servicebanken("release", "--json", "--quiet", "--project", built)
    assert (run.code, run.err) == (1, "")
    assert json.loads(run.out) == {
        "errors": [
            {
                "kind": "unknown-code",
                "rule": "is not in the code list of shops.kind",
                "fix": "Use one of: staffed, unmanned.",
                "file": f"{SOURCE}/shops.csv",
                "row": 2,
                "field": "kind",
                "value": "floating",
            }
        ]
    }


def test_as_json_assembled_tables_are_counted(built: Path, tmp_path: Path) -> None:
    run = servicebanken("assemble", "--json", "--quiet", "--project", built, "--out", tmp_path / "out")
    assert (run.code, run.err) == (0, "")
    assert json.loads(run.out) == {
        "folder": str(tmp_path / "out"),
        "rows": {"shops": 2, "documents": 2, "provenance": 17, "discrepancies": 1},
    }
    assert tree(tmp_path / "out") == tree(built / "build/package")


def test_assembled_tables_are_listed(built: Path) -> None:
    run = servicebanken("assemble", "--quiet", "--project", built)
    assert run.out == (
        "shops               2\n"
        "documents           2\n"
        "provenance         17\n"
        "discrepancies       1\n"
        f"{built}/build/package\n"
    )


def test_sources_are_listed(built: Path) -> None:
    run = servicebanken("sources", "--project", built)
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        "source                rank  documents  rows  snapshot  tables\n"
        "example-municipality  20    2          3     -         shops 3\n"
    )


def test_as_json_sources_are_a_list(built: Path) -> None:
    run = servicebanken("sources", "--json", "--project", built)
    assert json.loads(run.out) == [
        {
            "source": "example-municipality",
            "publisher": "Example municipality",
            "licence": "unstated",
            "rank": 20,
            "documents": 2,
            "rows": 3,
            "tables": {"shops": 3},
            "snapshot": None,
        }
    ]


def test_a_package_is_released_by_the_command(built: Path) -> None:
    assert servicebanken("release", "--quiet", "--project", built).out == (
        f"Up to date: 0.1.0  {built}/build/releases/0.1.0\n"
    )
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    assert servicebanken("assemble", "--quiet", "--project", built).code == 0
    run = servicebanken(
        "release", built / "build/package", "--json", "--quiet", "--version", "5.0.0", "--project", built
    )
    assert (run.code, run.err) == (0, "")
    assert json.loads(run.out) == {
        "version": "5.0.0",
        "folder": f"{built}/build/releases/5.0.0",
        "new": True,
        "made": True,
        "rows": None,
        "changes": [
            "shops: 2 rows removed",
            "shops: 1 row added",
            "provenance: 6 rows removed",
            "provenance: 3 rows added",
            "discrepancies: 1 row removed",
        ],
    }


def test_a_package_that_is_invalid_is_not_released(built: Path) -> None:
    before = tree(built / "build/releases")
    put(built, {f"{SOURCE}/shops.csv": "id,kind,document\nx,staffed,example-shops-page\n"})
    run = servicebanken("release", "--quiet", "--project", built)
    assert (run.code, run.out) == (1, "")
    assert "column name" in run.err
    assert tree(built / "build/releases") == before


@pytest.mark.parametrize("version", ["0.1.1", "one", "1.0"])
def test_a_version_that_cannot_be_is_refused(version: str, built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    before = tree(built / "build/releases")
    run = servicebanken("release", "--quiet", "--project", built, "--version", version)
    assert (run.code in (1, 2), run.out, run.err.count("\n")) == (True, "", 1)
    assert run.err.startswith("error: ")
    assert repr(version) in run.err
    assert tree(built / "build/releases") == before


@pytest.mark.parametrize("command", ["build", "assemble", "validate", "release", "serve", "sources"])
def test_outside_a_project_every_command_says_what_to_do(command: str, tmp_path: Path) -> None:
    run = servicebanken(command, "--quiet", cwd=tmp_path)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "error: .: has no datapackage.json, and no folder above it has one. Go to a project's folder, name it with "
        "--project DIR, or start one with `servicebanken init DIR`. [no-project]\n"
    )


def test_a_reader_that_leaves_early_is_no_error(built: Path) -> None:
    """As in `servicebanken sources --json | head -1`."""
    with subprocess.Popen(
        [SCRIPT, "sources", "--json", "--project", built],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_swedish_letters_are_printed_whatever_the_locale(locale: str, built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS.replace("staffed", "bemannad på dagen")})
    run = servicebanken("release", "--quiet", "--project", built, env={"LC_ALL": locale, "LANG": locale})
    assert run.err == (
        f"error: {SOURCE}/shops.csv, row 2, column kind: 'bemannad på dagen' is not in the code list of shops.kind. "
        "Use one of: staffed, unmanned. [unknown-code]\n"
    )


def test_tab_completes_commands_and_options() -> None:
    def completed(words: str, at: int) -> list[str]:
        env = {"_SERVICEBANKEN_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        return servicebanken(env=env).out.split()

    assert completed("servicebanken val", 1) == ["plain,validate"]
    assert completed("servicebanken build --dr", 2) == ["plain,--dry-run"]
    assert "complete" in servicebanken(env={"_SERVICEBANKEN_COMPLETE": "bash_source"}).out
