"""What one fetch asks: in turn at each host, as robots.txt allows, with its credential, within its limits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from pipeline.core import http
from pipeline.core.http import NotFetched, Patience, Session
from pipeline.core.network import Network, origin
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Request

VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
"""What an answer says of its version, and the header that asks whether there is another."""

LONGEST_DELAY = 60
"""Seconds between two pages that a site is granted; more would be a refusal, which it can state."""


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


class Client:
    """Asks what one fetch asks, one request after another, over connections that it keeps until it is closed."""

    def __init__(
        self, fetch: Fetch, agent: str, hosts: Hosts, robots: Robots, network: Network, patience: Patience
    ) -> None:
        self._fetch = fetch
        self.agent = agent
        self._hosts = hosts
        self._robots = robots
        self.patience = patience
        self._secret = _secret(fetch)
        self._session = Session(fetch.url, patience, network)
        self.close = self._session.close

    def ask(self, request: Request, conditions: Mapping[str, str] | None = None) -> Received:
        """The answer to a request. `conditions` are headers that ask for it only if it has changed.

        Raises NotFetched when the last retry failed, too, or another would not help.
        """
        host = urlsplit(request.url).netloc
        return self.patience.persist(
            lambda: self._attempt(request, conditions or {}), lambda s: self._hosts.rest(host, s)
        )

    def rest(self, url: str, tries: int) -> None:
        """Leaves the host of a URL alone for a while, after so many tries that failed."""
        self._hosts.rest(urlsplit(url).netloc, min(self.patience.backoff * 2**tries, self.patience.longest_wait))

    def _attempt(self, request: Request, conditions: Mapping[str, str]) -> Received:
        limits = self._fetch.limits
        answer = self._session.ask(
            request.method,
            request.url,
            lambda url: self._headers(request, url, conditions),
            request.body,
            limits=http.Limits(limits.bytes, limits.seconds, limits.silence),
            turn=lambda url: self._turn(request, url),
        )
        if not request.page and "rel=next" in answer.headers.get("Link", "").replace('"', ""):
            raise NotFetched("names a next page in its header Link, which no reader follows")
        if self._secret and self._secret in answer.body:
            raise NotFetched("answered with the credential that was sent; nothing was kept")
        said = {name: answer.headers[header] for header, name in VALIDATORS.items() if answer.headers.get(header)}
        media = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        etag = answer.headers.get("ETag")
        return Received(answer.status, answer.body, media, said, etag, answer.seconds, answer.moved)

    @contextmanager
    def _turn(self, request: Request, url: str) -> Iterator[None]:
        per_second = self._fetch.limits.per_second
        if request.page:
            per_second = min(per_second, self._robots.per_second(url, self))
        with self._hosts.turn(urlsplit(url).netloc, per_second):
            yield

    def _headers(self, request: Request, url: str, conditions: Mapping[str, str]) -> dict[str, str]:
        headers = {"User-Agent": self.agent, "Accept": request.accept, **conditions}
        if request.content_type:
            headers["Content-Type"] = request.content_type
        if self._secret and self._fetch.credentials and origin(url) == origin(self._fetch.url):
            headers[self._fetch.credentials.header] = self._secret.decode()
        return headers


def _secret(fetch: Fetch) -> bytes | None:
    """The credential of a fetch, from the environment. Raises NotFetched where it is not set."""
    if fetch.credentials is None:
        return None
    value = os.environ.get(fetch.credentials.variable, "").strip()
    if not value:
        raise NotFetched(f"needs a credential: set the variable {fetch.credentials.variable} of the environment")
    return value.encode()


# -- turns at a host ---------------------------------------------------------------------------------------------------


@dataclass
class _Host:
    lock: Lock = field(default_factory=Lock)
    free_at: float = 0.0
    """On the monotonic clock: the wall clock may be set back."""


class Hosts:
    """The hosts of one run: one request at a time, no more a second than was agreed, none while one asked for rest."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._lock = Lock()

    @contextmanager
    def turn(self, host: str, per_second: float) -> Iterator[None]:
        """The host, for one request. Waits until it is free, and keeps it free for a while after."""
        entry = self._entry(host)
        with entry.lock:
            time.sleep(max(0.0, entry.free_at - time.monotonic()))
            entry.free_at = time.monotonic() + 1 / per_second
            yield

    def rest(self, host: str, seconds: float) -> None:
        """Leaves a host alone for some seconds from now on."""
        entry = self._entry(host)
        entry.free_at = max(entry.free_at, time.monotonic() + seconds)

    def _entry(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host())


# -- robots.txt (RFC 9309) ---------------------------------------------------------------------------------------------


class Robots:
    """The robots.txt of each site that is asked in one run, read once."""

    def __init__(self) -> None:
        self._sites: dict[str, Protego] = {}
        self._lock = Lock()

    def per_second(self, url: str, client: Client) -> float:
        """How many pages a second a site bears.

        Raises NotFetched for a page that it does not want to be asked for; a site whose robots.txt is out of order
        is taken to want no questions at all (RFC 9309, 2.3.1.4), one without to have none against them.
        """
        rules = self._rules(url, client)
        if not rules.can_fetch(url, client.agent):
            raise NotFetched("is a page that robots.txt does not allow to be fetched")
        delay = rules.crawl_delay(client.agent)
        return 1 / min(float(delay), LONGEST_DELAY) if delay else float("inf")

    def _rules(self, url: str, client: Client) -> Protego:
        parts = urlsplit(url)
        site = urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))
        with self._lock:
            known = self._sites.get(site)
        if known is None:
            known = Protego.parse(_text(site, client))
            with self._lock:
                self._sites[site] = known
        return known


def _text(site: str, client: Client) -> str:
    try:
        return client.ask(Request(site, accept="text/plain")).body.decode("utf-8", errors="replace")
    except NotFetched as error:
        if error.status is not None and 400 <= error.status < 500 and error.status != 429:
            return ""
        if error.nowhere:
            raise
        raise NotFetched(f"has a robots.txt that could not be read: it {error.rule}", wait=error.wait) from None
