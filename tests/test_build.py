"""The stages in their order: what a build does, when it does nothing, and that it always does the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.build import Built, release
from pipeline.core.errors import InvalidData, Problem
from pipeline.core.progress import Progress
from pipeline.source.project import find
from tests.command import DAY, invoke, servicebanken
from tests.projects import SOURCE, change, field, package, put, services, source, table, tree
from tests.projects import project as assembled_project


def _build(folder: Path, asked: str | None = None) -> Built:
    return release(find(folder), Progress(), asked, major=True)


# -- when there is something to do -----------------------------------------------------------------------------------


def test_a_first_build_makes_the_first_release(tmp_path: Path) -> None:
    root = services(tmp_path / "project").root
    assert _build(root) == Built("1.0.0", root / "build/releases/1.0.0", True, True, 48, ())
    assert (root / "build/releases/latest").readlink() == Path("1.0.0")


def test_a_second_build_does_nothing(built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (built / "build/releases").rglob("*")}
    assert _build(built) == Built("0.1.0", built / "build/releases/0.1.0", False, False, None, ())
    assert {path: path.stat().st_mtime_ns for path in (built / "build/releases").rglob("*")} == before


def test_what_was_only_touched_has_not_changed(built: Path) -> None:
    for path in (built / "sources").rglob("*"):
        os.utime(path, (0, 0))
    assert _build(built).new is False


def test_a_change_of_the_same_size_and_time_is_a_change(built: Path) -> None:
    """ "Unchanged" is decided by content, never by size or time."""
    path = built / SOURCE / "shops.csv"
    times = path.stat()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("North Village Shop", "Nerth Village Shop"), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert (_build(built).version, path.stat().st_size) == ("0.1.1", times.st_size)


@pytest.mark.parametrize("name", ["metadata.yml", f"{SOURCE}/source.yml", "datapackage.json"])
def test_every_input_is_looked_at(name: str, built: Path) -> None:
    if name == "datapackage.json":
        change(built / name, lambda descriptor: descriptor.update(title="Other shops"))
    elif name == "metadata.yml":
        put(built, {name: "title: Other shops\n"})
    else:
        path = built / name
        path.write_text(path.read_text(encoding="utf-8").replace("Our village shops", "Our shops"), encoding="utf-8")
    run = _build(built)
    assert (run.version, run.new) == ("0.1.1", True)


def test_a_schema_in_a_file_of_its_own_is_an_input(tmp_path: Path) -> None:
    schema = '{"fields": [{"name": "id", "type": "string"}, {"name": "n", "type": "%s"}]}'
    towns = {"name": "towns", "path": "towns.csv", "schema": "schema.json"}
    package(tmp_path, [towns], {"towns.csv": "id,n\na,1\n", "schema.json": schema % "integer"})
    assert _build(tmp_path).version == "1.0.0"
    put(tmp_path, {"schema.json": schema % "number"})
    assert _build(tmp_path).version == "2.0.0"


def test_a_file_that_is_no_table_is_an_input(tmp_path: Path) -> None:
    resources = [{"name": "readme", "path": "readme.md"}, table("towns", [field("id")])]
    package(tmp_path, resources, {"towns.csv": "id\n1\n", "readme.md": "first"})
    assert _build(tmp_path).version == "1.0.0"
    put(tmp_path, {"readme.md": "second"})
    assert _build(tmp_path).version == "1.0.1"
    assert [path.read_text() for path in (tmp_path / "build/releases/latest").rglob("readme.md")] == ["second"]


def test_what_was_undone_is_released_as_what_it_is(built: Path) -> None:
    original = (built / SOURCE / "shops.csv").read_bytes()
    put(built, {f"{SOURCE}/shops.csv": original.replace(b"1998", b"1997")})
    assert _build(built).version == "0.1.1"
    put(built, {f"{SOURCE}/shops.csv": original})
    assert _build(built).version == "0.1.2"
    assert (built / "build/releases/0.1.2/data/shops.csv").read_bytes() == (
        built / "build/releases/0.1.0/data/shops.csv"
    ).read_bytes()


# -- when something is missing or damaged ----------------------------------------------------------------------------


def test_without_its_memory_a_build_finds_the_release_again(built: Path) -> None:
    (built / "build/state.json").unlink()
    assert _build(built) == Built("0.1.0", built / "build/releases/0.1.0", False, True, 22, ())


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"fingerprint": 1}', b"\xff\xfe"])
def test_a_damaged_memory_is_no_crash(content: str | bytes, built: Path) -> None:
    put(built, {"build/state.json": content})
    assert _build(built).version == "0.1.0"


def test_a_release_that_was_deleted_is_made_again_with_the_same_bytes(built: Path) -> None:
    before = tree(built / "build/releases")
    shutil.rmtree(built / "build/releases")
    assert (_build(built).new, _build(built).version) == (False, "0.1.0")
    assert tree(built / "build/releases") == before


def test_a_release_that_was_damaged_is_made_again_as_it_was(built: Path) -> None:
    before = tree(built / "build/releases")
    path = built / "build/releases/0.1.0/data/shops.csv"
    path.write_bytes(path.read_bytes() + b"x,X,staffed,\n")
    assert invoke("build", "--quiet", "--project", built).code == 0
    assert tree(built / "build/releases") == before


def test_a_missing_pointer_is_made_again(built: Path) -> None:
    (built / "build/releases/latest").unlink()
    assert invoke("release", "--quiet", "--project", built).code == 0
    assert (built / "build/releases/latest").readlink() == Path("0.1.0")


# -- when something is wrong -----------------------------------------------------------------------------------------


def test_an_invalid_cell_is_traced_back_to_the_row_that_states_it(tmp_path: Path) -> None:
    towns = table(
        "towns",
        [
            field("id", constraints={"pattern": "[a-z]+"}),
            field("people", "integer"),
            field("name", constraints={"required": True}),
        ],
        ["id"],
    )
    root = assembled_project(
        tmp_path,
        [towns],
        {
            "sources/a/source.yml": source("a-doc", rank=2),
            "sources/a/towns.csv": "id,name,people,document\nzinkgruvan,Zinkgruvan,300,a-doc\nflen,Flen,many,a-doc\n",
            "sources/b/source.yml": source("b-doc", rank=1),
            "sources/b/towns.csv": "id,people,document\nzinkgruvan,few,b-doc\nmalm,1,b-doc\n",
        },
    ).root
    with pytest.raises(InvalidData) as caught:
        _build(root)

    def place(problem: Problem) -> tuple[str | None, int | None, str | None, str | None]:
        return (problem.file, problem.row, problem.field, problem.value)

    assert sorted(map(place, caught.value.problems), key=str) == [
        ("sources/a/towns.csv", 3, "people", "many"),
        ("sources/b/towns.csv", 2, "people", "few"),
        ("sources/b/towns.csv", 3, "name", ""),
    ]


def test_a_reference_to_nowhere_is_traced_back_too(tmp_path: Path) -> None:
    root = services(tmp_path / "project").root
    put(root, {"sources/region/solution_services.csv": "solution,service,document\nnowhere,wifi,page-one\n"})
    with pytest.raises(InvalidData) as caught:
        _build(root)
    (problem,) = caught.value.problems
    assert (problem.file, problem.row) == ("sources/region/solution_services.csv", 2)
    assert "nowhere" in str(problem)


# -- always the same -------------------------------------------------------------------------------------------------

ELSEWHERE = [
    ({"TZ": "UTC", "PYTHONHASHSEED": "1", "LC_ALL": "C", "LANG": "C"}, 0o022, []),
    ({"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"}, 0o077, []),
    (
        {"TZ": "America/Los_Angeles", "PYTHONHASHSEED": "0", "LC_ALL": "POSIX", "COLUMNS": "40"},
        0o002,
        ["taskset", "-c", "0"],
    ),
    ({"PYTHONPATH": str(Path(__file__).parent / "clock"), "TZ": "Asia/Kolkata"}, 0o022, []),
]


@pytest.mark.parametrize("elsewhere", ELSEWHERE, ids=["hash seed 1", "hash seed 2", "one core", "1999"])
def test_the_same_sources_give_the_same_bytes_anywhere(
    elsewhere: tuple[dict[str, str], int, list[str]], services_release: Path, tmp_path: Path
) -> None:
    """No clock, no folder, no hash order, no time zone, no locale, no umask, no number of cores shows."""
    env, umask, prefix = elsewhere
    if prefix and shutil.which(prefix[0]) is None:
        pytest.skip(f"{prefix[0]} is not here to bind a process to one core")
    root = services(tmp_path / "å folder elsewhere" / "p").root
    run = servicebanken("release", "--project", root, env={**DAY, **env}, umask=umask, prefix=prefix)
    assert run.code == 0, run.err
    there, here = tree(root / "build/releases/1.0.0"), tree(services_release)
    assert [name for name in here if here[name] != there.get(name)] == []
    assert sorted(there) == sorted(here)


def test_the_clock_of_1999_is_one() -> None:
    """Else the test above would see nothing."""
    code = "import datetime, time; print(datetime.datetime.now().year, time.gmtime().tm_year, time.strftime('%Y'))"
    clock = {"PYTHONPATH": str(Path(__file__).parent / "clock"), "TZ": "UTC"}
    run = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **clock}, capture_output=True, encoding="utf-8", check=True
    )
    assert run.stdout == "1999 1999 1999\n"


def test_files_and_rows_in_another_order_give_the_same_bytes(services_release: Path, tmp_path: Path) -> None:
    root = services(tmp_path / "p").root
    for name in ("places", "solutions"):
        path = root / f"sources/region/{name}.csv"
        header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.unlink()
        path.write_text("".join([header, *reversed(rows)]), encoding="utf-8")
    assert servicebanken("release", "--project", root, env=DAY).code == 0
    assert tree(root / "build/releases/1.0.0") == tree(services_release)
