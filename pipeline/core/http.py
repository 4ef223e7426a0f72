"""How the pipeline asks over HTTP, by requests: retries, limits, and no private address by surprise.

    session = Session(address)
    answer = session.patience.persist(lambda: session.ask("GET", address, limits=Limits()))

requests does the talking (connections, proxies, quoting, headers), urllib3's Retry says how long to wait. What is ours:
where an answer may lead (`network` guards the addresses, so redirects are followed here), how large and how slow it may
be, that gzip is unpacked to its end, and what went wrong in words (`network.failure`).
"""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from threading import Timer
from typing import IO
from urllib.parse import urljoin, urlsplit

import requests
from urllib3 import exceptions as failures
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from pipeline.core.network import Guard, Network, PrivateAddress, failure, is_written_out, origin, proxy
from pipeline.core.patience import NotFetched, Patience

__all__ = ["Answer", "Limits", "NotFetched", "Patience", "Session", "wait_of"]

REDIRECTS = 5
CHUNK = 1 << 16
GZIP = 31
"""The window that tells zlib to expect a gzip header and trailer."""

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be others in a while."""


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


class _Requests(requests.Session):
    """A session of requests that follows no redirect, reads no .netrc and keeps no cookies."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self.trust_env = False  # `proxy` reads what the environment says of proxies.
        self.verify = os.environ.get("SSL_CERT_FILE") or True
        self.headers.clear()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self.mount(scheme, guard)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, or requests would read the whole body of a redirect to prepare the next request."""

    def location(self, response: requests.Response) -> str | None:
        """Where a redirect leads."""
        return super().get_redirect_target(response)


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
        self._guard = Guard(net or Network(), lambda url: self.is_own(url) and (named or is_written_out(url)))
        self._session = _Requests(self._guard)
        self.close = self._session.close

    def is_own(self, url: str) -> bool:
        """Whether a URL is of the host and port that whoever asks has named."""
        return origin(url)[1:] == origin(self._own)[1:]

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
        here, seen, for_good = url, [url], True
        self._refuse(self._own, url)
        with self._time_limit(limits.seconds) as left:
            while True:
                said = headers(here)
                with turn(here), self._exchange(method, here, said, body, limits, left) as response:
                    if response.status_code not in (301, 302, 303, 307, 308):
                        _refuse_status(response, conditional=bool({"If-None-Match", "If-Modified-Since"} & {*said}))
                        return _answer(response, limits, into, here if for_good and here != url else None)
                    target = self._target(response, method, here)
                    for_good = for_good and response.status_code in (301, 308)
                if target in seen:
                    raise NotFetched(f"redirects to {target} in a circle")
                if len(seen) > REDIRECTS:
                    raise NotFetched("redirects more than 5 times")
                self._refuse(here, target)
                here = target
                seen.append(here)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Path | None, *, limits: Limits
    ) -> Answer:
        """The answer of an address, whatever its status; redirects are not followed, and nothing is repeated."""
        with (
            body.open("rb") if isinstance(body, Path) and body.stat().st_size else nullcontext(b"") as file,
            self._time_limit(limits.seconds) as left,
            self._exchange(method, url, headers, file if isinstance(body, Path) else body, limits, left) as response,
        ):
            return _answer(response, limits)

    # -- one exchange ----------------------------------------------------------------------------------------------

    @contextmanager
    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | IO[bytes] | None,
        limits: Limits,
        left: Callable[[], float],
    ) -> Iterator[requests.Response]:
        """What an address answers, its body not read yet. Raises NotFetched, also for what happens while it is read."""
        through = proxy(url)
        try:
            request = requests.Request(method, url, {"Accept-Encoding": "gzip", **headers}, data=body)
            response = self._session.send(
                self._session.prepare_request(request),
                stream=True,
                allow_redirects=False,
                timeout=(min(self.patience.connect, left()), min(self.patience.silence or limits.silence, left())),
                proxies={urlsplit(url).scheme: through} if through else {},
            )
        except (OSError, failures.HTTPError, PrivateAddress) as error:
            raise failure(error) from error
        with response:
            try:
                yield response
            except failures.HTTPError as error:
                raise failure(error) from error

    @contextmanager
    def _time_limit(self, seconds: float) -> Iterator[Callable[[], float]]:
        """How many seconds are left; then the connections are cut, whatever a server dribbles to keep them open."""
        end = time.monotonic() + seconds
        timer = Timer(seconds, self._guard.cut)
        timer.daemon = True
        timer.start()
        try:
            yield lambda: max(0.001, end - time.monotonic())
        except NotFetched as error:
            if time.monotonic() < end:
                raise
            raise NotFetched(f"took longer than {seconds:g} seconds", passing=True) from error
        finally:
            timer.cancel()

    # -- where an answer leads --------------------------------------------------------------------------------------

    def _target(self, response: requests.Response, method: str, url: str) -> str:
        """The address that a redirect names."""
        status = response.status_code
        try:
            target = self._session.location(response)
            if not target:
                raise NotFetched(f"answered {status} without a Location")
            if method == "POST" and status not in (307, 308):
                raise NotFetched(f"answered {status}, a redirect that would drop what was posted")
            return urljoin(url, target.strip()).partition("#")[0]
        except ValueError:
            raise NotFetched(f"redirects to {response.headers['Location']}, which is not a web address") from None

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


# -- what answers say --------------------------------------------------------------------------------------------------


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    try:
        return Retry(retry_after_max=10**9).parse_retry_after(headers["Retry-After"])
    except (KeyError, failures.InvalidHeader):
        return None


def _refuse_status(response: requests.Response, *, conditional: bool) -> None:
    status = response.status_code
    if status == 200 or (status == 304 and conditional):
        return
    if status == 304:
        raise NotFetched("answered 304 (not modified), although the request was not conditional", status=304)
    rule = f"answered {status} {response.reason}".rstrip()
    raise NotFetched(rule, passing=status in BUSY, status=status, wait=wait_of(response.headers))


def _answer(
    response: requests.Response, limits: Limits, into: IO[bytes] | None = None, moved: str | None = None
) -> Answer:
    """An answer whose body is read: at most `limits.bytes` of it; written to `into` where that is given."""
    status, headers = response.status_code, response.headers
    stated, body, size, started = headers.get("Content-Length", ""), bytearray(), 0, time.monotonic()
    too_large = NotFetched(f"sent a body that is larger than the limit of {limits.bytes:,} bytes")
    if stated.isdigit() and int(stated) > limits.bytes:
        raise too_large
    for chunk in _chunks(response.raw, limits.bytes) if status != 304 else ():
        size += len(chunk)
        if size > limits.bytes:
            raise too_large
        if into is None:
            body += chunk
        else:
            into.write(chunk)
    seconds = response.elapsed.total_seconds() + time.monotonic() - started
    return Answer(status, response.reason or "", headers, bytes(body), seconds, moved)


def _chunks(answer: BaseHTTPResponse, limit: int) -> Iterator[bytes]:
    """A body, unpacked. What urllib3 unpacks may end too early without a word, so gzip is unpacked here, to its end."""
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        yield from answer.stream(CHUNK, decode_content=False)
        return
    if packing not in ("gzip", "x-gzip"):
        raise NotFetched(f"sent a body compressed as {packing!r}, which was not requested")
    gzip, left = zlib.decompressobj(GZIP), limit + 1
    try:
        for packed in answer.stream(CHUNK, decode_content=False):
            chunk = gzip.decompress(packed, max(1, left))
            left -= len(chunk)
            yield chunk
    except zlib.error as error:
        raise NotFetched(f"sent a body that claims to be gzip and is not ({error})", passing=True) from None
    if not gzip.eof or gzip.unused_data:
        raise NotFetched("sent gzip that is cut off, or has more after its end", passing=True)
