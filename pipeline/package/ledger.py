"""The ledger of a project's releases, `build/releases.json`: which versions there are, with which bytes, and where.

It is kept in git. A version is taken once it is listed here, whether or not its folder is still on this disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import os_errors, read_json, write_text
from pipeline.package.version import is_version

FIX = "Restore it from git: git checkout -- {name}"


@dataclass(frozen=True)
class Entry:
    """A recorded release.

    `date`: the day, as 2026-01-31. `based_on`: the version before it. `software`: what made it. `data`: the SHA-256 of
    each data file, by path in the release. `sums`: the SHA-256 of its SHA256SUMS. `published`: addresses. `withdrawn`:
    why it should no longer be used.
    """

    version: str
    software: str
    data: Mapping[str, str]
    sums: str
    date: str | None = None
    based_on: str | None = None
    published: tuple[str, ...] = ()
    withdrawn: str | None = None


def read(path: Path) -> tuple[Entry, ...]:
    """The releases in the ledger, in the order in which they were recorded; none where there is no ledger.

    Raises InvalidData for a ledger that was damaged, for example by a merge.
    """
    if not path.is_file():
        return ()
    content = read_json(path, str(path))
    try:
        entries = tuple(_entry(member) for member in content["releases"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"is not a ledger of releases ({error})") from None
    versions = [entry.version for entry in entries]
    if len(set(versions)) < len(versions):
        raise _damaged(path, "lists a version twice")
    return entries


def _entry(member: Mapping[str, Any]) -> Entry:
    entry = Entry(**{**member, "data": dict(member["data"]), "published": tuple(member.get("published", ()))})
    if not is_version(entry.version):
        raise ValueError(f"{entry.version!r} is not a version")
    return entry


def _damaged(path: Path, rule: str) -> InvalidData:
    return InvalidData(Problem(Kind.DAMAGED_RECORD, rule, FIX.format(name=path.name), file=str(path)))


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Writes the ledger, whole or not at all."""
    members = [{name: value for name, value in asdict(entry).items() if value} for entry in entries]
    with os_errors(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps({"releases": members}, ensure_ascii=False, indent=2) + "\n")


def note_published(path: Path, version: str, address: str) -> bool:
    """Notes where a recorded version is published; returns whether the ledger lists it and had not known that."""
    entries = read(path)
    known = [entry for entry in entries if entry.version == version and address not in entry.published]
    if known:
        new = replace(known[0], published=(*known[0].published, address))
        write(path, [new if entry.version == version else entry for entry in entries])
    return bool(known)
