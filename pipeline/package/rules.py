"""The rules of a table as data: what a Table Schema asks, in a form that any engine can render.

Here is defined what is *certainly valid*: a text that passes all tests of its field is one that frictionless accepts,
and reads as the value that the field's `kind` says. The tests are sound, and need not be complete: a text that does not
pass is a suspect, which frictionless judges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "integer", "number", "boolean", "date"]
"""How the text of a certain cell becomes a value that engines can compare."""

Relation = Literal[">=", "<=", ">", "<"]


@dataclass(frozen=True)
class Matches:
    """The whole text matches an expression that every engine reads alike."""

    expression: str


@dataclass(frozen=True)
class OneOf:
    """The text is one of these."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Length:
    """The number of characters lies between the two, both included."""

    least: int | None
    most: int | None


@dataclass(frozen=True)
class IsInteger:
    """The text is a whole number: at most 18 digits, with or without a minus."""


@dataclass(frozen=True)
class IsNumber:
    """The text is a decimal number with a point, finite; with or without an exponent."""


@dataclass(frozen=True)
class IsDate:
    """The text is a day of the calendar from the year 1000 on, as YYYY-MM-DD."""


@dataclass(frozen=True)
class Bound:
    """The value stands in that relation to a limit, which is a number or a day."""

    relation: Relation
    limit: str


Test = Matches | OneOf | Length | IsInteger | IsNumber | IsDate | Bound


@dataclass(frozen=True)
class Field:
    """The rules of one field; a missing text passes the tests where `required` is false.

    `tests` is None where no sound test is known: then frictionless reads each distinct text. `group_char` is taken out
    of whole numbers before they are read; `codes` are the values of `categories`, unless `enum` says the same.
    """

    name: str
    type: str
    missing: tuple[str, ...] = ("",)
    required: bool = False
    unique: bool = False
    decimal_char: str = "."
    group_char: str = ""
    true_values: tuple[str, ...] = ()
    tests: tuple[Test, ...] | None = ()
    codes: tuple[Any, ...] | None = None
    is_known: bool = True

    @property
    def kind(self) -> Kind:
        """How its certain texts become values."""
        return KINDS.get(self.type, "text")

    @property
    def is_comparable(self) -> bool:
        """Whether certain texts, or the values of their kind, are equal just where frictionless's values are."""
        if self.type in ("string", "any"):
            return True
        return self.tests is not None and (self.type in KINDS or self.type == "yearmonth")


@dataclass(frozen=True)
class ForeignKey:
    """The fields, the table that they point at ("" for their own), and the fields there."""

    fields: tuple[str, ...]
    resource: str
    there: tuple[str, ...]


@dataclass(frozen=True)
class Keys:
    """The keys of a table. Fields of a primary key may partly be missing to frictionless, and not to the standard."""

    primary: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign: tuple[ForeignKey, ...] = ()


@dataclass(frozen=True)
class Schema:
    """The rules of a table."""

    fields: tuple[Field, ...]
    keys: Keys
    is_known: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields."""
        return tuple(each.name for each in self.fields)


KINDS: dict[str, Kind] = {
    "integer": "integer",
    "year": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
}
DIGITS = 15
"""Decimal digits that a double keeps apart: with at most so many, equal doubles are equal numbers. With more, only
unequal doubles tell."""


def number(decimal_char: str) -> str:
    """The expression of a number that is surely written plainly."""
    return f"-?[0-9]{{1,30}}(?:{re.escape(decimal_char)}[0-9]{{1,30}})?"
