"""A Table Schema as tests on raw text: for each cell, is this certainly valid?

The tests are sound: what passes, frictionless accepts with the value that `kind` says. They need not be complete:
what does not pass is suspect, and frictionless judges it. The tests are data; `sql` renders them.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]  # no stubs: the parser behind `re.compile`
import re._parser as sre_parser  # type: ignore[import-not-found]
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pipeline.validate.rules import Rule, category_codes, field_rules


class Unscreened(Exception):
    """The table is one that only frictionless can read."""


Kind = Literal["text", "integer", "number", "boolean", "date"]
"""How the text of a certain cell becomes a value that SQL can compare."""


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

    relation: Literal[">=", "<=", ">", "<"]
    limit: str


Test = Matches | OneOf | Length | IsInteger | IsNumber | IsDate | Bound


@dataclass(frozen=True)
class Screen:
    """The tests of one field; a missing text passes them when `required` is false.

    `tests` is None where no sound test is known: then frictionless reads each distinct text once.
    """

    field: Any
    missing: tuple[str, ...]
    required: bool
    kind: Kind
    decimal_char: str
    true_values: tuple[str, ...]
    rules: tuple[Rule, ...]
    tests: tuple[Test, ...] | None

    @property
    def is_alike(self) -> bool:
        """Whether Python's value of a certain text is the very one that frictionless reads."""
        return self.field.type in ("string", "integer")


def screen(field: Any) -> Screen:
    """The screen of a field that belongs to a schema: one of frictionless's, or a plain one."""
    missing: Iterable[str] = field.missing_values
    if not field.has_defined("missing_values") and field.schema:
        missing = field.schema.missing_values
    kind: Kind = KINDS.get(field.type, "text")
    known = set(field.constraints) <= {*_CONSTRAINTS, "required", "unique"}
    tests = _tests(field) if known else None
    return Screen(
        field=field,
        missing=tuple(missing),
        required=bool(field.constraints.get("required")),
        kind=kind,
        decimal_char=getattr(field, "decimal_char", "."),
        true_values=tuple(_true_values(field)),
        rules=tuple(field_rules(field)),
        tests=tests,
    )


KINDS: dict[str, Kind] = {
    "integer": "integer",
    "year": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
}

YEAR = "[0-9]{4}"
YEARMONTH = "[0-9]{4}-(0[1-9]|1[0-2])"
DATETIME = (
    "[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z?"
)
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z?"
DIGITS = 15
"""Decimal digits that a double keeps apart: with at most so many, equal doubles are equal numbers. With more, only
unequal doubles tell."""


def number(decimal_char: str) -> str:
    """The expression of a number that is surely written plainly."""
    return f"-?[0-9]{{1,30}}({re.escape(decimal_char)}[0-9]{{1,30}})?"


def _tests(field: Any) -> tuple[Test, ...] | None:
    lexical = _lexical(field)
    if lexical is None:
        return None
    tests: list[Test] = list(lexical)
    for name, value in field.constraints.items():
        if name in ("required", "unique"):
            continue
        test = _constraint(field, name, value)
        if test is None:
            return None
        tests += test
    codes = category_codes(field)
    if codes is not None:
        tests.append(OneOf(tuple(map(str, codes))))
    return tuple(tests)


def _lexical(field: Any) -> list[Test] | None:
    if field.type == "any":
        return []
    if field.type == "boolean":
        known = {**dict.fromkeys(field.true_values, True), **dict.fromkeys(field.false_values, False)}
        return [OneOf(tuple(known))]
    if field.format != "default":
        return None
    if field.type == "string":
        return []
    if field.type == "number":
        plain = len(field.decimal_char) == 1 and not field.decimal_char.isalnum() and field.decimal_char not in "-+ "
        if not plain or any(char.isdigit() or char in f"-{field.decimal_char}" for char in field.group_char):
            return None
        is_bare = getattr(field, "bare_number", True) and not getattr(field, "float_number", False)
        if is_bare and field.decimal_char == "." and not field.group_char:
            return [IsNumber()]
        return [Matches(number(field.decimal_char))]
    if field.type == "date":
        return [IsDate()]
    if field.type == "integer":
        return [IsInteger()]
    forms = {"year": YEAR, "yearmonth": YEARMONTH, "datetime": DATETIME, "time": TIME}
    form = forms.get(field.type)
    return None if form is None else [Matches(form)]


_CONSTRAINTS = (
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
)

RELATIONS: dict[str, Literal[">=", "<=", ">", "<"]] = {
    "minimum": ">=",
    "maximum": "<=",
    "exclusiveMinimum": ">",
    "exclusiveMaximum": "<",
}


def _constraint(field: Any, name: str, value: Any) -> list[Test] | None:
    """The tests of one constraint, or None where none is sound."""
    if name not in field.supported_constraints:
        return None
    if name in RELATIONS:
        return _bound(field, RELATIONS[name], value)
    if name == "enum":
        return _enum(field, value)
    if field.type != "string":
        return None
    if name == "pattern":
        expression = portable(str(value))
        return None if expression is None else [Matches(expression)]
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return [Length(value, None) if name == "minLength" else Length(None, value)]


def _bound(field: Any, relation: Literal[">=", "<=", ">", "<"], value: Any) -> list[Test] | None:
    limit = field.create_value_reader()(value)
    if isinstance(limit, bool):
        return None
    if field.type in ("integer", "year") and isinstance(limit, int) and abs(limit) < 10**18:
        return [Bound(relation, str(limit))]
    if field.type == "number" and isinstance(limit, int | float | Decimal):
        exact = Decimal(str(limit))
        if exact.is_finite() and len(exact.as_tuple().digits) <= DIGITS and abs(exact.adjusted()) <= DIGITS:
            return [Bound(relation, format(exact, "f"))]
    if field.type == "date" and isinstance(limit, date) and limit.year >= 1000:
        return [Bound(relation, limit.isoformat())]
    return None


def _enum(field: Any, codes: Any) -> list[Test] | None:
    """The texts that surely read as one of the codes."""
    read = field.create_value_reader()
    values = [read(code) for code in codes]
    if field.type == "string":
        return [OneOf(tuple(value for value in values if value is not None))]
    if field.type in ("integer", "year", "number", "date", "yearmonth"):
        texts = {str(code) for code in codes if isinstance(code, str | int | float)}
        return [OneOf(tuple(sorted(text for text in texts if (value := read(text)) is not None and value in values)))]
    return None


def _true_values(field: Any) -> Iterable[str]:
    if field.type != "boolean":
        return ()
    return (text for text in field.true_values if text not in field.false_values)


# -- expressions that Python and RE2 read alike ----------------------------------------------------------------------

MAX_REPEAT = 1000
"""RE2's own limit of a counted repetition."""

_CATEGORIES = {
    sre.CATEGORY_DIGIT: "0-9",
    sre.CATEGORY_WORD: "0-9A-Za-z_",
    sre.CATEGORY_SPACE: r"\t\n\r\f\v ",
}
"""What a category surely holds. Python's hold more (other scripts' digits, for one): a text with those is suspect."""


def portable(pattern: str) -> str | None:
    """An expression whose full matches are matches of `pattern` for frictionless, or None where none is known.

    frictionless compiles `^pattern$`, so an alternative at the top level is anchored at one end only. Written anew
    from the parsed expression: characters, sets, groups, alternatives in groups and repetitions. Anchors, look-around,
    back-references and flags are left to Python.
    """
    try:
        parsed = sre_parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    if parsed.state.flags & ~re.UNICODE:
        return None
    if any(op is sre.BRANCH for op, _ in parsed.data):
        return None
    try:
        return "".join(_render(op, value) for op, value in parsed.data)
    except _NotPortable:
        return None


class _NotPortable(Exception):
    """The expression holds what engines read differently."""


def _render(op: Any, value: Any) -> str:
    if op is sre.LITERAL:
        return _character(value)
    if op is sre.NOT_LITERAL:
        return f"[^{_in_set(value)}]"
    if op is sre.ANY:
        return r"[^\n]"
    if op is sre.IN:
        return _set(value)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, items = value
        if least > MAX_REPEAT or (most is not sre.MAXREPEAT and most > MAX_REPEAT):
            raise _NotPortable
        count = f"{{{least},}}" if most is sre.MAXREPEAT else f"{{{least},{most}}}"
        return f"(?:{_sequence(items)}){count}"
    if op is sre.SUBPATTERN:
        _, added, removed, items = value
        if added or removed:
            raise _NotPortable
        return f"(?:{_sequence(items)})"
    if op is sre.BRANCH:
        return f"(?:{'|'.join(_sequence(items) for items in value[1])})"
    raise _NotPortable


def _sequence(items: Any) -> str:
    return "".join(_render(op, value) for op, value in items)


def _character(code: int) -> str:
    return re.escape(chr(code)) if code < 128 else chr(code)


def _in_set(code: int) -> str:
    return f"\\x{{{code:x}}}"


def _set(members: Any) -> str:
    negated = bool(members) and members[0][0] is sre.NEGATE
    parts = []
    for op, value in members[1:] if negated else members:
        if op is sre.LITERAL:
            parts.append(_in_set(value))
        elif op is sre.RANGE:
            parts.append(f"{_in_set(value[0])}-{_in_set(value[1])}")
        elif op is sre.CATEGORY and value in _CATEGORIES and not negated:
            parts.append(_CATEGORIES[value])
        else:
            raise _NotPortable
    return f"[{'^' if negated else ''}{''.join(parts)}]"
