"""How the pipeline asks over HTTP: no private address by surprise, no answer too large, too slow or cut off, retries.

urllib3 does the talking (connections, TLS, how long to wait between two attempts). requests would add cookies, .netrc,
redirects and unpacking of its own, which would all have to be switched off again.
"""

from __future__ import annotations

import re
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Timer
from typing import IO, TypeVar
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3 import exceptions as failures
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from pipeline.core import network
from pipeline.core.http_errors import NotFetched, failure
from pipeline.core.network import Network, PrivateAddress, is_written_out, origin

__all__ = ["Answer", "Limits", "NotFetched", "Patience", "Session", "wait_of"]

T = TypeVar("T")

REDIRECTS = 5
CHUNK = 1 << 16
GZIP = 31
"""The window that tells zlib to expect a gzip header and trailer."""

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be others in a while."""


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, retries, seconds before the second, and the longest wait that is granted.

    `silence` stands above what a request says: seconds without a byte.
    """

    connect: float = 10
    silence: float | None = None
    retries: int = 3
    backoff: float = 1
    longest_wait: float = 120

    def persist(self, attempt: Callable[[], T], rest: Callable[[float], None] = time.sleep) -> T:
        """What an attempt gives; made again after a `rest` while the NotFetched that it raises may pass."""
        retries = Retry(
            self.retries, backoff_factor=self.backoff, backoff_jitter=self.backoff / 4, allowed_methods=None
        )
        while True:
            try:
                return attempt()
            except NotFetched as error:
                if not error.passing or retries.total == 0 or (error.wait or 0) > self.longest_wait:
                    raise
                retries = retries.increment(error=error)
                rest(error.wait if error.wait is not None else retries.get_backoff_time())


@dataclass(frozen=True)
class Limits:
    """What one answer may cost: bytes after decompression, seconds in all, and seconds of silence."""

    bytes: int = 50_000_000
    seconds: float = 60
    silence: float = 30


@dataclass(frozen=True)
class Answer:
    """What came back; the body is empty where it was written to a file. `moved`: where it is for good, if elsewhere."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    moved: str | None = None


@dataclass(frozen=True)
class _Onward:
    """An answer that leads to another address, for good or for now."""

    url: str
    for_good: bool


class Session:
    """Asks one thing after another over connections that it keeps until it is closed.

    `own` is the address that whoever asks has named: its host may be private where that is written out, such as
    127.0.0.1, and with `named` where its name leads there, too. Any other host must be public.
    """

    def __init__(
        self, own: str, patience: Patience | None = None, net: Network | None = None, *, named: bool = False
    ) -> None:
        self._own = own
        self.patience = patience or Patience()
        self._network = net or Network()
        self._named = named
        self._pools: dict[tuple[str, str, int], urllib3.HTTPConnectionPool] = {}
        self._handles: list[socket.socket] = []

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        for handle in self._handles:
            handle.close()

    def ask(
        self,
        method: str,
        url: str,
        headers: Callable[[str], Mapping[str, str]] = lambda _: {},
        body: bytes | None = None,
        *,
        limits: Limits,
        into: IO[bytes] | None = None,
        turn: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> Answer:
        """The answer of an address, or of where it leads on to; an attempt that is not repeated.

        `headers` are those for a URL, `turn` is held while it is asked. Raises NotFetched for any status but 200, and
        304 where the headers are conditional.
        """
        deadline = _Deadline(time.monotonic() + limits.seconds)
        here, seen, for_good = url, [url], True
        self._refuse(self._own, url)
        while True:
            with turn(here):
                said = self._exchange(method, here, headers(here), body, limits, deadline, into, follow=True)
            if isinstance(said, Answer):
                return replace(said, moved=here if for_good and here != url else None)
            for_good = for_good and said.for_good
            if said.url in seen:
                raise NotFetched(f"redirects to {said.url} in a circle")
            if len(seen) > REDIRECTS:
                raise NotFetched("redirects more than 5 times")
            self._refuse(here, said.url)
            here = said.url
            seen.append(here)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Path | None, *, limits: Limits
    ) -> Answer:
        """The answer of an address, whatever its status; redirects are not followed, and nothing is repeated."""
        deadline = _Deadline(time.monotonic() + limits.seconds)
        if not isinstance(body, Path):
            said = self._exchange(method, url, headers, body, limits, deadline)
        else:
            sized = {**headers, "Content-Length": str(body.stat().st_size)}
            with body.open("rb") as file:
                said = self._exchange(method, url, sized, file if body.stat().st_size else b"", limits, deadline)
        assert isinstance(said, Answer)
        return said

    def is_own(self, url: str) -> bool:
        """Whether a URL is of the host and port that whoever asks has named."""
        return origin(url)[1:] == origin(self._own)[1:]

    # -- one exchange ----------------------------------------------------------------------------------------------

    def _refuse(self, before: str, url: str) -> None:
        """Refuses an address that a redirect, or an answer, must not lead to."""
        try:
            parts = urlsplit(url)
            named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.username is None
        except ValueError:
            named = False
        if not named or not re.fullmatch(r"[^\s\x00-\x1f\x7f]+", url):
            raise NotFetched(f"redirects to {url}, which is not a web address")
        if is_written_out(url) and not self.is_own(url):
            raise NotFetched(f"is in a private network: {parts.hostname} is private")
        if urlsplit(before).scheme == "https" and parts.scheme == "http":
            raise NotFetched(f"redirects from https to http: {url}")

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | IO[bytes] | None,
        limits: Limits,
        deadline: _Deadline,
        into: IO[bytes] | None = None,
        *,
        follow: bool = False,
    ) -> Answer | _Onward:
        """What an address answers; with `follow`, only success, or where it leads on to."""
        started = time.monotonic()
        silence = min(self.patience.silence or limits.silence, deadline.left)
        timeout = urllib3.Timeout(connect=min(self.patience.connect, deadline.left), read=silence)
        try:
            with self._watched(deadline):
                answer = self._pool(url).urlopen(
                    method,
                    _target(url),
                    body=body,
                    headers={"Accept-Encoding": "gzip", **headers},
                    retries=False,
                    redirect=False,
                    assert_same_host=False,
                    timeout=timeout,
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    if follow and answer.status in (301, 302, 303, 307, 308):
                        return _location(answer, method, url)
                    if follow:
                        _refuse_status(answer, conditional=bool({"If-None-Match", "If-Modified-Since"} & {*headers}))
                    content = b"" if answer.status == 304 else _body(answer, limits.bytes, into)
                    if deadline.passed:
                        raise failures.TimeoutError
                    seconds = time.monotonic() - started
                    return Answer(answer.status, answer.reason or "", answer.headers, content, seconds)
                finally:
                    answer.close()
        except (failures.HTTPError, PrivateAddress, OSError) as error:
            if deadline.passed:
                raise NotFetched(f"took longer than {limits.seconds:g} seconds", passing=True) from error
            raise failure(error) from error

    @contextmanager
    def _watched(self, deadline: _Deadline) -> Iterator[None]:
        """Cuts the connections when the time is up, whatever a server dribbles to keep them open."""

        def end() -> None:
            deadline.passed = True
            network.cut(self._handles)

        timer = Timer(deadline.left, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _pool(self, url: str) -> urllib3.HTTPConnectionPool:
        place = origin(url)
        if place not in self._pools:
            private = self.is_own(url) and (self._named or is_written_out(url))
            self._pools[place] = network.pool(url, self._network, private=private, handles=self._handles)
        return self._pools[place]


@dataclass
class _Deadline:
    """When an answer must be there, on the monotonic clock."""

    at: float
    passed: bool = field(default=False)

    @property
    def left(self) -> float:
        return max(0.001, self.at - time.monotonic())


# -- what answers say --------------------------------------------------------------------------------------------------


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    try:
        return Retry(retry_after_max=10**9).parse_retry_after(headers["Retry-After"])
    except (KeyError, failures.InvalidHeader):
        return None


def _refuse_status(answer: BaseHTTPResponse, *, conditional: bool) -> None:
    if answer.status == 200 or (answer.status == 304 and conditional):
        return
    if answer.status == 304:
        raise NotFetched("answered 304 (not modified), although the request was not conditional", status=304)
    rule = f"answered {answer.status}{f' {answer.reason}' if answer.reason else ''}"
    raise NotFetched(rule, passing=answer.status in BUSY, status=answer.status, wait=wait_of(answer.headers))


def _location(answer: BaseHTTPResponse, method: str, url: str) -> _Onward:
    target = answer.headers.get("Location")
    if not target:
        raise NotFetched(f"answered {answer.status} without saying where to go")
    if method == "POST" and answer.status not in (307, 308):
        raise NotFetched(f"answered {answer.status}, which would lose what was asked")
    target = _as_sent(target.strip())
    try:
        return _Onward(urljoin(url, target).partition("#")[0], answer.status in (301, 308))
    except ValueError:
        raise NotFetched(f"redirects to {target}, which is not a web address") from None


def _as_sent(header: str) -> str:
    """A header's text; http.client takes bytes for ISO 8859-1 that are UTF-8 nearly everywhere."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _target(url: str) -> str:
    """What is asked for of a host; of a proxy that needs no tunnel, the whole URL."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return url if parts.scheme == "http" and network.proxy(url) else path


def _body(answer: BaseHTTPResponse, limit: int, into: IO[bytes] | None) -> bytes:
    """The bytes of a body, at most `limit` of them; written to `into` where that is given."""
    stated, body, size = answer.headers.get("Content-Length", ""), bytearray(), 0
    too_large = NotFetched(f"sent a body that is larger than the limit of {limit:,} bytes")
    if stated.isdigit() and int(stated) > limit:
        raise too_large
    for chunk in _chunks(answer, limit):
        size += len(chunk)
        if size > limit:
            raise too_large
        if into is None:
            body += chunk
        else:
            into.write(chunk)
    return bytes(body)


def _chunks(answer: BaseHTTPResponse, limit: int) -> Iterator[bytes]:
    """A body, unpacked. What urllib3 unpacks may end too early without a word, so gzip is unpacked here, to its end."""
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        yield from answer.stream(CHUNK, decode_content=False)
        return
    if packing not in ("gzip", "x-gzip"):
        raise NotFetched(f"sent a body that is packed as {packing!r}, which was not asked for")
    gzip, left = zlib.decompressobj(GZIP), limit + 1
    try:
        for packed in answer.stream(CHUNK, decode_content=False):
            chunk = gzip.decompress(packed, max(1, left))
            left -= len(chunk)
            yield chunk
    except zlib.error as error:
        raise NotFetched(f"sent a body that is not gzip, although it says so ({error})", passing=True) from None
    if not gzip.eof or gzip.unused_data:
        raise NotFetched("sent gzip that does not end where it should", passing=True)
