"""What a fetched source sends, turned into rows. A module here is one format or protocol; source.yml names it. Another
package adds its own by the hook `servicebanken_readers` (pipeline/hookspecs.py).

Readers stand on the ground floor: `collect` asks them what to request and whether an answer is one, `assemble` asks
them for the rows of the snapshots that were kept. They never reach for the network or a file. What a reader module
exposes:

    NEEDS, TAKES    the members of `ask:` in source.yml that it must and may be given (frozensets of names)
    RELATIONS       the relations that it reads, each with its columns: {"data": ("kpi", "municipality", …)}
    wrong(ask)                  what is wrong with the values under `ask:`, a sentence fragment, or None
    requests(fetch)             the first requests of a fetch
    following(fetch, answer)    what to request after an answer: the next page, the chunks that a /config allows
    read(fetch, answer)         the rows in an answer, by relation; an answer without rows gives {}
    missing(fetch, answers)     what was asked for and is not in the answers, a sentence fragment each
    sample(fetch)               the fetch, asking for the least that shows the source's shape (`collect --check`)

`following` and `read` raise `BadAnswer` for a body that is no answer: an error page, an Overpass `remark`, numbers
that do not add up. A reader is stateless: the same bytes give the same rows, in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from pipeline.hookspecs import hook, module, offers

if TYPE_CHECKING:
    from pipeline.source.fetch import Fetch

Columns = dict[str, list[str | None]]
"""Rows as columns of one length: text as the source writes it (`0482` keeps its zero), None for what it leaves out.

A row's number in provenance is its place in the relation, counted from 1, within one answer.
"""


@dataclass(frozen=True)
class Request:
    """One request of a fetch.

    `part` is the reader's own name of what the answer holds (`config`, `data`): it comes back in `Answer`. A
    `sentinel` is a request whose unchanged answer (304, or the same bytes) means that nothing of the fetch has
    changed: put it first. A `page` is made for people: robots.txt is asked before it.
    """

    url: str
    part: str = "data"
    method: Literal["GET", "POST"] = "GET"
    body: bytes | None = None
    content_type: str | None = None
    accept: str = "application/json"
    sentinel: bool = False
    page: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back to a request: its bytes, after decompression."""

    request: Request
    body: bytes


class BadAnswer(Exception):
    """A body that is no answer; `rule` completes "The answer …". `passing` where asking again later may help."""

    def __init__(self, rule: str, *, passing: bool = False) -> None:
        super().__init__(rule)
        self.rule = rule
        self.passing = passing


class Reader(Protocol):
    """What the modules in this folder are."""

    NEEDS: frozenset[str]
    TAKES: frozenset[str]
    RELATIONS: Mapping[str, tuple[str, ...]]

    def wrong(self, ask: Mapping[str, Any]) -> str | None:
        """What is wrong with the values under `ask`, such as "has `kpis` that are not a list"; None if nothing."""

    def requests(self, fetch: Fetch) -> list[Request]:
        """The first requests of a fetch, at least one."""

    def following(self, fetch: Fetch, answer: Answer) -> list[Request]:
        """What to request after an answer. Raises BadAnswer."""

    def read(self, fetch: Fetch, answer: Answer) -> dict[str, Columns]:
        """The rows in an answer, by relation. Raises BadAnswer."""

    def missing(self, fetch: Fetch, answers: list[Answer]) -> list[str]:
        """What was asked for and did not come, such as "the indicator N07530"; empty when all is."""

    def sample(self, fetch: Fetch) -> Fetch:
        """The fetch with an `ask` (or address) cut down to one thing of each kind; the fetch itself if it is small."""


def no_list(ask: Mapping[str, Any], *names: str) -> str | None:
    """What is wrong with the first of the members that is there and is no list of texts."""
    for name in names:
        value = ask.get(name, [])
        if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
            return f"has `{name}` under `ask` that is not a list of texts"
    return None


@hook
def servicebanken_readers() -> dict[str, str]:
    own = ("csv", "html", "kolada", "kolada_groups", "overpass", "pxweb", "pxweb_codes", "sparql", "wfs")
    return {name: f"{__name__}.{name}" for name in own}


def names() -> list[str]:
    """The readers that source.yml may name."""
    return sorted(offers("readers"))


def reader(name: str) -> Reader:
    """The reader of a name in `names()`."""
    return cast(Reader, module("readers", name))
