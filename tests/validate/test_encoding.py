"""A byte that is not in the file's encoding is reported with its line, its offset, and the likely encoding."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from pipeline.report.report import lines
from pipeline.validate import validate
from pipeline.validate.encoding import BadByte, bad_byte
from tests.projects import package

TEXT = "id,name\n1,Malmö\n2,Växjö\n"
QUOTED = "id,name\n1,Flen\n2,“Växjö” – på väg\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (TEXT.encode("latin-1"), BadByte(2, 14, 0xF6, "iso-8859-1")),
        (QUOTED.encode("cp1252"), BadByte(3, 17, 0x93, "windows-1252")),
        (TEXT.encode("cp850"), BadByte(2, 14, 0x94, "cp850")),
        (TEXT.encode("mac-roman"), BadByte(2, 14, 0x9A, "mac-roman")),
        (TEXT.encode("utf-16"), BadByte(1, 0, 0xFF, "utf-16")),
        (b"\xff" + TEXT.encode("utf-16-le"), BadByte(1, 0, 0xFF, "utf-16-be")),
        (TEXT.encode() + b"3,V\xc3", BadByte(4, 30, 0xC3, "utf-8, with broken bytes")),
        (gzip.compress(TEXT.encode()), BadByte(1, 1, 0x8B, "a gzip archive")),
        (random.Random(1).randbytes(9000), BadByte(1, 0, 0xF5, "no text at all")),
        (b"id,name\n1,\xff\xfe\xfd\n", BadByte(2, 10, 0xFF, None)),
        (b"id\n" + "ö\n".encode() * 400_000 + "ö\n".encode("latin-1"), BadByte(400_002, 1_200_003, 0xF6, None)),
    ],
    ids=[
        "latin-1",
        "cp1252",
        "cp850",
        "mac-roman",
        "utf-16",
        "utf-16-shifted",
        "cut",
        "gzip",
        "binary",
        "none",
        "beyond-a-chunk",
    ],
)
def test_a_bad_byte_is_found_with_the_likely_encoding(content: bytes, expected: BadByte, tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_bytes(content)
    found = bad_byte(path, "utf-8")
    assert found is not None
    likely = found.likely if expected.likely else None
    assert BadByte(found.line, found.offset, found.byte, likely) == expected


def test_a_file_in_its_encoding_has_no_bad_byte(tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_text(TEXT, encoding="utf-16")
    assert bad_byte(path, "utf-16") is None
    assert bad_byte(path, "no-such-encoding") is None


@pytest.mark.parametrize("rows", [2, 20_000])
def test_the_report_says_where_the_bad_byte_is_in_both_languages(rows: int, tmp_path: Path) -> None:
    """In a table that frictionless reads, and in one that DuckDB cannot."""
    content = b"id,name\n" + b"1,Flen\n" * rows + "2,Malmö\n".encode("latin-1")
    fields = [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}]
    towns = {"name": "towns", "path": "towns.csv", "encoding": "utf-8", "schema": {"fields": fields}}
    package(tmp_path, [towns], {"towns.csv": content})
    report = validate(tmp_path)
    line, offset = rows + 2, content.index(b"\xf6")
    assert any(
        f"0xF6 in line {line}, byte {offset} of the file, is not utf-8; the file is likely iso-8859-1" in each
        for each in lines(report)
    )
    assert any(
        f"0xF6 på rad {line}, byte {offset} i filen, är inte utf-8; filen är troligen iso-8859-1" in each
        for each in lines(report, language="sv")
    )
