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

from pipeline.serve.answer import CORS, NO_STORE, POLICY, SECURITY, Answer, Header, as_json, send_answer
from pipeline.serve.early import early_answer
from pipeline.serve.files import LONG
from pipeline.serve.library import Library, library_of
from pipeline.serve.limits import Refusal
from pipeline.serve.pages.render import Visit
from pipeline.serve.pages.views import Site
from pipeline.serve.request import Asked
from pipeline.serve.streams import Stream
from pipeline.web.words import Words

SHORT = b"public, max-age=60, stale-while-revalidate=600"
BRIEF = b"public, max-age=5"
"""For an answer that took as long as a query may take: one may have been stopped, and something be missing."""

OURS = (b"cache-control", b"vary", b"set-cookie", b"etag", b"referrer-policy")
"""Headers of Datasette's answers that are replaced or dropped."""


class Shield:
    """The ASGI application around Datasette's."""

    def __init__(self, datasette: Any, application: Any) -> None:
        self._datasette = datasette
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One conversation as ASGI has it."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        library = library_of(self._datasette)
        await library.start()
        library.watch()
        if not library.shown:
            await self._application(scope, receive, send)
            return
        asked = Asked.of(library, scope)
        if asked.shown is None:
            await self._answer(library, asked, receive, send)
            return
        with library.used(asked.shown):
            failed = await self._answer(library, asked, receive, send)
        if failed is None:
            return
        # A release that is gone or damaged is withdrawn at once, and who asked for the latest gets the one before.
        if not asked.shown.release.is_unchanged():
            await library.renew()
        again = Asked.of(library, scope)
        if again.shown is asked.shown:
            await failed()
        else:
            await (await self._answer(library, again, receive, send) or _nothing)()

    async def _answer(self, library: Library, asked: Asked, receive: Any, send: Any) -> Callable[[], Any] | None:
        """Answers, or returns what sends the answer to a request that failed because of the release."""
        sent = _Sender(self._datasette, library, asked, send)
        early = early_answer(library, asked)
        if isinstance(early, Refusal):
            early = refusal(library, asked, early)
        if early is not None:
            await sent.whole(early)
            return None
        if asked.is_stream:
            sent.send = Stream(sent.send)
        scope = {**asked.inner(library), "servicebanken": asked}
        await self._application(scope, receive, sent)
        return sent.failed


class _Sender:
    """Takes the messages of Datasette's answer and sends them on with our headers."""

    def __init__(self, datasette: Any, library: Library, asked: Asked, send: Any) -> None:
        self._library = library
        self._asked = asked
        self.send = send
        self._started = time.monotonic()
        self._limit = min(datasette.setting("sql_time_limit_ms"), datasette.setting("facet_time_limit_ms")) / 1000
        self._replaced = False
        self.failed: Callable[[], Any] | None = None

    async def whole(self, answer: Answer) -> None:
        """Sends an answer that is not Datasette's."""
        headers = [*answer.headers, *self._common(answer.headers)]
        await send_answer(self.send, Answer(answer.status, headers, answer.body), self._asked.is_head)

    async def __call__(self, message: Any) -> None:
        """One message of ASGI."""
        if self._replaced:
            return
        if message["type"] != "http.response.start":
            await self.send(message)
            return
        asked = self._asked
        media = dict(message["headers"]).get(b"content-type", b"")
        if message["status"] >= 500 and asked.shown is not None and not asked.shown.release.is_unchanged():
            self._replaced = True
            self.failed = lambda: self.whole(refusal(self._library, asked, Refusal(500, "refused.500")))
        elif (
            message["status"] >= 400
            and media.startswith(b"text/")
            and not (asked.is_page or asked.is_foreign or asked.is_file)
        ):
            self._replaced = True
            sentence = f"refused.{404 if message['status'] == 404 else 500}"
            await self.whole(refusal(self._library, asked, Refusal(message["status"], sentence)))
        else:
            await self.send({**message, "headers": self._headers(message)})

    def _headers(self, message: Any) -> list[Header]:
        asked = self._asked
        given = [(name.lower(), value) for name, value in message["headers"]]
        if asked.is_foreign or asked.has_cookies:
            return [*given, *self._common(given)]
        headers = []
        for name, value in given:
            if name == b"content-type" and ".csv" in asked.address.rest and value.startswith(b"text/plain"):
                value = b"text/csv; charset=utf-8"  # Datasette's is so that browsers show it
            if name not in OURS:
                headers.append((name, value))
        if message["status"] in (200, 206, 304):
            kept = dict(given).get(b"cache-control") if asked.is_file else None
            headers.append((b"etag", dict(given).get(b"etag") or asked.etag(self._library.tag)))
            headers.append((b"cache-control", kept or self._keeping()))
        elif message["status"] in (301, 302) and b"vary" in dict(given):
            headers += [(b"vary", dict(given)[b"vary"]), (b"cache-control", b"public, max-age=60")]
        else:
            headers.append(NO_STORE)
        return [*headers, *self._common(headers)]

    def _keeping(self) -> bytes:
        """How long an answer may be kept: the data of a release for ever, pages and the latest for a minute.

        Pages of a release tell which other releases there are.
        """
        if time.monotonic() - self._started >= self._limit:
            return BRIEF
        return LONG if self._asked.address.version is not None and self._asked.address.language is None else SHORT

    def _common(self, headers: list[Header]) -> list[Header]:
        """The headers that every answer carries; a page may say itself what it may load and who may embed it."""
        common = [*SECURITY, *(CORS if self._library.options.cors else ())]
        asked = self._asked
        is_datasettes = self._library.options.datasette_pages and asked.address.language is None and not asked.is_file
        if not (asked.is_foreign or is_datasettes) and b"content-security-policy" not in dict(headers):
            common += [(b"content-security-policy", POLICY.encode()), (b"x-frame-options", b"DENY")]
        return [header for header in common if header[0] not in dict(headers)]


def refusal(library: Library, asked: Asked, why: Refusal) -> Answer:
    """The answer to a request that is refused: a page where a page was asked for, else JSON."""
    shown = asked.shown or library.find(None)
    if not asked.is_page or shown is None:
        return as_json(why.status, Words("en").text(why.sentence, **why.values), *why.headers)
    site: Site = library.site(shown, asked.language, asked.address.version if asked.shown else None)
    made = site.error(
        why.status, Visit(asked.address.rest, "", asked.origin), site.dataset.words(why.sentence, **why.values)
    )
    body = made.body if isinstance(made.body, bytes) else made.body.encode()
    return Answer(why.status, [(b"content-type", b"text/html; charset=utf-8"), NO_STORE, *why.headers], body)


async def _nothing() -> None:
    return None
