"""What an address asks for: which release, in which language, and what there.

/sv/…   /en/…                 pages of the latest release
/1.0.0/sv/…   /1.0.0/en/…     pages of one release, for ever
/…                            the latest release without a language: JSON, CSV; a page leads to /sv/ or /en/
/1.0.0/…                      the same of one release
/1.0.0/files/…                the files of a release
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

LANGUAGES = ("sv", "en")
"""Codes of ISO 639-1, each the first part of the addresses of its pages; the first is for who asks for no other."""

VERSION_TEXT = r"(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){2}(?:-draft)?"
VERSION = re.compile(VERSION_TEXT)
"""A version as the first part of an address; Datasette writes no name with a dot."""

PARTS = re.compile(rf"(?:/({VERSION_TEXT})(?=/|$))?(?:/({'|'.join(LANGUAGES)})(?=/|$))?(.*)", re.DOTALL)

TAKEN = frozenset([*LANGUAGES, "files", "-"])
"""What addresses begin with that lead to no database: a database of that name would have none."""


@dataclass(frozen=True)
class Address:
    """The parts of a path: a version or None for the latest, a language or None, and the rest from its `/` on."""

    version: str | None
    language: str | None
    rest: str

    @property
    def prefix(self) -> str:
        """What stands before the rest, such as `/1.0.0/sv/`; `/` where nothing does."""
        return prefix(self.version, self.language)

    @property
    def is_page(self) -> bool:
        """Whether people read it: it has no extension, which data, files and scripts have."""
        return "." not in self.rest.rpartition("/")[2]


def prefix(version: str | None, language: str | None) -> str:
    """The beginning of the addresses of a release in a language, with `/` at both ends."""
    return "".join(f"/{part}" for part in (version, language) if part) + "/"


def parse(path: str) -> Address:
    """The address in a path, which is percent-encoded as it came and begins with `/`."""
    parts = PARTS.fullmatch(path)
    assert parts is not None  # every part may be missing
    return Address(parts[1], parts[2], parts[3])


def preferred(accepted: str) -> str:
    """The language that `accepted`, the value of an Accept-Language header, ranks highest (RFC 9110, 12.5.4).

    A header that is malformed, or asks for none of ours, gets the first. A region is not looked at.
    """
    ranked = []
    for number, part in enumerate(accepted[:400].split(",")):
        tag, _, weight = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        with suppress(ValueError):
            rank = float(weight.replace(" ", "").removeprefix("q=")) if weight else 1.0
            if language in LANGUAGES and 0 < rank <= 1:
                ranked.append((-rank, number, language))
    return min(ranked)[2] if ranked else LANGUAGES[0]
