"""The version numbers of releases, as names and in their order."""

from __future__ import annotations

import re

NUMBERS = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")


def is_version(text: str) -> bool:
    """Whether `text` is a version of three whole numbers."""
    return NUMBERS.fullmatch(text) is not None


def order(version: str) -> tuple[int, ...]:
    """A version as what it is sorted by."""
    return tuple(map(int, version.split(".")))
