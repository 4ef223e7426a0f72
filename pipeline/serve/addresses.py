"""What an address asks for: which release, in which language, and what there.

/sv/…   /en/…                 pages of the latest release
/1.0.0/sv/…   /1.0.0/en/…     pages of one release, for ever
/…                            the latest release without a language: JSON, CSV; a page leads to /sv/ or /en/
/1.0.0/…                      the same of one release
/1.0.0/files/…                the files of a release
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.serve.languages import LANGUAGES

VERSION_TEXT = r"(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){2}(?:-draft)?"
VERSION = re.compile(VERSION_TEXT)
"""A version as the first part of an address; Datasette writes no name with a dot."""

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
    version, path = _first(path, VERSION.fullmatch)
    language, path = _first(path, lambda part: part in LANGUAGES)
    return Address(version, language, path)


def _first(path: str, wanted: Callable[[str], object]) -> tuple[str | None, str]:
    """The first part of the path, if it is wanted, and the rest; None and the whole path if it is not."""
    first, slash, rest = path[1:].partition("/")
    return (first, f"/{rest}" if slash else "") if wanted(first) else (None, path)
