"""What every request passes through before Datasette sees it, and every answer after: the hook `asgi_wrapper`.

Here a request is refused that asks for too much or under another's name, an address gets its release, and an answer
its headers. Connections, slow clients, caching and fair turns are the business of the proxy in front (`deploy/`).

What an answer depends on is the releases, the program, the host and the address, all of which are in its ETag. Nothing
that was answered is kept here, so nobody gets what was made for somebody else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pipeline.serve.answer import CORS, LONG, NO_STORE, POLICY, SECURITY, Answer, Header, as_json, send_answer
from pipeline.serve.early import early_answer
from pipeline.serve.failures import page_error
from pipeline.serve.library import library_of
from pipeline.serve.limits import Refusal
from pipeline.serve.request import Asked
from pipeline.web.words import Words

SHORT = b"public, max-age=60, stale-while-revalidate=600"
BRIEF = b"public, max-age=5"
"""For an answer that took as long as a query may take: one may have been stopped, and something be missing."""

OURS = (b"cache-control", b"vary", b"set-cookie", b"etag", b"referrer-policy")
"""Headers of Datasette's answers that are replaced or dropped."""

PIECE = 64 * 1024
"""Bytes of CSV that are sent at a time; Datasette writes row by row."""


class BrokenOff(Exception):
    """A stream of rows has ended before its end."""


class Shield:
    """The ASGI application around Datasette's."""

    def __init__(self, datasette: Any, application: Any) -> None:
        self._datasette = datasette
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One conversation as ASGI has it."""
        library = library_of(self._datasette)
        if scope["type"] == "http":
            await library.start()
            library.watch()
        if scope["type"] != "http" or not library.shown:
            await self._application(scope, receive, send)
            return
        asked = Asked.of(library, scope)
        failed = await self._answer(asked, receive, send)
        if failed is None or asked.shown is None:
            return
        # A release that is gone or damaged is withdrawn at once, and who asked for the latest gets the one before.
        if not asked.release.is_unchanged():
            await library.renew()
        again = Asked.of(library, scope)
        if again.shown is not asked.shown:
            failed = await self._answer(again, receive, send)
        if failed is not None:
            await failed()

    async def _answer(self, asked: Asked, receive: Any, send: Any) -> Callable[[], Any] | None:
        """Answers, or returns what sends the answer to a request that failed because of the release."""
        sender = Sender(asked, send)
        early = early_answer(asked)
        if early is not None:
            await sender.whole(refusal(asked, early) if isinstance(early, Refusal) else early)
            return None
        assert asked.shown is not None  # else it is refused
        with asked.library.used(asked.shown):
            await self._application(asked.inner(), receive, sender)
        return sender.failed


class Sender:
    """Takes the messages of Datasette's answer and sends them on with our headers.

    When a query fails in the middle of CSV, Datasette ends it with the sentence of the error, and status 200: a reader
    would take what came for the whole. A row ends with a line end and that sentence does not; BrokenOff is raised
    instead, which breaks the connection, and every client notices.
    """

    def __init__(self, asked: Asked, send: Any) -> None:
        self._asked = asked
        self._send = send
        self._started = time.monotonic()
        self._held: bytearray | None = None
        self._is_replaced = False
        self.failed: Callable[[], Any] | None = None

    async def whole(self, answer: Answer) -> None:
        """Sends an answer that is not Datasette's."""
        headers = [*answer.headers, *self._common(answer.headers)]
        is_head = self._asked.scope["method"] == "HEAD"
        await send_answer(self._send, Answer(answer.status, headers, answer.body), is_head)

    async def __call__(self, message: Any) -> None:
        """One message of ASGI. Raises BrokenOff for rows of CSV that end in an error."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._held is not None:
            await self._rows(message)
        elif not self._is_replaced:
            await self._send(message)

    async def _start(self, message: Any) -> None:
        asked, status = self._asked, message["status"]
        is_data = not (asked.is_page or asked.is_foreign or asked.is_file)
        is_text = dict(message["headers"]).get(b"content-type", b"").startswith(b"text/")
        if status >= 500 and asked.shown is not None and not asked.release.is_unchanged():
            self._is_replaced = True
            self.failed = lambda: self.whole(refusal(asked, Refusal(500, "refused.500")))
        elif status >= 400 and is_text and is_data:
            self._is_replaced = True
            await self.whole(refusal(asked, Refusal(status, f"refused.{404 if status == 404 else 500}")))
        else:
            if status == 200 and ".csv" in asked.address.rest and "_stream" in dict(asked.pairs):
                self._held = bytearray()
            await self._send({**message, "headers": self._headers(message)})

    async def _rows(self, message: Any) -> None:
        assert self._held is not None
        body = message.get("body", b"")
        if body and not body.endswith(b"\n"):
            raise BrokenOff
        self._held += body
        if len(self._held) >= PIECE or not message.get("more_body"):
            held, self._held = bytes(self._held), bytearray()
            await self._send({**message, "body": held})

    def _headers(self, message: Any) -> list[Header]:
        asked = self._asked
        given = {name.lower(): value for name, value in message["headers"]}
        if asked.is_foreign or asked.has_cookies:
            return [*message["headers"], *self._common([*given.items()])]
        headers = [(name, value) for name, value in given.items() if name not in OURS and name != b"content-type"]
        if media := given.get(b"content-type"):  # Datasette's CSV is plain text so that browsers show it
            is_csv = ".csv" in asked.address.rest and media.startswith(b"text/plain")
            headers.append((b"content-type", b"text/csv; charset=utf-8" if is_csv else media))
        if message["status"] in (200, 206, 304):
            kept = given.get(b"cache-control") if asked.is_file else None
            headers += [(b"etag", given.get(b"etag") or asked.etag), (b"cache-control", kept or self._keeping())]
        else:
            headers.append(NO_STORE)
        return [*headers, *self._common(headers)]

    def _keeping(self) -> bytes:
        """How long an answer may be kept: the data of a release for ever, pages and the latest for a minute.

        Pages of a release tell which other releases there are.
        """
        setting = self._asked.library.datasette.setting
        if time.monotonic() - self._started >= min(setting("sql_time_limit_ms"), setting("facet_time_limit_ms")) / 1000:
            return BRIEF
        return LONG if self._asked.address.version is not None and self._asked.address.language is None else SHORT

    def _common(self, headers: list[Header]) -> list[Header]:
        """The headers that every answer carries; a page may say itself what it may load and who may embed it."""
        asked, options = self._asked, self._asked.library.options
        common = [*SECURITY, *(CORS if options.cors else ())]
        is_datasettes = options.datasette_pages and asked.address.language is None and not asked.is_file
        if not (asked.is_foreign or is_datasettes) and b"content-security-policy" not in dict(headers):
            common += [(b"content-security-policy", POLICY.encode()), (b"x-frame-options", b"DENY")]
        return [header for header in common if header[0] not in dict(headers)]


def refusal(asked: Asked, why: Refusal) -> Answer:
    """The answer to a request that is refused: a page where a page was asked for, else JSON."""
    if not asked.is_page or asked.library.find(None) is None:
        return as_json(why.status, Words("en").text(why.sentence, **why.values), *why.headers)
    body = page_error(asked, why.status, why.sentence, **why.values).body
    return Answer(why.status, [(b"content-type", b"text/html; charset=utf-8"), NO_STORE, *why.headers], body.encode())
