"""SHA256SUMS: the checksum of every file in a release, in the form that `sha256sum -c` reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.core.files import os_errors, sha256

NAME = "SHA256SUMS"

FIX = "A release is never changed: delete its folder and build it again, or fetch it again."
SHA256 = re.compile(r"[0-9a-f]{64}")

Seen = Callable[[int, int, str], None]
"""Told of each file: its number, how many there are, its path."""


@dataclass(frozen=True)
class File:
    """A file of a release: its path in the release, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


def is_release(folder: Path) -> bool:
    """Whether a folder is that of a release: it holds a manifest."""
    return (folder / NAME).is_file()


def write(folder: Path, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Writes the manifest of every file below `folder`, by path, and gives it back; `known` are checksums just made."""
    sums = {path: known.get(path) or sha256(folder / path) for path in _paths(folder)}
    lines = [f"{digest}  {path}\n" for path, digest in sums.items()]
    (folder / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")
    return sums


def verify(folder: Path, seen: Seen | None = None) -> tuple[File, ...]:
    """All files of the release in `folder`, the manifest included, by path; each has the bytes that are listed.

    Raises InvalidData where a file is missing, is not listed, or has other bytes than listed, and where a line of the
    manifest is none; CannotRun where the folder is no release: it holds no manifest.
    """
    files, problems = inspect(folder, seen)
    if problems:
        raise InvalidData(problems)
    return files


def inspect(folder: Path, seen: Seen | None = None) -> tuple[tuple[File, ...], list[Problem]]:
    """The files of the release in `folder` that are as listed, and a problem for each that is not.

    Raises CannotRun where the folder holds no manifest.
    """
    _refuse_other(folder)
    with os_errors(str(folder)):
        sums = folder / NAME
        listed, problems = parse(sums.read_bytes(), str(sums))
        files = [File(NAME, sums.stat().st_size, sha256(sums))]
        paths = sorted({*listed, *_paths(folder)})
        for number, path in enumerate(paths, 1):
            if seen is not None:
                seen(number, len(paths), path)
            if path not in listed:
                rule = f"is not listed in {NAME}"
            elif not (folder / path).is_file():
                rule = "is missing from the release"
            elif (digest := sha256(folder / path)) != listed[path]:
                rule = f"has other bytes than {NAME} says"
            else:
                files.append(File(path, (folder / path).stat().st_size, digest))
                continue
            problems.append(damaged(str(folder / path), rule))
    return tuple(sorted(files, key=lambda file: file.path)), problems


def _refuse_other(folder: Path) -> None:
    if not folder.exists():
        rule, fix = "does not exist", "Make a release with `servicebanken build`, or name the folder of one."
    elif not (folder / NAME).is_file():
        rule = f"holds no {NAME}, so it is not a release"
        fix = "Name the folder of a release; if it was one, delete it and build it again, or fetch it again."
    else:
        return
    raise CannotRun(Problem(Kind.NO_RELEASE, rule, fix, file=str(folder)))


def parse(content: bytes, name: str) -> tuple[dict[str, str], list[Problem]]:
    """The checksum of every path in a manifest, and a problem for each line that is none.

    `name` is what messages call the manifest. A path that leads out of its folder is none: a manifest may come from
    anywhere.
    """
    listed: dict[str, str] = {}
    problems = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        digest, _, path = line.partition("  ")
        if SHA256.fullmatch(digest) and _stays_inside(path) and path not in listed:
            listed[path] = digest
        else:
            rule = "is no line of a checksum, two spaces and a path within the release that stands there once"
            problems.append(Problem(Kind.DAMAGED_RELEASE, rule, FIX, file=name, row=number, value=line))
    return listed, problems


def damaged(file: str, rule: str) -> Problem:
    """The problem that a file of a release is not as it was made."""
    return Problem(Kind.DAMAGED_RELEASE, rule, FIX, file=file)


def _stays_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and "\0" not in path


def _paths(folder: Path) -> list[str]:
    """What lies below the folder, but for the manifest: files, and what is neither file nor folder."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(path for path in found if path != NAME)
