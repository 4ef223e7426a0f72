"""A fetch asked of a server in the plainest way, and the rows that its answers become."""

from __future__ import annotations

from pathlib import Path

import requests

from pipeline.source.fetch import Fetch
from pipeline.source.fetched_rows import Rows, read
from pipeline.source.readers import Answer, Request, reader
from pipeline.source.source import read_all
from tests.projects import put

HEAD = "publisher: x\nlicence: x\nrank: 1\ndocuments:\n  - id: register\n    url: https://example.org/\n"


def fetch_of(text: str, folder: Path) -> Fetch:
    """The fetch that the text of `- …` describes; `document` and `cadence` are added."""
    lines = ["fetch:", *(f"  {line}" for line in text.strip().splitlines())]
    lines += ["    document: register", "    cadence: 30"]
    put(folder, {"sources/shops/source.yml": HEAD + "\n".join(lines) + "\n"})
    (source,) = read_all(folder / "sources", folder)
    return source.fetches[0]


def answers_to(fetch: Fetch) -> list[Answer]:
    """The answers to all that the fetch leads to, in the order of asking. Raises HTTPError for a status of 400 on."""
    asked = reader(fetch.reader)
    waiting, answers = asked.requests(fetch), []
    while waiting:
        answer = Answer(waiting[0], _sent(waiting[0]))
        answers.append(answer)
        waiting = [*waiting[1:], *asked.following(fetch, answer)]
    return answers


def rows_of(fetch: Fetch) -> dict[str, Rows]:
    return read(fetch, answers_to(fetch))


def _sent(request: Request) -> bytes:
    headers = {"Accept": request.accept, "User-Agent": "tests (https://example.org/)"}
    headers |= {"Content-Type": request.content_type} if request.content_type else {}
    answer = requests.request(request.method, request.url, data=request.body, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.content
