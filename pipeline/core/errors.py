"""What a user can get wrong, as types, with the exit code and the way out.

    PipelineError
    ├── InvalidData     exit 1: a file holds what it must not
    └── CannotRun       exit 2: the command could not do its work

An error carries one or more `Problem`s: typed data, rendered as late as possible. Every `Kind` has a heading of the
same name in docs/errors.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

SHOWN = 20
"""Problems that a terminal shows before it counts the rest."""

VALUE_SHOWN = 80
"""Characters of a value that a message shows."""


class Kind(StrEnum):
    """The kinds of problem; each value is an anchor in docs/errors.md."""

    # a source
    UNKNOWN_TABLE = "unknown-table"
    UNKNOWN_COLUMN = "unknown-column"
    MISSING_COLUMN = "missing-column"
    MISSING_KEY = "missing-key"
    DUPLICATE_KEY = "duplicate-key"
    UNLISTED_DOCUMENT = "unlisted-document"
    DUPLICATE_DOCUMENT = "duplicate-document"
    UNKNOWN_CODE = "unknown-code"
    BAD_INFERRED = "bad-inferred"
    LONELY_CELL = "lonely-cell"
    BAD_SOURCE = "bad-source"
    EMPTY_SOURCE = "empty-source"
    UNREAD_FILE = "unread-file"
    NO_SUCH_DAY = "no-such-day"
    BAD_ADDRESS = "bad-address"
    OUTER_SPACE = "outer-space"
    # a file as text
    BAD_BYTE = "bad-byte"
    BYTE_ORDER_MARK = "byte-order-mark"
    RAGGED_ROW = "ragged-row"
    BAD_QUOTE = "bad-quote"
    WRONG_SEPARATOR = "wrong-separator"
    BLANK_HEADER = "blank-header"
    DUPLICATE_HEADER = "duplicate-header"
    BLANK_ROW = "blank-row"
    LONG_LINE = "long-line"
    EMPTY_FILE = "empty-file"
    BAD_YAML = "bad-yaml"
    # a package
    BAD_DESCRIPTOR = "bad-descriptor"
    UNSAFE_PATH = "unsafe-path"
    MISSING_FILE = "missing-file"
    INVALID_TABLE = "invalid-table"
    BAD_VIEW = "bad-view"
    ENDLESS_PATTERN = "endless-pattern"
    BAD_ARCHIVE = "bad-archive"
    MISSING_METADATA = "missing-metadata"
    # a release
    VERSION_TOO_SMALL = "version-too-small"
    VERSION_TAKEN = "version-taken"
    BREAKING_CHANGE = "breaking-change"
    UNPUBLISHED_DRAFT = "unpublished-draft"
    DAMAGED_RECORD = "damaged-record"
    DAMAGED_RELEASE = "damaged-release"
    DIFFERENT_COPY = "different-copy"
    # a source that is fetched
    DAMAGED_SNAPSHOT = "damaged-snapshot"
    REJECTED_SNAPSHOT = "rejected-snapshot"
    CHANGED_LINK = "changed-link"
    # a place to publish to
    BAD_PLACE = "bad-place"
    PUBLISHED_OTHERWISE = "published-otherwise"
    BAD_COPY = "bad-copy"
    PLACE_FAILED = "place-failed"
    PLACE_REFUSED = "place-refused"
    ACCESS_REFUSED = "access-refused"
    # the surroundings
    BAD_OPTION = "bad-option"
    NO_PROJECT = "no-project"
    NO_RELEASE = "no-release"
    NOT_EMPTY = "not-empty"
    NOT_WRITABLE = "not-writable"
    DISK_FULL = "disk-full"
    FILE_FAILED = "file-failed"
    LOCKED = "locked"
    PORT_TAKEN = "port-taken"
    NO_ADDRESS = "no-address"
    NOT_FETCHED = "not-fetched"
    NO_SPARK = "no-spark"
    SPARK_FAILED = "spark-failed"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and what to do about it.

    `row` counts the rows of a table as a spreadsheet does: the header is row 1. In a YAML file it is the line.
    """

    kind: Kind
    rule: str
    fix: str
    file: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (
                self.file,
                f"row {self.row}" if self.row is not None else None,
                f"{'member' if (self.file or '').endswith('.json') else 'column'} {shorten(self.field)}"
                if self.field is not None
                else None,
            )
            if part
        )
        value = "" if self.value is None else f" {shorten(self.value)!r}"
        subject = f"{place}:{value} " if place else f"{value.strip()} " if value else ""
        return printable(f"{subject}{self.rule}. {self.fix} [{self.kind}]")

    def to_dict(self) -> dict[str, Any]:
        """The problem as JSON-ready data, without what is not known."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class PipelineError(Exception):
    """An error that the user can fix; `problems` is never empty."""

    exit_code = 2

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InvalidData(PipelineError):
    """A file holds what it must not."""

    exit_code = 1


class Reasons:
    """Reasons to refuse, gathered so that all are told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Keeps the problems of an InvalidData that is raised meanwhile."""
        try:
            yield
        except InvalidData as error:
            self.problems += error.problems

    def refuse(self) -> None:
        """Raises InvalidData with all of them, if there are any."""
        if self.problems:
            raise InvalidData(self.problems)


class CannotRun(PipelineError):
    """The command could not do its work."""

    exit_code = 2


def shorten(value: str) -> str:
    """`value`, cut to what a message can show."""
    return value if len(value) <= VALUE_SHOWN else value[: VALUE_SHOWN - 1] + "…"


def printable(text: str) -> str:
    """`text` on one line that no terminal obeys: line ends and control characters as Python escapes."""
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        else character
        for character in text
    )
