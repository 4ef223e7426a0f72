"""Where a fetch's answers are kept: bytes once written are never changed, and each request leaves a line in the log.

pipeline/source/snapshots.py draws the folder. What counts is decided by one rename, of accepted.json: a run that ends
before it, however it ends, has accepted nothing, and has lost nothing, for the next one goes on from `pending.jsonl`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from pipeline.core.files import os_errors
from pipeline.source import snapshots
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Request
from pipeline.source.snapshots import Kept, Pointer
from pipeline.source.source import Source

PENDING_HOURS = 24
"""Answers of an unfinished run that are older are asked for again: a snapshot is of one time."""

SUFFIXES = {
    "application/json": "json",
    "application/geo+json": "json",
    "application/sparql-results+json": "json",
    "text/csv": "csv",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/xml": "xml",
    "application/xml": "xml",
    "text/plain": "txt",
}

_APPENDING = Lock()
"""Fetches of one source may run side by side, and share its log."""


@dataclass(frozen=True)
class Stored:
    """An answer that is kept, and the headers that ask for it only if it has changed."""

    kept: Kept
    validators: dict[str, str] = field(default_factory=dict)


class Store:
    """The snapshots of one fetch, to be added to."""

    def __init__(self, source: Source, fetch: Fetch) -> None:
        self.folder = snapshots.folder_of(source, fetch)
        self._log = source.folder / snapshots.FOLDER / snapshots.LOG
        self._fetch = fetch.id

    def keep(self, request: Request, body: bytes, media: str) -> Kept:
        """Writes the bytes of an answer, unless they are there."""
        digest = hashlib.sha256(body).hexdigest()
        suffix = SUFFIXES.get(media) or SUFFIXES.get(request.accept, "bin")
        there = sorted(self.folder.glob(f"{digest}.*"))
        path = there[0] if there else self.folder / f"{digest}.{suffix}"
        _write_once(path, body, digest)
        return Kept(request, digest, path.name)

    def manifest(self, kept: list[Kept]) -> str:
        """Writes the list of answers that makes a snapshot, unless it is there; returns the snapshot's id."""
        content = snapshots.manifest(kept)
        id = hashlib.sha256(content).hexdigest()
        _write_once(self.folder / f"snapshot-{id}.json", content, id)
        return id

    def accept(self, pointer: Pointer) -> None:
        """Makes a snapshot the one that counts."""
        write(self.folder / snapshots.ACCEPTED, _pointer(pointer))
        self._settle()
        with os_errors(str(self.folder)):
            (self.folder / snapshots.REJECTED).unlink(missing_ok=True)

    def reject(self, pointer: Pointer) -> None:
        """Keeps a snapshot as the one that was not accepted, with the reasons."""
        write(self.folder / snapshots.REJECTED, _pointer(pointer))
        self._settle()

    def unchanged(self) -> None:
        """Ends a run that found what is accepted already."""
        self._settle()
        with os_errors(str(self.folder)):
            (self.folder / snapshots.REJECTED).unlink(missing_ok=True)

    # -- a run that has not ended ----------------------------------------------------------------------------------

    def hold(self, stored: Stored) -> None:
        """Notes an answer that the next run need not ask for, should this one not end."""
        member = snapshots.kept_members(stored.kept)
        _append(self.folder / snapshots.PENDING, {"time": now(), **member, "validators": stored.validators})

    def held(self) -> dict[Request, Stored]:
        """The answers that a run left that did not end, no older than `PENDING_HOURS`; its half-written files go."""
        with os_errors(str(self.folder)):
            for left in self.folder.glob(".*.draft"):
                left.unlink()
        found: dict[Request, Stored] = {}
        for line in lines(self.folder / snapshots.PENDING):
            try:
                stored = Stored(snapshots.kept_of(line), dict(line["validators"]))
                age = datetime.now(UTC) - datetime.fromisoformat(line["time"])
                content = (self.folder / stored.kept.file).read_bytes()
            except (KeyError, TypeError, ValueError, OSError):
                continue
            hours = age.total_seconds() / 3600
            if 0 <= hours < PENDING_HOURS and hashlib.sha256(content).hexdigest() == stored.kept.sha256:
                found[stored.kept.request] = stored
        return found

    def _settle(self) -> None:
        with os_errors(str(self.folder)):
            (self.folder / snapshots.PENDING).unlink(missing_ok=True)

    # -- the log ---------------------------------------------------------------------------------------------------

    def log(self, **members: Any) -> None:
        """Adds a line to the source's log; what is None is left out."""
        said = {name: value for name, value in members.items() if value is not None}
        _append(self._log, {"time": now(), "fetch": self._fetch, **said})


def now() -> str:
    """The time now, as the log writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of JSON lines; one that a killed run left half is left out."""
    if not path.is_file():
        return []
    with os_errors(str(path)):
        texts = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = []
    for text in texts:
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _pointer(pointer: Pointer) -> bytes:
    members: Mapping[str, Any] = {name: value for name, value in asdict(pointer).items() if value or name == "snapshot"}
    return (json.dumps(members, ensure_ascii=False, indent=2) + "\n").encode()


def _write_once(path: Path, content: bytes, digest: str) -> None:
    """Writes a file that never changes. One that is damaged is replaced by what its name says."""
    with os_errors(str(path)):
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return
    write(path, content)


def write(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, and so that it is there after a power cut."""
    draft = path.with_name(f".{path.name}.draft")
    with os_errors(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


def _append(path: Path, record: Mapping[str, Any]) -> None:
    """Adds a line in one write; after a line that a killed run left half, on a line of its own."""
    line = (json.dumps(record, ensure_ascii=False) + "\n").encode()
    with _APPENDING, os_errors(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)
