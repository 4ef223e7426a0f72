"""One fetch, from its first request to a verdict: unchanged, accepted, rejected."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.collect.before import Before, Lost, asked_for, before
from pipeline.collect.client import Client, Received
from pipeline.collect.drift import differences
from pipeline.collect.store import Store, Stored, now
from pipeline.core.http import NotFetched
from pipeline.package.package import Package
from pipeline.source.fetch import Fetch
from pipeline.source.fetched_rows import read
from pipeline.source.readers import Answer, BadAnswer, Request, reader
from pipeline.source.snapshots import Pointer
from pipeline.source.source import Source


@dataclass(frozen=True)
class Verdict:
    """How a fetch ended: `accepted`, `unchanged` or `rejected`, after so many requests."""

    outcome: str
    requests: int
    bytes: int
    rows: dict[str, int]
    reasons: tuple[str, ...] = ()


def run(source: Source, fetch: Fetch, contract: Package, client: Client, advance: Callable[[int], None]) -> Verdict:
    """Asks for what the fetch asks for, and decides. Raises NotFetched, and CannotRun for what the disk refuses."""
    return _Run(source, fetch, contract, client, advance).verdict()


class _Run:
    def __init__(
        self, source: Source, fetch: Fetch, contract: Package, client: Client, advance: Callable[[int], None]
    ) -> None:
        self.fetch = fetch
        self.contract = contract
        self.client = client
        self.advance = advance
        self.store = Store(source, fetch)
        found = before(source, fetch)
        self.before = found if isinstance(found, Before) else None
        self.lost = found if isinstance(found, Lost) else None
        self.stored: dict[Request, Stored] = self.store.held()
        """What is kept of this run: first what one left that did not end."""
        self.conversation = Conversation(fetch, client, self._body)
        self.snapshot: str | None = self.before.snapshot.id if self.before else None
        self.requests = 0
        self.bytes = 0

    def verdict(self) -> Verdict:
        try:
            if self.conversation.hold(self._says_nothing_new, lambda request: self.store.hold(self.stored[request])):
                return self._unchanged()
            self.snapshot = self.store.manifest([stored.kept for stored in self._said()])
            if self.before and self.snapshot == self.before.snapshot.id:
                return self._unchanged()
            lacking = reader(self.fetch.reader).missing(self.fetch, self.conversation.answers)
            rows = read(self.fetch, self.conversation.answers)
        except BadAnswer as error:
            return self._rejected([f"the answer to request {len(self.conversation.answers)} {error.rule}"], {})
        reasons = [f"{what} was asked for and did not come" for what in lacking]
        reasons += differences(self.fetch, self.contract, self.before.rows if self.before else None, rows)
        if self.lost and self.lost.id != self.snapshot:
            reasons.insert(0, f"cannot be compared with what was accepted before: {self.lost.rule}")
        counts = {table: len(of.numbers) for table, of in rows.items()}
        if reasons:
            return self._rejected(reasons, counts)
        self.store.accept(self._pointer(self.snapshot, counts))
        return self._settled("accepted", counts)

    # -- what is asked ---------------------------------------------------------------------------------------------

    def _says_nothing_new(self, answer: Answer) -> bool:
        """Whether a sentinel's answer is the one in the accepted snapshot, of a fetch that asked for the same."""
        if not answer.request.sentinel or self.before is None or self.before.pointer.asked != asked_for(self.fetch):
            return False
        return self.stored[answer.request].kept.sha256 in self.before.sentinels

    def _body(self, request: Request) -> bytes:
        """The bytes that answer a request: kept by a run that did not end, the same as before, or fetched now."""
        if request in self.stored and request not in {answer.request for answer in self.conversation.answers}:
            return (self.store.folder / self.stored[request].kept.file).read_bytes()
        known = self.before.conditions.get(request, {}) if self.before else {}
        self.requests += 1
        self.advance(self.requests)
        try:
            received = self.client.ask(request, known)
        except NotFetched as error:
            self.store.log(url=request.url, method=request.method, status=error.status, error=error.rule)
            raise
        if received.status == 304:
            assert self.before
            kept = self.before.kept[request]
            content = self.before.bodies[request]
            self.stored[request] = Stored(kept, received.validators or known)
        else:
            content = received.body
            self.stored[request] = Stored(self.store.keep(request, content, received.media), received.validators)
        self._log(request, received, content)
        return content

    def _log(self, request: Request, received: Received, content: bytes) -> None:
        self.bytes += len(received.body)
        self.store.log(
            url=request.url,
            method=request.method,
            status=received.status,
            etag=received.etag,
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(received.body),
            seconds=round(received.seconds, 3),
        )

    # -- what is decided -------------------------------------------------------------------------------------------

    def _said(self) -> list[Stored]:
        """What is kept of the answers, in their order."""
        return [self.stored[answer.request] for answer in self.conversation.answers]

    def _unchanged(self) -> Verdict:
        assert self.before
        self.store.unchanged()
        self.snapshot = self.before.snapshot.id
        return self._settled("unchanged", self.before.pointer.rows)

    def _rejected(self, reasons: list[str], rows: dict[str, int]) -> Verdict:
        self.snapshot = self.store.manifest([stored.kept for stored in self._said()])
        self.store.reject(self._pointer(self.snapshot, rows, tuple(reasons)))
        return self._settled("rejected", rows, tuple(reasons))

    def _settled(self, outcome: str, rows: dict[str, int], reasons: tuple[str, ...] = ()) -> Verdict:
        self.store.log(verdict=outcome, snapshot=self.snapshot, reasons=list(reasons) or None)
        return Verdict(outcome, self.requests, self.bytes, rows, reasons)

    def _pointer(self, id: str, rows: dict[str, int], reasons: tuple[str, ...] = ()) -> Pointer:
        validators = tuple(stored.validators for stored in self._said())
        return Pointer(id, now(), validators, reasons, asked_for(self.fetch), rows)


class Conversation:
    """The requests of a fetch and the answers so far. `ask` gets the bytes that answer a request."""

    def __init__(self, fetch: Fetch, client: Client, ask: Callable[[Request], bytes]) -> None:
        self.answers: list[Answer] = []
        self._fetch = fetch
        self._reader = reader(fetch.reader)
        self._client = client
        self._ask = ask
        self._pages: set[str] = set()
        """Hashes of what pages that lead on said."""
        self._until = time.monotonic() + fetch.limits.all_seconds

    def hold(self, ended: Callable[[Answer], bool], good: Callable[[Request], None]) -> bool:
        """Asks until there is nothing left to ask, or until `ended` says so of an answer: then it returns true.

        `good` is told of each request whose answer is one. Raises BadAnswer for an answer that is none, which is then
        the last of `answers`; NotFetched where it stays one that says that it may be another in a while.
        """
        queue = self._reader.requests(self._fetch)
        asked: set[Request] = set()
        while queue:
            request = queue.pop(0)
            if request in asked:
                raise BadAnswer("leads back to what was asked already")
            asked.add(request)
            self.answers.append(Answer(request, self._ask(request)))
            self._bound()
            if ended(self.answers[-1]):
                return True
            following = self._following()
            if following and _is_next_page(following, request):
                self._refuse_repeated()
            queue = [*following, *queue]
            good(request)
        return False

    def _bound(self) -> None:
        """Refuses what all answers together must not cost."""
        limits = self._fetch.limits
        if len(self.answers) > limits.requests:
            raise BadAnswer(f"has further pages after {limits.requests:,} requests, the limit of a fetch")
        if sum(len(answer.body) for answer in self.answers) > limits.all_bytes:
            raise NotFetched(f"has sent more than {limits.all_bytes:,} bytes in all, the limit of a fetch")
        if time.monotonic() > self._until:
            raise NotFetched(f"has taken longer than {limits.all_seconds:g} seconds in all, the limit of a fetch")

    def _refuse_repeated(self) -> None:
        """Refuses a page that leads on and says what one before it said: such pages have no end."""
        answer = self.answers[-1]
        relations = self._reader.read(self._fetch, answer)
        rows = {
            name: [cells for column, cells in sorted(columns.items()) if column != "page"]
            for name, columns in relations.items()
            if any(columns.values())
        }
        said = json.dumps(rows) if rows else answer.body.hex()
        digest = hashlib.sha256(said.encode()).hexdigest()
        if digest in self._pages:
            raise BadAnswer("repeats a page that came under another address, and names yet another")
        self._pages.add(digest)

    def _following(self) -> list[Request]:
        """What to ask after the last answer, which is asked for again where that may help."""
        request = self.answers[-1].request
        tries = 1
        while True:
            try:
                return self._reader.following(self._fetch, self.answers[-1])
            except BadAnswer as error:
                if not error.passing:
                    raise
                if tries > self._client.patience.retries:
                    raise NotFetched(f"sent an answer that {error.rule}") from None
            self._client.rest(request.url, tries)
            tries += 1
            self.answers[-1] = Answer(request, self._ask(request))


def _is_next_page(following: list[Request], request: Request) -> bool:
    """Whether what follows is the next page of what was asked, and not something else that it leads to."""
    return following[0].method == "GET" and (following[0].part == request.part or request.page)
