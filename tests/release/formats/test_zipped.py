"""A ZIP that is deflated in blocks is one that every program reads, and depends on its contents alone."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from pipeline.release.formats.zipped import BLOCK, Zip

SIZES = (0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 9 * BLOCK + 17)


def content(size: int) -> bytes:
    """Text with repetitions near and far, some of them across the ends of blocks."""
    random = Random(size)
    words = [random.randbytes(random.randrange(3, 9)).hex().encode() for _ in range(500)]
    text = b" ".join(random.choices(words, k=size // 8 + 1))
    return text[:size].ljust(size, b".")


def chunks(text: bytes, length: int) -> Iterator[bytes]:
    for start in range(0, len(text), length):
        yield text[start : start + length]


def test_a_member_is_read_back_and_checked(tmp_path: Path) -> None:
    with Zip(tmp_path / "a.zip") as made:
        for size in SIZES:
            made.add(f"m/{size}", chunks(content(size), 70_000), size)
        made.add("stored", [b"abc"], 3, is_deflated=False)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert [archive.read(f"m/{size}") == content(size) for size in SIZES] == [True] * len(SIZES)
        assert archive.getinfo("stored").compress_type == zipfile.ZIP_STORED
        largest = archive.getinfo(f"m/{SIZES[-1]}")
        assert largest.compress_size < largest.file_size / 2
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_bytes_do_not_depend_on_chunks_or_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for count, length in ((1, 1000), (2, BLOCK), (7, 3 * BLOCK + 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        path = tmp_path / f"{count}.zip"
        with Zip(path) as archive:
            archive.add("m", chunks(content(SIZES[-1]), length), SIZES[-1])
        made.append(path.read_bytes())
    assert made[0] == made[1] == made[2]


def test_what_comes_to_nothing_leaves_no_thread(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield content(4 * BLOCK)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"), Zip(tmp_path / "a.zip") as archive:
        archive.add("m", broken(), 5 * BLOCK)
    assert archive._pool._shutdown
