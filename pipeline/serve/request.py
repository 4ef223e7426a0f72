"""A request as the shield and the views see it: its address, its release, and whose answer it will get."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from datasette.utils import tilde_encode

from pipeline.serve.addresses import Address, parse
from pipeline.serve.doors import doors_of
from pipeline.serve.languages import preferred

if TYPE_CHECKING:
    from pipeline.serve.library import Library, Shown

NO_WORDS = re.compile(rb"(?:^|(?<=&))_search=(?:%22|\+|%20)*(?=&|$)")
"""A search for nothing, which a form sends and FTS5 takes for a mistake."""

OWN_FILES = re.compile(r"/[^/]+/-/(?:rows|chart)\.")
"""What of a table's addresses is ours, and not Datasette's."""

CREDENTIALS = (b"cookie", b"authorization")
"""Headers that nobody sees where readers have no account, so that the same address is answered alike for all."""

CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since")
"""Headers that Datasette does not see: the shield compares ETags, and a proxy compresses."""


@dataclass(frozen=True)
class Asked:
    """A request. `path` and `query` are as they came, without Datasette's `base_url`; `shown` is the release meant."""

    scope: Any
    path: str
    query: str
    address: Address
    shown: Shown | None
    origin: str
    is_foreign: bool
    is_strict: bool

    @classmethod
    def of(cls, library: Library, scope: Any) -> Asked:
        """The request of a scope of ASGI."""
        raw = scope.get("raw_path") or scope["path"].encode()
        path = str(raw.partition(b"?")[0].decode("latin-1"))
        base = library.path("/")
        if base != "/" and path.startswith(base):
            path = f"/{path.removeprefix(base)}"
        address = parse(path)
        options = library.options
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        scheme, host = options.address or (scope["scheme"], host)
        is_foreign = doors_of(library.datasette).is_foreign(path)
        return cls(
            scope,
            path,
            scope["query_string"].decode("latin-1"),
            address,
            library.find(address.version),
            f"{scheme}://{host}",
            is_foreign,
            options.strict,
        )

    @property
    def language(self) -> str:
        """The language of the address, or the one that the browser asks for."""
        accepted = dict(self.scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        return self.address.language or preferred(accepted)

    def etag(self, tag: str) -> bytes:
        """The ETag of the answer: it changes with the host and the address, and with `tag`, the releases and program.

        It is weak (RFC 9110, 8.8.1): Datasette's own JSON tells how long the query took.
        """
        digest = hashlib.sha256(f"{self.origin} {self.path}?{self.query}".encode()).hexdigest()
        return f'W/"{tag}{digest[:16]}"'.encode()

    @property
    def is_head(self) -> bool:
        """Whether only headers are asked for."""
        return bool(self.scope["method"] == "HEAD")

    @property
    def is_file(self) -> bool:
        """Whether a file of the release, a style sheet, a script or a picture is asked for."""
        return self.address.language is None and self.address.rest.startswith(("/files/", "/-/assets/"))

    @property
    def is_page(self) -> bool:
        """Whether people read the answer."""
        return self.address.is_page and not self.is_file

    @property
    def is_stream(self) -> bool:
        """Whether all rows are asked for, of which there may be many."""
        return ".csv" in self.address.rest and "_stream" in dict(self.pairs)

    @property
    def has_cookies(self) -> bool:
        """Whether the answer may be for one reader only."""
        return not self.is_strict and b"cookie" in dict(self.scope["headers"])

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
        match = re.match(rf"/{re.escape(tilde_encode(self.shown.release.stem))}(?=[/.]|$)", self.address.rest)
        return self.address.rest[match.end() :] if match else None

    def inner(self, library: Library) -> dict[str, Any]:
        """The request as Datasette is to see it: at the database of the release, under the public address."""
        path = self.path
        if self.shown is not None and self.database is not None and not OWN_FILES.match(self.database):
            path = f"/{tilde_encode(self.shown.name)}{self.database}"
        dropped = {*(CREDENTIALS if self.is_strict else ()), *(() if self.is_file else CONDITIONS)}
        headers = [(name, value) for name, value in self.scope["headers"] if name not in dropped]
        scheme, _, host = self.origin.partition("://")
        headers = [(name, value) for name, value in headers if name != b"host"] + [(b"host", host.encode("latin-1"))]
        inner_path = library.path(path)
        return {
            **self.scope,
            "path": inner_path,
            "raw_path": inner_path.encode("latin-1"),
            "root_path": "",
            "scheme": scheme,
            "headers": headers,
            "query_string": NO_WORDS.sub(b"", self.scope["query_string"]),
        }
