"""The rules of a schema as SQL for DuckDB; `rules_python` says the same. Another engine is another module like these.

A condition stands over two columns: the cell's text, and where `reads` says so its value, as `reading` has it. The
value is read once for all tests, for DuckDB finds no common parts in conditions. What is rarely asked (is the cell
missing, when it is not plainly valid?) comes last in a CASE, which DuckDB evaluates for the rows that are left. What
`certain` gives may be NULL where it is not met, which saves a coalesce for each cell; what stands after a NOT never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.core.quoting import literal
from pipeline.package.rules import (
    DIGITS,
    Bound,
    Field,
    IsDate,
    IsInteger,
    IsNumber,
    Length,
    Matches,
    OneOf,
    Test,
    number,
)

COMPARED = 16
"""Texts with which a cell is compared one by one; an expression of more is matched sooner."""

TYPES = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
"""The DuckDB type of each kind of value."""


def reads(field: Field, *, is_key: bool) -> bool:
    """Whether the tests, or a key, need the cell's value."""
    if field.kind not in ("integer", "number", "date"):
        return False
    return is_key or any(isinstance(test, Bound | IsInteger | IsNumber | IsDate) for test in field.tests or ())


def reading(field: Field, text: str) -> str:
    """The value of the cell with this text; NULL, or anything, where the text is none that the tests pass."""
    if field.kind == "boolean":
        return one_of(text, field.true_values)
    if field.kind == "number" and field.decimal_char != ".":
        text = f"replace({text}, {literal(field.decimal_char)}, '.')"
    # TRY_CAST, because DuckDB may evaluate the cast before the test that guards it.
    return f"TRY_CAST({text} AS {TYPES[field.kind]})"


def certain(field: Field, text: str, value: str, bad: str | None = None) -> str:
    """The condition that the cell is certainly valid; false or NULL where it is not.

    `bad` is the relation of distinct texts that frictionless refused, for a field without tests; to ask it the rows
    are joined, and lose their order.
    """
    if field.tests is None:
        return f"({text} NOT IN (SELECT text FROM {bad}))"
    missing = is_missing(field, text)
    if not field.required and len(field.tests) == 1 and isinstance(field.tests[0], OneOf):
        return one_of(text, field.tests[0].texts, missing)
    passed = _all(_condition(test, field, text, value) for test in field.tests)
    plain = _all(_plain(test, field, text, value) for test in field.tests)
    if not field.required:
        return "true" if passed == "true" else _any(plain, missing, passed)
    valid = _any(plain, passed)
    return valid if missing == "false" else f"(NOT {missing} AND {valid})"


def _all(conditions: Iterable[str]) -> str:
    return f"({' AND '.join(conditions)})" if (conditions := list(conditions)) else "true"


def _any(*conditions: str) -> str:
    """Any of the conditions; each is asked where those before it are not met."""
    *first, last = (condition for condition in dict.fromkeys(conditions) if condition != "false")
    return f"CASE {' '.join(f'WHEN {each} THEN true' for each in first)} ELSE {last} END" if first else last


def is_missing(field: Field, text: str) -> str:
    """The condition that the cell holds one of the field's missing values."""
    return one_of(text, field.missing)


def one_of(text: str, texts: Sequence[str], otherwise: str = "false") -> str:
    """The condition that the cell is one of these texts, or meets another.

    Without IN: DuckDB joins a longer list to the rows, and what a join gives has lost the order of the file. A CASE
    takes half the time of an OR.
    """
    if not texts:
        return otherwise
    if len(texts) > COMPARED:
        found = _matches(text, "|".join(map(_spelled, texts)))
    elif len(texts) == 1:
        found = f"({text} = {literal(texts[0])})"
    else:
        return f"CASE {text} {' '.join(f'WHEN {literal(each)} THEN true' for each in texts)} ELSE {otherwise} END"
    return found if otherwise == "false" else f"CASE WHEN {found} THEN true ELSE {otherwise} END"


def _spelled(text: str) -> str:
    """A text as an expression that matches it alone."""
    return "".join(char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):x}}}" for char in text)


def has_value(fields: Sequence[Field], texts: Sequence[str]) -> str:
    """The condition that not all cells of a row are missing."""
    cases = " ".join(f"WHEN NOT {is_missing(each, text)} THEN true" for each, text in zip(fields, texts, strict=True))
    return f"CASE {cases} ELSE false END"


def key(field: Field, text: str, value: str, tested: str) -> str:
    """The value of the cell as a key has it: NULL where it is missing, or not certain (`tested`)."""
    if not reads(field, is_key=True):
        value = text if field.kind == "text" else reading(field, text)
    return f"CASE WHEN {tested} AND NOT {is_missing(field, text)} THEN {value} END"


def is_short(text: str) -> str:
    """The condition that a number's text, without an exponent, has at most the digits that a double keeps apart."""
    return f"(length({text}) <= {DIGITS} AND NOT contains(lower({text}), 'e'))"


def _condition(test: Test, field: Field, text: str, value: str) -> str:
    match test:
        case Matches(expression):
            return _matches(text, expression)
        case OneOf(texts):
            return one_of(text, texts)
        case Length(least, most):
            parts = [f"length({text}) >= {least}"] if least is not None else []
            parts += [f"length({text}) <= {most}"] if most is not None else []
            return " AND ".join(parts)
        case IsInteger():
            return _matches(text, INTEGER)
        case IsNumber():
            plain = _plain(test, field, text, value)
            return f"CASE WHEN {plain} THEN true ELSE {_matches(text, number('.'))} END"
        case IsDate():
            return f"{value} BETWEEN {DAYS} AND {text} GLOB '????-??-?[0-9]'"
        case Bound(relation, limit) if field.kind == "number" and len(relation) > 1:
            # An equal double only counts where the text has so few digits that the numbers are equal, too.
            equal = f"{value} = CAST({literal(limit)} AS DOUBLE) AND {is_short(text)}"
            return f"CASE WHEN {_plain(test, field, text, value)} THEN true ELSE {equal} END"
        case Bound():
            return _plain(test, field, text, value)


def _plain(test: Test, field: Field, text: str, value: str) -> str:
    """A condition that is sooner asked than the test, and met by most cells that pass it; it is as sound by itself."""
    match test:
        case IsInteger():
            # A value that is written as the cell has it needs no expression, which takes as long again.
            return f"CAST({value} AS VARCHAR) = {text}"
        case IsNumber():
            # Python reads whatever DuckDB does, but for a plus or a space before it and an exponent without measure.
            return f"{_is_finite(field, value)} AND {text} > ',' AND strlen({text}) <= {SHORT}"
        case Bound(relation, limit) if field.kind == "number":
            return f"{value} {relation[0]} CAST({literal(limit)} AS DOUBLE)"
        case Bound(relation, limit):
            bound = (
                f"DATE {literal(limit)}" if field.kind == "date" else f"CAST({literal(limit)} AS {TYPES[field.kind]})"
            )
            return f"{value} {relation} {bound}"
        case _:
            return _condition(test, field, text, value)


INTEGER = "-?[0-9]{1,18}"
SHORT = 18
"""Bytes of a number whose exponent Python's Decimal can surely hold."""

DAYS = "DATE '1000-01-01' AND DATE '9999-12-31'"


def _matches(text: str, expression: str) -> str:
    return f"regexp_full_match({text}, {literal(expression)})"


def _is_finite(field: Field, value: str) -> str:
    """The condition that a double is none of NULL, infinite and NaN (above all), as far as no bound says so."""
    bounds = [test.relation[0] for test in field.tests or () if isinstance(test, Bound)]
    parts = [
        f"{value} {beyond} '{limit}'"
        for beyond, limit in ((">", "-Infinity"), ("<", "Infinity"))
        if beyond not in bounds
    ]
    return " AND ".join(parts) or f"{value} IS NOT NULL"
