"""The tests of a screen in Python, for a table that is read sooner than DuckDB is loaded."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from pipeline.table.layout import Layout
from pipeline.validate.plain import PlainTable
from pipeline.validate.screen import Bound, IsDate, IsInteger, IsNumber, Length, Matches, OneOf, Screen, Test, number
from pipeline.validate.timelimit import Expired, time_limit

SECONDS = 1
"""How long patterns may match the texts of a small table, before it is left to frictionless."""

BEGINNING = 1000
"""Rows at the beginning of a large table that tell whether there may be suspects."""

Certain = Callable[[str], bool]


@dataclass(frozen=True)
class Small:
    """A table whose rows are all certainly valid but for keys: its columns of texts, and what reads their values."""

    table: PlainTable
    screens: Mapping[str, Screen]
    columns: Mapping[str, tuple[str, ...]]
    rows: int
    stats: Mapping[str, Any]

    def values(self, fields: Sequence[str]) -> list[tuple[Any, ...]]:
        """The values of these fields in each row, equal where frictionless's are."""
        read = ([_value(self.screens[name], text) for text in self.columns[name]] for name in fields)
        return list(zip(*read, strict=True))


def read(table: PlainTable, layout: Layout, screens: Sequence[Screen]) -> Small | None:
    """The table, if it is rectangular and each of its cells is certainly valid."""
    content = layout.path.read_bytes()
    if content.startswith(b"\xef\xbb\xbf"):
        return None
    try:
        text = io.TextIOWrapper(io.BytesIO(content), layout.encoding, newline="")
        labels, *rows = csv.reader(text, dialect=layout.dialect)
    except (ValueError, csv.Error):
        return None
    if tuple(labels) != table.names or any(len(row) != len(labels) for row in rows):
        return None
    columns = list(zip(*rows, strict=True)) or [()] * len(labels)
    tests = [certain(each) for each in screens]
    try:
        with time_limit(SECONDS):
            if not all(all(map(test, set(column))) for test, column in zip(tests, columns, strict=True) if test):
                return None
    except Expired:
        return None
    if not any(each.required for each in screens) and any(_is_blank(row, screens) for row in rows):
        return None
    stats = {
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    return Small(
        table,
        dict(zip(table.names, screens, strict=True)),
        dict(zip(table.names, columns, strict=True)),
        len(rows),
        stats,
    )


def begins_with_suspects(layout: Layout, screens: Sequence[Screen]) -> bool:
    """Whether one of the first rows of a table is not certainly valid."""
    tests = [certain(each) for each in screens]
    try:
        with layout.path.open(encoding=layout.encoding, newline="") as file, time_limit(SECONDS):
            rows = csv.reader(file, dialect=layout.dialect)
            return not all(
                len(row) == len(tests) and all(test(text) for test, text in zip(tests, row, strict=True) if test)
                for row in islice(rows, 1, BEGINNING)
            )
    except (Expired, ValueError, csv.Error):
        return True


def is_keyed(small: Small, parent: Callable[[str], Small | None]) -> bool:
    """Whether every key of the table is met; `parent` has the table of a name, which is "" for this one."""
    table = small.table
    for name in table.unique:
        if not _differ(each for each in small.values([name]) if None not in each):
            return False
    for fields in table.unique_keys:
        if not _differ(each for each in small.values(fields) if None not in each):
            return False
    if table.primary_key:
        keys = small.values(table.primary_key)
        if any(None in key for key in keys) or not _differ(keys):
            return False
    return all(_is_matched(small, fields, parent(name), there) for fields, name, there in table.foreign_keys)


def _is_matched(small: Small, fields: Sequence[str], parent: Small | None, there: Sequence[str]) -> bool:
    if parent is None or not set(there) <= set(parent.columns):
        return False
    if [small.screens[name].kind for name in fields] != [parent.screens[name].kind for name in there]:
        return False
    known = set(parent.values(there))
    return all(key in known for key in small.values(fields) if set(key) != {None})


def _differ(keys: Iterable[tuple[Any, ...]]) -> bool:
    keys = list(keys)
    return len(set(keys)) == len(keys)


def _is_blank(row: Sequence[str], screens: Sequence[Screen]) -> bool:
    return all(text in each.missing for text, each in zip(row, screens, strict=True))


def _value(screen: Screen, text: str) -> Any:
    if text in screen.missing:
        return None
    if screen.kind == "integer":
        return int(text)
    if screen.kind == "number":
        return Decimal(text)
    if screen.kind == "boolean":
        return text in screen.true_values
    return text


# -- tests -----------------------------------------------------------------------------------------------------------


def certain(screen: Screen) -> Certain | None:
    """Whether a text is certainly valid; None where no sound test is known."""
    if screen.tests is None:
        return None
    tests = [_test(test, screen) for test in screen.tests]
    missing, required = set(screen.missing), screen.required

    def is_certain(text: str) -> bool:
        if text in missing:
            return not required
        return all(test(text) for test in tests)

    return is_certain


def _test(test: Test, screen: Screen) -> Certain:
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
            read = date.fromisoformat if screen.kind == "date" else Decimal
            return _bound(read, relation, read(limit))


def _matches(expression: str) -> Certain:
    # Screens write a character of a set as RE2 does.
    python = re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", expression)
    compiled = re.compile(python)
    return lambda text: compiled.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    if not re.fullmatch("[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _bound(read: Callable[[str], Any], relation: str, limit: Any) -> Certain:
    """A bound on texts that the tests before it have found to be numbers, or days."""
    if relation == ">=":
        return lambda text: bool(read(text) >= limit)
    if relation == "<=":
        return lambda text: bool(read(text) <= limit)
    if relation == ">":
        return lambda text: bool(read(text) > limit)
    return lambda text: bool(read(text) < limit)
