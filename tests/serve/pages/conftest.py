"""Pages made without a server: the views are asked as the plugin asks them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pipeline.serve.pages.dataset import connected
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.reading import read
from pipeline.serve.pages.render import Place, Visit
from pipeline.serve.pages.views import Answer, Site


@dataclass
class Reader:
    """Somebody who reads the pages of a release in a language."""

    site: Site
    con: sqlite3.Connection

    def table(self, name: str, **arguments: str) -> Answer:
        """The page of a table, view or question."""
        return self.site.table(self.con, self._visit(name, **arguments), name)

    def row(self, table: str, *key: str) -> Answer:
        """The page of a row."""
        return self.site.row(self.con, self._visit(f"{table}/{','.join(key)}"), table, [*key])

    def start(self) -> Answer:
        """The start page."""
        return self.site.start(self.con, self._visit(""))

    def page(self, name: str, *pairs: tuple[str, str]) -> Answer:
        """A page of metadata.yml."""
        visit = Visit(f"/-/pages/{name}", urlencode(pairs), "https://data.example")
        return self.site.named(self.con, visit, name)

    def changes(self, **arguments: str) -> Answer:
        """The page that compares releases."""
        return self.site.changes(self.con, self._visit("-/changes", **arguments))

    def chart(self, table: str, ending: str, **arguments: str) -> Answer:
        """A chart of a table."""
        return self.site.chart(self.con, self._visit(table, **arguments), table, ending)

    def about(self) -> Answer:
        """The page on the data."""
        return self.site.about(self.con, self._visit("-/about"))

    def search(self, words: str) -> Answer:
        """The page of a search."""
        return self.site.search(self.con, self._visit("-/search", q=words))

    def rows(self, name: str, ending: str, **arguments: str) -> Answer:
        """Rows as a file."""
        return self.site.rows(self.con, self._visit(name, **arguments), name, ending)

    def _visit(self, path: str, **arguments: str) -> Visit:
        return Visit(f"/{path}", urlencode(arguments), "https://data.example")


def reader(folder: Path, language: str) -> Reader:
    """A reader of the release in the folder."""
    dataset = read(folder.resolve(), language)
    links = Links(f"/{language}/", "/", "/1.0.0/files/", "/-/assets/0/", dataset.name)
    con = connected(dataset.database)
    con.row_factory = sqlite3.Row
    return Reader(Site(dataset, Place(language, links, {"sv": "/sv/", "en": "/en/"}, [], True), 5000), con)


@pytest.fixture(scope="module")
def swede(services_release: Path) -> Iterator[Reader]:
    """Somebody who reads Swedish."""
    found = reader(services_release, "sv")
    yield found
    found.con.close()


@pytest.fixture(scope="module")
def briton(services_release: Path) -> Iterator[Reader]:
    """Somebody who reads English."""
    found = reader(services_release, "en")
    yield found
    found.con.close()


def names(answer: Answer) -> list[str]:
    """What the first cells of a page's rows say."""
    assert isinstance(answer.body, str)
    return re.findall(r'<th scope="row" data-title="[^"]*"><a href="[^"]*">(.*?)</a></th>', answer.body)
