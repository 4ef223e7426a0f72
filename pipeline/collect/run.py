"""One fetch, from its first request to a verdict: unchanged, accepted, rejected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from pipeline import snapshots
from pipeline.collect.drift import differences
from pipeline.collect.fetch import Client, NotFetched
from pipeline.collect.store import Store, Stored, now
from pipeline.errors import PipelineError
from pipeline.fetched import Rows, read
from pipeline.fetches import Fetch
from pipeline.package import Package
from pipeline.readers import Answer, BadAnswer, Request, reader
from pipeline.snapshots import Pointer, Snapshot
from pipeline.sources import Source

MOST_REQUESTS = 10_000
"""Requests of one fetch; a source that leads on further is not what source.yml takes it for."""


@dataclass(frozen=True)
class Verdict:
    """How a fetch ended: `accepted`, `unchanged` or `rejected`, after so many requests."""

    outcome: str
    requests: int
    bytes: int
    rows: dict[str, int]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Before:
    """The accepted snapshot, as it was before a run."""

    snapshot: Snapshot
    pointer: Pointer
    bodies: dict[str, bytes]
    conditions: dict[Request, dict[str, str]]
    rows: dict[str, Rows]


def run(source: Source, fetch: Fetch, contract: Package, client: Client, advance: Callable[[int], None]) -> Verdict:
    """Asks for what the fetch asks for, and decides. Raises NotFetched, and what the disk refuses."""
    return _Run(source, fetch, contract, client, advance).verdict()


class _Run:
    def __init__(
        self, source: Source, fetch: Fetch, contract: Package, client: Client, advance: Callable[[int], None]
    ) -> None:
        self.contract = contract
        self.fetch = fetch
        self.client = client
        self.advance = advance
        self.store = Store(source, fetch)
        self.before = _before(source, fetch)
        self.held = self.store.held()
        self.answers: list[Answer] = []
        self.stored: list[Stored] = []
        self.id: str | None = self.before.snapshot.id if self.before else None
        self.requests = 0
        self.bytes = 0

    def verdict(self) -> Verdict:
        try:
            if self._is_unchanged():
                assert self.before
                return self._settled("unchanged", self.before.rows)
            lacking = reader(self.fetch.reader).missing(self.fetch, self.answers)
            rows = read(self.fetch, self.answers)
        except BadAnswer as error:
            return self._rejected([f"the answer to request {len(self.answers)} {error.rule}"], {})
        self.id = id = self.store.manifest([stored.kept for stored in self.stored])
        if self.before and id == self.before.snapshot.id:
            return self._settled("unchanged", rows)
        reasons = [f"{what} was asked for and is not there" for what in lacking]
        reasons += differences(self.fetch, self.contract, self.before.rows if self.before else None, rows)
        if reasons:
            return self._rejected(reasons, rows)
        self.store.accept(self._pointer(id))
        return self._settled("accepted", rows)

    def _is_unchanged(self) -> bool:
        """Asks one thing after another; true as soon as a sentinel says that nothing has changed."""
        queue = reader(self.fetch.reader).requests(self.fetch)
        asked: set[Request] = set()
        while queue:
            request = queue.pop(0)
            if request in asked or len(asked) >= MOST_REQUESTS:
                raise BadAnswer("leads back to what was asked already, or on without end")
            asked.add(request)
            stored, content = self._answered(request)
            self.stored.append(stored)
            self.answers.append(Answer(request, content))
            if request.sentinel and self._says_the_same(stored):
                return True
            following = self._following()
            self.store.hold(self.stored[-1])
            queue = [*following, *queue]
        return False

    def _following(self) -> list[Request]:
        """What to ask after the last answer. One that says it may be another in a while is asked for again.

        Raises BadAnswer for an answer that is none, NotFetched when the last try failed, too.
        """
        for tries in range(1, self.client.patience.retries + 2):
            request = self.answers[-1].request
            try:
                return reader(self.fetch.reader).following(self.fetch, self.answers[-1])
            except BadAnswer as error:
                if not error.passing:
                    raise
                if tries > self.client.patience.retries:
                    raise NotFetched(f"sent an answer that {error.rule}", passing=True) from None
            self.client.rest(request.url, tries)
            self.held.pop(request, None)
            self.stored[-1], content = self._answered(request)
            self.answers[-1] = Answer(request, content)
        raise AssertionError

    def _says_the_same(self, stored: Stored) -> bool:
        """Whether a sentinel's answer is the one in the accepted snapshot, of a fetch that asked for the same."""
        if self.before is None or self.before.pointer.asked != asked_for(self.fetch):
            return False
        return stored.kept.sha256 in {kept.sha256 for kept in self.before.snapshot.kept if kept.request.sentinel}

    def _answered(self, request: Request) -> tuple[Stored, bytes]:
        if request in self.held:
            stored = self.held[request]
            return stored, (self.store.folder / stored.kept.file).read_bytes()
        known = self.before.conditions.get(request, {}) if self.before else {}
        self.requests += 1
        self.advance(self.requests)
        try:
            received = self.client.ask(request, known)
        except NotFetched as error:
            self.store.log(url=request.url, method=request.method, status=error.status, error=error.rule)
            raise
        content = received.body
        if received.status == 304:
            assert self.before
            old = next(kept for kept in self.before.snapshot.kept if kept.request == request)
            content = self.before.bodies[old.sha256]
        digest = hashlib.sha256(content).hexdigest()
        self.bytes += len(received.body)
        self.store.log(
            url=request.url,
            method=request.method,
            status=received.status,
            etag=received.etag,
            sha256=digest,
            bytes=len(received.body),
            seconds=round(received.seconds, 3),
        )
        kept = self.store.keep(request, content, received.media) if received.status != 304 else old
        return Stored(kept, received.validators or (known if received.status == 304 else {})), content

    def _rejected(self, reasons: list[str], rows: dict[str, Rows]) -> Verdict:
        self.id = id = self.store.manifest([stored.kept for stored in self.stored])
        self.store.reject(self._pointer(id, tuple(reasons)))
        return self._settled("rejected", rows, tuple(reasons))

    def _settled(self, outcome: str, rows: dict[str, Rows], reasons: tuple[str, ...] = ()) -> Verdict:
        if outcome == "unchanged":
            self.store.unchanged()
        self.store.log(verdict=outcome, snapshot=self.id, reasons=list(reasons) or None)
        counts = {table: len(of.numbers) for table, of in rows.items()}
        return Verdict(outcome, self.requests, self.bytes, counts, reasons)

    def _pointer(self, id: str, reasons: tuple[str, ...] = ()) -> Pointer:
        return Pointer(id, now(), tuple(stored.validators for stored in self.stored), reasons, asked_for(self.fetch))


def asked_for(fetch: Fetch) -> str:
    """A hash of what a fetch asks for: another `ask` is another question, whatever a sentinel says."""
    content = json.dumps([fetch.reader, fetch.url, fetch.ask], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _before(source: Source, fetch: Fetch) -> Before | None:
    """The accepted snapshot; None where there is none, or it is damaged and must be asked for anew."""
    try:
        found = snapshots.accepted(source, fetch)
        if found is None:
            return None
        snapshot, pointer = found
        answers = snapshot.answers()
        rows = read(fetch, answers)
    except (PipelineError, BadAnswer):
        return None
    conditions = dict(zip((kept.request for kept in snapshot.kept), pointer.validators, strict=False))
    bodies = {kept.sha256: answer.body for kept, answer in zip(snapshot.kept, answers, strict=True)}
    return Before(snapshot, pointer, bodies, conditions, rows)
