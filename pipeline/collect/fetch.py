"""One request of a fetch, answered in full or refused: limits on time, size, redirects and haste, and retries.

urllib3 does the talking (connections, TLS, how often to retry and how long to wait); what it leaves open is here.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Timer
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3 import exceptions as failures
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from pipeline.collect import body, connections
from pipeline.collect.failure import NotFetched, failure
from pipeline.collect.hosts import Hosts
from pipeline.collect.network import Network, PrivateAddress, is_written_out, origin
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Request

REDIRECTS = 5
VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
"""What an answer says of its version, and the header that asks whether there is another."""

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be others in a while."""


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, retries, seconds before the second, and the longest wait that is granted.

    `silence` stands above what the fetch says: seconds without a byte.
    """

    connect: float = 10
    silence: float | None = None
    retries: int = 3
    backoff: float = 1
    longest_wait: float = 120


@dataclass(frozen=True)
class Received:
    """What came back: the status (200, or 304 without a body), the body, and what to ask with next time."""

    status: int
    body: bytes
    media: str
    validators: dict[str, str]
    etag: str | None
    seconds: float
    moved: str | None = None
    """Where it is for good, if it is elsewhere."""


@dataclass(frozen=True)
class Onward:
    """An answer that leads to another address, for good or for now."""

    url: str
    for_good: bool


class Robots(Protocol):
    """What a site says of those who read its pages without being people."""

    def per_second(self, url: str, client: Client) -> float:
        """How many requests a second it bears. Raises NotFetched where it does not want to be asked for a URL."""


class Client:
    """Asks what one fetch asks, one request after another, over connections that it keeps until it is closed."""

    def __init__(
        self, fetch: Fetch, agent: str, hosts: Hosts, robots: Robots, network: Network, patience: Patience
    ) -> None:
        self._fetch = fetch
        self.agent = agent
        self._hosts = hosts
        self._robots = robots
        self._network = network
        self.patience = patience
        self._secret = _secret(fetch)
        self._pools: dict[tuple[str, str, int], urllib3.HTTPConnectionPool] = {}
        self._handles: list[socket.socket] = []
        """A second handle on each connection: with it a connection is cut that another thread is reading."""

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        for handle in self._handles:
            handle.close()

    def ask(self, request: Request, conditions: Mapping[str, str] | None = None) -> Received:
        """The answer to a request. `conditions` are headers that ask for it only if it has changed.

        Raises NotFetched when the last retry failed, too, or another would not help.
        """
        retries = Retry(
            total=self.patience.retries,
            backoff_factor=self.patience.backoff,
            backoff_jitter=self.patience.backoff / 4,
            status_forcelist=BUSY,
            allowed_methods=None,
        )
        while True:
            try:
                return self._attempt(request, conditions or {})
            except NotFetched as error:
                if not error.passing or retries.total == 0:
                    raise
                if error.wait is not None and error.wait > self.patience.longest_wait:
                    raise
                retries = retries.increment(request.method, request.url, error=error)
                wait = error.wait if error.wait is not None else retries.get_backoff_time()
                self._hosts.rest(urlsplit(request.url).netloc, wait)

    def rest(self, url: str, tries: int) -> None:
        """Leaves the host of a URL alone for a while, after so many tries that failed."""
        self._hosts.rest(urlsplit(url).netloc, min(self.patience.backoff * 2**tries, self.patience.longest_wait))

    # -- one attempt -----------------------------------------------------------------------------------------------

    def _attempt(self, request: Request, conditions: Mapping[str, str]) -> Received:
        started = time.monotonic()
        deadline = _Deadline(started + self._fetch.limits.seconds)
        url, seen, for_good = request.url, [request.url], True
        self._refuse(self._fetch.url, url)
        while True:
            per_second = self._fetch.limits.per_second
            if request.page:
                per_second = min(per_second, self._robots.per_second(url, self))
            with self._hosts.turn(urlsplit(url).netloc, per_second):
                received = self._exchange(request, url, conditions, deadline)
            if isinstance(received, Received):
                return replace(received, moved=url if for_good and url != request.url else None)
            for_good = for_good and received.for_good
            if received.url in seen:
                raise NotFetched(f"leads on to {received.url} and no further")
            if len(seen) > REDIRECTS:
                raise NotFetched("leads on too often")
            self._refuse(url, received.url)
            url = received.url
            seen.append(url)

    def _refuse(self, before: str, url: str) -> None:
        """Refuses an address that a redirect, or an answer, must not lead to."""
        try:
            parts = urlsplit(url)
            named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.username is None
        except ValueError:
            named = False
        if not named or not re.fullmatch(r"[^\s\x00-\x1f\x7f]+", url):
            raise NotFetched(f"leads on to {url}, which is no address that is fetched")
        if is_written_out(url) and not self._is_own(url):
            raise NotFetched(f"leads into a private network: {parts.hostname} is private")
        if urlsplit(before).scheme == "https" and parts.scheme == "http":
            raise NotFetched(f"leads on from https to http: {url}")

    def _exchange(
        self, request: Request, url: str, conditions: Mapping[str, str], deadline: _Deadline
    ) -> Received | Onward:
        """What an address answers, or where it leads on to."""
        started = time.monotonic()
        try:
            with self._watched(deadline):
                answer = self._send(request, url, conditions, deadline)
                try:
                    if answer.status in (301, 302, 303, 307, 308):
                        return _location(answer, request, url)
                    received = self._received(answer, request, bool(conditions), started)
                    if deadline.passed:
                        raise failures.TimeoutError
                    return received
                finally:
                    answer.close()
        except (failures.HTTPError, body.BadBody, PrivateAddress, OSError) as error:
            if deadline.passed:
                rule = f"took longer than {self._fetch.limits.seconds:g} seconds"
                raise NotFetched(rule, passing=True) from error
            raise failure(error) from error

    def _send(self, request: Request, url: str, conditions: Mapping[str, str], deadline: _Deadline) -> BaseHTTPResponse:
        silence = self.patience.silence or self._fetch.limits.silence
        timeout = urllib3.Timeout(connect=min(self.patience.connect, deadline.left), read=min(silence, deadline.left))
        return self._pool(url).urlopen(
            request.method,
            _target(url),
            body=request.body,
            headers=self._headers(request, url, conditions),
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=timeout,
            preload_content=False,
            decode_content=False,
        )

    def _received(self, answer: BaseHTTPResponse, request: Request, conditional: bool, started: float) -> Received:
        if answer.status == 304 and conditional:
            content = b""
        elif answer.status == 200:
            content = body.read(answer, self._fetch.limits.bytes)
        elif answer.status == 304:
            raise NotFetched("answered 304, not changed, though it was asked for whatever it has", status=304)
        else:
            wait = _wait(answer)
            raise NotFetched(
                f"answered {answer.status}{f' {answer.reason}' if answer.reason else ''}",
                passing=answer.status in BUSY,
                status=answer.status,
                wait=wait,
            )
        if not request.page and re.search(r'rel="?next\b', answer.headers.get("Link", "")):
            raise NotFetched("names a next page in its header Link, which no reader follows")
        if self._secret and self._secret in content:
            raise NotFetched("answered with the credential that was sent; nothing was kept")
        validators = {name: answer.headers[said] for said, name in VALIDATORS.items() if answer.headers.get(said)}
        media = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        seconds = time.monotonic() - started
        return Received(answer.status, content, media, validators, answer.headers.get("ETag"), seconds)

    def _headers(self, request: Request, url: str, conditions: Mapping[str, str]) -> dict[str, str]:
        headers = {"User-Agent": self.agent, "Accept": request.accept, "Accept-Encoding": "gzip", **conditions}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        if self._secret and self._fetch.credentials and origin(url) == origin(self._fetch.url):
            headers[self._fetch.credentials.header] = self._secret.decode()
        return headers

    @contextmanager
    def _watched(self, deadline: _Deadline) -> Iterator[None]:
        """Cuts the connections when the time is up, whatever a server dribbles to keep them open."""

        def cut() -> None:
            deadline.passed = True
            connections.cut(self._handles)

        timer = Timer(max(0.0, deadline.left), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _pool(self, url: str) -> urllib3.HTTPConnectionPool:
        place = origin(url)
        if place not in self._pools:
            private = self._is_own(url) and is_written_out(url)
            self._pools[place] = connections.pool(url, self._network, private=private, handles=self._handles)
        return self._pools[place]

    def _is_own(self, url: str) -> bool:
        """Whether a URL is of the host and port that source.yml itself names."""
        return origin(url)[1:] == origin(self._fetch.url)[1:]


@dataclass
class _Deadline:
    """When an answer must be there, on the monotonic clock."""

    at: float
    passed: bool = field(default=False)

    @property
    def left(self) -> float:
        return max(0.001, self.at - time.monotonic())


# -- what is sent, and what answers say --------------------------------------------------------------------------------


def _location(answer: BaseHTTPResponse, request: Request, url: str) -> Onward:
    target = answer.headers.get("Location")
    if not target:
        raise NotFetched(f"answered {answer.status} without saying where to go")
    if request.method == "POST" and answer.status not in (307, 308):
        raise NotFetched(f"answered {answer.status}, which would lose what was asked")
    target = _as_sent(target.strip())
    try:
        return Onward(urljoin(url, target).partition("#")[0], answer.status in (301, 308))
    except ValueError:
        raise NotFetched(f"leads on to {target}, which is no address that is fetched") from None


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
    return url if parts.scheme == "http" and connections.proxy(url) else path


def _wait(answer: BaseHTTPResponse) -> float | None:
    try:
        return Retry(retry_after_max=10**9).get_retry_after(answer)
    except failures.InvalidHeader:
        return None


def _secret(fetch: Fetch) -> bytes | None:
    """The credential of a fetch, from the environment. Raises NotFetched where it is not set."""
    if fetch.credentials is None:
        return None
    value = os.environ.get(fetch.credentials.variable, "").strip()
    if not value:
        raise NotFetched(f"needs a credential: set the variable {fetch.credentials.variable} of the environment")
    return value.encode()
