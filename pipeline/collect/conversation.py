"""What a reader asks of a source, one thing after another, as the answers lead on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from pipeline.collect.failure import NotFetched
from pipeline.collect.fetch import Client
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Request, reader


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
            raise BadAnswer(f"leads on after {limits.requests:,} requests, the limit of a fetch")
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
            raise BadAnswer("is a page that came already under another address, and leads on again")
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
