"""Dates as people say them: `2023-22` in EDTF (ISO 8601-2) is "summer 2023", `../2018-12` is "by December 2018".

What is read: years, months, days, times, seasons, quarters and halves; `?`, `~` and `%`; unknown digits (`201X`);
intervals, open ones too; sets (`[2018,2019]`). Anything else is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

from pipeline.core.edtf import OPEN, PARTS, QUALIFIERS
from pipeline.web.words import Words

MACHINE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
"""What both EDTF and `<time datetime>` of HTML can hold."""

DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?(?:-XX){0,2}")
TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::[0-9.]+)?(Z|[+-][0-9:]+)?")


def spoken(words: Words, code: str) -> str:
    """The date in words; what is no date is given back as it is."""
    return _spoken(words, code) or code


def element(words: Words, code: str) -> Markup:
    """The date in words as HTML with the code beside it: for machines in `<time datetime>`, else as a title."""
    said = spoken(words, code)
    if MACHINE.fullmatch(code) and said != code:
        return Markup('<time datetime="{}">{}</time>').format(code, said)
    return Markup('<span title="{}">{}</span>').format(code, said) if said != code else escape(code)


def _spoken(words: Words, code: str) -> str | None:
    if code[:1] + code[-1:] in ("[]", "{}"):
        parts = [_date(words, part.strip()) for part in code[1:-1].split(",")]
        joint = words.text("date.or" if code[0] == "[" else "date.and")
        said = [part for part in parts if part]
        return f" {joint} ".join([", ".join(said[:-1]), said[-1]]) if len(said) == len(parts) > 1 else None
    start, mark, end = code.partition("/")
    return _interval(words, start, end) if mark else _date(words, code)


def _interval(words: Words, start: str, end: str) -> str | None:
    if start in OPEN or end in OPEN:
        said = _date(words, end if start in OPEN else start)
        return words.text("date.until" if start in OPEN else "date.from", date=said) if said else None
    first, last = _parts(words, start), _parts(words, end)
    if first and last:
        return _range(first, last)
    first_said, last_said = _date(words, start), _date(words, end)
    return f"{first_said} – {last_said}" if first_said and last_said else None


def _range(first: Sequence[str], last: Sequence[str]) -> str:
    """Two dates with what they share said once: "5–9 October 2020", "October – November 2020", "2020–2021"."""
    shared = 0
    if len(first) == len(last):
        while shared < len(first) - 1 and first[-1 - shared] == last[-1 - shared]:
            shared += 1
    start, end = (" ".join(parts[: len(parts) - shared]) for parts in (first, last))
    dash = " – " if " " in start + end else "–"
    return " ".join([f"{start}{dash}{end}" if start != end else start, *first[len(first) - shared :]])


def _date(words: Words, code: str) -> str | None:
    timed = TIME.fullmatch(code)
    if timed and (day := _date(words, timed[1])):
        said = words.text("date.time", date=day, hour=timed[2], minute=timed[3])
        return f"{said} {timed[4].replace('Z', 'UTC')}" if timed[4] else said
    marks = {mark for mark in QUALIFIERS if mark in code}
    bare = code.translate(dict.fromkeys(map(ord, QUALIFIERS)))
    if re.fullmatch("[0-9]{3}X", bare):
        said = words.text("date.decade", year=f"{bare[:3]}0")
    elif re.fullmatch("[0-9]{2}XX", bare):
        said = f"{bare[:2]}00–{bare[:2]}99"
    elif parts := _parts(words, bare):
        said = " ".join(parts)
    else:
        return None
    qualifier = "%" if {"?", "~"} <= marks else next(iter(marks), None)
    return words.text(f"date.{QUALIFIERS[qualifier]}", date=said) if qualifier else said


def _parts(words: Words, code: str) -> list[str] | None:
    """The day, month or season, and year of a date, as far as it has them; None for what is none."""
    found = DATE.fullmatch(code)
    if found is None:
        return None
    year, part, day = found.groups()
    if part is None:
        return [year]
    if day is None and int(part) in PARTS:
        return [words.text(f"date.{PARTS[int(part)]}"), year]
    try:
        date(max(int(year), 1), int(part), int(day or 1))
    except ValueError:
        return None
    month = [words.text(f"date.month_{int(part)}"), year]
    return month if day is None else [str(int(day)), *month]
