"""The snapshot that is accepted when a run starts: what to ask conditionally with, and what to compare with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from pipeline.core.errors import PipelineError
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


def before(source: Source, fetch: Fetch) -> Before | None:
    """The accepted snapshot; None where there is none, or it is damaged and must be asked for anew."""
    try:
        found = snapshots.accepted(source, fetch)
        if found is None:
            return None
        snapshot, pointer = found
        answers = snapshot.answers()
    except PipelineError:
        return None
    requests = [kept.request for kept in snapshot.kept]
    return Before(
        snapshot,
        pointer,
        dict(zip(requests, snapshot.kept, strict=True)),
        {answer.request: answer.body for answer in answers},
        conditions(snapshot, pointer),
        fetch,
    )


def conditions(snapshot: Snapshot, pointer: Pointer) -> dict[Request, dict[str, str]]:
    """For each request of a snapshot, the headers that ask for its answer only if it has changed."""
    return dict(zip((kept.request for kept in snapshot.kept), pointer.validators, strict=False))


def asked_for(fetch: Fetch) -> str:
    """A hash of what a fetch asks for: another `ask` is another question, whatever a sentinel says."""
    content = json.dumps([fetch.reader, fetch.url, fetch.ask], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
