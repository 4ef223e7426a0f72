"""Publishing to a folder: a web root, a mounted disk.

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
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pipeline.core.files import lock, os_errors
from pipeline.core.progress import Progress
from pipeline.publish import front, pointer
from pipeline.publish.contents import SUMS, File, Release
from pipeline.publish.pointer import Pointer
from pipeline.publish.result import Published, State, bad_copy, bad_place, published_otherwise, strange_files

LEFT = ".publishing-"
SCRATCH = f"{LEFT}file"
CHUNK = 1 << 20


def publish(release: Release, root: Path, progress: Progress, *, dry_run: bool) -> Published:
    """Publishes a release as `<root>/<version>/` and points latest.json and what shows it at it.

    Raises InvalidData where that version is published with other checksums, CannotRun where the folder cannot be
    written, is being published to, or does not return what was written to it.
    """
    _refuse(root, release)
    if dry_run:
        with os_errors(str(root)):
            return _plan(release, root)
    with os_errors(str(root)), lock(root):
        published = _published(release, root)
        folder = root / release.version
        staging = root / f"{LEFT}{release.version}"
        removed = _remove_left(root, staging)
        if folder.exists():
            _refuse_strange(release, folder)
            sent = _send(release, folder, root, progress)
        else:
            staging.mkdir(exist_ok=True)
            removed += _remove_strange(release, staging)
            sent = _send(release, staging, root, progress)
            # What a mounted disk or a file manager has put there meanwhile, such as .DS_Store.
            removed += _remove_strange(release, staging)
            staging.rename(folder)
            _to_disk(root)
            _refuse_strange(release, folder)
        switched = _switch(published.with_release(release), root)
    kept = tuple(file for file in release.files if file not in sent)
    state: State = "published" if sent or switched else "unchanged"
    return Published(str(root), release.name, release.version, state, str(folder), sent, kept, tuple(removed))


def versions(root: Path) -> Pointer:
    """What the folder has published."""
    with os_errors(str(root)):
        path = root / pointer.NAME
        return pointer.parse(path.read_bytes() if path.is_file() else None, str(root))


def _refuse(root: Path, release: Release) -> None:
    """A folder that is not there is made, but not its parents: they may be a disk that is not mounted."""
    if not root.parent.is_dir():
        raise bad_place(str(root), "lies in a folder that does not exist", "Make the folder, or mount the disk.")
    if root.exists() and not root.is_dir():
        raise bad_place(str(root), "is a file", "Name a folder.")
    if root.resolve().is_relative_to(release.folder):
        raise bad_place(str(root), "lies inside the release", "Name a folder elsewhere.")


def _published(release: Release, root: Path) -> Pointer:
    published = versions(root)
    published.refuse_other(release, str(root))
    sums = root / release.version / SUMS
    # What is there and not listed was renamed and killed before latest.json was written, or is another's.
    unlisted = (root / release.version).exists() and published.find(release.version) is None
    if unlisted and not (sums.is_file() and sums.read_bytes() == (release.folder / SUMS).read_bytes()):
        raise published_otherwise(str(root / release.version), release.version)
    return published


def _plan(release: Release, root: Path) -> Published:
    _published(release, root)
    folder = root / release.version
    there = folder if folder.exists() else root / f"{LEFT}{release.version}"
    kept = tuple(file for file in release.files if _matches(file, there / file.path))
    sent = tuple(file for file in release.files if file not in kept)
    return Published(str(root), release.name, release.version, "planned", str(folder), sent, kept)


# -- files ---------------------------------------------------------------------------------------------------------


def _send(release: Release, folder: Path, root: Path, progress: Progress) -> tuple[File, ...]:
    """Copies the files that `folder` does not hold with the right bytes, reads them back, and returns them."""
    missing = tuple(file for file in release.files if not _matches(file, folder / file.path))
    for number, file in enumerate(missing, 1):
        progress.advance(number, len(missing), file.path)
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        with (release.folder / file.path).open("rb") as source:
            _put(source, folder / file.path, root)
    wrong = [str(folder / file.path) for file in missing if not _matches(file, folder / file.path)]
    if wrong:
        raise bad_copy(wrong)
    for parent in {(folder / file.path).parent for file in missing}:
        _to_disk(parent)
    return missing


def _put(source: BinaryIO, target: Path, root: Path) -> None:
    """Writes a file beside its destination, onto the disk, and gives it its name by a rename."""
    scratch = root / SCRATCH
    with scratch.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(target)


def _matches(file: File, path: Path) -> bool:
    """Whether the disk holds the file: read from it, not from the cache of what was just written, where that can be
    asked for."""
    if not path.is_file():
        return False
    with path.open("rb") as there:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(there.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(there, "sha256").hexdigest() == file.sha256


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


# -- what other runs left ------------------------------------------------------------------------------------------


def _remove_left(root: Path, staging: Path) -> list[str]:
    """Removes what killed runs left, but for the same version's, which is resumed; the caller holds the lock."""
    left = [path for path in sorted(root.glob(f"{LEFT}*")) if path != staging]
    for path in left:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [path.name for path in left]


def _remove_strange(release: Release, staging: Path) -> list[str]:
    """Removes what the staging folder holds of an earlier release of the same version."""
    strange = _strange(release, staging)
    for path in strange:
        (staging / path).unlink()
    for folder in sorted((path for path in staging.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return strange


def _refuse_strange(release: Release, folder: Path) -> None:
    strange = _strange(release, folder)
    if strange:
        raise strange_files(str(folder), release.version, strange)


def _strange(release: Release, folder: Path) -> list[str]:
    paths = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return sorted(paths - {file.path for file in release.files})


# -- the pointer ---------------------------------------------------------------------------------------------------


def _switch(published: Pointer, root: Path) -> bool:
    """Writes latest.json, then what shows it, where they say something else; returns whether they did."""
    switched = False
    for name, content in {pointer.NAME: published.to_bytes(), **front.files(published)}.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            _put(BytesIO(content), path, root)
            switched = True
    _to_disk(root)
    return switched
