"""What must not go wrong: folders that are deleted, releases that follow a damaged one, full disks, odd YAML."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.assemble.sheet import read
from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError, Problem
from pipeline.core.files import draft, os_errors, read_json, remove_abandoned
from pipeline.core.yaml_files import read_yaml
from pipeline.package import manifest
from pipeline.release import latest
from pipeline.source.source import read_all
from tests.command import invoke, servicebanken
from tests.projects import SOURCE, put, source, tree

SHOPS = "id,name,kind,opened,document\nnorth-village,North Village Shop,staffed,1998,example-shops-page\n"


def refused(caught: pytest.ExceptionInfo[PipelineError]) -> Problem:
    (problem,) = caught.value.problems
    return problem


# -- assemble --out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place", [".", "..", "sources", "sources/new", "build", "build/releases", "build/releases/9.9.9"]
)
def test_assemble_puts_no_package_in_the_place_of_the_project_its_sources_or_its_releases(
    place: str, built: Path
) -> None:
    before = tree(built)
    run = invoke("assemble", "--quiet", "--project", built, "--out", built / place)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.endswith(" Name a new folder; nothing was written. [not-empty]\n")
    assert tree(built) == before


@pytest.mark.parametrize(
    "files", [{"thesis.txt": "years"}, {"datapackage.json": "{}"}, {"datapackage.json": "", "origins.csv": "", "a": ""}]
)
def test_assemble_keeps_a_folder_that_holds_something_else(files: dict[str, str | bytes], built: Path) -> None:
    out = put(built.parent / "out", files)
    run = invoke("assemble", "--quiet", "--project", built, "--out", out)
    assert (run.code, run.err) == (
        2,
        f"error: {out}: holds something else than a package that was assembled. Name a new folder; nothing was "
        "written. [not-empty]\n",
    )
    assert tree(out) == {name: str(content).encode() for name, content in files.items()}


def test_assemble_writes_to_a_new_folder_to_an_empty_one_and_over_its_own_package(built: Path) -> None:
    out = built.parent / "out"
    (built.parent / "empty").mkdir()
    for folder in (out, out, built.parent / "empty"):
        run = invoke("assemble", "--quiet", "--project", built, "--out", folder)
        assert (run.code, run.err) == (0, "")
        assert tree(folder) == tree(built / "build/package")


def test_assemble_out_leaves_alone_what_another_process_is_writing_beside_it(built: Path) -> None:
    with draft(built.parent) as other:
        put(other, {"half.csv": "id\n"})
        assert invoke("assemble", "--project", built, "--out", built.parent / "out").code == 0
        assert tree(other) == {"half.csv": b"id\n"}


# -- the latest release --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data/shops.csv", "datapackage.json", "CHANGELOG.md"])
def test_a_release_whose_folder_is_damaged_is_made_again_as_it_was_recorded(name: str, built: Path) -> None:
    """The next release is based on what is kept in git, not on the folder."""
    before = tree(built / "build/releases/0.1.0")
    damaged = built / "build/releases/0.1.0" / name
    damaged.write_bytes(damaged.read_bytes() + b" ")
    run = invoke("release", "--quiet", "--project", built)
    assert (run.code, run.out) == (0, f"Up to date: 0.1.0  {built}/build/releases/0.1.0\n")
    assert tree(built / "build/releases/0.1.0") == before


def test_a_release_whose_folder_was_deleted_is_made_again(built: Path) -> None:
    before = tree(built / "build/releases/0.1.0")
    shutil.rmtree(built / "build/releases/0.1.0")
    run = invoke("release", "--quiet", "--project", built)
    assert (run.code, run.out) == (0, f"Up to date: 0.1.0  {built}/build/releases/0.1.0\n")
    assert tree(built / "build/releases/0.1.0") == before


@pytest.mark.parametrize("files", [{}, {"a.csv": "id\n", "b/c.csv": "id\n", "datapackage.json": "{}"}])
def test_a_folder_without_checksums_is_no_release_said_once(files: dict[str, str | bytes], tmp_path: Path) -> None:
    put(tmp_path / "folder", files).mkdir(exist_ok=True)
    with pytest.raises(CannotRun) as caught:
        manifest.verify(tmp_path / "folder")
    problem = refused(caught)
    assert (problem.kind, problem.file) == (Kind.NO_RELEASE, str(tmp_path / "folder"))
    run = servicebanken("serve", tmp_path / "folder", "--project", tmp_path / "folder")
    assert (run.code, run.err) == (2, f"error: {problem}\n")


def test_the_latest_release_is_the_highest_folder_whose_name_is_a_version(tmp_path: Path) -> None:
    put(tmp_path, {"1.9.0/a": "", "1.10.0/a": "", "9.9.9": "a file", "01.9.9/a": "", "2.0/a": "", "v3.0.0/a": ""})
    (tmp_path / "8.0.0").symlink_to("1.9.0")
    assert latest(tmp_path) == tmp_path / "1.10.0"


def test_what_lies_about_among_the_releases_does_not_stop_a_build(built: Path) -> None:
    put(built, {"build/releases/9.9.9": "a file", "build/releases/01.9.9/a": "", f"{SOURCE}/shops.csv": SHOPS})
    run = invoke("release", "--major", "--quiet", "--project", built)
    assert (run.code, run.err) == (0, "")
    assert (built / "build/releases/latest").readlink() == Path("1.0.0")


# -- the version that is asked for ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "01.2.3", "1.2.3-rc1", "", "1.2.99999999999999999999"])
def test_a_version_that_is_none_is_a_wrong_option_and_is_seen_before_any_work(version: str, built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": "broken"})
    run = invoke("release", "--quiet", "--project", built, "--version", version)
    assert (run.code, run.out, run.err) == (
        2,
        "",
        f"error: {version!r} is not a version of three whole numbers. Ask for one with --version 1.2.0. [bad-option]\n",
    )


def test_a_version_that_is_taken_is_said_to_be_taken_whatever_has_changed(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    run = invoke("release", "--quiet", "--project", built, "--version", "0.1.0")
    assert (run.code, run.err) == (
        1,
        "error: '0.1.0' is the version of another release, and a release never changes. Ask for a higher version. "
        "[version-taken]\n",
    )


def test_a_lower_version_than_the_latest_is_refused_without_changes_too(built: Path) -> None:
    run = invoke("release", "--quiet", "--project", built, "--version", "0.0.9")
    assert (run.code, run.err) == (
        1,
        "error: '0.0.9' is a smaller step from 0.1.0 than any new release needs. Ask for 0.1.1 or higher, or leave the "
        "version out. [version-too-small]\n",
    )


def test_a_time_of_the_environment_that_is_none_is_named(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    run = servicebanken("release", "--major", "--quiet", "--project", built, env={"SOURCE_DATE_EPOCH": "yesterday"})
    assert (run.code, run.err) == (
        2,
        "error: 'SOURCE_DATE_EPOCH=yesterday' is not a time in seconds since 1970. Set it to a whole number such as "
        "1767225600, or unset it. [bad-option]\n",
    )


# -- a disk that is full or may not be written ---------------------------------------------------------------------


def _duckdb_cannot_write(folder: Path) -> None:
    duckdb.connect().execute(f"COPY (SELECT 1) TO '{folder}/none/a.csv'")


def _sqlite_cannot_open(folder: Path) -> None:
    sqlite3.connect(folder / "none/a.sqlite")


def _sqlite_may_not_write(folder: Path) -> None:
    put(folder, {"a.sqlite": ""})
    con = sqlite3.connect(f"file:{folder}/a.sqlite?mode=ro", uri=True)
    con.execute("CREATE TABLE a (b)")


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (_duckdb_cannot_write, Kind.FILE_FAILED),
        (_sqlite_cannot_open, Kind.NOT_WRITABLE),
        (_sqlite_may_not_write, Kind.NOT_WRITABLE),
    ],
)
def test_what_a_database_cannot_do_with_a_file_becomes_one_short_message(
    act: object, kind: Kind, tmp_path: Path
) -> None:
    assert callable(act)
    with pytest.raises(CannotRun) as caught, os_errors("the release"):
        act(tmp_path)
    problem = refused(caught)
    assert (problem.kind, problem.file) == (kind, "the release")
    assert len(str(problem).splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            duckdb.IOException('IO Error: Could not write to file "/a": No space left on device\n\nStack'),
            Kind.DISK_FULL,
        ),
        (sqlite3.OperationalError("database or disk is full"), Kind.DISK_FULL),
        (duckdb.IOException('IO Error: Cannot open file "/a": Permission denied'), Kind.NOT_WRITABLE),
        (sqlite3.OperationalError("disk I/O error"), Kind.FILE_FAILED),
    ],
    ids=str,
)
def test_what_databases_say_of_the_disk_is_known(error: Exception, kind: Kind) -> None:
    with pytest.raises(CannotRun) as caught, os_errors("the release"):
        raise error
    assert refused(caught).kind == kind


def test_an_error_of_sql_is_a_bug_and_stays_one() -> None:
    with pytest.raises(sqlite3.OperationalError), os_errors("the release"):
        sqlite3.connect(":memory:").execute("SELECT * FROM nowhere")


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A disk of as many KB as the test asks for."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("small_disk", [48, 72, 100, 140, 180, 220, 260], indirect=True)
def test_a_first_build_on_a_disk_that_is_too_small_says_so_and_publishes_nothing(small_disk: Path) -> None:
    """Each size fails elsewhere: at the package, the CSV, the SQLite draft and its copy, the workbook, the ZIP."""
    assert servicebanken("init", small_disk / "shops").code == 0
    run = servicebanken("release", "--quiet", "--project", small_disk / "shops")
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert run.err.endswith("nothing was published. [disk-full]\n")
    releases = small_disk / "shops/build/releases"
    assert not releases.exists() or list(releases.iterdir()) == []


def test_what_a_killed_build_left_is_removed_even_when_nothing_has_changed(built: Path) -> None:
    put(built, {"build/.staging-a/data/x.csv": "id\n", "build/releases/.staging-b/x.csv": "id\n"})
    assert invoke("release", "--quiet", "--project", built).out.startswith("Up to date: 0.1.0 ")
    assert sorted(path.name for path in (built / "build").iterdir()) == [
        *(".lock", "package", "releases", "releases.json", "state.json")
    ]
    assert sorted(path.name for path in (built / "build/releases").iterdir()) == ["0.1.0", "latest"]


def test_where_nothing_was_left_nothing_is_removed(tmp_path: Path) -> None:
    put(tmp_path, {"1.0.0/a.csv": "id\n"})
    remove_abandoned(tmp_path)
    remove_abandoned(tmp_path / "none")
    assert tree(tmp_path) == {"1.0.0/a.csv": b"id\n"}


# -- YAML and JSON -------------------------------------------------------------------------------------------------

YAML = [
    ("? [a, b]\n: 1\n", 1, "a key that is not text"),
    ("a: 1\n? {b: 1}\n: 1\n", 2, "a key that is not text"),
    ("a: !!int x\n", 1, "the tag tag:yaml.org,2002:int, which is not allowed here"),
    ("a: 1\nb: !!python/object:os.system x\n", 2, "which is not allowed here"),
    ("a: !own x\n", 1, "the tag !own, which is not allowed here"),
    ("a: 1\n--- \nb: 2\n", 2, "a second document"),
    ("---\n---\n", 2, "a second document"),
    ("[" * 101 + "1" + "]" * 101, 1, "nested too deeply"),
    ("{a: " * 50_000, 1, "nested too deeply"),
    ("- " * 1_000_000 + "a", 1, "nested too deeply"),
]


@pytest.mark.parametrize(("text", "line", "rule"), YAML, ids=range(len(YAML)))
def test_yaml_that_is_more_than_mappings_lists_and_texts_is_refused(
    text: str, line: int, rule: str, tmp_path: Path
) -> None:
    put(tmp_path, {"a.yml": text})
    with pytest.raises(InvalidData) as caught:
        read_yaml(tmp_path / "a.yml", "a.yml")
    problem = refused(caught)
    assert (problem.kind, problem.file, problem.row) == (Kind.BAD_YAML, "a.yml", line)
    assert rule in problem.rule


def test_yaml_of_100_mb_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.yml").open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(InvalidData) as caught:
        read_yaml(tmp_path / "a.yml", "a.yml")
    assert refused(caught).kind == Kind.LONG_LINE


def test_every_key_and_value_of_yaml_knows_its_line(tmp_path: Path) -> None:
    put(tmp_path, {"a.yml": "# first\na: 1\n\nb:\n  - c: >\n      two\n      lines\n    d: 4\n"})
    content = read_yaml(tmp_path / "a.yml", "a.yml")
    (member,) = content["b"]
    assert [key.line for key in content if key in ("a", "b")] == [2, 4]
    assert (content["a"].line, member["c"].line, member["d"].line) == (2, 5, 8)


def test_json_with_half_a_character_is_refused(tmp_path: Path) -> None:
    """No file could hold it: a lone surrogate has no form in UTF-8."""
    put(tmp_path, {"a.json": '{"name": "\\ud800"}'})
    with pytest.raises(InvalidData) as caught:
        read_json(tmp_path / "a.json", "a.json")
    assert refused(caught).kind == Kind.BAD_DESCRIPTOR


# -- what a source says --------------------------------------------------------------------------------------------

HEAD = "publisher: x\nlicence: x\nrank: 1\n"
DOCUMENTS = "documents:\n  - id: a\n    url: https://example.org/\n"

SOURCES = [
    (HEAD + "homepage: [x]\n" + DOCUMENTS, 4, "has a `homepage` that is not text"),
    ("publisher: {a: b}\nlicence: x\nrank: 1\n" + DOCUMENTS, 1, "has a `publisher` that is not text"),
    ("publisher: x\nlicence: [a, b]\nrank: 1\n" + DOCUMENTS, 2, "has a `licence` that is not text"),
    ("publisher: x\nlicence: x\nrank: [1]\n" + DOCUMENTS, 3, "has a `rank` that is not text"),
    ("publisher: x\nlicence: x\nrank: best\n" + DOCUMENTS, 3, "is not a rank"),
    ("publisher: x\nlicence: x\nrank: " + "9" * 5_000 + "\n" + DOCUMENTS, 3, "is not a rank"),
    (HEAD + "colour: red\n" + DOCUMENTS, 4, "is not something a source says"),
    (HEAD + "documents: a\n", 4, "has `documents` that are not a list of mappings"),
    (HEAD + DOCUMENTS + "    rank: 0\n", 7, "is not a rank"),
    (HEAD + DOCUMENTS + "    title: [x]\n", 7, "has a `title` that is not text"),
    (HEAD + "documents:\n  - id: [a]\n", 5, "has a `id` that is not text"),
    (HEAD + "documents:\n  - url: a\n", 5, "lists a document without `id`"),
]


@pytest.mark.parametrize(("text", "line", "rule"), SOURCES, ids=range(len(SOURCES)))
def test_what_is_wrong_in_a_source_is_named_with_its_line(text: str, line: int, rule: str, tmp_path: Path) -> None:
    put(tmp_path, {"sources/a/source.yml": text})
    with pytest.raises(InvalidData) as caught:
        read_all(tmp_path / "sources", tmp_path)
    problem = refused(caught)
    assert (problem.kind, problem.file, problem.row, problem.rule) == (
        Kind.BAD_SOURCE,
        "sources/a/source.yml",
        line,
        rule,
    )


def test_an_empty_homepage_is_none(tmp_path: Path) -> None:
    put(tmp_path, {"sources/a/source.yml": source("a", homepage="")})
    assert [read.homepage for read in read_all(tmp_path / "sources", tmp_path)] == [None]


def test_names_of_inferred_columns_may_stand_apart(built: Path) -> None:
    rows = (
        "id,name,kind,opened,document,inferred\nnorth-village,North,staffed,1998,example-shops-page, kind   opened \n"
    )
    put(built, {f"{SOURCE}/shops.csv": rows})
    run = invoke("assemble", "--quiet", "--project", built)
    assert (run.code, run.err) == (0, "")
    lines = (built / "build/package/data/provenance.csv").read_text(encoding="utf-8").splitlines()
    header, *cells = [line.split(",") for line in lines if line.startswith(("table,", "shops,"))]
    inferred = {cell[header.index("field")] for cell in cells if cell[header.index("inferred")] == "true"}
    assert inferred >= {"kind", "opened"}
    assert "name" not in inferred


@pytest.mark.parametrize(
    ("content", "row"),
    [(b"id,name\n1,a\0b\n", 2), ("id,name\n1,å\n".encode("utf-16"), 1), (b'id,name\n1,"x\ny"\n2,\0\n', 3)],
)
def test_a_zero_byte_in_a_sheet_is_a_bad_byte(content: bytes, row: int, tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": content})
    with pytest.raises(InvalidData) as caught:
        read(tmp_path / "a.csv", "a.csv")
    problem = refused(caught)
    assert (problem.kind, problem.row, problem.value) == (Kind.BAD_BYTE, row, "0x00")


def test_a_row_that_states_only_its_key_is_traced_to_its_source(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": "id,document\nNorth Village,example-shops-page\n"})
    run = invoke("release", "--quiet", "--project", built)
    assert run.code == 1
    assert {line.partition(",")[0] for line in run.err.splitlines()} == {f"error: {SOURCE}/shops.csv"}


# -- what Datasette is told ----------------------------------------------------------------------------------------

METADATA = [
    "title: a\ntitle: b\n",
    "just text\n",
    "- a\n",
    "a: !!int x\n",
    "since: 2026-02-30\n",
    "databases: 5\n",
    "databases:\n  shops: [a]\n",
    "databases:\n  shops:\n    queries: [a]\n",
    "databases:\n  shops:\n    tables: x\n",
]


@pytest.mark.parametrize("content", METADATA)
def test_metadata_that_cannot_be_served_is_not_released(content: str, built: Path) -> None:
    before = tree(built / "build/releases")
    put(built, {"metadata.yml": content})
    run = invoke("release", "--quiet", "--project", built)
    assert (run.code, run.out, run.err.count("\n")) == (1, "", 1)
    assert run.err.startswith("error: metadata.yml")
    assert run.err.endswith(" [bad-yaml]\n")
    assert tree(built / "build/releases") == before


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "{}\n"])
def test_metadata_may_be_empty(content: str, built: Path) -> None:
    put(built, {"metadata.yml": content})
    assert invoke("release", "--quiet", "--project", built).code == 0


def test_an_error_in_json_has_what_is_known_and_nothing_else(built: Path) -> None:
    run = invoke("release", "--json", "--project", built, "--version", "x")
    (error,) = json.loads(run.out)["errors"]
    assert set(error) == {"kind", "rule", "fix", "value"}
