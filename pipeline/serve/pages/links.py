"""Addresses of pages, from where those of the language begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from datasette import utils

tilde_encode = lru_cache(8192)(utils.tilde_encode)
"""Datasette's way to write a text in an address; the same names stand in every row."""


@dataclass(frozen=True)
class Links:
    """`site` is where the pages begin (`/sv/`), `root` where data does (`/`), `files` and `assets` where files do."""

    site: str
    root: str
    files: str
    assets: str
    database: str

    @property
    def start(self) -> str:
        """The start page."""
        return self.site

    @property
    def tables(self) -> str:
        """The page that lists every table."""
        return f"{self.site}{tilde_encode(self.database)}"

    @property
    def search(self) -> str:
        """The page that searches everything."""
        return f"{self.site}-/search"

    @property
    def sql(self) -> str:
        """The page for a query of one's own."""
        return f"{self.site}-/sql"

    def about(self, part: str = "") -> str:
        """The page on the data, or a part of it."""
        return f"{self.site}-/about{f'#{part}' if part else ''}"

    def asset(self, name: str) -> str:
        """A style sheet, script or picture."""
        return f"{self.assets}{name}"

    def table(self, name: str, **arguments: str) -> str:
        """A table, view or question, with filters."""
        return f"{self.tables}/{tilde_encode(name)}{f'?{urlencode(arguments)}' if arguments else ''}"

    def row(self, table: str, key: Iterable[object]) -> str:
        """A row, by the values of its key."""
        return f"{self.table(table)}/{','.join(tilde_encode(str(value)) for value in key)}"

    def rows(self, table: str, ending: str, query: str = "") -> str:
        """The rows of a table or answer as a file; a workbook is in the language of the page."""
        if ending == "xlsx":
            return f"{self.table(table)}/-/rows.{ending}{query}"
        return f"{self.root}{tilde_encode(self.database)}/{tilde_encode(table)}/-/rows.{ending}{query}"

    def chart(self, table: str, ending: str, column: str, query: str = "") -> str:
        """A chart as a file or a page: the rows of a table by a column."""
        return f"{self.table(table)}/-/chart.{ending}{f'{query}&' if query else '?'}{urlencode({'_chart': column})}"

    def page(self, name: str) -> str:
        """A page of metadata.yml."""
        return f"{self.site}-/pages/{tilde_encode(name)}"

    @property
    def changes(self) -> str:
        """The page that compares releases."""
        return f"{self.site}-/changes"

    @property
    def permanent(self) -> str:
        """Where addresses of this release begin that stay what they are."""
        return self.files.removesuffix("files/") or self.root

    def data(self, table: str, key: Iterable[object] = ()) -> str:
        """A table or row as Datasette's JSON."""
        parts = [self.database, table]
        path = "/".join(tilde_encode(part) for part in parts)
        keys = ",".join(tilde_encode(str(value)) for value in key)
        return f"{self.root}{path}{f'/{keys}' if keys else ''}.json?_shape=array"

    def file(self, path: str) -> str:
        """A file of the release."""
        return f"{self.files}{path}"
