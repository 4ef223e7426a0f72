"""One ZIP with every file of the release, by path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.release.formats.zipped import Zip

CHUNK = 1 << 20

COMPRESSED = (".parquet", ".xlsx")
"""Endings of files that do not become smaller."""


def write(folder: Path, path: Path) -> None:
    """Writes all files below `folder`, but for the archive itself, to the ZIP at `path`, in a folder of its name."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != path)
    with Zip(path) as archive:
        for file in files:
            name = f"{path.stem}/{file.relative_to(folder).as_posix()}"
            archive.add(name, _chunks(file), file.stat().st_size, file.suffix not in COMPRESSED)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk
