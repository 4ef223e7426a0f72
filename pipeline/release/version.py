"""The version rule: the size of the step follows from what changed (Data Package recipe `data-package-version`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.versions import NUMBERS
from pipeline.versions import is_version as is_version

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


def parse(text: str, file: str | None = None) -> Version:
    """The version that `text` writes. Raises InvalidData, which names `file`, for anything but three whole numbers."""
    match = NUMBERS.fullmatch(text)
    if not match:
        raise InvalidData(
            Problem(
                Kind.BAD_DESCRIPTOR,
                "is not a version of three whole numbers",
                "Write it as 1.2.0.",
                file=file,
                field="version",
                value=text,
            )
        )
    return Version(*map(int, match.groups()))


def parse_asked(text: str | None) -> Version | None:
    """The version that somebody asks for. Raises CannotRun for anything but three whole numbers."""
    if text is None:
        return None
    if not NUMBERS.fullmatch(text):
        rule = "is not a version of three whole numbers"
        raise CannotRun(Problem(Kind.BAD_OPTION, rule, "Ask for one with --version 1.2.0.", value=text))
    return parse(text)
