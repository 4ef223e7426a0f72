"""Pages made for people, read through a map of selectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.errors import InvalidData
from pipeline.source.fetch import Fetch
from pipeline.source.readers import BadAnswer, reader
from tests.collect.servers.pages import Pages
from tests.readers.asking import answers_to, fetch_of, rows_of

FETCH = """\
- id: page
  reader: html
  url: {url}/servicepunkter
  ask:
    rows: article.solution
    cells:
      id: "@data-id"
      name: h2
      opened: .year?
      link: a.more@href
    next: a[rel=next]
    pages: "5"
  tables:
    solutions: {{columns: {{id: id, name: name, opened: opened, link: link, page: page}}}}
"""


def page(*articles: str, after: str = "") -> str:
    return f"<!DOCTYPE html><title>Servicepunkter</title><main>{''.join(articles)}{after}</main>"


def article(id: str, name: str, more: str = "") -> str:
    link = f'<a class=more href="/p/{id}">Läs mer</a>'
    return f'<article class="solution" data-id="{id}"><h2>{name}</h2>{more}{link}</article>'


PAGES: dict[str, str | bytes] = {
    "/servicepunkter": page(
        article("a", "Häradsbäck\n  <em>bygdegård</em>"),
        '<article class="news"><h2>Annat</h2></article>',
        article("0482", "Läppe &amp; Högsjö", "<p class=year>2019</p>"),
        after='<a rel="next" href="?sida=2">Nästa</a>',
    ),
}


@pytest.fixture
def server() -> Iterator[Pages]:
    with Pages(dict(PAGES)) as server:
        yield server


@pytest.fixture
def fetch(server: Pages, tmp_path: Path) -> Fetch:
    return fetch_of(FETCH.format(url=server.url), tmp_path)


def test_a_page_becomes_rows(fetch: Fetch, server: Pages) -> None:
    rows = rows_of(reader("html").sample(fetch))["solutions"]
    address = f"{server.url}/servicepunkter"
    assert rows.columns == {
        "id": ["a", "0482"],
        "name": ["Häradsbäck bygdegård", "Läppe & Högsjö"],
        "opened": [None, "2019"],
        "link": [f"{server.url}/p/a", f"{server.url}/p/0482"],
        "page": [address, address],
    }


def test_a_page_beyond_those_that_are_followed_is_not_passed_over(fetch: Fetch, server: Pages) -> None:
    with pytest.raises(BadAnswer, match="is page 5 and leads to another, more than `pages` allows"):
        answers_to(fetch)
    assert len(server.asked) == 5
    (answer,) = answers_to(reader("html").sample(fetch))
    assert answer.request.page


def test_a_next_page_of_another_host_is_not_followed(fetch: Fetch, server: Pages) -> None:
    server.pages["/servicepunkter"] = page(article("a", "A"), after='<a rel=next href="http://10.0.0.1/">')
    with pytest.raises(BadAnswer, match=r"goes on at another host: http://10\.0\.0\.1/"):
        answers_to(replace(fetch, ask={**fetch.ask, "cells": {"name": "h2"}}))


REBUILT = [
    (page("<h1>Just nu är det fel på webbplatsen</h1>"), r"has nothing at 'article\.solution'"),
    (page(article("a", "A").replace("h2", "h3")), "has nothing at 'h2' in any of its 1 rows"),
    ("<p>Häradsbäck".encode("latin-1"), "is not utf-8"),
]


@pytest.mark.parametrize(("body", "rule"), REBUILT, ids=range(len(REBUILT)))
def test_a_page_that_was_rebuilt_is_refused(body: str | bytes, rule: str, fetch: Fetch, server: Pages) -> None:
    server.pages["/servicepunkter"] = body
    with pytest.raises(BadAnswer, match=rule):
        answers_to(fetch)


def test_a_page_may_be_in_another_encoding(fetch: Fetch, server: Pages) -> None:
    server.pages["/servicepunkter"] = page(article("a", "Häradsbäck")).encode("windows-1252")
    rows = rows_of(replace(fetch, ask={**fetch.ask, "encoding": "windows-1252"}))
    assert rows["solutions"].columns["name"] == ["Häradsbäck"]


ASKED = [
    ("cells: h2", "has `cells` under `ask` that are not a mapping of names to selectors"),
    ("cells: {page: h2}", "has a cell `page` under `ask`, which is the address of the page"),
    ("rows: [article]", "has `rows` under `ask` that is not text"),
    ("rows: 'article[[['", r"has 'article\[\[\[' under `ask`, which is not a CSS selector"),
    ("pages: many", "has `pages` under `ask` that is not a number"),
]


@pytest.mark.parametrize(("member", "rule"), ASKED, ids=range(len(ASKED)))
def test_what_cannot_be_asked_is_refused(member: str, rule: str, tmp_path: Path) -> None:
    asked = {"rows": "rows: article", "cells": "cells: {name: h2}"}
    asked[member.partition(":")[0]] = member
    ask = "".join(f"    {line}\n" for line in asked.values())
    head = "- id: page\n  reader: html\n  url: https://example.org/\n"
    text = f"{head}  ask:\n{ask}  tables: {{a: {{columns: {{name: name}}}}}}\n"
    with pytest.raises(InvalidData, match=rule):
        fetch_of(text, tmp_path)
