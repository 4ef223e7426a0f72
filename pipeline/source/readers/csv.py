"""A CSV file at an address: UTF-8 or another encoding, a header, one relation `rows` with the file's own columns."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Any

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Columns, Request

NEEDS = frozenset[str]()
TAKES = frozenset({"delimiter", "encoding"})
RELATIONS = {"rows": ()}
"""The columns are the file's own."""


def wrong(ask: Mapping[str, Any]) -> str | None:
    return next(
        (f"has `{name}` under `ask` that is not text" for name in TAKES if not isinstance(ask.get(name, ""), str)), None
    )


def requests(fetch: Fetch) -> list[Request]:
    return [Request(fetch.url, accept="text/csv")]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    read(fetch, answer)
    return []


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:
    """The file's rows; an empty cell is None. Raises BadAnswer for what is no CSV with rows of one length."""
    encoding = str(fetch.ask.get("encoding", "utf-8-sig"))
    try:
        text = answer.body.decode(encoding)
        header, *rows = csv.reader(StringIO(text, newline=""), delimiter=fetch.ask.get("delimiter", ","), strict=True)
        cells = zip(*rows, strict=True) if rows else ([] for _ in header)
        return {"rows": {name: [cell or None for cell in column] for name, column in zip(header, cells, strict=True)}}
    except UnicodeDecodeError as error:
        raise BadAnswer(f"is not {encoding} at byte {error.start}") from None
    except (csv.Error, ValueError) as error:
        raise BadAnswer(f"is not CSV with a header and rows of equal length ({error})") from None


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:  # noqa: ARG001
    return []


def sample(fetch: Fetch) -> Fetch:
    return fetch
