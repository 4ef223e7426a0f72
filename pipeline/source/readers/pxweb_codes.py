"""A code list of PxWebApi 2, such as all municipalities; `url` is `https://statistikdatabasen.scb.se/api/v2`.

    ask:
      list: vs_RegionKommun07
      length: "4"            codes of another length are refused: a code is text, and keeps its zeros
      parent: "2"            the column `parent` holds the first characters of the code, as many as this
      language: sv

The relation `codes` has a row per code: `code`, `label`, `parent`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Columns, Request
from pipeline.source.readers._json import cell, objects, parse

NEEDS = frozenset({"list"})
TAKES = frozenset({"length", "parent", "language"})
RELATIONS = {"codes": ("code", "label", "parent")}


def wrong(ask: Mapping[str, Any]) -> str | None:
    for name in ("list", "language"):
        if not isinstance(ask.get(name, ""), str):
            return f"has a `{name}` under `ask` that is not text"
    for name in ("length", "parent"):
        if not str(ask.get(name, "1")).isdigit():
            return f"has a `{name}` under `ask` that is not a number"
    return None


def requests(fetch: Fetch) -> list[Request]:
    name = quote(fetch.ask["list"], safe="")
    return [Request(f"{fetch.url}/codelists/{name}?lang={fetch.ask.get('language', 'sv')}", part="codes")]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    read(fetch, answer)
    return []


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:
    content = parse(answer)
    if content.get("id") != fetch.ask["list"]:
        raise BadAnswer(f"is not the code list {fetch.ask['list']}")
    listed = objects(content, "values")
    codes = [cell(value.get("code")) for value in listed]
    length, parent = int(fetch.ask.get("length", 0)), int(fetch.ask.get("parent", 0))
    for code in codes:
        if code is None or (length and len(code) != length):
            raise BadAnswer(f"lists {code!r}, which is not a code of {length} characters" if code else "lists no code")
    labels = [cell(value.get("label")) for value in listed]
    return {"codes": {"code": codes, "label": labels, "parent": [(code or "")[:parent] or None for code in codes]}}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:
    if any(read(fetch, answer)["codes"]["code"] for answer in answers):
        return []
    return [f"any code of the list {fetch.ask['list']}"]


def sample(fetch: Fetch) -> Fetch:
    return fetch
