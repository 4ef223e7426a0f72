"""What is made to break a validator gets a verdict or one sentence, in bounded time, the same in both engines."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InvalidData, Kind, PipelineError
from pipeline.report.report import lines
from pipeline.validate import validate
from tests.projects import field, package, reference, table
from tests.validate import oracle

FIELDS = [field("id", "integer"), field("name")]
ENGINES = {"scanned": 0, "small": 100_000_000}


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Any]:
    """Has both engines judge a package, and gives the verdict that they must share: lines, or the refusal."""

    def judged(folder: Path) -> Any:
        found = []
        for size in ENGINES.values():
            monkeypatch.setattr("pipeline.validate.source.SMALL", size)
            try:
                report = validate(folder)
                found.append((oracle.found(report.to_descriptor()), lines(report)))
            except PipelineError as error:
                found.append(([], [str(problem) for problem in error.problems]))
        assert found[0] == found[1]
        return found[0]

    return judged


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.validate.timelimit.PATTERN_SECONDS", 0.2)


def one(folder: Path, content: str | bytes, fields: list[dict[str, Any]] = FIELDS, **members: Any) -> Path:
    """A package of one table."""
    return package(folder, [table("t", fields, **{"encoding": "utf-8", **members})], {"t.csv": content})


# -- schemas and descriptors -------------------------------------------------------------------------------------------

LOOP = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
CHAIN = {"$defs": {f"d{at}": {"$ref": f"#/$defs/d{at + 1}"} for at in range(900)} | {"d900": {}}, "$ref": "#/$defs/d0"}
TOWER = {"$defs": {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(40)}, "$ref": "#/$defs/d0"}
TOWER["$defs"]["d40"] = {}  # type: ignore[index]


@pytest.mark.parametrize("rule", [{"$ref": "#"}, LOOP, CHAIN], ids=["itself", "a loop", "a long chain"])
def test_a_json_schema_that_refers_in_circles_says_so_of_the_cell(rule: Any, tmp_path: Path, verdicts: Any) -> None:
    one(tmp_path, "id\n{}\n", [field("id", "object", constraints={"jsonSchema": rule})])
    _, said = verdicts(tmp_path)
    assert "row 2, column id: '{}' constraint error" in said[1]
    assert "the schema refers to itself" in said[1]


@pytest.mark.usefixtures("impatient")
def test_a_tower_of_references_that_doubles_with_each_floor_is_refused(tmp_path: Path, verdicts: Any) -> None:
    one(tmp_path, "id\n{}\n", [field("id", "object", constraints={"jsonSchema": TOWER})])
    _, said = verdicts(tmp_path)
    assert said == [
        "column id: 'jsonSchema' took more than 0.2 seconds to match. Simplify the field's JSON Schema: its patterns, "
        "and where it refers to itself. [endless-pattern]"
    ]


def test_a_schema_of_100_000_nested_objects_is_refused(tmp_path: Path, verdicts: Any) -> None:
    one(tmp_path, "id\n{}\n", [field("id", "object", constraints={"jsonSchema": "HERE"})])
    file, depth = tmp_path / "datapackage.json", 100_000
    file.write_text(file.read_text().replace('"HERE"', '{"properties":{"a":' * depth + "{}" + "}}" * depth))
    assert verdicts(tmp_path)[1] == [f"{file}: is nested too deeply. Flatten it. [bad-descriptor]"]


@pytest.mark.parametrize("rule", [{}, {"properties": {"a": {"$ref": "#"}}}], ids=["any", "nested itself"])
def test_a_cell_of_deeply_nested_objects_is_a_fault_of_that_cell(rule: Any, tmp_path: Path, verdicts: Any) -> None:
    cell = '{""a"":' * 1_500 + "1" + "}" * 1_500
    one(tmp_path, f'id\n"{cell}"\n', [field("id", "object", constraints={"jsonSchema": rule})])
    errors, _ = verdicts(tmp_path)
    assert [error[:4] for error in errors] == [("t", "type-error", 2, "id")]


@pytest.mark.usefixtures("impatient")
def test_a_cell_so_long_that_no_dialect_is_found_is_refused(tmp_path: Path, verdicts: Any) -> None:
    cell = '{""a"":' * 60_000
    one(tmp_path, f'id\n"{cell}"\n', [field("id", "object")])
    assert "is not found within 0.2 seconds. Look for a quote that never closes" in verdicts(tmp_path)[1][0]


def test_a_descriptor_of_50_mb_is_refused_unread(tmp_path: Path, verdicts: Any) -> None:
    one(tmp_path, "id,name\n1,a\n")
    os.truncate(tmp_path / "datapackage.json", 50_000_000)
    assert "is larger than 20,000,000 bytes" in verdicts(tmp_path)[1][0]


def test_ten_thousand_foreign_keys_are_judged(tmp_path: Path, verdicts: Any) -> None:
    keys = [reference("id", "p")] * 10_000
    tables = [
        table("t", FIELDS, ["id"], encoding="utf-8", foreignKeys=keys),
        table("p", FIELDS, ["id"], encoding="utf-8"),
    ]
    package(tmp_path, tables, {"t.csv": "id,name\n3,a\n", "p.csv": "id,name\n1,a\n"})
    errors, _ = verdicts(tmp_path)
    assert [error[:3] for error in errors] == [("t", "foreign-key", 2)] * 1000


# -- names and numbers -------------------------------------------------------------------------------------------------

NAMES = {
    "a\nb": "a\\nb",
    "a\r\nb": "a\\r\\nb",
    "a\tb": "a\\tb",
    "a\x07b": "a\\x07b",
    "\u202eabc": "⟨U+202E⟩abc",
    "a\u200db": "a⟨U+200D⟩b",
    'a"b': 'a"b',
    "😀": "😀",
    "n" * 10_000: "n" * 79 + "…",
}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:9]))
def test_a_field_is_named_so_that_it_can_be_found(name: str, tmp_path: Path, verdicts: Any) -> None:
    label = name.replace('"', '""')
    one(tmp_path, f'id,"{label}"\n1,2\n3,x\n', [FIELDS[0], field(name, "integer")])
    errors, said = verdicts(tmp_path)
    assert errors == oracle.found(oracle.expected(tmp_path))
    assert said[1].startswith(f"  error: t.csv, row 3, column {NAMES[name]}: 'x' type error")


def test_two_names_that_differ_by_their_unicode_form_are_two_fields(tmp_path: Path, verdicts: Any) -> None:
    one(tmp_path, "\u00e5,a\u030a\n1,2\nx,3\n4,y\n", [field("\u00e5", "integer"), field("a\u030a", "integer")])
    errors, _ = verdicts(tmp_path)
    assert [error[2:4] for error in errors] == [(3, "\u00e5"), (4, "a\u030a")]
    assert errors == oracle.found(oracle.expected(tmp_path))


@pytest.mark.parametrize("digits", [400, 5_000])
@pytest.mark.parametrize("key", [[], ["i", "n"]], ids=["no key", "a key"])
def test_numbers_of_hundreds_of_digits_are_judged_as_by_frictionless(
    digits: int, key: list[str], tmp_path: Path, verdicts: Any
) -> None:
    long = "1" * digits
    rows = [f"{long},1", f"1,{long}", f"-{long},1e400", f"1,0.{long}", f"{long},1.0", f"1,{long}"]
    fields = [
        field("i", "integer", constraints={"minimum": 0}),
        field("n", "number", constraints={"maximum": int("1" * 300)}),
    ]
    package(tmp_path, [table("t", fields, key, encoding="utf-8")], {"t.csv": "i,n\n" + "\n".join(rows) + "\n"})
    errors, _ = verdicts(tmp_path)
    assert errors == oracle.found(oracle.expected(tmp_path))
    assert errors


# -- files -------------------------------------------------------------------------------------------------------------


def device(path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root makes devices")
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))


@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.pdf"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, device], ids=["pipe", "folder", "device"])
def test_what_is_no_file_is_never_opened(
    make: Callable[[Path], None], name: str, tmp_path: Path, verdicts: Any
) -> None:
    package(tmp_path, [{"name": "t", "path": name}], {})
    make(tmp_path / name)
    assert verdicts(tmp_path)[1] == [
        f"{tmp_path}/datapackage.json: '{name}' (resource 't') is a folder, a pipe or a device, not a file. Put the "
        "file into the folder of the descriptor and write its relative path. [unsafe-path]"
    ]


ONE, TWO = gzip.compress(b"id,name\n1,a\n"), gzip.compress(b"2,b\nx,c\n")
PACKED = {
    "two members": (ONE + TWO, "row 4, column id: 'x' type error"),
    "zeros behind": (ONE + b"\0" * 512, "valid: 1 table, 1 row"),
    "rubbish behind": (ONE + b"rubbish", "broken archive: Not a gzipped file"),
    "cut off": (ONE[:-6], "broken archive: Compressed file ended"),
    "another checksum": (ONE[:-8] + b"abcd" + ONE[-4:], "broken archive: CRC check failed"),
    "damaged within": (ONE[:12] + b"\xff\xff\xff" + ONE[15:], "broken archive: "),
    "no gzip": (b"id,name\n1,a\n", "broken archive: Not a gzipped file"),
    "nothing": (b"", "the file is empty"),
    "one endless line": (gzip.compress(b"id,name\n1," + b"a" * 20_000_000, 1), "row 2: holds a line of more than"),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_table_is_read_whole_or_called_broken(name: str, tmp_path: Path, verdicts: Any) -> None:
    content, said = PACKED[name]
    package(tmp_path, [{**table("t", FIELDS, encoding="utf-8"), "path": "t.csv.gz"}], {"t.csv.gz": content})
    assert said in "\n".join(verdicts(tmp_path)[1])


TEXT = "id,name\n1,Norrbyås\nx,b\n2,\n"
DIALECTS: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({}, TEXT),
    "semicolons": ({"delimiter": ";"}, TEXT.replace(",", ";")),
    "two signs": ({"delimiter": "::"}, TEXT),
    "no sign": ({"delimiter": ""}, TEXT),
    "a number": ({"delimiter": 5}, TEXT),
    "a line end": ({"delimiter": "\n"}, TEXT),
    "a zero": ({"delimiter": "\0"}, TEXT),
    "one sign for two": ({"delimiter": ",", "quoteChar": ","}, TEXT),
    "quotes": ({"quoteChar": "'"}, TEXT.replace("Norrbyås", "'Norr,byås'")),
    "escapes": ({"escapeChar": "\\", "doubleQuote": False}, TEXT.replace("Norrbyås", "Norr\\,byås")),
    "comments": ({"commentChar": "#"}, "#x\n" + TEXT),
    "comment rows": ({"commentRows": [2]}, TEXT),
    "spaces": ({"skipInitialSpace": True}, TEXT.replace(",", ", ")),
    "CRLF": ({"lineTerminator": "\r\n"}, TEXT.replace("\n", "\r\n")),
    "no header": ({"header": False}, TEXT.partition("\n")[2]),
    "a header far below": ({"headerRows": [10**9]}, TEXT),
}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "rot13"])
def test_every_dialect_in_every_encoding_is_judged_as_by_frictionless(
    encoding: str, tmp_path: Path, verdicts: Any
) -> None:
    for name, (dialect, text) in DIALECTS.items():
        try:
            content = text.encode(encoding)
        except LookupError:
            content = text.encode()
        for ending in ("csv", "tsv"):
            folder = tmp_path / f"{name} {ending}"
            resource = {**table("t", FIELDS, encoding=encoding, dialect=dialect), "path": f"t.{ending}"}
            package(folder, [resource], {f"t.{ending}": content.replace(b",", b"\t") if ending == "tsv" else content})
            errors, said = verdicts(folder)
            expected = oracle.expected(folder)
            assert (
                len(said) == 1
                or "broken" in expected
                or [error[:4] for error in errors] == [error[:4] for error in oracle.found(expected)]
            ), (name, ending)


def test_a_file_that_changes_while_it_is_read_gets_a_verdict_on_something_that_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are looked at beside DuckDB: where both saw another file, the sum of the cells tells."""
    long = "id,name\n" + "".join(f"{at},Flen\n" for at in range(60_000))
    one(tmp_path, long)
    contents = [
        content.encode() for content in (long, "id,name\n", long[:-7], long + 'x,"', long.replace("1", "y"), "")
    ]
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            for content in contents:
                (tmp_path / "t.csv").write_bytes(content)

    for size in ENGINES.values():
        monkeypatch.setattr("pipeline.validate.source.SMALL", size)
        writer = threading.Thread(target=write)
        done.clear()
        writer.start()
        try:
            for _ in range(4):
                try:
                    report = validate(tmp_path)
                except InvalidData as error:
                    assert error.problems[0].kind in (Kind.LONG_LINE, Kind.BAD_DESCRIPTOR)
                else:
                    assert json.dumps(report.to_descriptor())
        finally:
            done.set()
            writer.join()
