"""A release made again from its sources, and compared with what is there, byte by byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.build import build
from pipeline.core.errors import Kind, Problem
from pipeline.core.files import os_errors, read_json, scratch, sha256
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.package.package import DESCRIPTOR
from pipeline.source.project import Project

FIX = "Go back to the sources, the code and the locked libraries that it was made with, and verify again."


def rebuild(project: Project, release: Path, version: str, progress: Progress) -> tuple[str, list[Problem]]:
    """Builds what the project's sources give, elsewhere, and names each file that `release` has otherwise.

    Raises InvalidData where the sources are wrong now.
    """
    with scratch() as folder, os_errors(str(folder)):
        again = replace(project, elsewhere=folder)
        told = read_json(release / DESCRIPTOR, DESCRIPTOR)
        built = build(again, progress, told.get("baseUrl"))
        if built.version != version:
            rule = f"does not come out of the sources as they are now: they give {built.version}"
            return "", [Problem(Kind.DIFFERENT_COPY, rule, FIX, value=version)]
        paths = sorted({*_paths(release), *_paths(built.folder)})
        problems = [problem for path in paths if (problem := _difference(path, release, built.folder))]
        now = read_json(built.folder / DESCRIPTOR, DESCRIPTOR).get("software")
        if problems and told.get("software") != now:
            rule = f"made the release; it was made again with {now}"
            problems.append(Problem(Kind.DIFFERENT_COPY, rule, FIX, file=DESCRIPTOR, value=str(told.get("software"))))
    return f"{len(paths)} files come out the same, byte for byte", problems


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
