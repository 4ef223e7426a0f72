"""What the next release needs of the last one, kept in git: its tables, its descriptor and its history.

    data/                    the data files of the release, its datapackage.json, SHA256SUMS
    data/history/            CHANGELOG.md and changes.json of the release; releases.jsonl and changes.jsonl, the
                             history that its SQLite file has

The folder is a data package of its own. A clone has it, so neither `make clean` nor a lost release costs history.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.core.files import draft, os_errors, replace_folder, sha256, write_json
from pipeline.package import ledger, manifest
from pipeline.package.ledger import Entry
from pipeline.package.package import DESCRIPTOR, Package, load
from pipeline.release import history
from pipeline.release.changelog import CHANGELOG, CHANGES

HISTORY = "history"


@dataclass(frozen=True)
class Record:
    """The releases that the ledger lists, and the folder with what the last of them held."""

    entries: tuple[Entry, ...]
    folder: Path

    @property
    def last(self) -> Entry:
        """The release that the next one is based on."""
        return self.entries[-1]

    @property
    def history(self) -> Path:
        """The folder with what was told of this release and of the ones before it."""
        return self.folder / HISTORY

    @cached_property
    def package(self) -> Package:
        """The tables of the last release."""
        return load(self.folder)


def read(path: Path, folder: Path, releases: Path) -> Record | None:
    """The record in `folder` of the last release in the ledger at `path`; None before the first.

    A record that is missing is restored from the release below `releases`. Raises InvalidData for one that was edited,
    or that is missing here and there.
    """
    entries = ledger.read(path)
    if not entries:
        return None
    record = Record(entries, folder)
    edited = [problem for problem in _problems(folder) if (folder / _within(problem, folder)).exists()]
    if edited:
        raise InvalidData(_edited(problem, folder) for problem in edited)
    if not _is_of(record):
        _restore(record, releases, path)
    return record


def _problems(folder: Path) -> list[Problem]:
    return manifest.inspect(folder)[1] if (folder / manifest.NAME).is_file() else []


def _within(problem: Problem, folder: Path) -> str:
    return str(problem.file).removeprefix(f"{folder}/")


def _edited(problem: Problem, folder: Path) -> Problem:
    fix = (
        f"`servicebanken release` writes {folder.name}/. Make the correction in what the tables are made from, then "
        f"restore the folder: git checkout -- {folder.name}"
    )
    return replace(problem, kind=Kind.DAMAGED_RECORD, rule="was edited or added after it was released", fix=fix)


def _is_of(record: Record) -> bool:
    """Whether the folder holds the data files of the last release in the ledger, whole."""
    if not (record.folder / DESCRIPTOR).is_file() or _problems(record.folder):
        return False
    said = record.package.descriptor.get("version")
    return said == record.last.version and data_files(record.package, record.folder) == {
        path: digest for path, digest in record.last.data.items() if _is_resource(path)
    }


def _is_resource(path: str) -> bool:
    return path.startswith(("data/", "files/"))


def _restore(record: Record, releases: Path, path: Path) -> None:
    """Writes the record again from the folder of the release, where that is the one which was recorded."""
    release = releases / record.last.version
    sums = release / manifest.NAME
    if not sums.is_file() or sha256(sums) != record.last.sums:
        fix = f"Restore both from git: git checkout -- {record.folder.name} {path.name}"
        rule = f"does not hold the tables of {record.last.version}, the last release that {path.name} lists"
        raise InvalidData(Problem(Kind.DAMAGED_RECORD, rule, fix, file=str(record.folder)))
    manifest.verify(release)
    keep(release, record.folder, releases)


def data_files(package: Package, folder: Path) -> dict[str, str]:
    """The SHA-256 of the file of every resource, by its path in a release."""
    paths = [path for resource in package.resources for path in resource.paths]
    return {
        path if _is_resource(path) else f"data/{path}": sha256(folder / path)
        for path in dict.fromkeys(paths)
        if (folder / path).is_file()
    }


def keep(release: Path, folder: Path, beside: Path) -> None:
    """Makes `folder` the record of a release; `beside` is a folder on the same disk to write in first."""
    package = load(release)
    with draft(beside) as new, os_errors(str(folder)):
        members = [_keep_resource(resource.descriptor, resource.paths, release, new) for resource in package.resources]
        write_json(new / DESCRIPTOR, {**package.descriptor, "resources": members})
        (new / HISTORY).mkdir()
        for name in (CHANGELOG, CHANGES):
            shutil.copyfile(release / name, new / HISTORY / name)
        history.dump(package, new / HISTORY)
        manifest.write(new)
        replace_folder(new, folder)


def _keep_resource(descriptor: Mapping[str, Any], paths: tuple[str, ...], release: Path, new: Path) -> dict[str, Any]:
    """Copies the files of a resource, tables to the top of the folder; returns its descriptor there."""
    kept = [path.removeprefix("data/") for path in paths]
    for path, name in zip(paths, kept, strict=True):
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release / path, new / name)
    return {**descriptor, "path": kept[0] if len(kept) == 1 else kept} if kept else dict(descriptor)


def add(record: Record | None, path: Path, folder: Path, release: Path, software: str, extras: list[str]) -> None:
    """Records the release in the folder `release`: in the ledger at `path`, and in `folder`.

    `extras`: the files of the release beside its resources that count as data.
    """
    package = load(release)
    created = package.descriptor.get("created")
    data = data_files(package, release) | {name: sha256(release / name) for name in extras}
    entry = Entry(
        str(package.descriptor["version"]),
        software,
        data,
        sha256(release / manifest.NAME),
        str(created)[:10] if created else None,
        record.last.version if record else None,
    )
    ledger.write(path, [*(record.entries if record else ()), entry])
    keep(release, folder, release.parent)


def refuse_other_place(record: Record | None, folder: Path) -> None:
    """Refuses to put the first record in the place of something else."""
    if record is None and folder.exists() and any(folder.iterdir()):
        rule = "is where the tables of a release are kept, and it holds something else"
        raise CannotRun(Problem(Kind.NOT_EMPTY, rule, "Move it elsewhere; nothing was released.", file=str(folder)))
