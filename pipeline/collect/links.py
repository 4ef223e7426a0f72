"""The addresses of the documents that rows cite: which are dead, have moved, or say something else than last time.

What is known of an address is kept in `sources/<publisher>/snapshots/links.json`: when it was looked at last, and a
hash of the text that people read there. The text is what is compared, not the bytes: pages carry tokens and times.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from html import unescape
from typing import Any
from urllib.parse import urldefrag

from pipeline.collect.client import Client, Received
from pipeline.collect.jobs import Terms, clients, side_by_side, sources
from pipeline.collect.store import now, write
from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError, Problem
from pipeline.core.files import read_json
from pipeline.core.http import NotFetched
from pipeline.core.network import proxy
from pipeline.core.progress import Progress
from pipeline.source import snapshots
from pipeline.source.fetch import Fetch, Limits
from pipeline.source.project import Project
from pipeline.source.readers import Request
from pipeline.source.source import FILE, Document, Source

LIMITS = Limits(bytes=50_000_000, seconds=60, per_second=1)
ACCEPT = "text/html,application/xhtml+xml,application/pdf,*/*;q=0.8"
SILENT = re.compile(r"(?is)<(script|style|noscript|template|svg|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>")
"""What a page has that nobody reads."""

AS_IT_WAS, NEW, CHANGED, MOVED, DEAD, UNKNOWN = "as it was", "new", "changed", "moved", "dead", "unknown"
"""Read as last time; read for the first time; with another text; for good at another address; not there, or without
such a host; and not read: refused to robots, out of order, too slow."""

FIXES = {
    DEAD: "Look for where it went, and correct `url`; or keep it, and say so in the document's description.",
    MOVED: "Correct `url`.",
    CHANGED: "Read it again: do the rows that cite it still hold?",
    UNKNOWN: "Open it in a browser; or look again later.",
}

Memory = dict[str, dict[str, Any]]
"""By address: `read`, `text` (a hash), `characters`, `validators`."""


@dataclass(frozen=True)
class Link:
    """A document's address, and what became of it."""

    source: str
    document: str
    line: int
    url: str
    state: str
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The link as JSON-ready data."""
        return asdict(self)

    def __str__(self) -> str:
        return "  ".join(part for part in (self.state, self.document, self.url, self.note) if part)

    @property
    def problem(self) -> Problem:
        """The link as what is wrong with it."""
        kind = Kind.NOT_FETCHED if self.state == UNKNOWN else Kind.CHANGED_LINK
        rule = f"({self.document}) {self.note}"
        file = f"sources/{self.source}/{FILE}"
        return Problem(kind, rule, FIXES[self.state], file=file, row=self.line, value=self.url)


def links(project: Project, progress: Progress, terms: Terms) -> list[Link]:
    """Looks at the address of every document, and remembers what it found for the next time."""
    chosen = _chosen(project, terms.only)
    documents = [(source, document) for source in chosen for document in _pages(source)]
    memories = {source.name: _remembered(source) for source in chosen}
    connected = clients(project, terms)

    def one(place: int) -> Link:
        source, document = documents[place]
        link = _looked(source, document, memories[source.name], connected)
        progress.say(str(link))
        return link

    found = side_by_side([_fetch(document) for _, document in documents], one)
    for source in chosen:
        _remember(source, memories[source.name])
    return found


def links_error(found: list[Link]) -> PipelineError | None:
    """What a command ends with: InvalidData where a link is dead, moved or changed, CannotRun where one is unknown."""
    problems = [link.problem for link in found if link.state in FIXES]
    if any(link.state in FIXES and link.state != UNKNOWN for link in found):
        return InvalidData(problems)
    return CannotRun(problems) if problems else None


def _chosen(project: Project, only: tuple[str, ...]) -> list[Source]:
    every = sources(project)
    for name in only:
        if name not in {source.name for source in every}:
            raise CannotRun(Problem(Kind.BAD_OPTION, "is not a source", "Name a folder of sources/.", value=name))
    return [source for source in every if not only or source.name in only]


def _pages(source: Source) -> list[Document]:
    """The documents that are looked at: those at web addresses that are not fetched anyway."""
    fetched = {fetch.document for fetch in source.fetches}
    return [
        document
        for document in source.documents
        if document.id not in fetched and re.match("https?://[^/]", document.members.get("url", ""))
    ]


def _fetch(document: Document) -> Fetch:
    """A document's address as something to fetch."""
    url = urldefrag(document.members["url"]).url
    return Fetch("links", "html", url, document.id, 1, {}, (), {}, LIMITS, None, document.line)


def _looked(source: Source, document: Document, memory: Memory, connected: Callable[[Fetch], Client]) -> Link:
    fetch = _fetch(document)
    before = memory.get(fetch.url, {})
    client = connected(fetch)
    try:
        received = client.ask(Request(fetch.url, accept=ACCEPT, page=True), before.get("validators"))
    except NotFetched as error:
        state = DEAD if error.status in (404, 410) or (error.nowhere and not proxy(fetch.url)) else UNKNOWN
        return Link(source.name, document.id, document.line, document.members["url"], state, error.rule)
    finally:
        client.close()
    state, note = _compared(received, before)
    memory[fetch.url] = _memory(received, before)
    return Link(source.name, document.id, document.line, document.members["url"], state, note)


def _compared(received: Received, before: dict[str, Any]) -> tuple[str, str]:
    if received.moved:
        return MOVED, f"is at {received.moved} for good"
    if received.status == 304:
        return AS_IT_WAS, ""
    if not before:
        return NEW, ""
    text = _text(received)
    if before.get("text") == _hash(text):
        return AS_IT_WAS, ""
    then, day = before.get("characters", 0), str(before.get("read", ""))[:10]
    return CHANGED, f"says something else than on {day}: {then:,} characters then, {len(text):,} now"


def _memory(received: Received, before: dict[str, Any]) -> dict[str, Any]:
    if received.status == 304:
        return {**before, "read": now()}
    text = _text(received)
    return {"read": now(), "text": _hash(text), "characters": len(text), "validators": received.validators}


def _text(received: Received) -> str:
    """What a person reads of an answer; of one that is no page, its bytes in hexadecimal."""
    if received.media not in ("text/html", "application/xhtml+xml"):
        return received.body.hex()
    page = received.body.decode("utf-8", errors="replace")
    return " ".join(unescape(SILENT.sub(" ", page)).split())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _remembered(source: Source) -> Memory:
    path = source.folder / snapshots.FOLDER / snapshots.LINKS
    if not path.is_file():
        return {}
    content = read_json(path, str(path))
    if not isinstance(content, dict) or not all(isinstance(member, dict) for member in content.values()):
        raise snapshots.damaged(path, "is not what `collect --links` writes")
    return content


def _remember(source: Source, memory: Memory) -> None:
    """Writes what is known of the addresses that the source still has."""
    kept = {url: memory[url] for url in sorted({_fetch(document).url for document in _pages(source)} & memory.keys())}
    path = source.folder / snapshots.FOLDER / snapshots.LINKS
    if kept or path.is_file():
        write(path, (json.dumps(kept, ensure_ascii=False, indent=2) + "\n").encode())
