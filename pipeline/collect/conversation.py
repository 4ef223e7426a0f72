"""What a reader asks of a source, one thing after another, as the answers lead on."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.collect.failure import NotFetched
from pipeline.collect.fetch import Client
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Request, reader

MOST_REQUESTS = 10_000
"""Requests of one fetch; a source that leads on further is not what source.yml takes it for."""


class Conversation:
    """The requests of a fetch and the answers so far. `ask` gets the bytes that answer a request."""

    def __init__(self, fetch: Fetch, client: Client, ask: Callable[[Request], bytes]) -> None:
        self.answers: list[Answer] = []
        self._fetch = fetch
        self._reader = reader(fetch.reader)
        self._client = client
        self._ask = ask

    def hold(self, ended: Callable[[Answer], bool], good: Callable[[Request], None]) -> bool:
        """Asks until there is nothing left to ask, or until `ended` says so of an answer: then it returns true.

        `good` is told of each request whose answer is one. Raises BadAnswer for an answer that is none, which is then
        the last of `answers`; NotFetched where it stays one that says that it may be another in a while.
        """
        queue = self._reader.requests(self._fetch)
        asked: set[Request] = set()
        while queue:
            request = queue.pop(0)
            if request in asked or len(asked) >= MOST_REQUESTS:
                raise BadAnswer("leads back to what was asked already, or on without end")
            asked.add(request)
            self.answers.append(Answer(request, self._ask(request)))
            if ended(self.answers[-1]):
                return True
            queue = [*self._following(), *queue]
            good(request)
        return False

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
