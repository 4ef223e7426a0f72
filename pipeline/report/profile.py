"""What a table's fields hold: how many values are missing, and how the others are distributed.

Counts are exact and come in a fixed order. Numbers and dates are counted in intervals of a round width, other values
one by one, the most frequent first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import frictionless

from pipeline.core.quoting import literal
from pipeline.report.cells import Cells
from pipeline.table import duckdb

INTERVALS = 20
"""Intervals of a histogram, at most."""

TOP = 8
"""Values that are counted one by one, at most."""

FEW = 8
"""Different numbers up to which each is counted by itself."""

Shape = Literal["empty", "intervals", "each", "top", "distinct"]


@dataclass(frozen=True)
class Bar:
    """A value, or an interval of values from `label` to `until`, and how many there are."""

    label: str
    count: int
    until: str = ""


@dataclass(frozen=True)
class Profile:
    """One field: `missing` of `rows` cells are missing; `bars` say what the others hold.

    `shape`: `intervals` are in the order of the values and without gaps; `each` has every value in order; `top` has
    the most frequent of those that are repeated, and `others` counts the rest; `distinct` has a few examples of values
    that are all different. `unread` counts the values that are not in `bars` because they are no number or date.
    """

    label: str
    rows: int
    missing: int
    shape: Shape
    different: int = 0
    bars: tuple[Bar, ...] = ()
    others: int = 0
    unread: int = 0
    low: str = ""
    high: str = ""

    @property
    def present(self) -> int:
        """How many values are not missing."""
        return self.rows - self.missing


def profiles(cells: Cells, most: int) -> list[Profile]:
    """The profiles of the first `most` columns."""
    return [_profile(cells, column) for column in cells.columns if column < most]


def _profile(cells: Cells, column: int) -> Profile:
    con, field = cells.con, cells.fields[column]
    counted = f'"counted {column}"'
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {counted} AS "
        f"SELECT c{column} AS text, count(*) AS count FROM {cells.relation} GROUP BY ALL"
    )
    try:
        return _counted(con, counted, cells.labels[column], field)
    finally:
        con.execute(f"DROP TABLE {counted}")


def _counted(con: duckdb.DuckDBPyConnection, counted: str, label: str, field: frictionless.Field | None) -> Profile:
    gaps = ", ".join(map(literal, _missing(field)))
    present = f"text NOT IN ({gaps})" if gaps else "text IS NOT NULL"
    rows, values, different = con.execute(
        f"SELECT coalesce(sum(count), 0)::BIGINT, coalesce(sum(count) FILTER (WHERE {present}), 0)::BIGINT, "
        f"count(*) FILTER (WHERE {present}) FROM {counted}"
    ).fetchall()[0]
    missing = rows - values
    if not values:
        return Profile(label, rows, missing, "empty")
    measured = _measured(con, counted, present, field)
    if measured is not None:
        return Profile(label, rows, missing, different=different, **measured)
    if different == values and different > TOP:
        shown = con.execute(f"SELECT text FROM {counted} WHERE {present} ORDER BY text LIMIT 3").fetchall()
        return Profile(label, rows, missing, "distinct", different, tuple(Bar(text, 1) for (text,) in shown))
    top = con.execute(f"SELECT text, count FROM {counted} WHERE {present} ORDER BY count DESC, text LIMIT {TOP}")
    bars = tuple(Bar(text, count) for text, count in top.fetchall() if count > 1 or different <= TOP)
    return Profile(label, rows, missing, "top", different, bars, values - sum(bar.count for bar in bars))


def _missing(field: frictionless.Field | None) -> list[str]:
    """The texts that stand for a missing value: the field's own, else the schema's."""
    if field is None:
        return [""]
    own = field.has_defined("missing_values") or field.schema is None
    return list(field.missing_values if own else field.schema.missing_values)  # type: ignore[union-attr]


# -- numbers and dates ---------------------------------------------------------------------------------------------


def _measured(
    con: duckdb.DuckDBPyConnection, counted: str, present: str, field: frictionless.Field | None
) -> dict[str, Any] | None:
    """A field of numbers or dates; None where it has none, or none that SQL can read."""
    expression = _reading(con, field)
    if expression is None:
        return None
    dated = field is not None and field.type in ("date", "datetime", "yearmonth")
    # `read` is made first and alone, for DuckDB may run a cast before the filter beside it.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE read AS SELECT {expression} AS value, sum(count)::BIGINT AS count "
        f"FROM {counted} WHERE {present} GROUP BY ALL"
    )
    con.execute(f"UPDATE read SET value = NULL WHERE NOT isfinite(value){BEYOND if dated else ''}")
    low, high, different, known, unread = con.execute(
        "SELECT min(value), max(value), count(value), "
        "coalesce(sum(count) FILTER (WHERE value IS NOT NULL), 0)::BIGINT, "
        "coalesce(sum(count) FILTER (WHERE value IS NULL), 0)::BIGINT FROM read"
    ).fetchall()[0]
    if not known or (not dated and not math.isfinite(high - low)):
        return None
    if different <= FEW and not dated:
        each = con.execute("SELECT value, count FROM read WHERE value IS NOT NULL ORDER BY value").fetchall()
        bars = tuple(Bar(_number(value), count) for value, count in each)
        return {"shape": "each", "bars": bars, "unread": unread}
    bars = _by_date(con, low, high) if dated else _by_number(con, low, high, whole=_is_whole(field))
    ends = (low.isoformat(), high.isoformat()) if dated else (_number(low), _number(high))
    return {"shape": "intervals", "bars": bars, "unread": unread, "low": ends[0], "high": ends[1]}


BEYOND = " OR value NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
"""Dates that Python does not have."""


def _is_whole(field: frictionless.Field | None) -> bool:
    return field is not None and field.type in ("integer", "year")


def _reading(con: duckdb.DuckDBPyConnection, field: frictionless.Field | None) -> str | None:
    """The SQL that reads a field's texts as numbers or dates."""
    if field is None:
        return None
    form = field.format or "default"
    if field.type in ("integer", "number", "year"):
        text = "trim(text)"
        group = str(getattr(field, "group_char", None) or field.custom.get("groupChar") or "")
        point = str(getattr(field, "decimal_char", None) or ".")
        text = f"replace({text}, {literal(group)}, '')" if group else text
        text = text if point == "." else f"replace({text}, {literal(point)}, '.')"
        return f"TRY_CAST({text} AS DOUBLE)"
    if field.type == "yearmonth":
        return "TRY_CAST(text || '-01' AS DATE)"
    if field.type in ("date", "datetime"):
        if form == "default":
            return "TRY_CAST(TRY_CAST(text AS TIMESTAMP) AS DATE)"
        if "%" in form and _can_parse(con, form):
            return f"TRY_CAST(try_strptime(text, {literal(form)}) AS DATE)"
    return None


def _can_parse(con: duckdb.DuckDBPyConnection, form: str) -> bool:
    try:
        con.execute("SELECT try_strptime('', $1)", [form])
    except duckdb.Error:
        return False
    return True


def _by_number(con: duckdb.DuckDBPyConnection, low: float, high: float, *, whole: bool) -> tuple[Bar, ...]:
    step = _round_step((high - low) / INTERVALS, whole=whole)
    start = math.floor(low / step)
    last = math.floor(high / step)
    counts = _per_interval(con, f"floor(value / {step!r})::BIGINT - ({start})")
    if whole and step == 1:
        return tuple(Bar(_number(start + at), counts.get(at, 0)) for at in range(last - start + 1))
    return tuple(
        Bar(_number((start + at) * step), counts.get(at, 0), _number((start + at + 1) * step - (1 if whole else 0)))
        for at in range(last - start + 1)
    )


def _round_step(least: float, *, whole: bool) -> float:
    """The least of 1, 2, 5, 10, 20 … (or 0.1, 0.2 …) that is not under `least`."""
    if whole and least <= 1:
        return 1
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next((power * each for each in (1, 2, 5) if power * each >= least), power * 10)


def _by_date(con: duckdb.DuckDBPyConnection, low: date, high: date) -> tuple[Bar, ...]:
    """By days, weeks, months, quarters, years or more, whatever gives no more than `INTERVALS`."""
    days = (high - low).days
    if days < INTERVALS * 7:
        step = 1 if days < INTERVALS else 7
        counts = _per_interval(con, f"(value - DATE '{low.isoformat()}') // {step}")
        starts = [low + timedelta(days=step * at) for at in range(days // step + 1)]
        ends = [min(start, high - timedelta(days=step - 1)) + timedelta(days=step - 1) for start in starts]
        return tuple(
            Bar(start.isoformat(), counts.get(at, 0), end.isoformat() if step > 1 else "")
            for at, (start, end) in enumerate(zip(starts, ends, strict=True))
        )
    months = (high.year - low.year) * 12 + high.month - low.month + 1
    step = next(each for each in MONTHS if months <= each * (INTERVALS - 1))
    first = (low.year * 12 + low.month - 1) // step
    last = (high.year * 12 + high.month - 1) // step
    counts = _per_interval(con, f"(year(value) * 12 + month(value) - 1) // {step} - ({first})")
    return tuple(
        Bar(
            _month(at * step, step),
            counts.get(at - first, 0),
            "" if step in (1, 12) else _month(at * step + step - 1, step),
        )
        for at in range(first, last + 1)
    )


MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)
"""Months of an interval of dates; the last covers all the dates that there are."""


def _month(number: int, step: int) -> str:
    """A month counted from year 0: as a month, or as a year where an interval is of whole years."""
    return f"{number // 12:04}" if step >= 12 else f"{number // 12:04}-{number % 12 + 1:02}"


def _per_interval(con: duckdb.DuckDBPyConnection, expression: str) -> dict[int, int]:
    query = f"SELECT {expression} AS slot, sum(count)::BIGINT FROM read WHERE value IS NOT NULL GROUP BY slot"
    return {int(slot): count for slot, count in con.execute(query).fetchall()}


def _number(value: float) -> str:
    """A number as people write it, without an exponent where it can be."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}"
