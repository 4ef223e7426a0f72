"""Words looked for in texts, forgivingly: å for a, stop words left out, some of the words, and the nearest spelling.

The words are first taken as they are written, each the beginning of a word, and all of them. Only where no row has
that, the next thing is tried, and the page says what was done.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import takewhile

from pipeline.core.quoting import identifier
from pipeline.serve.pages.dataset import Dataset, connected

MOST_ROWS = 50_000
"""Rows of a table up to which its words are known; of a larger one only what is written is looked for."""

CLOSE = 0.78
"""How much alike two words are that may be one misspelt, as difflib measures it."""

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """och i på att en ett det den de som är av för med till om från vid har var vad vem hur där när finns kan
        and in at a an the of with to from by is are was be has have what who how where when which that""",
    )
)
"""Words that say nothing about what is looked for, in Swedish and English."""


@dataclass(frozen=True)
class Match:
    """What FTS5 is asked; how it was arrived at: `all`, `alike`, `some`, `spelled`; and the words looked for."""

    expression: str
    how: str
    words: tuple[str, ...]


def matching(words: str) -> str:
    """Words as FTS5 looks for rows with all of them, each the beginning of a word: `bok buss` is `"bok"* "buss"*`.

    A text in quotation marks is a phrase. No sign of FTS5's own language comes through.
    """
    return " ".join(_quoted(part, is_phrase) for part, is_phrase in _parts(words)) or '""'


def matches(dataset: Dataset, words: str) -> Iterator[Match]:
    """What to try, one after the other, until something is found."""
    parts = [*_parts(words)]
    telling = [part for part in parts if part[1] or part[0].casefold() not in STOP_WORDS] or parts
    plain = tuple(part for part, _ in telling)
    yield Match(" ".join(_quoted(*part) for part in telling) or '""', "all", plain)
    known = dataset.once("", "vocabulary", find=lambda: vocabulary(dataset))
    alike = [_alike(known, *part) for part in telling]
    yield Match(" AND ".join(alike), "alike", plain)
    if len(alike) > 1:
        yield Match(" OR ".join(alike), "some", plain)
    spelled = tuple(part if is_phrase else known.nearest(part) or part for part, is_phrase in telling)
    if spelled != plain:
        better = [_alike(known, word, False) for word in spelled]
        yield Match(" AND ".join(better), "spelled", spelled)
        yield Match(" OR ".join(better), "spelled", spelled)


def _parts(words: str) -> Iterator[tuple[str, bool]]:
    """The words, and the phrases in quotation marks, each with whether it is one."""
    for number, part in enumerate(words.split('"')):
        if number % 2 and part.strip():
            yield part, True
        elif not number % 2:
            yield from ((word, False) for word in part.split() if any(sign.isalnum() for sign in word))


def _quoted(part: str, is_phrase: bool) -> str:
    return f'"{part}"' if is_phrase else f'"{part}"*'


def _alike(known: Vocabulary, part: str, is_phrase: bool) -> str:
    """The word as it may be written: `bygdegard` is also `bygdegård`."""
    ways = [] if is_phrase else known.ways(part)
    return f"({' OR '.join(_quoted(way, False) for way in ways)})" if ways else _quoted(part, is_phrase)


# -- the words that there are ------------------------------------------------------------------------------------------


def folded(word: str) -> str:
    """The word without marks on its letters, in small letters: `Bygdegård` is `bygdegard`."""
    parted = unicodedata.normalize("NFD", word.casefold())
    return "".join(sign for sign in parted if unicodedata.category(sign) != "Mn")


@dataclass(frozen=True)
class Vocabulary:
    """The words in the texts of a release, each with what it is when folded, in that order."""

    terms: list[tuple[str, str]]

    def ways(self, word: str) -> list[str]:
        """The ways in which the beginnings of words are written that are the word when folded."""
        begin = folded(word)
        found = takewhile(lambda term: term[0].startswith(begin), self.terms[bisect_left(self.terms, (begin, "")) :])
        return sorted({term[: len(begin)] for _, term in found} | {word.casefold()})

    def nearest(self, word: str) -> str | None:
        """The word that is most like one that no text has; None for one that some text has."""
        begin = folded(word)
        if len(self.ways(word)) > 1 or self._has(begin):
            return None
        near = get_close_matches(begin, [*self._by_folded], 1, CLOSE) if len(begin) > 3 else []
        return self._by_folded[near[0]] if near else None

    def _has(self, begin: str) -> bool:
        at = bisect_left(self.terms, (begin, ""))
        return at < len(self.terms) and self.terms[at][0].startswith(begin)

    @cached_property
    def _by_folded(self) -> dict[str, str]:
        return dict(self.terms)


def vocabulary(dataset: Dataset) -> Vocabulary:
    """The words of all tables that are not too large."""
    terms: set[str] = set()
    con = connected(dataset.database)
    try:
        for table in dataset.tables.values():
            if table.index and (table.count or 0) <= MOST_ROWS:
                terms |= _terms(con, table.index)
    finally:
        con.close()
    return Vocabulary(sorted((folded(term), term) for term in terms if not term.isdigit()))


def _terms(con: sqlite3.Connection, index: str) -> set[str]:
    con.execute("DROP TABLE IF EXISTS temp.terms")
    con.execute(f"CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, {identifier(index)}, row)")
    return {term for (term,) in con.execute("SELECT term FROM temp.terms")}
