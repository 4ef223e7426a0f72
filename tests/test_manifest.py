from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.core.errors import CannotRun, InvalidData
from pipeline.package import manifest
from tests.projects import put

FIX = "A release is never changed: delete its folder and build it again, or fetch it again. [damaged-release]"


def test_the_checksums_are_in_the_form_that_sha256sum_reads(tmp_path: Path) -> None:
    put(tmp_path, {"data/b.csv": "id\n", "a å.txt": "x"})
    manifest.write(tmp_path)
    assert (tmp_path / "SHA256SUMS").read_text(encoding="utf-8") == (
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  a å.txt\n"
        "3f2fb44f2b2e13aa8c1bcb4e6b7b4b9fb3ef4e0ff2da0a1e0f0a1c1d1a5d9d3d  data/b.csv\n"
    ).replace(
        "3f2fb44f2b2e13aa8c1bcb4e6b7b4b9fb3ef4e0ff2da0a1e0f0a1c1d1a5d9d3d",
        subprocess.run(
            ["sha256sum", tmp_path / "data/b.csv"], capture_output=True, encoding="utf-8", check=True
        ).stdout[:64],
    )
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)
    manifest.verify(tmp_path)


def test_every_difference_is_named(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "id\n", "b.csv": "id\n", "c.csv": "id\n"})
    manifest.write(tmp_path)
    put(tmp_path, {"a.csv": "ID\n", "d.csv": "id\n"})
    (tmp_path / "b.csv").unlink()
    with pytest.raises(InvalidData) as caught:
        manifest.verify(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{tmp_path}/a.csv: has other bytes than SHA256SUMS says. {FIX}",
        f"{tmp_path}/b.csv: is missing from the release. {FIX}",
        f"{tmp_path}/d.csv: is not listed in SHA256SUMS. {FIX}",
    ]


@pytest.mark.parametrize("files", [{}, {"a.csv": "id\n", "b.csv": "id\n"}])
def test_a_folder_without_checksums_is_no_release_and_that_is_one_message(
    files: dict[str, str | bytes], tmp_path: Path
) -> None:
    put(tmp_path, files)
    with pytest.raises(CannotRun) as caught:
        manifest.verify(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds no SHA256SUMS, so it is not a release. Name the folder of a release; if it was one, delete "
        "it and build it again, or fetch it again. [no-release]"
    )


def test_checksums_that_are_no_text_are_a_damaged_release(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "id\n", "SHA256SUMS": b"\xff\xfe\n"})
    with pytest.raises(InvalidData):
        manifest.verify(tmp_path)


SUM = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


@pytest.mark.parametrize(
    "line",
    [
        f"{SUM}  ../a.csv",
        f"{SUM}  /etc/passwd",
        f"{SUM}  b/../../a.csv",
        f"{SUM}  ..\\a.csv",
        f"{SUM} a.csv",
        f"{SUM.upper()}  a.csv",
        "x  a.csv",
        f"{SUM}  ",
        "",
    ],
)
def test_a_line_that_is_none_or_leads_out_of_the_release_is_named(line: str, tmp_path: Path) -> None:
    put(tmp_path / "release", {"a.csv": "x", "SHA256SUMS": f"{SUM}  a.csv\n{line}\n"})
    put(tmp_path, {"a.csv": "x"})
    with pytest.raises(InvalidData) as caught:
        manifest.verify(tmp_path / "release")
    (problem,) = caught.value.problems
    assert (problem.kind, problem.file, problem.row, problem.value) == (
        "damaged-release",
        f"{tmp_path}/release/SHA256SUMS",
        2,
        line,
    )


def test_a_path_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "x", "SHA256SUMS": f"{SUM}  a.csv\n{SUM}  a.csv\n"})
    with pytest.raises(InvalidData) as caught:
        manifest.verify(tmp_path)
    assert [problem.row for problem in caught.value.problems] == [2]


def test_what_is_neither_file_nor_folder_is_named_and_not_read(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "x"})
    manifest.write(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(InvalidData) as caught:
        manifest.verify(tmp_path)
    assert [problem.file for problem in caught.value.problems] == [f"{tmp_path}/link", f"{tmp_path}/pipe"]


def test_files_are_returned_with_size_and_checksum_and_told_one_by_one(tmp_path: Path) -> None:
    put(tmp_path, {"data/a.csv": "x", "b.csv": ""})
    manifest.write(tmp_path)
    told: list[tuple[int, int, str]] = []
    files = manifest.verify(tmp_path, lambda *each: told.append(each))
    assert [(file.path, file.size) for file in files] == [("SHA256SUMS", 149), ("b.csv", 0), ("data/a.csv", 1)]
    assert files[2].sha256 == SUM
    assert told == [(1, 2, "b.csv"), (2, 2, "data/a.csv")]
