"""The version numbers of releases and drafts, as names and in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass

DRAFT = "-draft"
"""What the version of a draft ends with: a release that is not recorded yet."""

NUMBERS = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")


def is_version(text: str) -> bool:
    """Whether `text` is a version of three whole numbers."""
    return NUMBERS.fullmatch(text) is not None


def is_draft(text: str) -> bool:
    """Whether `text` is the version of a draft, such as 1.1.0-draft."""
    return text.endswith(DRAFT) and is_version(text.removesuffix(DRAFT))


def order(version: str) -> tuple[int, ...]:
    """A version as what it is sorted by; a draft comes before its release."""
    return (*map(int, version.removesuffix(DRAFT).split(".")), 0 if version.endswith(DRAFT) else 1)


@dataclass(frozen=True)
class Wanted:
    """What is to be made: a draft, or a release that is recorded.

    `version`: the version to give it, where one is asked for. `major`: whether it may break what people have.
    """

    draft: bool = False
    version: str | None = None
    major: bool = False


RELEASE = Wanted()
"""A release of whatever version the changes demand, unless it breaks something."""
