from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.assemble.sheet import MAX_LINE, Sheet, read
from pipeline.core.errors import InvalidData, Kind


def test_a_sheet_is_columns_of_text_with_row_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,name\n0482,"Flen, ""staden"""\n0180,\n', encoding="utf-8")
    assert read(path, "a.csv") == Sheet("a.csv", {"id": ["0482", "0180"], "name": ['Flen, "staden"', ""]}, [2, 3])


def test_a_row_is_counted_as_a_spreadsheet_counts_it_also_after_a_cell_of_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,name\n1,"two\nlines"\n2,x\n3,\xff\n')
    with pytest.raises(InvalidData) as caught:
        read(path, "a.csv")
    assert caught.value.problems[0].row == 4
    path.write_bytes(b'id,name\n1,"two\nlines"\n2,x\n3,y,z\n')
    with pytest.raises(InvalidData) as caught:
        read(path, "a.csv")
    assert caught.value.problems[0].row == 4


def test_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,name\r\n1,x\r\n")
    assert read(path, "a.csv") == Sheet("a.csv", {"id": ["1"], "name": ["x"]}, [2])


def test_a_header_alone_is_a_sheet_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,name\n", encoding="utf-8")
    assert read(path, "a.csv") == Sheet("a.csv", {"id": [], "name": []}, [])


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id\n" + "x" * (MAX_LINE - 1) + "\n", encoding="utf-8")
    assert read(path, "a.csv").columns == {"id": ["x" * (MAX_LINE - 1)]}


BAD = [
    (b"id\n" + b"x" * MAX_LINE + b"\n", Kind.LONG_LINE, 2),
    (b"\n1\n", Kind.BLANK_HEADER, 1),
    (b'id,name\n1,"x"y\n', Kind.BAD_QUOTE, 2),
    (b"id,name\r1,x\r", Kind.BAD_QUOTE, 1),
    (b'id,"name\n1,x\n', Kind.BAD_QUOTE, 1),
    (b"id,name\n1,x\n\n", Kind.BLANK_ROW, 3),
    (b"id,name\n1,x\n   \n", Kind.RAGGED_ROW, 3),
    (b"\xff\xfei\x00d\x00", Kind.BAD_BYTE, 1),
    (b"id\n\x00\n", Kind.BAD_BYTE, 2),
]


@pytest.mark.parametrize(("content", "kind", "row"), BAD)
def test_what_a_spreadsheet_would_quietly_repair_is_refused(
    content: bytes, kind: Kind, row: int, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InvalidData) as caught:
        read(tmp_path / "a.csv", "a.csv")
    (problem,) = caught.value.problems
    assert (problem.kind, problem.file, problem.row) == (kind, "a.csv", row)


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(CELL.filter(str.strip), min_size=2, max_size=4, unique=True).flatmap(
        lambda header: st.tuples(
            st.just(header), st.lists(st.lists(CELL, min_size=len(header), max_size=len(header)), max_size=5)
        )
    )
)
def test_what_a_csv_writer_wrote_is_read_back(tmp_path: Path, table: tuple[list[str], list[list[str]]]) -> None:
    header, rows = table
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *rows])
    (tmp_path / "a.csv").write_bytes(text.getvalue().encode())
    sheet = read(tmp_path / "a.csv", "a.csv")
    assert list(sheet.columns) == header
    assert [list(row) for row in zip(*sheet.columns.values(), strict=True)] == rows
    assert sheet.rows == list(range(2, len(rows) + 2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(alphabet='a,"\n\r\x00å', max_size=60).map(str.encode))
def test_any_bytes_are_a_sheet_or_refused_never_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    try:
        sheet = read(tmp_path / "a.csv", "a.csv")
    except InvalidData as error:
        assert [problem.file for problem in error.problems] == ["a.csv"]
    else:
        assert {len(column) for column in sheet.columns.values()} == {len(sheet.rows)}
