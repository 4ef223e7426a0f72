"""What a site's robots.txt says of its pages (RFC 9309)."""

from __future__ import annotations

from threading import Lock
from urllib.parse import urlsplit, urlunsplit

from protego import Protego

from pipeline.collect.failure import NotFetched
from pipeline.collect.fetch import Client
from pipeline.source.readers import Request

LONGEST_DELAY = 60
"""Seconds between two pages that a site is granted; more would be a refusal, which it can state."""


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
            raise NotFetched("is a page that robots.txt does not want to be fetched")
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
