"""A page made for people, read through a map of CSS selectors; `url` is the page.

    ask:
      rows: article.solution             what on the page is a row
      cells:                             the cells, each by a selector inside the row
        name: h2
        link: a.more@href                an attribute
        opened: .year?                   may be missing from every row
        kind: "@data-kind"               an attribute of the row itself
      next: a[rel=next]                  the link to the next page
      pages: "20"                        pages at most, or the fetch is refused; 1 where it is left out
      encoding: utf-8

The relation `rows` has a column for each cell, and `page`, the address. A cell is the text of the first thing that the
selector finds, with its white space made one; the address in an `href` or `src` is made whole. A cell that no row has
is how a page says that it was rebuilt: it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Columns, Request

try:
    from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError
except ImportError:
    fix = 'Install it: `pip install "servicebanken[html]"`.'
    rule = "needs the library selectolax, which is not installed"
    problem = Problem(Kind.BAD_SOURCE, rule, fix, value="reader: html")
    raise CannotRun(problem) from None

NEEDS = frozenset({"rows", "cells"})
TAKES = frozenset({"next", "pages", "encoding"})
RELATIONS: Mapping[str, tuple[str, ...]] = {"rows": ()}

ADDRESSES = ("href", "src")


def wrong(ask: Mapping[str, Any]) -> str | None:
    cells = ask["cells"]
    if not isinstance(cells, dict) or not all(isinstance(text, str) for text in cells.values()):
        return "has `cells` under `ask` that are not a mapping of names to selectors"
    if "page" in cells:
        return "has a cell `page` under `ask`, which is the address of the page"
    for name in ("rows", "next", "pages", "encoding"):
        if not isinstance(ask.get(name, ""), str):
            return f"has `{name}` under `ask` that is not text"
    if not str(ask.get("pages", "1")).isdigit():
        return "has `pages` under `ask` that is not a number"
    empty = LexborHTMLParser("")
    selectors = [ask["rows"], *([ask["next"]] if "next" in ask else []), *(_parts(text)[0] for text in cells.values())]
    for selector in filter(None, selectors):
        try:
            empty.css(selector)
        except SelectolaxError:
            return f"has {selector!r} under `ask`, which is not a CSS selector"
    return None


def requests(fetch: Fetch) -> list[Request]:
    return [_request(fetch.url, 1)]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    """The next page. Raises BadAnswer where it is of another host, or beyond `pages`: half a list is none."""
    number = int(answer.request.part)
    read(fetch, answer)
    if "next" not in fetch.ask:
        return []
    link = _page(fetch, answer).css_first(fetch.ask["next"])
    address = link and link.attributes.get("href")
    if not address:
        return []
    there = _joined(answer.request.url, address)
    if there is None or urlsplit(there)[:2] != urlsplit(fetch.url)[:2]:
        raise BadAnswer(f"goes on at another host: {there or address}")
    if number >= int(fetch.ask.get("pages", 1)):
        raise BadAnswer(f"is page {number} and leads to another, more than `pages` allows")
    return [_request(there, number + 1)]


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:
    rows = _page(fetch, answer).css(fetch.ask["rows"])
    if not rows:
        raise BadAnswer(f"has nothing at {fetch.ask['rows']!r}")
    columns: Columns = {}
    for name, text in fetch.ask["cells"].items():
        selector, attribute, optional = _parts(text)
        columns[name] = [_cell(row, selector, attribute, answer.request.url) for row in rows]
        if not optional and not any(columns[name]):
            raise BadAnswer(f"has nothing at {text!r} in any of its {len(rows)} rows")
    return {"rows": {**columns, "page": [answer.request.url] * len(rows)}}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:  # noqa: ARG001
    """Nothing: a page without rows, or without one of the cells, is refused."""
    return []


def sample(fetch: Fetch) -> Fetch:
    """The first page."""
    return replace(fetch, ask={name: fetch.ask[name] for name in fetch.ask if name != "next"})


def _request(url: str, number: int) -> Request:
    return Request(url, part=str(number), accept="text/html", page=True)


def _page(fetch: Fetch, answer: Answer) -> LexborHTMLParser:
    encoding = fetch.ask.get("encoding", "utf-8")
    try:
        return LexborHTMLParser(answer.body.decode(encoding))
    except (UnicodeDecodeError, LookupError):
        raise BadAnswer(f"is not {encoding}") from None


def _parts(text: str) -> tuple[str, str | None, bool]:
    """`a.more@href?` as the selector, the attribute, and whether it may be missing."""
    optional = text.endswith("?")
    selector, _, attribute = text.removesuffix("?").rpartition("@") if "@" in text else (text.removesuffix("?"), "", "")
    return selector.strip(), attribute or None, optional


def _cell(row: LexborNode, selector: str, attribute: str | None, page: str) -> str | None:
    node = row.css_first(selector) if selector else row
    if node is None:
        return None
    text = node.text(separator=" ") if attribute is None else node.attributes.get(attribute) or ""
    text = " ".join(text.split())
    return _joined(page, text) if text and attribute in ADDRESSES else text or None


def _joined(page: str, address: str) -> str | None:
    """An address as the page means it; None for what is none, such as `http://[`."""
    try:
        return urljoin(page, address)
    except ValueError:
        return None
