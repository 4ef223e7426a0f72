"""The snapshot that is accepted when a run starts: what to ask conditionally with, and what to compare with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.collect.store import lines
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json
from pipeline.source import snapshots
from pipeline.source.fetch import Fetch
from pipeline.source.fetched_rows import Rows, read
from pipeline.source.readers import Answer, BadAnswer, Request
from pipeline.source.snapshots import Kept, Pointer, Snapshot
from pipeline.source.source import Source


@dataclass(frozen=True)
class Before:
    """An accepted snapshot: its answers by request, and their headers for a conditional request."""

    snapshot: Snapshot
    pointer: Pointer
    kept: dict[Request, Kept]
    bodies: dict[Request, bytes]
    conditions: dict[Request, dict[str, str]]
    fetch: Fetch

    @cached_property
    def rows(self) -> dict[str, Rows] | None:
        """The rows as source.yml maps them now; None where the fetch has become another that cannot read them."""
        try:
            return read(self.fetch, [Answer(request, body) for request, body in self.bodies.items()])
        except BadAnswer:
            return None

    @property
    def sentinels(self) -> set[str]:
        """The SHA-256 of the answers that say whether anything has changed."""
        return {kept.sha256 for request, kept in self.kept.items() if request.sentinel}


@dataclass(frozen=True)
class Lost:
    """An accepted snapshot that cannot be read: why, and its id as far as that is known."""

    rule: str
    id: str | None


def before(source: Source, fetch: Fetch) -> Before | Lost | None:
    """The accepted snapshot; None before the first one.

    One that cannot be read is not as if there was none: whatever came next would be compared with nothing.
    """
    folder = snapshots.folder_of(source, fetch)
    try:
        found = snapshots.accepted(source, fetch)
        if found is None:
            id = _last_accepted(source, fetch)
            there = id is not None and (folder / f"snapshot-{id}.json").is_file()
            return Lost(f"{folder / snapshots.ACCEPTED} is gone", id) if there else None
        snapshot, pointer = found
        answers = snapshot.answers()
    except PipelineError as error:
        problem = error.problems[0]
        return Lost(f"{problem.file} {problem.rule}", _pointed(folder) or _last_accepted(source, fetch))
    requests = [kept.request for kept in snapshot.kept]
    return Before(
        snapshot,
        pointer,
        dict(zip(requests, snapshot.kept, strict=True)),
        {answer.request: answer.body for answer in answers},
        conditions(snapshot, pointer),
        fetch,
    )


def _pointed(folder: Path) -> str | None:
    """The id in accepted.json, where that can be read."""
    try:
        return str(read_json(folder / snapshots.ACCEPTED, snapshots.ACCEPTED)["snapshot"])
    except (PipelineError, KeyError, TypeError):
        return None


def _last_accepted(source: Source, fetch: Fetch) -> str | None:
    """The id of the snapshot that the log calls accepted last."""
    log = lines(source.folder / snapshots.FOLDER / snapshots.LOG)
    ids = [line.get("snapshot") for line in log if (line.get("fetch"), line.get("verdict")) == (fetch.id, "accepted")]
    return str(ids[-1]) if ids else None


def conditions(snapshot: Snapshot, pointer: Pointer) -> dict[Request, dict[str, str]]:
    """For each request of a snapshot, the headers that ask for its answer only if it has changed."""
    return dict(zip((kept.request for kept in snapshot.kept), pointer.validators, strict=False))


def asked_for(fetch: Fetch) -> str:
    """A hash of what a fetch asks for: another `ask` is another question, whatever a sentinel says."""
    content = json.dumps([fetch.reader, fetch.url, fetch.ask], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
