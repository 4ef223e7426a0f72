"""SHA256SUMS: the checksum of every file in a release, in the form that `sha256sum -c` reads."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import sha256

NAME = "SHA256SUMS"


def write(folder: Path) -> None:
    """Writes the manifest of every file below `folder`, by path."""
    lines = [f"{sha256(folder / path)}  {path}\n" for path in _files(folder)]
    (folder / NAME).write_text("".join(lines), encoding="utf-8", newline="\n")


def verify(folder: Path) -> None:
    """Raises InvalidData where a file below `folder` is missing, is not listed, or has other bytes than listed.

    Raises CannotRun where the folder is no release: it holds no manifest.
    """
    listed = _listed(folder)
    problems = []
    for path in sorted({*listed, *_files(folder)}):
        if path not in listed:
            rule = f"is not listed in {NAME}"
        elif not (folder / path).is_file():
            rule = "is missing from the release"
        elif sha256(folder / path) != listed[path]:
            rule = f"has other bytes than {NAME} says"
        else:
            continue
        problems.append(
            Problem(
                Kind.DAMAGED_RELEASE,
                rule,
                "A release is never changed: delete its folder and build it again, or fetch it again.",
                file=str(folder / path),
            )
        )
    if problems:
        raise InvalidData(problems)


def _listed(folder: Path) -> dict[str, str]:
    """The checksum of every path in the manifest."""
    if not (folder / NAME).is_file():
        raise CannotRun(
            Problem(
                Kind.NO_RELEASE,
                f"holds no {NAME}, so it is not a release",
                "Name the folder of a release; if it was one, delete it and build it again, or fetch it again.",
                file=str(folder),
            )
        )
    listed = {}
    for line in (folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines():
        digest, _, path = line.partition("  ")
        listed[path] = digest
    return listed


def _files(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(name for path in files if (name := path.relative_to(folder).as_posix()) != NAME)
