"""The version rule: the size of the step follows from what changed (Data Package recipe `data-package-version`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from pipeline.errors import InvalidData, Kind, Problem

FIRST = "1.0.0"


class Step(IntEnum):
    """How much a change breaks: corrected values, additions, what readers of the old release may trip over."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, order=True)
class Version:
    """A version number of three parts (semver.org, without pre-releases)."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def after(self, step: Step) -> Version:
        """The version that follows a change of that size."""
        if step == Step.MAJOR:
            return Version(self.major + 1, 0, 0)
        if step == Step.MINOR:
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


def parse(text: str) -> Version:
    """The version that `text` writes. Raises InvalidData for anything but three whole numbers."""
    match = re.fullmatch(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)", text)
    if not match:
        raise InvalidData(
            Problem(
                Kind.BAD_DESCRIPTOR,
                "is not a version of three whole numbers",
                "Write it as 1.2.0.",
                value=text,
                field="version",
            )
        )
    return Version(*map(int, match.groups()))


def is_version(text: str) -> bool:
    """Whether `text` is a version of three whole numbers."""
    return re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", text) is not None
