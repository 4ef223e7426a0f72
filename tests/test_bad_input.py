"""What bad input gets: an exit code, one message with its place and the way out, and the previous release untouched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import SCRIPT, environment, invoke
from tests.projects import SOURCE, change, field, package, put, reference, table, tree


@dataclass(frozen=True)
class Bad:
    """Files that replace or join those of the example project, and what `build` says of them."""

    name: str
    files: Mapping[str, str | bytes]
    message: str
    code: int = 1


HEADER = "id,name,kind,opened,document\n"
NORTH = "north-village,North Village Shop,staffed,1998,example-shops-page\n"
SOURCE_YML = """\
publisher: Example municipality
licence: unstated
rank: 20
documents:
  - id: example-shops-page
    url: https://www.example.org/shops
    accessed: 2026-01-31
  - id: example-shops-list
    url: https://www.example.org/shops/list
    accessed: 2026-01-31
"""
YAML_FIX = "Indent with spaces, name each key once, and write values out instead of &anchors."

SOURCES = [
    Bad(
        "a table that the contract does not have",
        {f"{SOURCE}/shoppes.csv": "id,document\n"},
        f"error: {SOURCE}/shoppes.csv: 'shoppes' is not named after a table of the contract. The tables are: shops, "
        "documents. Add it to datapackage.json, or rename the file. [unknown-table]\n",
    ),
    Bad(
        "a column that the table does not have",
        {f"{SOURCE}/shops.csv": "id,colour,document\nnorth-village,red,example-shops-page\n"},
        f"error: {SOURCE}/shops.csv, row 1, column colour: is not a field of the table 'shops'. Its fields are: id, "
        "name, kind, opened, document, inferred. Add it to datapackage.json, or rename the column. [unknown-column]\n",
    ),
    Bad(
        "an empty key",
        {f"{SOURCE}/shops.csv": HEADER + NORTH + ",South,staffed,1998,example-shops-page\n"},
        f"error: {SOURCE}/shops.csv, row 3, column id: is empty, and it is part of the key. Fill it in: a row says "
        "which thing it speaks of. [missing-key]\n",
    ),
    Bad(
        "no key column",
        {f"{SOURCE}/shops.csv": "name,document\n"},
        f"error: {SOURCE}/shops.csv, row 1, column id: is missing; it is part of the key. Add the column. "
        "[missing-column]\n",
    ),
    Bad(
        "no document column",
        {f"{SOURCE}/shops.csv": "id,name\n"},
        f"error: {SOURCE}/shops.csv, row 1, column document: is missing; it cites the document of each row. "
        "Add the column. [missing-column]\n",
    ),
    Bad(
        "a key twice",
        {f"{SOURCE}/shops.csv": HEADER + NORTH + NORTH},
        f"error: {SOURCE}/shops.csv, row 3, column id: 'north-village' stands in an earlier row of the same document "
        "already. Put what one document states on one key into one row. [duplicate-key]\n",
    ),
    Bad(
        "a document that is not listed",
        {f"{SOURCE}/shops.csv": HEADER + "north-village,North,staffed,1998,the-web\n"},
        f"error: {SOURCE}/shops.csv, row 2, column document: 'the-web' is not a document that this source lists. "
        "List it under `documents` in the source's source.yml, or cite one that is there. [unlisted-document]\n",
    ),
    Bad(
        "no document",
        {f"{SOURCE}/shops.csv": HEADER + "north-village,North,staffed,1998,\n"},
        f"error: {SOURCE}/shops.csv, row 2, column document: '' is not a document that this source lists. "
        "List it under `documents` in the source's source.yml, or cite one that is there. [unlisted-document]\n",
    ),
    Bad(
        "a code that is not in the list",
        {f"{SOURCE}/shops.csv": HEADER + "north-village,North,floating,1998,example-shops-page\n"},
        f"error: {SOURCE}/shops.csv, row 2, column kind: 'floating' is not in the code list of shops.kind. "
        "Use one of: staffed, unmanned. [unknown-code]\n",
    ),
    Bad(
        "an inferred column without a value",
        {f"{SOURCE}/shops.csv": "id,name,opened,inferred,document\nnorth-village,North,,opened,example-shops-page\n"},
        f"error: {SOURCE}/shops.csv, row 2, column inferred: 'opened' is named as inferred but has no value in this "
        "row. Name columns that the row fills, separated by one space. [bad-inferred]\n",
    ),
    Bad(
        "a value of the wrong type",
        {f"{SOURCE}/shops.csv": HEADER + NORTH + "south-village,South,staffed,ninety,example-shops-page\n"},
        f"error: {SOURCE}/shops.csv, row 3, column opened: 'ninety' type error: not a year (year) "
        "(table shops, key south-village). Write the year alone with four digits, such as 2019. [invalid-table]\n",
    ),
    Bad(
        "a bad byte",
        {f"{SOURCE}/shops.csv": HEADER.encode() + b"north-village,Norrby\xe5s,staffed,1998,example-shops-page\n"},
        f"error: {SOURCE}/shops.csv, row 2: '0xE5' is not UTF-8 at byte 49 of the file. Save the file as UTF-8; it may "
        "be in Windows-1252 or ISO 8859-1 now. [bad-byte]\n",
    ),
    Bad(
        "a byte order mark",
        {f"{SOURCE}/shops.csv": b"\xef\xbb\xbf" + HEADER.encode()},
        f"error: {SOURCE}/shops.csv, row 1: starts with a byte order mark (EF BB BF). Save it as UTF-8 without BOM. "
        "[byte-order-mark]\n",
    ),
    Bad(
        "a ragged row",
        {f"{SOURCE}/shops.csv": HEADER + NORTH + "south-village,Shop, South,staffed,1998,example-shops-page\n"},
        f"error: {SOURCE}/shops.csv, row 3: 'south-village,Shop, South,staffed,1998,example-shops-page' has 6 cells "
        "where the header has 5. Add the missing commas, or quote the cell that holds a comma. [ragged-row]\n",
    ),
    Bad(
        "a quote that never closes",
        {f"{SOURCE}/shops.csv": HEADER + NORTH + 'south-village,"South,staffed,1998,example-shops-page\n'},
        f"error: {SOURCE}/shops.csv, row 3: has quotes that do not match (unexpected end of data). Close the quote "
        'that was opened; inside a quoted cell write "" for a quote. [bad-quote]\n',
    ),
    Bad(
        "a blank header",
        {f"{SOURCE}/shops.csv": "id, ,document\n"},
        f"error: {SOURCE}/shops.csv, row 1: has no name in the header for column 2. Name the column, or delete it. "
        "[blank-header]\n",
    ),
    Bad(
        "two equal headers",
        {f"{SOURCE}/shops.csv": "id,name,name,document\n"},
        f"error: {SOURCE}/shops.csv, row 1, column name: appears twice in the header. Keep one of the two columns. "
        "[duplicate-header]\n",
    ),
    Bad(
        "a blank row",
        {f"{SOURCE}/shops.csv": HEADER + "\n" + NORTH},
        f"error: {SOURCE}/shops.csv, row 2: is blank. Delete the row. [blank-row]\n",
    ),
    Bad(
        "nothing",
        {f"{SOURCE}/shops.csv": ""},
        f"error: {SOURCE}/shops.csv: is empty. Write a header, or delete the file. [empty-file]\n",
    ),
    Bad(
        "YAML with a key twice",
        {f"{SOURCE}/source.yml": SOURCE_YML.replace("rank: 20\n", "rank: 20\nrank: 30\n")},
        f"error: {SOURCE}/source.yml, row 4: cannot be read as YAML: the key 'rank' appears twice. "
        f"{YAML_FIX} [bad-yaml]\n",
    ),
    Bad(
        "YAML with an anchor bomb",
        {f"{SOURCE}/source.yml": SOURCE_YML + "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"},
        f"error: {SOURCE}/source.yml, row 11: cannot be read as YAML: an anchor or alias, which is not "
        f"allowed here. {YAML_FIX} [bad-yaml]\n",
    ),
    Bad(
        "YAML that is not UTF-8",
        {f"{SOURCE}/source.yml": SOURCE_YML.replace("Example municipality", "Älvdalen").encode("latin-1")},
        f"error: {SOURCE}/source.yml, row 1: '0xC4' is not UTF-8 at byte 11 of the file. Save the file as UTF-8; it "
        "may be in Windows-1252 or ISO 8859-1 now. [bad-byte]\n",
    ),
    Bad(
        "a rank that is not a number",
        {f"{SOURCE}/source.yml": SOURCE_YML.replace("rank: 20", "rank: best")},
        f"error: {SOURCE}/source.yml, row 3: 'best' is not a rank. A rank is a whole number; 1 is the most trusted. "
        "[bad-source]\n",
    ),
    Bad(
        "a document with an unknown member",
        {f"{SOURCE}/source.yml": SOURCE_YML + "    colour: red\n"},
        f"error: {SOURCE}/source.yml, row 8, column colour: is not a field of the table 'documents'. Its fields are: "
        "id, source, publisher, url, title, accessed, licence, document, inferred. Add it to datapackage.json, or "
        "rename the column. [unknown-column]\n",
    ),
    Bad(
        "a document that two sources list",
        {"sources/other/source.yml": SOURCE_YML},
        "error: sources/other/source.yml, row 5: 'example-shops-page' is the id of a document in "
        f"{SOURCE}/source.yml already. Give each document an id of its own. [duplicate-document]\n",
    ),
    Bad(
        "a folder without source.yml",
        {"sources/other/shops.csv": HEADER},
        "error: sources/other: has no source.yml, which every folder in sources/ needs. Write one (docs/sources.md "
        "shows how), or move the folder elsewhere. [bad-source]\n",
    ),
]


@pytest.mark.parametrize("bad", SOURCES, ids=lambda bad: bad.name)
def test_a_bad_source_is_refused_with_its_place_and_the_way_out(bad: Bad, built: Path) -> None:
    before = tree(built / "build/releases")
    put(built, bad.files)
    run = invoke("release", "--quiet", "--project", built)
    assert run.err == bad.message.replace("{project}", str(built))
    assert (run.code, run.out) == (bad.code, "")
    assert tree(built / "build/releases") == before


def test_yaml_with_a_tab_is_refused_with_its_line(built: Path) -> None:
    before = tree(built / "build/releases")
    put(built, {f"{SOURCE}/source.yml": SOURCE_YML.replace("    url: https://www.example.org/shops\n", "\turl: x\n")})
    run = invoke("release", "--quiet", "--project", built)
    # The words between are the YAML library's, which differ between its C and its Python parser.
    assert run.err.startswith(f"error: {SOURCE}/source.yml, row 6: cannot be read as YAML: ")
    assert run.err.endswith(f". {YAML_FIX} [bad-yaml]\n")
    assert (run.code, run.out, run.err.count("\n")) == (1, "", 1)
    assert tree(built / "build/releases") == before


UNSAFE = [
    ("/etc/passwd", "is an absolute path"),
    ("C:\\towns.csv", "is an absolute path"),
    ("\\\\server\\towns.csv", "is an absolute path"),
    ("../towns.csv", "climbs out of the package's folder with `..`"),
    ("data/../../towns.csv", "climbs out of the package's folder with `..`"),
    ("data\\..\\..\\towns.csv", "climbs out of the package's folder with `..`"),
    ("https://example.org/towns.csv", "is an address; a package here holds its own files"),
    ("file:///etc/passwd", "is an address; a package here holds its own files"),
    (".git/config", "names a hidden file or folder"),
    ("link/passwd", "leads out of the package's folder through a symbolic link"),
]


@pytest.mark.parametrize(("path", "rule"), UNSAFE)
def test_a_path_that_leads_out_of_the_package_is_refused(path: str, rule: str, built: Path) -> None:
    before = tree(built / "build/releases")
    (built / "link").symlink_to("/etc")
    change(built / "datapackage.json", lambda package: package["resources"][0].update(path=path))
    run = invoke("release", "--quiet", "--project", built)
    assert run.err == (
        f"error: {built}/datapackage.json: {path!r} (resource 'shops') {rule}. Put the file into the folder of the "
        "descriptor and write its relative path. [unsafe-path]\n"
    )
    assert (run.code, run.out) == (1, "")
    assert tree(built / "build/releases") == before


@pytest.mark.parametrize("member", ["schema", "dialect"])
@pytest.mark.parametrize("path", ["/etc/passwd", "../schema.json", "https://example.org/schema.json"])
def test_a_schema_or_dialect_that_lies_outside_the_package_is_refused(member: str, path: str, tmp_path: Path) -> None:
    towns = {**table("towns", [field("id")]), member: path}
    package(tmp_path / "p", [towns], {"towns.csv": "id\n0482\n"})
    run = invoke("release", "--quiet", "--project", tmp_path / "p")
    assert run.code == 1
    assert run.err.startswith(f"error: {tmp_path}/p/datapackage.json: {path!r} (resource 'towns') ")
    assert run.err.endswith(" [unsafe-path]\n")


@pytest.mark.parametrize("name", ["../escaped", "../../../escaped", "data/escaped", "/tmp/escaped", "..", "\\escaped"])
@pytest.mark.parametrize("whose", ["package", "resource"])
def test_a_name_that_leads_out_of_the_release_is_refused_or_stays_in(whose: str, name: str, tmp_path: Path) -> None:
    """A name becomes part of file names, so it can lead out of the folder just as a path can."""
    root = tmp_path / "above/above/project"
    towns = table("towns", [field("id")], ["id"])
    if whose == "package":
        package(root, [towns], {"towns.csv": "id\n0482\n"}, name=name)
    else:
        package(root, [{**towns, "name": name}], {"towns.csv": "id\n0482\n"})
    run = invoke("release", "--quiet", "--project", root)
    assert "Traceback" not in run.err
    outside = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file()
        and not any(path.is_relative_to(root / kept) for kept in ("build/releases/1.0.0", "build/data"))
    ]
    assert sorted(path.relative_to(root).as_posix() for path in outside) == [
        "build/.lock",
        *(["build/releases.json", "build/state.json"] if run.code == 0 else []),
        "datapackage.json",
        "towns.csv",
    ]


FIELDS = [field("id"), field("name"), field("people", "integer")]

PACKAGES = [
    ("a bad byte", b"id,name,people\n0482,Fl\xe5n,16000\n", "error: towns.csv", "encoding"),
    ("a ragged row", "id,name,people\n0482,Flen,16000,x\n", "error: towns.csv, row 2: 'x' ", "extra cell"),
    ("a short row", "id,name,people\n0482,Flen\n", "error: towns.csv, row 2, column people: ", "missing cell"),
    ("a quote that never closes", 'id,name,people\n0482,"Flen,16000\n', "error: towns.csv, row 2", "missing cell"),
    ("a quote in the last cell", 'id,name,people\n0482,Flen,"16000\n', "error: towns.csv, row 2", "quote"),
    ("a blank header", "id,,people\n0482,Flen,16000\n", "error: towns.csv", "blank label"),
    ("two equal headers", "id,name,name\n0482,Flen,16000\n", "error: towns.csv", "duplicate label"),
    ("a key twice", "id,name,people\n0482,Flen,1\n0482,Flen,1\n", "error: towns.csv, row 3: ", "the same as in row 2"),
    ("a value of the wrong type", "id,name,people\n0482,Flen,x\n", "error: towns.csv, row 2, column people: 'x' ", ""),
    ("nothing", "", "error: towns.csv: ", "empty"),
]


@pytest.mark.parametrize(("name", "content", "place", "rule"), PACKAGES, ids=[bad[0] for bad in PACKAGES])
def test_a_bad_table_of_somebody_is_refused_with_its_place(
    name: str, content: str | bytes, place: str, rule: str, tmp_path: Path
) -> None:
    towns = table("towns", FIELDS, ["id"], encoding="utf-8")
    package(tmp_path, [towns], {"towns.csv": "id,name,people\n0482,Flen,16000\n"})
    assert invoke("release", "--project", tmp_path).code == 0
    before = tree(tmp_path / "build/releases")
    put(tmp_path, {"towns.csv": content})
    run = invoke("release", "--major", "--quiet", "--project", tmp_path)
    assert (run.code, run.out, run.err.count("\n")) == (1, "", 1), f"{name}: {run.err}"
    assert run.err.startswith(place)
    assert rule in run.err
    assert tree(tmp_path / "build/releases") == before


def test_a_file_in_another_encoding_than_the_package_says_is_no_crash(tmp_path: Path) -> None:
    """Without `encoding` a file is UTF-8 (Data Package v2); frictionless guesses instead."""
    package(
        tmp_path,
        [table("towns", FIELDS, ["id"])],
        {"towns.csv": "id,name,people\n0482,Malmö,16000\n".encode("latin-1")},
    )
    run = invoke("release", "--quiet", "--project", tmp_path)
    assert run.code == 1
    assert run.err.startswith("error: ")
    assert "towns.csv" in run.err
    assert "Traceback" not in run.err


DESCRIPTORS = [
    ("an unknown type", table("towns", [field("id", "strin")]), "strin"),
    ("a schema that is a number", {"name": "towns", "path": "towns.csv", "schema": 5}, "fields"),
    ("a path that is a number", {"name": "towns", "path": 5}, "path"),
    (
        "a key that is a number",
        {"name": "towns", "path": "towns.csv", "schema": {"fields": FIELDS, "primaryKey": 5}},
        "",
    ),
    ("no path", {"name": "towns"}, "path"),
    ("constraints that are a list", table("towns", [field("id", constraints=["required"])]), ""),
    ("a dialect that is a number", table("towns", [field("id")], dialect=5), "dialect"),
    ("two fields of one name", table("towns", [field("id"), field("id")]), "id"),
    (
        "a foreign key to nowhere",
        table("towns", [field("id")], ["id"], foreignKeys=[reference("id", "lands")]),
        "lands",
    ),
]


@pytest.mark.parametrize(("name", "resource", "named"), DESCRIPTORS, ids=[bad[0] for bad in DESCRIPTORS])
def test_a_bad_descriptor_is_refused_in_one_message(name: str, resource: object, named: str, tmp_path: Path) -> None:
    package(tmp_path, [resource], {"towns.csv": "id\n0482\n"})  # type: ignore[list-item]
    run = invoke("release", "--quiet", "--project", tmp_path)
    assert "Traceback" not in run.err, name
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("error: ")
    assert named in run.err
    assert not (tmp_path / "build/releases/latest").exists()


@pytest.mark.parametrize("created", ["last week", "2020-01-01", 5, "2020-01-01T00:00:00"])
def test_a_time_of_creation_that_is_no_time_is_no_crash(created: object, tmp_path: Path) -> None:
    package(tmp_path, [table("towns", [field("id")])], {"towns.csv": "id\n0482\n"}, created=created)
    run = invoke("release", "--quiet", "--project", tmp_path)
    assert "Traceback" not in run.err
    assert run.code in (0, 1)
    assert (run.err == "") == (run.code == 0)


def test_a_version_of_another_form_is_no_reason_to_refuse(tmp_path: Path) -> None:
    package(tmp_path, [table("towns", [field("id")])], {"towns.csv": "id\n0482\n"}, version="1.0")
    run = invoke("release", "--project", tmp_path)
    assert run.code == 0
    assert run.out.startswith("Released 1.0.0 ")
    assert "The version '1.0' is not three numbers: this release is 1.0.0." in run.err


MANGLED_JSON = [
    (b'{"name": "towns",\n  "resources": [,]}', ", row 2: is not JSON: Expecting value at column 17. "),
    (b'{"name": "towns", "name": "villages", "resources": []}', ": 'name' is named twice in one object. "),
    (b"\xef\xbb\xbf{}", ", row 1: starts with a byte order mark (EF BB BF). "),
    (b'{"name": "M\xe5la"}', ", row 1: '0xE5' is not UTF-8 at byte 11 of the file. "),
    (b"[" * 100_000, ": is nested too deeply. "),
    (b"[]", ": is not an object. "),
    (b"{}", ": has no list of `resources`. "),
    (b'{"resources": []}', ": has no list of `resources`. "),
    (b'{"resources": [{"path": "towns.csv"}]}', ": has no `name` in resource 1. "),
]


@pytest.mark.parametrize(("content", "message"), MANGLED_JSON)
def test_a_mangled_datapackage_json_is_refused_with_its_place(content: bytes, message: str, tmp_path: Path) -> None:
    put(tmp_path, {"datapackage.json": content})
    run = invoke("release", "--quiet", "--project", tmp_path)
    assert run.err.startswith(f"error: {tmp_path}/datapackage.json{message}")
    assert (run.code, run.out, run.err.count("\n")) == (1, "", 1)


BROKEN_METADATA = [
    "title: a\ntitle: b\n",
    "title: a\n\tb: c\n",
    "a: &a [x, x]\nb: [*a, *a]\n",
    "title: [\n",
    "just text\n",
    "- a\n- list\n",
    "? [a, b]\n: c\n",
    "a: !!int x\n",
    "a: !!python/object:os.system x\n",
]


@pytest.mark.parametrize("content", BROKEN_METADATA)
def test_metadata_that_datasette_could_not_be_told_is_refused_before_it_is_released(content: str, built: Path) -> None:
    """A release is never changed, so one with a broken metadata.yml would stay unservable."""
    before = tree(built / "build/releases")
    put(built, {"metadata.yml": content})
    run = invoke("release", "--quiet", "--project", built)
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("error: metadata.yml") or run.err.startswith(f"error: {built}/metadata.yml")
    assert "Traceback" not in run.err
    assert tree(built / "build/releases") == before


# -- 200 MB of one line --------------------------------------------------------------------------------------------


MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
"""
"""Runs a command. In a small process of its own: where a process starts, the kernel counts what its parent held."""


def _peak_memory(*arguments: str | Path) -> tuple[int, int, str]:
    """The exit code of a command, its peak resident memory in bytes, and what it wrote to stderr."""
    run = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, SCRIPT, *arguments],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    code, memory = map(int, run.stdout.split())
    return code, memory, run.stderr


def _endless_line(path: Path, start: bytes) -> None:
    """200 MB after the start; the file is sparse, so it takes no room on the disk."""
    path.write_bytes(start)
    os.truncate(path, 200_000_000)


def test_a_source_with_200_mb_of_one_line_is_refused_in_bounded_memory(built: Path) -> None:
    before = tree(built / "build/releases")
    _endless_line(built / SOURCE / "shops.csv", HEADER.encode())
    code, memory, said = _peak_memory("build", "--quiet", "--project", built)
    assert said == (
        f"error: {SOURCE}/shops.csv, row 2: is a line of more than 1,000,000 bytes. Look for a quote that never "
        "closes, or line ends that were lost. [long-line]\n"
    )
    assert code == 1
    assert memory < 300_000_000
    assert tree(built / "build/releases") == before


@pytest.mark.parametrize("command", ["build", "validate"])
def test_a_table_of_somebody_with_200_mb_of_one_line_is_refused_in_bounded_memory(command: str, tmp_path: Path) -> None:
    package(tmp_path, [table("towns", FIELDS, ["id"])], {})
    _endless_line(tmp_path / "towns.csv", b"id,name,people\n")
    code, memory, said = _peak_memory(command, "--quiet", "--project", tmp_path)
    assert said == (
        f"error: {tmp_path}/towns.csv, row 2: holds a line of more than 10,000,000 bytes. Look for a quote that never "
        "closes, or line ends that were lost. [long-line]\n"
    )
    assert code == 1
    assert memory < 300_000_000


def test_a_descriptor_of_200_mb_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    _endless_line(tmp_path / "datapackage.json", b'{"name": "')
    code, memory, said = _peak_memory("build", "--quiet", "--project", tmp_path)
    assert said == (
        f"error: {tmp_path}/datapackage.json: is larger than 20,000,000 bytes. Keep data in CSV files and "
        "descriptions short. [long-line]\n"
    )
    assert code == 1
    assert memory < 300_000_000
