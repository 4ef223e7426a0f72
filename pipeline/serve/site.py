"""One address for every release and language: an ASGI application that asks the Datasette which answers for a place.

What Datasette is given is what stands behind the prefix of the place, and it knows the prefix by its setting
`base_url`: a prefix that it saw itself it would write twice into links to the next page.

Readers have no account: cookies and credentials are not passed on, so that the same address is answered alike for all.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from datasette.filters import Filters
from datasette.utils import tilde_decode, tilde_encode

from pipeline.core.errors import PipelineError
from pipeline.core.progress import Progress
from pipeline.serve.answer import CORS, NEVER_KEPT, SECURITY, Answer, Header, redirect, refusal, send_answer
from pipeline.serve.files import found, send_file
from pipeline.serve.gate import Busy, Gate
from pipeline.serve.helper import AT_ONCE, Helper
from pipeline.serve.hosts import is_ours
from pipeline.serve.kept import LARGEST, Kept
from pipeline.serve.languages import preferred
from pipeline.serve.limits import refused
from pipeline.serve.places import Place, parse, prefix
from pipeline.serve.release import Release
from pipeline.serve.shelf import Library, Shelf
from pipeline.serve.streams import Stream
from pipeline.serve.timelimit import Interruptions
from pipeline.serve.weight import is_heavy
from pipeline.web import templates

WATCHED = 1.0
"""Seconds between two looks for a new release."""

STALLED = 30.0
"""Seconds in which a reader has to take the next part of an answer."""

HELD = 0.5
"""Seconds until an address that is too long is refused: who sends them over and over waits, and others do not."""

ASSETS = "/-/assets/"
"""Where the style sheets, scripts and pictures of pages begin."""

SQL = "/-/sql"
"""The page for SQL that readers write."""

STATIC = templates.STATIC

SHORT = b"public, max-age=60, stale-while-revalidate=600"
LONG = b"public, max-age=31536000, immutable"

CLOSED = "/-/closed"
"""What Datasette is asked for in place of a page that is not for readers: nothing is there."""

REFUSED = {
    400: "What is asked is not understood: a column that is not there, or a value that is none.",
    403: "This is not allowed.",
    404: "This is not there.",
    500: "This could not be answered. It is a fault of the server.",
}
"""What is said in place of a page, where data was asked for."""

NOT_PASSED_ON = (b"cookie", b"authorization", b"accept-encoding", b"if-none-match", b"if-modified-since")
NO_WORDS = re.compile(rb"(?:^|(?<=&))_search=(?:%22|\+|%20)*(?=&|$)")
"""A search for nothing, which a form sends and FTS5 takes for a mistake."""

OURS = (b"cache-control", b"vary", b"set-cookie", b"etag", b"referrer-policy")
"""Headers of Datasette's answers that are replaced or dropped."""


@dataclass(frozen=True)
class Options:
    """How the site is served: whether pages of others may read it, and under which address the public reaches it.

    `address` is scheme and host, such as ("https", "data.example.org"); None for a server that is reached directly.
    """

    cors: bool = True
    address: tuple[str, str] | None = None


class Site:
    """The ASGI application."""

    def __init__(self, library: Library, options: Options, progress: Progress) -> None:
        self.library = library
        self.options = options
        self._progress = progress
        self._watcher: asyncio.Task[None] | None = None
        self._kept = Kept()
        self._pages = Gate(8, 100)
        self._heavy = Gate(AT_ONCE, 60, each=40)
        self.helper: Helper | None = None
        self._streams = Gate(2, 6)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One conversation as ASGI has it: the life of the server, or a request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            with self.library.shelf.used() as shelf, contextlib.suppress(TimeoutError):
                await self._answer(shelf, scope, receive, self._with_common_headers(send))

    # -- the life of the server ------------------------------------------------------------------------------------

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._watcher = asyncio.create_task(self.watch())
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._watcher:
                    self._watcher.cancel()
                self.library.shelf.end()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def watch(self, says: bool = True) -> None:
        """Takes up new releases, for ever, and says so."""
        said = ""
        while True:
            await asyncio.sleep(WATCHED)
            try:
                if await self.library.renew():
                    self._kept.clear()
                    if says:
                        self._progress.say(f"Now showing {self.library.shelf.latest.folder}")
                said = ""
            except (PipelineError, OSError) as error:  # the releases that are served go on being served
                if says and str(error) != said:
                    said = str(error)
                    self._progress.say(f"Not shown: {error}")

    # -- a request -------------------------------------------------------------------------------------------------

    async def _answer(self, shelf: Shelf, scope: Any, receive: Any, send: Any) -> None:
        head = scope["method"] == "HEAD"
        place = parse(_path(scope))
        early = self._early(shelf, place, scope)
        if early is not None:
            if early.status == 414:
                await asyncio.sleep(HELD)
            await send_answer(send, early, head)
        elif place.rest.startswith(ASSETS):
            await _send_below(STATIC, place.rest.removeprefix(ASSETS).partition("/")[2], LONG, scope, send)
        elif place.file is not None:
            release = shelf.release(place)
            assert release is not None
            await _send_below(release.folder, place.file, LONG, scope, send)
        else:
            try:
                await self._ask(shelf, place, scope, receive, send)
            except Busy:
                busy = refusal(429, "Too many ask at the moment. Ask again in a few seconds.", (b"retry-after", b"3"))
                await send_answer(send, busy, head)

    def _early(self, shelf: Shelf, place: Place, scope: Any) -> Answer | None:
        """What needs no Datasette: what is refused, and what stands elsewhere."""
        release = shelf.release(place)
        query = scope["query_string"].decode("latin-1")
        if not self._is_for_us(scope):
            return refusal(421, "This server does not answer under that name.")
        if scope["method"] == "OPTIONS":
            return Answer(204, [(b"allow", b"GET, HEAD, OPTIONS")], b"")
        if scope["method"] not in ("GET", "HEAD"):
            return refusal(405, "Nothing can be written here.", (b"allow", b"GET, HEAD, OPTIONS"))
        if (too_much := refused(_path(scope), query, brings_sql=place.rest.startswith(SQL))) is not None:
            return too_much
        if release is None:
            return refusal(404, "This release is not served.")
        if not place.rest:
            return redirect(place.prefix + _question(query), status=301)
        if place.file is not None and place.version is None:
            return redirect(prefix(release.version, None) + place.rest[1:], (b"cache-control", SHORT))
        if place.rest == f"/{release.stem}.db":
            return redirect(f"{prefix(release.version, None)}files/{release.database.name}", (b"cache-control", SHORT))
        if "sql" in dict(parse_qsl(query)) and (form := _form_of_database(place, release)) is not None:
            return redirect(place.prefix + SQL[1:] + form + _question(query), NEVER_KEPT)
        if not place.is_page and "%" in place.rest and place.file is None:
            return redirect(place.prefix + _with_tildes(place.rest)[1:] + _question(query), NEVER_KEPT)
        if not place.is_page and (unknown := _unknown_column(place, release, query)):
            return unknown
        if place.is_page and place.language is None and place.file is None:
            language = preferred(dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1"))
            target = prefix(place.version, language) + place.rest[1:] + _question(query)
            return redirect(target, (b"vary", b"Accept-Language"), (b"cache-control", b"public, max-age=60"))
        etag = shelf.etag(_target(scope)).encode()
        if etag in dict(scope["headers"]).get(b"if-none-match", b"") and not place.file:
            return Answer(304, [(b"etag", etag), (b"cache-control", _keeping(place))], b"")
        return None

    def _is_for_us(self, scope: Any) -> bool:
        """Whether the request names us as its host; where the public address is known, a proxy has seen to that."""
        named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        return self.options.address is not None or (len(named) == 1 and is_ours(named[0]))

    def _client(self, scope: Any) -> str:
        """Who asks: the address of the reader, which a proxy before us tells."""
        told = dict(scope["headers"]).get(b"x-real-ip") if self.options.address is not None else None
        return told.decode("latin-1") if told else str((scope.get("client") or [""])[0])

    async def _ask(self, shelf: Shelf, place: Place, scope: Any, receive: Any, send: Any) -> None:
        """Answers from what is kept, or lets Datasette answer."""
        head = scope["method"] == "HEAD"
        etag = shelf.etag(_target(scope))
        if place.rest.startswith(SQL):  # has a gate of its own, and what it answers may be cut by its time
            await self._let_answer(shelf, place, scope, receive, send, etag, keep=False)
        elif _is_stream(place, scope):
            async with self._streams.passed(self._client(scope)):
                await self._let_answer(shelf, place, scope, receive, Stream(send), etag)
        elif (kept := self._kept.get(etag)) is not None:
            await send_answer(send, kept, head)
        else:
            async with self._kept.asked(etag) as kept:
                if kept is not None:
                    await send_answer(send, kept, head)
                    return
                release = shelf.release(place)
                pairs = parse_qsl(scope["query_string"].decode("latin-1"))
                heavy = release is not None and is_heavy(release, place, pairs)
                async with (self._heavy if heavy else self._pages).passed(self._client(scope)):
                    await self._let_answer(shelf, place, scope, receive, send, etag, heavy=heavy)

    async def _let_answer(
        self,
        shelf: Shelf,
        place: Place,
        scope: Any,
        receive: Any,
        send: Any,
        etag: str,
        keep: bool = True,
        heavy: bool = False,
    ) -> None:
        """Lets Datasette answer, sends on what it says with our headers, and keeps a whole answer that is small."""
        start: dict[str, Any] = {}
        parts: list[bytes] = []
        stopped = Interruptions.count

        async def sent(message: Any) -> None:
            if start.get("refused"):
                return
            if message["type"] == "http.response.start" and _is_page_for_data(message, place):
                start["refused"] = True
                sentence = REFUSED.get(message["status"], "This could not be answered.")
                await send_answer(send, refusal(message["status"], sentence), scope["method"] == "HEAD")
                return
            if message["type"] == "http.response.start":
                is_whole = stopped == Interruptions.count and message.get("is_whole", True)
                message = {**message, "headers": _headers(message, place, etag.encode(), is_whole)}
                message["keep"] = keep and is_whole
                start.update(message)
            else:
                body = message.get("body", b"")
                if start["status"] == 200 and sum(map(len, parts)) <= LARGEST:
                    parts.append(body)
                if (
                    not message.get("more_body")
                    and scope["method"] == "GET"
                    and start["status"] == 200
                    and start["keep"]
                ):
                    self._kept.put(etag, Answer(200, start["headers"], b"".join(parts)))
            await send(message)

        instance = await shelf.instance(place)
        rest = place.rest if instance.is_open(place.rest) else CLOSED
        inner = _inner(scope, rest, self.options.address)
        page = await self.helper.page(shelf.tag, place, inner) if heavy and self.helper is not None else None
        if page is None:
            await instance.application(inner, receive, sent)
            return
        start_of_page = {"type": "http.response.start", "status": page.status, "headers": page.headers}
        await sent({**start_of_page, "is_whole": page.is_whole})
        await sent({"type": "http.response.body", "body": page.body})

    def _with_common_headers(self, send: Any) -> Any:
        common = [*SECURITY, *(CORS if self.options.cors else ())]

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *common]}
            async with asyncio.timeout(STALLED):
                await send(message)

        return sent


def _path(scope: Any) -> str:
    """The path as it came, percent-encoded, without the query."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return str(raw.partition(b"?")[0].decode("latin-1"))


def _target(scope: Any) -> str:
    return f"{_path(scope)}?{scope['query_string'].decode('latin-1')}"


def _question(query: str) -> str:
    return f"?{query}" if query else ""


def _with_tildes(rest: str) -> str:
    """An address of data in percent-encoding, as Datasette writes it: `~` for `%`, and the extension as it is."""
    path, _, extension = rest.rpartition(".")
    keys = [[tilde_encode(tilde_decode(unquote(key))) for key in part.split(",")] for part in path.split("/")]
    return f"{'/'.join(','.join(part) for part in keys)}.{re.sub('[^a-z]', '', extension)}"


def _form_of_database(place: Place, release: Release) -> str | None:
    """The extension, if the address is that of the database, where Datasette takes SQL: `.json`, `.csv` or none."""
    match = re.fullmatch(rf"/{re.escape(release.stem)}(\.json|\.csv|)", place.rest)
    return match[1] if match else None


def _unknown_column(place: Place, release: Release, query: str) -> Answer | None:
    """The refusal of a filter or an order by a column that a table does not have.

    SQLite takes the name of an unknown column for a text, and finds nothing; Datasette takes no notice of an operation
    that it does not know, and finds everything, and 0.65 takes an unknown order for a fault of its own.
    """
    columns = release.columns.get(tilde_decode(place.rest.rpartition("/")[2].partition(".")[0]))
    operations = {each.key for each in Filters._filters}
    if columns is None or place.rest.count("/") != 2:
        return None
    for name, value in parse_qsl(query, keep_blank_values=True):
        asked = value if name in ("_sort", "_sort_desc") else name
        if (asked != name and not asked) or (asked.startswith("_") and asked == name):
            continue
        column, _, operation = asked.rpartition("__")
        if asked not in columns and column not in columns:
            return refusal(400, "The table has no column of a name that is asked for.")
        if asked not in columns and asked == name and operation not in operations:
            return refusal(400, "There is no way to filter of a name that is asked for.")
    return None


def _is_stream(place: Place, scope: Any) -> bool:
    """Whether all rows are asked for, of which there may be many."""
    return ".csv" in place.rest and "_stream" in dict(parse_qsl(scope["query_string"].decode("latin-1")))


def _inner(scope: Any, rest: str, address: tuple[str, str] | None) -> dict[str, Any]:
    """The request as Datasette is to see it."""
    headers = [(name, value) for name, value in scope["headers"] if name not in NOT_PASSED_ON]
    scheme = scope["scheme"]
    if address is not None:
        scheme = address[0]
        headers = [(name, value) for name, value in headers if name != b"host"] + [(b"host", address[1].encode())]
    inner = {"path": rest, "raw_path": rest.encode("latin-1"), "root_path": "", "headers": headers, "scheme": scheme}
    return {**scope, **inner, "query_string": NO_WORDS.sub(b"", scope["query_string"])}


def _headers(message: Any, place: Place, etag: bytes, is_whole: bool) -> list[Header]:
    """Datasette's headers, with ours in place of those that are ours to say.

    An answer during which a query was stopped may lack something, and is not to be kept.
    """
    headers = []
    for name, value in message["headers"]:
        if name.lower() == b"location":
            value = _location(value, place)
        elif name.lower() == b"content-type" and ".csv" in place.rest and value.startswith(b"text/plain"):
            value = b"text/csv; charset=utf-8"  # Datasette's is so that browsers show it
        if name.lower() not in OURS:
            headers.append((name.lower(), value))
    if message["status"] == 200 and is_whole:
        headers += [(b"etag", etag), (b"cache-control", _keeping(place))]
    else:
        headers.append(NEVER_KEPT)
    return headers


def _is_page_for_data(message: Any, place: Place) -> bool:
    """Whether a page or a text says that something went wrong where data was asked for."""
    media = dict(message["headers"]).get(b"content-type", b"")
    return bool(message["status"] >= 400 and not place.is_page and media.startswith(b"text/"))


def _location(value: bytes, place: Place) -> bytes:
    """A redirect of Datasette's router lacks the prefix, one of its pages has it."""
    begins = place.prefix.encode()
    if not value.startswith(b"/") or value.startswith((begins, b"//")):
        return value
    return begins + value[1:]


def _keeping(place: Place) -> bytes:
    """How long an answer may be kept: the data of a release for ever, pages and the latest for a minute.

    Pages of a release tell which other releases there are.
    """
    return LONG if place.version is not None and place.language is None else SHORT


async def _send_below(folder: Path, path: str, keeping: bytes, scope: Any, send: Any) -> None:
    file = await asyncio.to_thread(found, folder, path)
    if file is None:
        await send_answer(send, refusal(404, "There is no such file."), scope["method"] == "HEAD")
        return
    stat = file.stat()
    etag = f'"{hashlib.sha256(f"{file} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:32]}"'
    headers = [(b"cache-control", keeping)]
    if etag.encode() in dict(scope["headers"]).get(b"if-none-match", b""):
        await send_answer(send, Answer(304, [*headers, (b"etag", etag.encode())], b""))
        return
    with contextlib.suppress(BrokenPipeError):
        await send_file(file, etag, headers, scope, send)
