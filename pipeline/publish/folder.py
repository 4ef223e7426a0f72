"""A folder to publish to: a web root, a mounted disk.

    <folder>/.lock, .lock-holder      one process publishes at a time (the lock ends with it); which, since when
    <folder>/.publishing-1.1.0/       being filled; becomes 1.1.0/ by one rename, once every file has been read back
    <folder>/.publishing-file         one file on its way; gets its name by a rename once it is on the disk
    <folder>/1.0.0/                   published; never changed
    <folder>/latest.json              replaced by a rename after the version is there;
    <folder>/index.html, …            then what shows it (front.py), likewise

A kill at any moment leaves what latest.json lists as it was. The next run takes up what matches, by checksum.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.core.files import lock, os_errors
from pipeline.package.version import is_version
from pipeline.publish.contents import Release
from pipeline.publish.place import bad_place, strange_files

LEFT = ".publishing-"
SCRATCH = f"{LEFT}file"
CHUNK = 1 << 20


class Folder:
    """A folder, in which a version is filled under another name until it is whole."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def address(self, path: str = "") -> str:
        """Where `path` is, for people."""
        return str(self._file(path) if path else self.root)

    @contextmanager
    def opened(self, release: Release, *, dry_run: bool) -> Iterator[None]:
        """Holds the folder's lock while the release is published. Raises CannotRun where that cannot be.

        A folder that is not there is made, but not its parents: they may be a disk that is not mounted.
        """
        if not self.root.parent.is_dir():
            raise bad_place(str(self.root), "lies in a folder that does not exist", "Make the folder, or mount it.")
        if self.root.exists() and not self.root.is_dir():
            raise bad_place(str(self.root), "is a file", "Name a folder.")
        if self.root.resolve().is_relative_to(release.folder):
            raise bad_place(str(self.root), "lies inside the release", "Name a folder elsewhere.")
        with os_errors(str(self.root)), nullcontext() if dry_run else lock(self.root):
            yield

    def shows(self, version: str) -> bool:
        """Whether people can see the version already."""
        return (self.root / version).exists()

    def paths(self, version: str) -> set[str]:
        """The paths of the files of a version, relative to its folder."""
        folder = self._file(f"{version}/")
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}

    def read(self, path: str) -> tuple[bytes | None, None]:
        """A small file; None where there is none."""
        with os_errors(str(self.root)):
            file = self._file(path)
            return (file.read_bytes() if file.is_file() else None), None

    def sha256(self, path: str) -> str | None:
        """The SHA-256 of a file: read from the disk, not from the cache of what was just written, where that can be
        asked for."""
        file = self._file(path)
        if not file.is_file():
            return None
        with file.open("rb") as there:
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(there.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return hashlib.file_digest(there, "sha256").hexdigest()

    def put(self, path: str, content: bytes, mode: Any) -> bool:  # noqa: ARG002
        """Writes a small file; the lock sees to what `mode` asks for."""
        self._write(BytesIO(content), self._file(path))
        return True

    def send(self, source: Path, path: str) -> None:
        """Copies a file."""
        with source.open("rb") as file:
            self._write(file, self._file(path))

    def delete(self, path: str) -> None:
        """Removes a file."""
        self._file(path).unlink()

    def begin(self, release: Release) -> list[str]:
        """Removes what killed runs left, but for the same version's, which is resumed."""
        staging = self.root / f"{LEFT}{release.version}"
        left = [path for path in sorted(self.root.glob(f"{LEFT}*")) if path != staging]
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        removed = [path.name for path in left]
        if not self.shows(release.version):
            staging.mkdir(exist_ok=True)
            removed += self._remove_strange(release, staging)
        return removed

    def settle(self, release: Release) -> list[str]:
        """Makes the version visible, without what a disk or a file manager has put there, such as .DS_Store."""
        staging, removed = self._file(f"{release.version}/"), []
        for folder in {staging, *(path for path in staging.rglob("*") if path.is_dir())}:
            _to_disk(folder)
        if not self.shows(release.version):
            removed = self._remove_strange(release, staging)
            staging.rename(self.root / release.version)
            _to_disk(self.root)
            if strange := self._strange(release):
                raise strange_files(self.address(f"{release.version}/"), release.version, strange)
        return removed

    # -- on the disk ---------------------------------------------------------------------------------------------------

    def _file(self, path: str) -> Path:
        """Where a file is; those of a version that nobody sees yet are in its staging folder."""
        version = path.partition("/")[0]
        staged = "/" in path and is_version(version) and not self.shows(version)
        return self.root / f"{LEFT}{path}" if staged else self.root / path

    def _write(self, source: BinaryIO, target: Path) -> None:
        """Writes a file beside its destination, onto the disk, and gives it its name by a rename."""
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = self.root / SCRATCH
        with scratch.open("wb") as file:
            shutil.copyfileobj(source, file, CHUNK)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)

    def _strange(self, release: Release) -> list[str]:
        return sorted(self.paths(release.version) - {file.path for file in release.files})

    def _remove_strange(self, release: Release, staging: Path) -> list[str]:
        """Removes what the staging folder holds that is not the release's."""
        strange = self._strange(release)
        for path in strange:
            (staging / path).unlink()
        for folder in sorted((path for path in staging.rglob("*") if path.is_dir()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()
        return strange


def _to_disk(folder: Path) -> None:
    """Makes renames in a folder outlast a power cut, where the file system can do that for folders."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # Windows opens no folders.
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
