"""`servicebanken diff`: what it says of two packages, in every form, and what it says of what it cannot compare."""

from __future__ import annotations

import csv
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline.release import compare
from pipeline.release.version import RULE, What
from tests.command import invoke
from tests.projects import change, field, package, put, table

SCHEMA = json.loads((Path(compare.__file__).parent / "diff.schema.json").read_text(encoding="utf-8"))
TOWNS = table("towns", [field("id"), field("name", title="<i>Name</i>"), field("share", "number")], ["id"])
PAIRS = table("pairs", [field("a"), field("b")])
OLD = {"towns.csv": "id,name,share\n1,Flen,0.1\n2,Malmö,0.2\n3,Idre,0.3\n", "pairs.csv": "a,b\nx,1\nx,1\ny,2\n"}
NEW = {
    "towns.csv": 'id,name,share\n1,"<script>alert(1)</script>\n""å""",0.1000001\n3,Idre,0.3\n4,,\n',
    "pairs.csv": "a,b\nx,1\ny,2\nz,\n",
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return package(tmp_path / "old", [TOWNS, PAIRS], OLD, title="Towns", version="1.0.0")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return package(tmp_path / "new", [TOWNS, PAIRS], NEW, title="Towns", version="2.0.0")


def _json(*arguments: str | Path, code: int = 1) -> Any:
    run = invoke("diff", *arguments, "--json", "--quiet")
    assert run.code == code, run.err
    document = json.loads(run.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


# -- what it says ----------------------------------------------------------------------------------------------------


def test_the_same_is_the_same(old: Path) -> None:
    run = invoke("diff", old, old, "--quiet")
    assert (run.code, run.out, run.err) == (0, "towns 1.0.0 → towns 1.0.0\nBoth are the same.\n", "")
    assert _json(old, old, code=0) == {
        "format": 1,
        "old": {"name": "towns", "version": "1.0.0"},
        "new": {"name": "towns", "version": "1.0.0"},
        "same": True,
        "step": None,
        "changes": [],
        "tables": [],
    }


def test_a_terminal_shows_each_change_and_some_of_its_rows(old: Path, new: Path) -> None:
    run = invoke("diff", old, new, "--quiet")
    assert (run.code, run.err) == (1, "")
    assert run.out == (
        "towns 1.0.0 → towns 2.0.0\n"
        "major  towns: 1 row removed\n"
        "         2  Malmö\n"
        "minor  towns: 1 row added\n"
        "         4\n"
        "minor  pairs: 1 row removed\n"
        "         a x, b 1\n"
        "minor  pairs: 1 row added\n"
        "         a z\n"
        "patch  towns: 1 row corrected\n"
        '         1  name: Flen → <script>alert(1)</script>\\n"å", share: 0.1 → 0.1000001\n'
        "A release with these changes is a major step.\n"
    )


def test_it_speaks_swedish_too_and_counts_what_it_does_not_show(old: Path, new: Path) -> None:
    put(new, {"towns.csv": OLD["towns.csv"] + "4,a,\n5,b,\n6,c,\n", "pairs.csv": OLD["pairs.csv"]})
    run = invoke("diff", old, new, "--quiet", "--language", "sv", "--show", "2")
    assert run.out.splitlines()[1:] == [
        "minor  towns: 3 rader tillagda",
        "         4  a",
        "         5  b",
        "         och 1 till",
        "En utgåva med de här ändringarna är ett minor-steg.",
    ]


def test_json_has_every_row_with_its_old_and_new_cells(old: Path, new: Path) -> None:
    document = _json(old, new)
    assert document["step"] == "major"
    assert document["changes"][0] == {
        "change": "keys-removed",
        "step": "major",
        "table": "towns",
        "count": 1,
        "en": "1 row removed",
        "sv": "1 rad borttagen",
    }
    assert document["tables"] == [
        {
            "table": "towns",
            "key": ["id"],
            "added": 1,
            "removed": 1,
            "changed": 1,
            "rows": [
                {
                    "change": "changed",
                    "key": {"id": "1"},
                    "old": {"name": "Flen", "share": "0.1"},
                    "new": {"name": '<script>alert(1)</script>\n"å"', "share": "0.1000001"},
                },
                {"change": "removed", "key": {"id": "2"}, "old": {"id": "2", "name": "Malmö", "share": "0.2"}},
                {"change": "added", "key": {"id": "4"}, "new": {"id": "4", "name": "", "share": ""}},
            ],
        },
        {
            "table": "pairs",
            "key": None,
            "added": 1,
            "removed": 1,
            "changed": 0,
            "rows": [
                {"change": "removed", "old": {"a": "x", "b": "1"}},
                {"change": "added", "new": {"a": "z", "b": ""}},
            ],
        },
    ]


def test_the_json_schema_knows_every_kind_of_change_and_refuses_what_is_none(old: Path, new: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["change"]["properties"]["change"]["enum"] == [str(what) for what in What]
    assert set(RULE) == set(What)
    document = _json(old, new)
    document["tables"][0]["rows"][0]["change"] = "vanished"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_csv_has_a_line_for_every_cell(old: Path, new: Path, tmp_path: Path) -> None:
    change(new / "datapackage.json", lambda descriptor: descriptor.update(title="Places"))
    assert invoke("diff", old, new, "--quiet", "--csv", tmp_path / "diff.csv").code == 1
    with (tmp_path / "diff.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["change", "table", "row", "key", "field", "old", "new"],
            ["text-changed", "", "", "", "title", "Towns", "Places"],
            ["changed", "towns", "1", "1", "name", "Flen", '<script>alert(1)</script>\n"å"'],
            ["changed", "towns", "1", "1", "share", "0.1", "0.1000001"],
            ["removed", "towns", "2", "2", "id", "2", ""],
            ["removed", "towns", "2", "2", "name", "Malmö", ""],
            ["removed", "towns", "2", "2", "share", "0.2", ""],
            ["added", "towns", "3", "4", "id", "", "4"],
            ["added", "towns", "3", "4", "name", "", ""],
            ["added", "towns", "3", "4", "share", "", ""],
            ["removed", "pairs", "4", "", "a", "x", ""],
            ["removed", "pairs", "4", "", "b", "1", ""],
            ["added", "pairs", "5", "", "a", "", "z"],
            ["added", "pairs", "5", "", "b", "", ""],
        ]


@pytest.mark.parametrize(("language", "words"), [("en", "Rows corrected"), ("sv", "Rader som rättats")])
def test_the_page_is_complete_escaped_and_in_one_language(
    language: str, words: str, old: Path, new: Path, tmp_path: Path
) -> None:
    change(new / "datapackage.json", lambda descriptor: descriptor.update(title='<img src=x onerror="alert(2)">'))
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        assert invoke("diff", old, new, "--quiet", "--html", page, "--language", language).code == 1
    text = pages[0].read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in text
    assert words in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;↵&#34;å&#34;" in text
    assert "<script" not in text
    assert "<img" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert pages[1].read_text(encoding="utf-8") == text


def test_a_tolerance_lets_numbers_differ_a_little(old: Path, new: Path) -> None:
    put(new, {**OLD, "towns.csv": "id,name,share\n1,Flen,0.1000001\n2,Malmö,0.25\n3,Idre,NaN\n"})
    assert _json(old, new)["tables"][0]["changed"] == 3
    rows = _json(old, new, "--tolerance", "0.001")["tables"][0]["rows"]
    assert [row["key"]["id"] for row in rows] == ["2", "3"]
    put(old, {"towns.csv": "id,name,share\n1,Flen,0.1\n2,Malmö,0.25\n3,Idre,NaN\n"})
    assert invoke("diff", old, new, "--quiet", "--tolerance", "0.001").code == 0


def test_what_stood_in_a_field_that_was_removed_is_told(old: Path, new: Path) -> None:
    put(new, {**OLD, "towns.csv": "id,name\n1,Flén\n2,Malmö\n3,Idre\n"})
    put(old, {"towns.csv": OLD["towns.csv"].replace("Idre,0.3", "Idre,")})
    change(new / "datapackage.json", lambda descriptor: descriptor["resources"][0]["schema"]["fields"].pop())
    document = _json(old, new)
    assert [each["en"] for each in document["changes"]] == ["the field share was removed", "1 row corrected"]
    assert document["tables"][0]["rows"] == [
        {"change": "changed", "key": {"id": "1"}, "old": {"name": "Flen", "share": "0.1"}, "new": {"name": "Flén"}},
        {"change": "lost", "key": {"id": "2"}, "old": {"share": "0.2"}},
    ]


RENAMED = [
    ("by key", ["id"], "id,title\n2,b\n1,a\n3,\n", {"name": "title"}),
    ("by key, one value corrected of two", ["id"], "id,title\n1,a\n2,x\n3,\n", {}),
    ("without a key, in the same place", [], "id,title\n1,a\n2,b\n3,\n", {"name": "title"}),
    ("without a key, other values", [], "id,title\n1,x\n2,y\n3,z\n", {}),
]


@pytest.mark.parametrize(("key", "rows", "renamed"), [case[1:] for case in RENAMED], ids=[case[0] for case in RENAMED])
def test_a_field_looks_renamed_where_its_values_stayed(
    key: list[str], rows: str, renamed: dict[str, str], tmp_path: Path
) -> None:
    package(tmp_path / "old", [table("t", [field("id"), field("name")], key)], {"t.csv": "id,name\n1,a\n2,b\n3,\n"})
    package(tmp_path / "new", [table("t", [field("id"), field("title")], key)], {"t.csv": rows})
    document = _json(tmp_path / "old", tmp_path / "new")
    told = [each for each in document["changes"] if each["change"] == "field-renamed"]
    assert {each["old"]: each["new"] for each in told} == renamed
    if renamed:
        assert document["tables"] == []


# -- what it takes ---------------------------------------------------------------------------------------------------


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where a web server on loopback serves `tmp_path`."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_folders_zips_descriptors_and_addresses_are_compared_alike(
    old: Path, new: Path, address: str, tmp_path: Path
) -> None:
    expected = _json(old, new)
    shutil.make_archive(str(tmp_path / "old"), "zip", tmp_path, "old")
    for source in (tmp_path / "old.zip", old / "datapackage.json", f"{address}/old/", f"{address}/old.zip"):
        assert _json(source, new) == expected


def test_versions_of_the_project_are_named_by_their_number(built: Path) -> None:
    assert invoke("diff", "0.1.0", "latest", "--quiet", "--project", built).code == 0
    run = invoke("diff", "0.1.0", built / "build/package", "--quiet", "--project", built)
    assert run.code == 0, run.out


def test_a_table_without_a_schema_is_compared_by_what_it_holds(old: Path, new: Path) -> None:
    for folder in (old, new):
        change(folder / "datapackage.json", lambda descriptor: descriptor["resources"][1].pop("schema"))
    put(new, {**OLD, "pairs.csv": "a,b\nx,1\nx,1\ny,3\n"})
    assert _json(old, new)["tables"][0]["rows"] == [
        {"change": "removed", "old": {"a": "y", "b": "2"}},
        {"change": "added", "new": {"a": "y", "b": "3"}},
    ]


# -- what it cannot compare ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("nowhere", None, "nowhere/datapackage.json: does not exist. Give a folder"),
        ("nowhere.zip", None, "nowhere.zip: does not exist. Check the path. [missing-file]"),
        ("table.csv", "a,b\n1,2\n", "table.csv, row 1: is not JSON"),
        ("broken.zip", "PK", "broken.zip: is not a ZIP that can be read"),
        ("list.json", "[]", "list.json: is not an object"),
    ],
)
def test_what_is_no_package_fails_and_says_what_to_do(
    name: str, content: str | None, told: str, old: Path, tmp_path: Path
) -> None:
    if content is not None:
        put(tmp_path, {name: content})
    path = tmp_path / name if "." in name else tmp_path / "nowhere/datapackage.json"
    for pair in ((old, path), (path, old)):
        run = invoke("diff", *pair, "--quiet")
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith(f"error: {tmp_path}/")
        assert told.split(". ")[0] in run.err


def test_an_address_that_does_not_answer_fails(old: Path, address: str) -> None:
    for source in (f"{address}/nothing/", f"{address}/nothing.zip", "http://127.0.0.1:1/x/"):
        run = invoke("diff", old, source, "--quiet")
        assert run.code == 2
        assert "could not be fetched" in run.err
        assert "[not-fetched]" in run.err


def test_a_version_that_was_never_released_fails(built: Path) -> None:
    run = invoke("diff", "0.1.0", "9.9.9", "--quiet", "--project", built)
    assert run.code == 2
    assert "releases/9.9.9" in run.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('id,name,share\n1,"Flen,0.1\n', "quotes that do not match"),
        (b"id,name,share\n1,Malm\xf6,0.1\n", "is not utf-8"),
        (None, "does not exist"),
    ],
)
def test_a_table_that_cannot_be_read_differs_and_the_others_are_compared(
    content: str | bytes | None, told: str, old: Path, new: Path
) -> None:
    put(new, OLD)
    if content is None:
        (new / "towns.csv").unlink()
    else:
        put(new, {"towns.csv": content})
    put(new, {"pairs.csv": "a,b\nx,1\n"})
    document = _json(old, new)
    (found,) = [each for each in document["changes"] if each["change"] == "not-compared"]
    assert (found["table"], found["step"]) == ("towns", "major")
    assert told in found["new"]
    assert [each["table"] for each in document["tables"]] == ["pairs"]
    assert "could not be compared" in invoke("diff", old, new, "--quiet").out


def test_a_file_that_is_missing_differs(old: Path, new: Path) -> None:
    for folder in (old, new):
        put(folder, {**OLD, "readme.md": "x"})
        change(
            folder / "datapackage.json",
            lambda descriptor: descriptor["resources"].append({"name": "readme", "path": "readme.md"}),
        )
    (new / "readme.md").unlink()
    assert [each["change"] for each in _json(old, new)["changes"]] == ["not-compared"]


def test_another_key_is_said_and_rows_are_compared_whole(old: Path, new: Path) -> None:
    put(new, {**OLD, "towns.csv": OLD["towns.csv"].replace("Idre", "Idre by")})
    change(new / "datapackage.json", lambda descriptor: descriptor["resources"][0]["schema"].update(primaryKey="name"))
    document = _json(old, new)
    assert [each["change"] for each in document["changes"]] == ["key-changed", "rows-removed", "rows-added"]
    assert document["tables"][0]["key"] is None


def test_a_key_that_is_not_unique_tells_no_rows_apart(old: Path, new: Path) -> None:
    for folder in (old, new):
        put(folder, {**OLD, "towns.csv": "id,name,share\n1,Flen,\n1,Flen,\n2,Malmö,\n"})
    assert invoke("diff", old, new, "--quiet").code == 0
    put(new, {"towns.csv": "id,name,share\n1,Flen,\n2,Malmö,\n"})
    document = _json(old, new)
    assert document["tables"][0]["key"] is None
    assert document["tables"][0]["rows"] == [{"change": "removed", "old": {"id": "1", "name": "Flen", "share": ""}}]


def test_a_package_of_thousands_of_tables_is_compared(tmp_path: Path) -> None:
    """As many as are found in the wild; what is the same is not read."""
    tables = [table(f"t{number}", [field("id")], ["id"], path="a.csv") for number in range(5000)]
    for name in ("old", "new"):
        package(tmp_path / name, tables, {"a.csv": "id\n1\n", "b.csv": "id\n2\n"})
    change(tmp_path / "new/datapackage.json", lambda descriptor: descriptor["resources"][4321].update(path="b.csv"))
    document = _json(tmp_path / "old", tmp_path / "new")
    assert [each["table"] for each in document["tables"]] == ["t4321"]


def test_a_place_that_cannot_be_written_to_fails(old: Path, new: Path, tmp_path: Path) -> None:
    for option in ("--html", "--csv"):
        run = invoke("diff", old, new, "--quiet", option, tmp_path / "no/folder/diff")
        assert run.code == 2
        assert "no/folder" in run.err
