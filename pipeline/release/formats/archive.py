"""One ZIP with every file of the release, by path; equal files give equal bytes, whatever their times and owners."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can hold."""

MODE = 0o100644 << 16
UNIX = 3

COMPRESSED = (".parquet", ".xlsx")
"""Endings of files that do not become smaller."""


def write(folder: Path, path: Path) -> None:
    """Writes all files below `folder`, but for the archive itself, to the ZIP at `path`, in a folder of its name."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != path)
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            member = zipfile.ZipInfo(f"{path.stem}/{file.relative_to(folder).as_posix()}", EPOCH)
            member.create_system, member.external_attr = UNIX, MODE
            member.compress_type = zipfile.ZIP_STORED if file.suffix in COMPRESSED else zipfile.ZIP_DEFLATED
            member.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(member, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)
