"""Dates in EDTF (Extended Date/Time Format, ISO 8601-2:2019): which fields hold them, and which days they cover.

A season has the months of the northern hemisphere's weather: spring is March to May, and winter 2023 ends in February
2024.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

RDF_TYPE = re.compile(r"https?://id\.loc\.gov/datatypes/edtf([/-].*)?", re.IGNORECASE)
"""The `rdfType` of a field whose texts are EDTF."""

QUALIFIERS = {"?": "possibly", "~": "about", "%": "possibly_about"}
OPEN = ("", "..")

SEASONS = ("spring", "summer", "autumn", "winter")
PARTS = {start + n: season for start in (21, 25, 29) for n, season in enumerate(SEASONS)}
PARTS |= {33 + n: f"quarter_{n + 1}" for n in range(4)} | {40: "half_1", 41: "half_2"}
"""What may stand in the place of a month (ISO 8601-2, 4.8): seasons, also those of a hemisphere, quarters, halves."""

MONTHS = {start + n: (3 * n + 3, 3) for start in (21, 25) for n in range(4)}
MONTHS |= {29 + n: ((3 * n + 8) % 12 + 1, 3) for n in range(4)}
MONTHS |= {33 + n: (3 * n + 1, 3) for n in range(4)} | {40: (1, 6), 41: (7, 6)}
"""The first month of each of them, and how many it has. 29 to 32 are the seasons of the southern hemisphere."""

DATE = re.compile(r"([0-9X]{4})(?:-([0-9X]{2})(?:-([0-9X]{2}))?)?(?:T.*)?")

Span = tuple[date | None, date | None]


def is_edtf(field: Mapping[str, Any]) -> bool:
    """Whether a field of a schema says by its `rdfType` that its texts are EDTF."""
    kind = field.get("rdfType")
    return isinstance(kind, str) and RDF_TYPE.fullmatch(kind) is not None


def span(code: str) -> Span:
    """The first and the last day that a date, an interval or a set covers; None for an end that is open or unknown.

    `2023-22` covers 2023-06-01 to 2023-08-31, `../2018-12` ends on 2018-12-31, `201X` is one of ten years. Both are
    None for what is no date.
    """
    if code[:1] + code[-1:] in ("[]", "{}"):
        spans = [_interval(*_ends(part.strip(), "..")) for part in code[1:-1].split(",")]
        starts, ends = ([each[end] for each in spans] for end in (0, 1))
        firsts, lasts = ([day for day in days if day is not None] for days in (starts, ends))
        return min(firsts) if len(firsts) == len(spans) else None, max(lasts) if len(lasts) == len(spans) else None
    return _interval(*_ends(code, "/"))


def _ends(code: str, mark: str) -> tuple[str, str]:
    start, found, end = code.partition(mark)
    return (start, end) if found else (code, code)


def _interval(start: str, end: str) -> Span:
    """The days from the start of one date to the end of another; nothing where one of them cannot be read."""
    first, last = _days(start), _days(end)
    if (first is None and start not in OPEN) or (last is None and end not in OPEN):
        return None, None
    if first and last and first[0] > last[1]:
        return None, None
    return first and first[0], last and last[1]


def _days(code: str) -> tuple[date, date] | None:
    """The first and the last day of one date; None for what is none."""
    found = DATE.fullmatch(code.translate(dict.fromkeys(map(ord, QUALIFIERS))))
    if found is None:
        return None
    year, month, day = found.groups()
    first_year, last_year = int(year.replace("X", "0")), int(year.replace("X", "9"))
    if last_year == 0:
        return None
    start = max(first_year, 1)
    if month is not None and day is None and month.isdecimal() and int(month) in MONTHS:
        first_month, count = MONTHS[int(month)]
        over, last_month = divmod(first_month + count - 2, 12)
        return date(start, first_month, 1), _last_day(min(last_year + over, date.max.year), last_month + 1)
    months = _matching(month, 12)
    first = next((each for number in months for each in _dates(start, number, day)), None)
    last = next((each for number in reversed(months) for each in reversed(_dates(last_year, number, day))), None)
    return (first, last) if first and last else None


def _dates(year: int, month: int, day: str | None) -> list[date]:
    return [date(year, month, number) for number in _matching(day, _last_day(year, month).day)]


def _matching(digits: str | None, most: int) -> list[int]:
    """The numbers from 1 that digits, of which some are unknown (`X`), may stand for; all where there are none."""
    pattern = re.compile((digits or "XX").replace("X", "[0-9]"))
    return [number for number in range(1, most + 1) if pattern.fullmatch(f"{number:02}")]


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
