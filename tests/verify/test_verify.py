"""A release is what it was made as, or what is wrong with it is named: every byte, every row in every format."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import duckdb
import openpyxl
import pytest

from pipeline.package import manifest
from tests.command import Run, invoke, servicebanken
from tests.projects import change, put

ROOT = Path(__file__).parents[2]
CHECKS = ["files", "descriptor", "tables", "parquet", "sqlite", "xlsx", "geojson", "described", "changes", "zip"]
"""What is checked of a release wherever it lies."""


@pytest.fixture
def release(services_release: Path, tmp_path: Path) -> Path:
    """A release of the test's own."""
    return Path(shutil.copytree(services_release, tmp_path / "1.0.0"))


def verified(release: Path | str, *options: str) -> tuple[Run, dict[str, str], list[dict[str, object]]]:
    """The command's run, the state of each check, and the problems."""
    run = invoke("verify", str(release), "--json", "--quiet", *options)
    result = json.loads(run.out)
    assert result["whole"] is (run.code == 0)
    states = {check["name"]: check["state"] for check in result["checks"]}
    return run, {name: state for name, state in states.items() if name != "recorded"}, result["problems"]


# -- a release that is whole ---------------------------------------------------------------------------------------


def test_a_release_is_whole_and_every_check_says_what_it_saw(services_release: Path) -> None:
    run = servicebanken("verify", services_release)
    assert run.code == 0
    size = sum(path.stat().st_size for path in services_release.rglob("*") if path.is_file())
    count = sum(path.is_file() for path in services_release.rglob("*"))
    assert run.out.splitlines()[0] == f"services 1.0.0  {services_release}  {count} files, {size:,} bytes"
    made = [*CHECKS, "recorded"]
    assert [line.split()[:2] for line in run.out.splitlines()[1:-1]] == [[name, "ok"] for name in made]
    assert "48 rows in 6 tables are those of the CSV" in run.out
    assert run.out.endswith("\nThe release is whole.\n")
    assert run.steps == ["files", "descriptor", "tables", "rows", "described", "changes", "zip", "recorded"]


def test_without_a_release_it_is_the_projects_latest(built: Path) -> None:
    run = invoke("verify", "--quiet", "--project", built)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(f"example 0.1.0  {built}/build/releases/latest  ")


@pytest.mark.parametrize("file", ["SHA256SUMS", "datapackage.json"])
def test_a_file_of_it_stands_for_a_release(file: str, services_release: Path) -> None:
    assert verified(services_release / file)[1] == dict.fromkeys(CHECKS, "ok")


def test_a_zip_is_a_release_but_for_the_zip(services_release: Path) -> None:
    assert verified(services_release / "services-1.0.0.zip")[1] == {**dict.fromkeys(CHECKS, "ok"), "zip": "skipped"}


def test_a_release_is_not_changed_by_looking_at_it(release: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in release.rglob("*")}
    verified(release)
    assert {path: path.stat().st_mtime_ns for path in release.rglob("*")} == before


# -- bytes -----------------------------------------------------------------------------------------------------------


def test_a_byte_that_is_another_is_named_and_nothing_else_is_looked_at(release: Path) -> None:
    path = release / "data/places.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"X")
    run = invoke("verify", str(release), "--quiet")
    assert run.code == 1
    assert run.out.endswith("files       failed   1 problem\nThe release is not whole.\n")
    assert run.err == (
        "error: data/places.parquet: has other bytes than SHA256SUMS says. A release is never changed: delete its "
        "folder and build it again, or fetch it again. [damaged-release]\n"
    )


@pytest.mark.parametrize(
    ("spoil", "file", "rule"),
    [
        (lambda folder: (folder / "CHANGELOG.md").unlink(), "CHANGELOG.md", "is missing from the release"),
        (lambda folder: put(folder, {"data/more.csv": "x"}), "data/more.csv", "is not listed in SHA256SUMS"),
        (lambda folder: put(folder, {".hidden": ""}), ".hidden", "is not listed in SHA256SUMS"),
    ],
)
def test_a_file_too_few_or_too_many_is_named(
    spoil: Callable[[Path], object], file: str, rule: str, release: Path
) -> None:
    spoil(release)
    _, states, problems = verified(release)
    assert states == {"files": "failed"}
    assert [(problem["file"], problem["rule"]) for problem in problems] == [(file, rule)]


# -- a release that was made wrong -----------------------------------------------------------------------------------


def remade(release: Path) -> Path:
    """The release with checksums of what it holds now, as if it had been made so; without its ZIP."""
    (release / "services-1.0.0.zip").unlink(missing_ok=True)
    manifest.write(release)
    return release


def test_a_size_and_a_hash_that_are_not_those_of_the_file_are_named(release: Path) -> None:
    change(release / "datapackage.json", lambda it: it["resources"][0].update(bytes=1, hash="sha256:" + "0" * 64))
    _, states, problems = verified(remade(release))
    assert states["descriptor"] == "failed"
    rules = [problem["rule"] for problem in problems if problem["kind"] == "different-copy"]
    assert [str(rule).split(",")[0] for rule in rules] == ["says bytes 1", f"says hash 'sha256:{'0' * 64}'"]
    assert {problem["file"] for problem in problems if problem["kind"] == "different-copy"} == {"datapackage.json"}


def test_a_table_that_is_not_valid_is_named_with_its_row(release: Path) -> None:
    path = release / "data/solutions.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",mobile,", ",floating,"), encoding="utf-8")
    _, states, problems = verified(remade(release))
    assert (states["tables"], states["parquet"], states["sqlite"]) == ("failed", "skipped", "skipped")
    assert any(problem.get("field") == "kind" and problem.get("value") == "floating" for problem in problems)


def test_sqlite_with_another_value_is_named_with_table_row_and_column(release: Path) -> None:
    with sqlite3.connect(release / "services.sqlite") as con:
        con.execute("DROP TABLE IF EXISTS solutions_fts")
        con.execute("UPDATE solutions SET people = people + 1 WHERE people IS NOT NULL")
        row, people = con.execute("SELECT rowid, people FROM solutions WHERE people IS NOT NULL").fetchone()
    con.close()
    _, states, problems = verified(remade(release))
    assert (states["parquet"], states["sqlite"]) == ("ok", "failed")
    assert (problems[0]["file"], problems[0]["row"], problems[0]["field"], problems[0]["value"]) == (
        "services.sqlite",
        row + 1,
        "people",
        str(people),
    )
    assert problems[0]["rule"] == f"is what it holds in 'solutions', where the CSV has {people - 1}"


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("DELETE FROM solution_services WHERE rowid = 1", "holds 2 rows of 'solution_services', where the CSV has 3"),
        ("UPDATE solutions SET opened = CAST(opened AS BLOB)", "in solutions.opened"),
        ("UPDATE places SET name = CAST(name AS BLOB)", "values that are not text"),
        ("ALTER TABLE places RENAME COLUMN name TO called", "'called'"),
        ("DROP VIEW solutions_overview; ALTER TABLE places RENAME TO p", "has no table 'places'"),
        (
            "PRAGMA legacy_alter_table = ON; DROP VIEW solutions_overview; ALTER TABLE places RENAME TO p; "
            "CREATE VIEW places AS SELECT * FROM p",
            "has no table 'places'",
        ),
    ],
)
def test_sqlite_that_holds_something_else_is_named(statement: str, rule: str, release: Path) -> None:
    con = sqlite3.connect(release / "services.sqlite")
    con.executescript(statement)
    con.close()
    _, states, problems = verified(remade(release))
    assert states["sqlite"] == "failed"
    assert rule in str(problems[0]["rule"])


@pytest.mark.parametrize("name", ["services.sqlite", "data/places.parquet"])
@pytest.mark.parametrize("content", [b"", b"not what its name says", b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_is_no_database_or_parquet_is_no_crash(name: str, content: bytes, release: Path) -> None:
    put(release, {name: content})
    run, _, problems = verified(remade(release))
    assert run.code == 1
    assert {problem["file"] for problem in problems} == {name}


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("SELECT * REPLACE (name || '!' AS name) FROM 'PATH'", "is what it holds in 'places', where the CSV has"),
        ("SELECT * FROM 'PATH' ORDER BY id DESC", "is what it holds in 'places', where the CSV has"),
        ("SELECT * FROM 'PATH' LIMIT 1", "holds 1 rows of 'places', where the CSV has 2"),
        ("SELECT * REPLACE (CAST(latitude AS VARCHAR) AS latitude) FROM 'PATH'", "latitude VARCHAR"),
        ("SELECT * EXCLUDE (name) FROM 'PATH'", "has the columns"),
        ("SELECT * REPLACE (NULL::DOUBLE AS latitude) FROM 'PATH'", "where the CSV has"),
    ],
)
def test_parquet_that_holds_something_else_is_named(query: str, rule: str, release: Path) -> None:
    path = release / "data/places.parquet"
    other = path.with_name("other.parquet")
    duckdb.sql(f"COPY ({query.replace('PATH', str(path))}) TO '{other}' (FORMAT parquet)")
    other.replace(path)
    _, states, problems = verified(remade(release))
    assert (states["parquet"], states["sqlite"]) == ("failed", "ok")
    assert problems[0]["file"] == "data/places.parquet"
    assert rule in str(problems[0]["rule"])


def test_a_table_without_parquet_where_others_have_it_is_named(release: Path) -> None:
    (release / "data/places.parquet").unlink()
    _, states, problems = verified(remade(release))
    assert states["parquet"] == "failed"
    assert (problems[0]["file"], problems[0]["rule"]) == (
        "data/places.parquet",
        "is missing, and other tables have theirs",
    )


def test_a_table_with_rows_that_is_no_sheet_is_named(release: Path) -> None:
    book = openpyxl.load_workbook(release / "services.xlsx")
    del book["places"]
    book.save(release / "services.xlsx")
    _, states, problems = verified(remade(release))
    assert states["xlsx"] == "failed"
    assert [each["rule"] for each in problems if each["file"] == "services.xlsx"] == ["has no sheet of 'places'"]


def test_a_package_without_other_formats_is_a_release_all_the_same(release: Path) -> None:
    made = [path for ending in ("parquet", "sqlite", "xlsx", "geojson") for path in release.rglob(f"*.{ending}")]
    for path in [*made, release / "catalog/notes.json", release / "changes.json"]:
        path.unlink()
    _, states, _ = verified(remade(release))
    assert states == {**dict.fromkeys(CHECKS, "skipped"), "files": "ok", "descriptor": "ok", "tables": "ok"}


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("CHANGELOG.md", b"another", "holds this file with other bytes"),
        ("more.txt", b"more", "holds this file, which the release does not"),
        ("places.geojson", None, "holds no copy of this file"),
        ("SHA256SUMS", b"", "holds this file with other bytes"),
    ],
)
def test_a_zip_that_holds_other_files_is_named(name: str, content: bytes | None, rule: str, release: Path) -> None:
    path = release / "services-1.0.0.zip"
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for member, bytes_ in members.items():
            if member != f"services-1.0.0/{name}":
                archive.writestr(member, bytes_)
        if content is not None:
            archive.writestr(f"services-1.0.0/{name}", content)
    manifest.write(release)
    _, states, problems = verified(release)
    assert states == {**dict.fromkeys(CHECKS, "ok"), "zip": "failed"}
    assert [(problem["file"], problem["rule"], problem["value"]) for problem in problems] == [
        ("services-1.0.0.zip", rule, name)
    ]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_a_zip_that_is_none_is_no_crash(content: bytes, release: Path) -> None:
    put(release, {"services-1.0.0.zip": content})
    manifest.write(release)
    run, states, problems = verified(release)
    assert (run.code, states["zip"], problems[0]["kind"]) == (1, "failed", "bad-archive")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"resources": [{"name": "x", "path": "../x.csv"}]}'])
def test_a_descriptor_that_is_none_is_named(content: str, release: Path) -> None:
    put(release, {"datapackage.json": content})
    run, states, problems = verified(remade(release))
    assert (run.code, states) == (1, {"files": "ok", "descriptor": "failed"})
    assert problems[0]["file"] == "datapackage.json"


# -- what is no release ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nothing", "nothing.zip", "empty", "http://127.0.0.1:1/1.0.0/", "http://[/"])
def test_what_is_no_release_could_not_be_verified(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    source = name if name.startswith("http") else str(tmp_path / name)
    run = invoke("verify", source, "--quiet")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: ")
    assert source in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize(
    "member", ["../out.txt", "/out.txt", "release/../../out.txt"], ids=["climbs", "is absolute", "climbs from within"]
)
def test_a_zip_that_reaches_outside_is_refused(member: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(member, "x")
    run = invoke("verify", str(tmp_path / "x.zip"), "--quiet")
    assert (run.code, run.out) == (1, "")
    assert "[bad-archive]" in run.err
    assert not (tmp_path / "out.txt").exists()


# -- at an address ---------------------------------------------------------------------------------------------------


class Handler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def web(release: Path) -> Iterator[str]:
    """The address of a folder in which the release lies, as a publication leaves it."""
    put(release.parent, {"latest.json": json.dumps({"version": "1.0.0", "path": "1.0.0/"})})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(release.parent))) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize(
    "path", ["1.0.0/", "1.0.0", "1.0.0/SHA256SUMS", "1.0.0/datapackage.json", "1.0.0/index.html", "latest.json"]
)
def test_a_release_at_an_address_is_fetched_and_verified(path: str, web: str) -> None:
    assert verified(web + path)[1] == dict.fromkeys(CHECKS, "ok")


def test_a_zip_at_an_address_is_fetched_and_verified(web: str) -> None:
    assert verified(f"{web}1.0.0/services-1.0.0.zip")[1]["sqlite"] == "ok"


def test_a_file_that_went_bad_or_missing_at_an_address_is_named(web: str, release: Path) -> None:
    put(release, {"data/places.csv": "id\n"})
    (release / "CHANGELOG.md").unlink()
    run, states, problems = verified(f"{web}1.0.0/")
    assert (run.code, states) == (1, {"files": "failed"})
    assert [(problem["file"], problem["rule"]) for problem in problems] == [
        ("CHANGELOG.md", "is missing from the release"),
        ("data/places.csv", "has other bytes than SHA256SUMS says"),
    ]


def test_an_address_without_a_release_is_named(web: str, release: Path) -> None:
    (release / "SHA256SUMS").unlink()
    run = invoke("verify", f"{web}1.0.0/", "--quiet")
    assert (run.code, run.out) == (2, "")
    assert f"'{web}1.0.0/SHA256SUMS' could not be fetched: it answered 404" in run.err


@pytest.mark.parametrize("content", ["[]", "{}", '{"path": 1}', '{"path": "http://127.0.0.1:1/"}', '{"path": "../"}'])
def test_a_pointer_that_leads_elsewhere_is_not_followed(content: str, web: str, release: Path) -> None:
    put(release.parent, {"latest.json": content})
    run = invoke("verify", f"{web}latest.json", "--quiet")
    assert (run.code, run.out) == (2, "")
    assert "does not say which release is the latest" in run.err


def test_a_list_at_an_address_that_leads_out_of_its_folder_is_refused(web: str, release: Path) -> None:
    put(release, {"SHA256SUMS": f"{'0' * 64}  ../../out.txt\n"})
    run = invoke("verify", f"{web}1.0.0/", "--quiet")
    assert (run.code, run.out) == (1, "")
    assert "[damaged-release]" in run.err


# -- a value in any file ---------------------------------------------------------------------------------------------


def _edited(path: Path) -> None:
    """Changes one value in a file, so that it can still be read."""
    content = path.read_bytes()
    if path.suffix == ".sqlite":
        with sqlite3.connect(path) as database:
            database.execute("UPDATE places SET name = 'ZZZ' WHERE id = 'idre'")
    elif path.suffix == ".parquet":
        rows = duckdb.read_parquet(str(path))
        first, text = rows.columns[0], f"{path}.new"
        others = ", ".join(f'"{name}"' for name in rows.columns[1:])
        query = f"SELECT \"{first}\" || 'Z' AS \"{first}\"{', ' if others else ''}{others} FROM read_parquet('{path}')"
        duckdb.sql(f"COPY ({query}) TO '{text}' (FORMAT parquet)")
        Path(text).replace(path)
    elif path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as old:
            members = {name: old.read(name).replace(b">Idre<", b">ZZZ<") for name in old.namelist()}
        with zipfile.ZipFile(path, "w") as new:
            for name, member in members.items():
                new.writestr(name, member)
    elif path.suffix == ".csv":
        path.write_bytes(content.rstrip(b"\n") + b"Z\n")
    else:
        place = next(found.start() for found in re.finditer(rb"[a-z]{4}(?=[^a-z])", content) if found.start() > 40)
        letter = b"y" if content[place : place + 1] == b"x" else b"x"
        if path.suffix in (".json", ".geojson", ".jsonld"):
            place = max(found.start() for found in re.finditer(rb"[a-z](?=[^\":{}\[\]]*\")", content))
            letter = b"y" if content[place : place + 1] == b"x" else b"x"
        path.write_bytes(content[:place] + letter + content[place + 1 :])


def _files(release: Path) -> list[str]:
    kept = {release / path for path in ("SHA256SUMS", "services-1.0.0.zip")}
    there = sorted(path for path in release.rglob("*") if path.is_file())
    return [path.relative_to(release).as_posix() for path in there if path not in kept]


EMPTY = "data/discrepancies.parquet"
"""A file without a row, in which no value can be changed."""


def test_a_value_that_is_changed_in_any_file_is_found_though_all_checksums_agree(
    services_release: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(services_release.parents[2], tmp_path / "project", symlinks=True))
    release = project / "build/releases/1.0.0"
    names = _files(release)
    assert len(names) > 30
    unseen = []
    for name in names:
        if name == EMPTY:
            continue
        shutil.rmtree(release)
        shutil.copytree(services_release, release)
        before = (release / name).read_bytes()
        _edited(release / name)
        assert (release / name).read_bytes() != before, name
        size, digest = (release / name).stat().st_size, hashlib.sha256((release / name).read_bytes()).hexdigest()
        descriptor = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
        for member in descriptor["resources"]:
            if member["path"] == name:
                member |= {"bytes": size, "hash": f"sha256:{digest}"}
        if name.endswith(".csv"):
            put(release, {"datapackage.json": json.dumps(descriptor)})
        _, _, problems = verified(remade(release))
        if name not in [problem["file"] for problem in problems]:
            unseen.append((name, [problem["file"] for problem in problems]))
    assert unseen == []


def test_the_docs_say_of_every_file_of_a_release_what_it_is_checked_against(services_release: Path) -> None:
    text = (ROOT / "docs/releases.md").read_text(encoding="utf-8")
    table = text.partition("| File | Checked against |")[2].partition("\n\n")[0]
    patterns = [each for line in table.splitlines()[2:] for each in re.findall("`([^`]+)`", line.split("|")[1])]
    names = [*_files(services_release), "SHA256SUMS", "services-1.0.0.zip"]
    lacking = ["CITATION.cff", "sitemap.xml", "files/*"]  # for want of an author, an address, and files
    assert [name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in names)] == lacking
