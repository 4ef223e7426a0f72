"""Snapshots of fetched sources, as they lie on disk; `collect` writes them, `assemble` reads them.

    sources/<publisher>/snapshots/
      log.jsonl                  a line for each request, and for each verdict on a snapshot; only ever added to
      links.json                 what was found at the addresses of documents, by `collect --links`
      <fetch id>/
        <sha256>.json            the bytes of an answer, as they came (after decompression); never changed
        snapshot-<id>.json       the answers that make a snapshot, in order; <id> is the SHA-256 of this file
        accepted.json            which snapshot counts, when its bytes were fetched, and what to ask on that
        rejected.json            the last snapshot that was not accepted, and why; gone with the next one that is
        pending.jsonl            answers of a run that has not ended; the next run goes on from there

Nothing in here needs a network. A file whose bytes are not those of its name is damaged, and refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import os_errors, read_json
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, Request
from pipeline.source.source import Source

FOLDER, LOG, LINKS = "snapshots", "log.jsonl", "links.json"
ACCEPTED, REJECTED, PENDING = "accepted.json", "rejected.json", "pending.jsonl"


@dataclass(frozen=True)
class Kept:
    """An answer in a snapshot: what was asked, and the file with what came back."""

    request: Request
    sha256: str
    file: str


@dataclass(frozen=True)
class Snapshot:
    """The answers of one fetch at one time, in the order in which they were asked for."""

    id: str
    folder: Path
    kept: tuple[Kept, ...]

    def answers(self) -> list[Answer]:
        """The answers with their bytes. Raises InvalidData for a file that is damaged, CannotRun for one missing."""
        return [Answer(kept.request, _checked_bytes(self.folder / kept.file, kept.sha256)) for kept in self.kept]


@dataclass(frozen=True)
class Pointer:
    """What accepted.json or rejected.json says; `fetched` is a time such as 2026-11-24T19:00:00Z.

    `validators` holds, by the answer's place in the snapshot, the headers that ask for it only if it has changed;
    `asked` is a hash of what source.yml asked for, and `rows` what came of it, by table.
    """

    snapshot: str
    fetched: str
    validators: tuple[dict[str, str], ...] = ()
    reasons: tuple[str, ...] = ()
    asked: str = ""
    rows: dict[str, int] = field(default_factory=dict)


def folder_of(source: Source, fetch: Fetch) -> Path:
    """Where the snapshots of a fetch lie; it may not exist."""
    return source.folder / FOLDER / fetch.id


def accepted(source: Source, fetch: Fetch) -> tuple[Snapshot, Pointer] | None:
    """The snapshot of a fetch that counts, and None before the first one. Raises InvalidData where it is damaged."""
    return pointed(folder_of(source, fetch), ACCEPTED)


def pointed(folder: Path, name: str) -> tuple[Snapshot, Pointer] | None:
    """The snapshot that a pointer names, and the pointer."""
    path = folder / name
    if not path.is_file():
        return None
    content = read_json(path, str(path))
    try:
        pointer = Pointer(
            content["snapshot"],
            content["fetched"],
            tuple(content.get("validators", ())),
            tuple(content.get("reasons", ())),
            content.get("asked", ""),
            dict(content.get("rows", {})),
        )
    except (KeyError, TypeError, ValueError):
        raise damaged(path, "is not the pointer that `collect` writes") from None
    return load(folder, pointer.snapshot), pointer


def load(folder: Path, id: str) -> Snapshot:
    """The snapshot of an id. Raises InvalidData where its list is damaged."""
    path = folder / f"snapshot-{id}.json"
    try:
        content = json.loads(_checked_bytes(path, id))
        kept = tuple(kept_of(member) for member in content["answers"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise damaged(path, "is not the list of answers that `collect` writes") from None
    return Snapshot(id, folder, kept)


def manifest(kept: list[Kept]) -> bytes:
    """The bytes of snapshot-<id>.json; <id> is their SHA-256. The same answers give the same bytes."""
    answers = [kept_members(answer) for answer in kept]
    return (json.dumps({"answers": answers}, ensure_ascii=False, indent=2) + "\n").encode()


def kept_members(kept: Kept) -> dict[str, Any]:
    """A kept answer as JSON."""
    return {"request": _members(kept.request), "sha256": kept.sha256, "file": kept.file}


def kept_of(members: dict[str, Any]) -> Kept:
    """A kept answer from its JSON. Raises KeyError, TypeError or ValueError for what is none."""
    if not re.fullmatch(r"[0-9a-f]{64}\.[a-z]+", members["file"]):
        raise ValueError(members["file"])
    return Kept(_request(members["request"]), members["sha256"], members["file"])


def _members(request: Request) -> dict[str, Any]:
    """A request as JSON, without what is not said."""
    members = {
        "part": request.part,
        "method": request.method,
        "url": request.url,
        "body": request.body.decode() if request.body is not None else None,
        "content_type": request.content_type,
        "accept": request.accept,
        "sentinel": request.sentinel or None,
        "page": request.page or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _request(members: dict[str, Any]) -> Request:
    body = members.get("body")
    return Request(**{**members, "body": body.encode() if body is not None else None})


def _checked_bytes(path: Path, digest: str) -> bytes:
    with os_errors(str(path)):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise damaged(path, "has other bytes than its name or its snapshot says")
    return content


def damaged(path: Path, rule: str) -> InvalidData:
    """A file of a snapshot that is not as `collect` left it."""
    fix = "Take it back from version control, or delete the fetch's folder and run `servicebanken collect`."
    return InvalidData(Problem(Kind.DAMAGED_SNAPSHOT, rule, fix, file=str(path)))
