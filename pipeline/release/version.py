"""The version rule: the size of the step follows from what changed (Data Package recipe `data-package-version`).

docs/versions.md has the rule as a table, with an example of each kind of change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.package.version import NUMBERS
from pipeline.package.version import is_version as is_version

FIRST = "1.0.0"


class Step(IntEnum):
    """How much a change breaks: corrected values, additions, what readers of the old release may trip over."""

    PATCH = 1
    MINOR = 2
    MAJOR = 3


class What(StrEnum):
    """The kinds of change that two packages can differ by."""

    # of the package
    PACKAGE_RENAMED = "package-renamed"
    IDENTIFIER_CHANGED = "identifier-changed"
    LICENCE_RESTRICTED = "licence-restricted"
    LICENCE_RELAXED = "licence-relaxed"
    TEXT_CHANGED = "text-changed"
    ENTRY_REMOVED = "entry-removed"
    ENTRY_ADDED = "entry-added"
    ENTRY_CHANGED = "entry-changed"
    FORM_CHANGED = "form-changed"
    RESTATED = "restated"
    FILE_CHANGED = "file-changed"
    VIEW_REMOVED = "view-removed"
    VIEW_ADDED = "view-added"
    VIEW_CHANGED = "view-changed"
    # of its resources
    TABLE_REMOVED = "table-removed"
    TABLE_RENAMED = "table-renamed"
    TABLE_ADDED = "table-added"
    RESOURCE_REMOVED = "resource-removed"
    RESOURCE_ADDED = "resource-added"
    RESOURCE_CHANGED = "resource-changed"
    NOT_COMPARED = "not-compared"
    # of a table's schema
    FIELD_REMOVED = "field-removed"
    FIELD_RENAMED = "field-renamed"
    FIELD_RETYPED = "field-retyped"
    FIELD_NARROWED = "field-narrowed"
    FIELD_WIDENED = "field-widened"
    FIELD_ADDED = "field-added"
    REQUIRED_FIELD_ADDED = "required-field-added"
    FIELDS_REORDERED = "fields-reordered"
    UNIT_CHANGED = "unit-changed"
    MISSING_CHANGED = "missing-changed"
    MISSING_WIDENED = "missing-widened"
    SENSE_CHANGED = "sense-changed"
    KEY_CHANGED = "key-changed"
    UNIQUE_KEY_ADDED = "unique-key-added"
    UNIQUE_KEY_REMOVED = "unique-key-removed"
    FOREIGN_KEY_ADDED = "foreign-key-added"
    FOREIGN_KEY_REMOVED = "foreign-key-removed"
    FOREIGN_KEY_CHANGED = "foreign-key-changed"
    FIELDS_MATCH_NARROWED = "fields-match-narrowed"
    FIELDS_MATCH_WIDENED = "fields-match-widened"
    CODE_REMOVED = "code-removed"
    CODE_ADDED = "code-added"
    CODE_REDEFINED = "code-redefined"
    LABEL_CHANGED = "label-changed"
    CODES_REORDERED = "codes-reordered"
    CODES_ORDERED = "codes-ordered"
    # of a table's rows
    KEYS_REMOVED = "keys-removed"
    ROWS_REMOVED = "rows-removed"
    ROWS_ADDED = "rows-added"
    ROWS_CHANGED = "rows-changed"
    TRACES_REMOVED = "traces-removed"
    TRACES_ADDED = "traces-added"
    TRACES_CHANGED = "traces-changed"


MAJOR = (
    *(What.PACKAGE_RENAMED, What.IDENTIFIER_CHANGED, What.LICENCE_RESTRICTED, What.VIEW_REMOVED),
    *(What.TABLE_REMOVED, What.TABLE_RENAMED, What.RESOURCE_REMOVED),
    What.NOT_COMPARED,  # what is not known is never small
    *(What.FIELD_REMOVED, What.FIELD_RENAMED, What.FIELD_RETYPED, What.FIELD_NARROWED, What.REQUIRED_FIELD_ADDED),
    *(What.FIELDS_REORDERED, What.UNIT_CHANGED, What.MISSING_CHANGED, What.SENSE_CHANGED, What.KEY_CHANGED),
    *(What.UNIQUE_KEY_ADDED, What.FOREIGN_KEY_ADDED, What.FOREIGN_KEY_CHANGED, What.FIELDS_MATCH_NARROWED),
    *(What.CODE_REMOVED, What.CODE_REDEFINED, What.CODES_REORDERED, What.KEYS_REMOVED),
)
MINOR = (
    *(What.LICENCE_RELAXED, What.VIEW_ADDED, What.TABLE_ADDED, What.RESOURCE_ADDED),
    *(What.FIELD_WIDENED, What.FIELD_ADDED, What.MISSING_WIDENED, What.UNIQUE_KEY_REMOVED),
    *(What.FOREIGN_KEY_REMOVED, What.FIELDS_MATCH_WIDENED, What.CODE_ADDED, What.CODES_ORDERED),
    *(What.ROWS_REMOVED, What.ROWS_ADDED),
)

RULE: Mapping[What, Step] = {
    what: Step.MAJOR if what in MAJOR else Step.MINOR if what in MINOR else Step.PATCH for what in What
}
"""How large a step each kind of change demands."""


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
