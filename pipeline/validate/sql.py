"""The tests of a screen as SQL for DuckDB. Another engine is another module like this one."""

from __future__ import annotations

from pipeline.tables import literal
from pipeline.validate.screen import DIGITS, Bound, IsDate, Length, Matches, OneOf, Screen, Test

TYPES = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
"""The DuckDB type of each kind of value."""


def certain(screen: Screen, column: str, bad: str | None = None) -> str:
    """The condition that the cell in `column` is certainly valid.

    `bad` is the relation of distinct texts that frictionless refused, for a screen without tests.
    """
    missing = is_missing(screen, column)
    if screen.tests is None:
        return f"({column} NOT IN (SELECT text FROM {bad}))"
    tests = [_condition(test, screen, column) for test in screen.tests]
    passed = " AND ".join(tests) or "true"
    if missing == "false":
        return f"({passed})"
    if screen.required:
        return f"(NOT {missing} AND {passed})"
    return f"({missing} OR ({passed}))"


def is_missing(screen: Screen, column: str) -> str:
    """The condition that the cell holds one of the field's missing values."""
    if not screen.missing:
        return "false"
    return f"({column} IN ({', '.join(literal(text) for text in screen.missing)}))"


def value(screen: Screen, column: str) -> str:
    """The value of a certain cell; NULL when it is missing. Only sound where `certain` holds."""
    return f"CASE WHEN NOT {is_missing(screen, column)} THEN {_cast(screen, column)} END"


def _cast(screen: Screen, column: str) -> str:
    if screen.kind == "boolean":
        return f"({column} IN ({', '.join(map(literal, screen.true_values))}))" if screen.true_values else "false"
    if screen.kind == "number" and screen.decimal_char != ".":
        column = f"replace({column}, {literal(screen.decimal_char)}, '.')"
    # TRY_CAST, because DuckDB may evaluate the cast before the test that guards it.
    return f"TRY_CAST({column} AS {TYPES[screen.kind]})"


def _condition(test: Test, screen: Screen, column: str) -> str:
    match test:
        case Matches(expression):
            return f"regexp_full_match({column}, {literal(expression)})"
        case OneOf(texts):
            return f"{column} IN ({', '.join(map(literal, texts)) or 'NULL'}) IS TRUE"
        case Length(least, most):
            parts = [f"length({column}) >= {least}"] if least is not None else []
            parts += [f"length({column}) <= {most}"] if most is not None else []
            return " AND ".join(parts)
        case IsDate():
            return f"TRY_CAST({column} AS DATE) IS NOT NULL"
        case Bound(relation, limit) if screen.kind == "number":
            return _number_bound(_cast(screen, column), relation, f"CAST({literal(limit)} AS DOUBLE)", column)
        case Bound(relation, limit):
            bound = (
                f"DATE {literal(limit)}" if screen.kind == "date" else f"CAST({literal(limit)} AS {TYPES[screen.kind]})"
            )
            return f"coalesce({_cast(screen, column)} {relation} {bound}, false)"


def _number_bound(value: str, relation: str, limit: str, column: str) -> str:
    """A bound on doubles: an equal one only counts where the text has so few digits that the numbers are equal, too."""
    strict = f"{value} {relation[0]} {limit}"
    if len(relation) == 1:
        return f"coalesce({strict}, false)"
    return f"coalesce({strict} OR ({value} = {limit} AND {is_short(column)}), false)"


def is_short(column: str) -> str:
    """The condition that a number's text has at most the digits that a double keeps apart."""
    return f"length({column}) <= {DIGITS + 1}"
