"""A release made anew from its sources, and compared with what is there, byte by byte."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.build import build
from pipeline.core.errors import Kind, Problem
from pipeline.core.files import link, os_errors, read_json, scratch, sha256
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.package.package import DESCRIPTOR
from pipeline.package.version import is_version, order
from pipeline.source.project import Project

FIX = "Go back to the sources, the code and the locked libraries that it was made with, and verify again."


def rebuild(project: Project, release: Path, version: str, progress: Progress) -> tuple[str, list[Problem]]:
    """Builds `version` from the project's sources, elsewhere, and names each file that `release` has otherwise.

    What a release says of the ones before it comes from them, so these are taken as they are in the project. Raises
    InvalidData where the sources are wrong now.
    """
    with scratch() as folder, os_errors(str(folder)):
        again = replace(project, elsewhere=folder)
        _lend(project.releases, again.releases, version)
        base_url = read_json(release / DESCRIPTOR, DESCRIPTOR).get("baseUrl")
        built = build(again, progress, version, base_url)
        paths = sorted({*_paths(release), *_paths(built.folder)})
        problems = [problem for path in paths if (problem := _difference(path, release, built.folder))]
        if problems and (hint := _hint(release, built.folder)):
            problems.append(hint)
    return f"{len(paths)} files come out the same, byte for byte", problems


def _lend(releases: Path, elsewhere: Path, version: str) -> None:
    """The releases before `version`, as links to the files where the file system can do that."""
    elsewhere.mkdir(parents=True)
    for folder in sorted(releases.iterdir()) if releases.is_dir() else []:
        if is_version(folder.name) and not folder.is_symlink() and order(folder.name) < order(version):
            shutil.copytree(folder, elsewhere / folder.name, copy_function=link)


def _paths(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]


def _difference(path: str, release: Path, again: Path) -> Problem | None:
    if not (again / path).is_file():
        rule = "does not come out of the sources"
    elif not (release / path).is_file():
        rule = "comes out of the sources, and is not in the release"
    elif sha256(release / path) != sha256(again / path):
        if path == manifest.NAME:
            return None  # It differs because others do, and these are named.
        rule = "comes out of the sources with other bytes"
    else:
        return None
    return Problem(Kind.DIFFERENT_COPY, rule, FIX, file=path)


def _hint(release: Path, again: Path) -> Problem | None:
    """That the time of creation differs, which alone makes most files differ."""
    one, two = (_created(folder) for folder in (release, again))
    try:
        epoch = int(datetime.fromisoformat(str(one)).timestamp())
    except ValueError:
        return None
    return (
        Problem(
            Kind.DIFFERENT_COPY,
            f"is when the release was made, and now it would be {two}",
            f"Verify again with SOURCE_DATE_EPOCH={epoch} if it was set then.",
            file=DESCRIPTOR,
            field="created",
            value=str(one),
        )
        if one != two
        else None
    )


def _created(folder: Path) -> Any:
    return read_json(folder / DESCRIPTOR, DESCRIPTOR).get("created")
