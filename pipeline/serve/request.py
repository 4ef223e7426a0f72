"""A request as the shield and the views see it: its address, its release, and whose answer it will get."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

from datasette.plugins import pm
from datasette.utils import tilde_encode

from pipeline.serve.addresses import Address, parse, preferred
from pipeline.serve.options import HOST

if TYPE_CHECKING:
    from pipeline.serve.library import Library, Shown
    from pipeline.serve.pages.views import Site
    from pipeline.serve.release import Release

NO_WORDS = re.compile(rb"(?:^|(?<=&))_search=(?:%22|\+|%20)*(?=&|$)")
"""A search for nothing, which a form sends and FTS5 takes for a mistake."""

OWN_FILES = re.compile(r"/[^/]+/-/(?:rows|chart)\.")
"""What of a table's addresses is ours, and not Datasette's."""

OPEN = re.compile(r"/-/static/|/-/static-plugins/|/-/versions\.json$")
"""Addresses of Datasette's below `/-/` that are for readers; others tell of the machine: files, threads, settings."""

CREDENTIALS = (b"cookie", b"authorization")
"""Headers that nobody sees where readers have no account, so that the same address is answered alike for all."""

CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since")
"""Headers that Datasette does not see: the shield compares ETags, and a proxy compresses."""


@dataclass(frozen=True)
class Asked:
    """A request. `path` and `query` are as they came, without Datasette's `base_url`; `shown` is the release meant, and
    `origin` the scheme and host under which the reader knows us."""

    library: Library
    scope: Any
    path: str
    query: str
    address: Address
    shown: Shown | None
    origin: str

    @classmethod
    def of(cls, library: Library, scope: Any) -> Asked:
        """The request of a scope of ASGI."""
        raw = scope.get("raw_path") or scope["path"].encode()
        path = str(raw.partition(b"?")[0].decode("latin-1"))
        base = library.path("/")
        if base != "/" and path.startswith(base):
            path = f"/{path.removeprefix(base)}"
        address = parse(path)
        scheme, host = library.options.address or (scope["scheme"], _header(scope, b"host"))
        query = scope["query_string"].decode("latin-1")
        return cls(library, scope, path, query, address, library.find(address.version), f"{scheme}://{host}")

    @property
    def release(self) -> Release:
        """The release that is asked for; views are only asked where there is one."""
        assert self.shown is not None
        return self.shown.release

    @property
    def site(self) -> Site:
        """The pages of that release."""
        assert self.shown is not None
        return self.library.site(self.shown, self.language, self.address.version)

    @property
    def language(self) -> str:
        """The language of the address, or the one that the browser asks for."""
        return self.address.language or preferred(self.header(b"accept-language"))

    def header(self, name: bytes) -> str:
        """The value of a header, or empty."""
        return _header(self.scope, name)

    @property
    def etag(self) -> bytes:
        """The ETag of the answer: it changes with the host, the address, the releases and the program.

        It is weak (RFC 9110, 8.8.1): Datasette's own JSON tells how long the query took.
        """
        digest = hashlib.sha256(f"{self.origin} {self.path}?{self.query}".encode()).hexdigest()
        return f'W/"{self.library.tag}{digest[:16]}"'.encode()

    @property
    def is_for_us(self) -> bool:
        """Whether the request names this machine as its host, by name or by the address at which it came in. Where the
        public address is known, a proxy has seen to that.

        A page elsewhere could lead its own name here to read what is not public.
        """
        hosts = [value.decode("latin-1") for name, value in self.scope["headers"] if name == b"host"]
        match = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if self.library.options.address is not None or match is None:
            return self.library.options.address is not None
        name = match["name"].strip("[]").rstrip(".").lower()
        if name in ("localhost", socket.gethostname().lower(), socket.getfqdn().lower()):
            return True
        try:
            address, server = ipaddress.ip_address(name), self.scope.get("server")
            return address.is_loopback or bool(server and address == ipaddress.ip_address(server[0]))
        except ValueError:
            return False

    @cached_property
    def is_foreign(self) -> bool:
        """Whether another plugin answers."""
        ours, others = _routes(self.library.datasette)
        return any(each.match(self.path) for each in others) and not any(each.match(self.path) for each in ours)

    @property
    def is_open(self) -> bool:
        """Whether an address below `/-/` is for readers; a page gets a language first, and is ours or is not there."""
        routes = (OPEN, *(each for routes in _routes(self.library.datasette) for each in routes))
        return self.is_page or any(each.match(self.path) for each in routes)

    @property
    def is_file(self) -> bool:
        """Whether a file of the release, a style sheet, a script or a picture is asked for."""
        return self.address.language is None and self.address.rest.startswith(("/files/", "/-/assets/"))

    @property
    def is_page(self) -> bool:
        """Whether people read the answer."""
        return self.address.is_page and not self.is_file

    @property
    def has_cookies(self) -> bool:
        """Whether the answer may be for one reader only."""
        return not self.library.options.strict and bool(self.header(b"cookie"))

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters, in their order."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def database(self) -> str | None:
        """What follows the name of the database in an address without a language: `.json`, `/table.csv`, or nothing."""
        return self.below if self.address.language is None else None

    @property
    def below(self) -> str | None:
        """The same of any address; None where it is not one of the release's database."""
        if self.shown is None:
            return None
        match = re.match(rf"/{re.escape(tilde_encode(self.release.stem))}(?=[/.]|$)", self.address.rest)
        return self.address.rest[match.end() :] if match else None

    def inner(self) -> dict[str, Any]:
        """The request as Datasette is to see it: at the database of the release, under the public address."""
        path = self.path
        if self.shown is not None and self.database is not None and not OWN_FILES.match(self.database):
            path = f"/{tilde_encode(self.shown.name)}{self.database}"
        strict = self.library.options.strict
        dropped = {b"host", *(CREDENTIALS if strict else ()), *(() if self.is_file else CONDITIONS)}
        scheme, _, host = self.origin.partition("://")
        headers = [(name, value) for name, value in self.scope["headers"] if name not in dropped]
        inner_path = self.library.path(path)
        return {
            **self.scope,
            "servicebanken": self,
            "path": inner_path,
            "raw_path": inner_path.encode("latin-1"),
            "root_path": "",
            "scheme": scheme,
            "headers": [*headers, (b"host", host.encode("latin-1"))],
            "query_string": NO_WORDS.sub(b"", self.scope["query_string"]),
        }


def _header(scope: Any, name: bytes) -> str:
    return str(dict(scope["headers"]).get(name, b"").decode("latin-1"))


Routes = tuple[list[re.Pattern[str]], list[re.Pattern[str]]]
_known: WeakKeyDictionary[Any, Routes] = WeakKeyDictionary()


def _routes(datasette: Any) -> Routes:
    """The addresses that plugins have registered, ours and others', as regular expressions."""
    if datasette not in _known:
        found: Routes = ([], [])
        for hook in pm.hook.register_routes.get_hookimpls():
            routes = hook.function(*({"datasette": datasette}[name] for name in hook.argnames)) or []
            is_ours = getattr(hook.plugin, "__name__", "") == "pipeline.serve.plugin"
            found[0 if is_ours else 1].extend(re.compile(route) for route, _ in routes)
        _known[datasette] = found
    return _known[datasette]
