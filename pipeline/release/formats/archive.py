"""One ZIP with every file of the release: sorted names, fixed times and modes, so that equal files give equal bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can hold."""

MODE = 0o100644 << 16
UNIX = 3
LEVEL = 6
CHUNK = 1 << 20

COMPRESSED = (".parquet", ".xlsx")
"""Endings of files that do not become smaller."""


def write(folder: Path, path: Path) -> None:
    """Writes all files below `folder`, but for the archive itself, to the ZIP at `path`, in a folder of its name."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for file in files:
            name = f"{path.stem}/{file.relative_to(folder).as_posix()}"
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system = UNIX
            member.external_attr = MODE
            member.compress_type = zipfile.ZIP_STORED if file.suffix in COMPRESSED else zipfile.ZIP_DEFLATED
            member.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(member, "w") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
