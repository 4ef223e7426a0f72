"""The rules of a schema in Python, for tables that are read sooner than DuckDB is loaded. `rules_sql` says the same."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.package.pattern import as_python
from pipeline.package.rules import Bound, Field, IsDate, IsInteger, IsNumber, Length, Matches, OneOf, Test, number

Certain = Callable[[str], bool]

RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def certain(field: Field) -> Certain | None:
    """Whether a text is certainly valid; None where no sound test is known."""
    if field.tests is None:
        return None
    tests = [_test(test, field) for test in field.tests]
    missing, required = set(field.missing), field.required

    def is_certain(text: str) -> bool:
        if text in missing:
            return not required
        return all(test(text) for test in tests)

    return is_certain


def reading(field: Field) -> Callable[[str], Any]:
    """What reads the value of a certain text, equal where frictionless's values are; None for a missing one."""
    missing, read = set(field.missing), _reader(field)
    return lambda text: None if text in missing else read(text)


def _reader(field: Field) -> Callable[[str], Any]:
    match field.type:
        case "integer" | "year":
            return int
        case "number":
            return lambda text: Decimal(text.replace(field.decimal_char, "."))
        case "boolean":
            return set(field.true_values).__contains__
        case "date":
            return date.fromisoformat
        case "yearmonth":
            return lambda text: (int(text[:4]), int(text[5:]))
        case _:
            return str


def _test(test: Test, field: Field) -> Certain:
    match test:
        case Matches(expression):
            return _matches(expression)
        case OneOf(texts):
            return set(texts).__contains__
        case Length(least, most):
            return lambda text: (least is None or len(text) >= least) and (most is None or len(text) <= most)
        case IsInteger():
            return _matches("-?[0-9]{1,18}")
        case IsNumber():
            return _matches(number("."))
        case IsDate():
            return _is_date
        case Bound(relation, limit):
            read = date.fromisoformat if field.kind == "date" else Decimal
            compare, bound = RELATIONS[relation], read(limit)
            point = field.decimal_char if field.kind == "number" else "."
            return lambda text: compare(read(text.replace(point, ".")), bound)


def _matches(expression: str) -> Certain:
    found = as_python(expression).fullmatch
    return lambda text: found(text) is not None


def _is_date(text: str) -> bool:
    """Whether it is a day; the bounds that come after rely on it."""
    if not re.fullmatch("[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
