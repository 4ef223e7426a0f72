"""A field of Table Schema as a datatype of CSVW (https://www.w3.org/TR/tabular-metadata/#datatypes)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

PLAIN = {
    "string": "string",
    "any": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "year": "gYear",
    "yearmonth": "gYearMonth",
    "duration": "duration",
    "object": "json",
    "array": "json",
    "geojson": "json",
}
"""Types that CSVW has too; it knows no `list` and no `geopoint`."""

DATES = {
    f"{first}{sign}{second}{sign}{third}"
    for sign in "-/."
    for first, second, third in (("dd", "MM", "yyyy"), ("MM", "dd", "yyyy"), ("yyyy", "MM", "dd"))
} - {"yyyy/MM/dd", "yyyy.MM.dd"} | {"yyyyMMdd"}
TIMES = {"HH:mm:ss", "HHmmss", "HH:mm", "HHmm"}
"""The patterns of dates and times that CSVW knows (Tabular Data Model, section 6.4.4)."""

TRUE, FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
"""What a boolean of Table Schema may be where its field does not say."""

LETTERS = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}
SPECIAL = re.compile(r"[\\^$.*+?()\[\]{}|/]")
NUMBERS = ("integer", "number")


def datatype(field: dict[str, Any], booleans: Collection[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """The datatype of a field, and in words what of the field it cannot say.

    `booleans` are the texts that a boolean's cells have, where the field does not name its own.
    """
    kind = field.get("type", "any")
    base = PLAIN.get(kind, "string")
    lost = [] if kind in PLAIN else [f"CSVW has no type {kind}; the column is a string."]
    constraints = field.get("constraints") or {}
    form, reason = _format(field, base, booleans)
    if reason:
        base, form, lost = "string", None, [*lost, reason]
    found: dict[str, Any] = {"base": base}
    if form is not None:
        found["base"] = "decimal" if kind == "number" else base
        found["format"] = form
    elif base == "string":
        found["format"] = _pattern(constraints)
    if "format" in found and found["format"] is None:
        del found["format"]
        if kind == "string" and field.get("format") == "uri":
            found["base"] = "anyURI"
    found |= _limits(constraints, found["base"], kind)
    lost += _unsaid(field, constraints, found)
    return found, lost


def _format(field: dict[str, Any], base: str, booleans: Collection[str]) -> tuple[Any, str | None]:
    """The format of a value that is not text, None where CSVW's own fits; and why CSVW cannot say it."""
    if base in ("integer", "number"):
        return _number(field)
    if base == "boolean":
        return _boolean(field, booleans)
    stated = field.get("format", "default")
    if base in ("date", "time", "datetime") and stated == "any":
        return None, f"A {base} may be written in any form; the column is a string."
    if base in ("date", "time", "datetime") and stated != "default":
        return _time(str(stated))
    return None, None


def _number(field: dict[str, Any]) -> tuple[Any, str | None]:
    if field.get("bareNumber", True) is not True:
        return None, "CSVW has no numbers with other signs around them; the column is a string."
    signs = {name: field[name] for name in ("decimalChar", "groupChar") if field.get(name)}
    return (signs if signs and signs != {"decimalChar": "."} else None), None


def _boolean(field: dict[str, Any], booleans: Collection[str]) -> tuple[Any, str | None]:
    """Of the words that Table Schema takes for booleans by itself, only those count that are there."""
    true = field.get("trueValues") or [word for word in TRUE if word in booleans] or ["true"]
    false = field.get("falseValues") or [word for word in FALSE if word in booleans] or ["false"]
    if {*true} <= {"true", "1"} and {*false} <= {"false", "0"}:
        return None, None
    if len(true) == len(false) == 1 and not any("|" in str(value) for value in (*true, *false)):
        return f"{true[0]}|{false[0]}", None
    return None, "A boolean of CSVW has one word for each value; the column is a string."


def _time(stated: str) -> tuple[Any, str | None]:
    pattern = re.sub(r"%[A-Za-z]", lambda found: LETTERS.get(found[0], found[0]), stated)
    day, _, hour = pattern.replace("T", " ").partition(" ")
    known = pattern in DATES or pattern in TIMES or (day in DATES and hour in TIMES)
    return (pattern, None) if known else (None, f"CSVW does not know the format {stated}; the column is a string.")


def _pattern(constraints: dict[str, Any]) -> str | None:
    """The regular expression of the allowed texts: the code list's, or else the pattern."""
    if codes := constraints.get("enum"):
        return "|".join(SPECIAL.sub(lambda found: f"\\{found[0]}", str(code)) for code in codes)
    pattern = constraints.get("pattern")
    return str(pattern) if pattern else None


LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "minExclusive",
    "exclusiveMaximum": "maxExclusive",
}


def _limits(constraints: dict[str, Any], base: str, kind: str) -> dict[str, Any]:
    if base == "string":
        return {name: constraints[name] for name in ("minLength", "maxLength") if name in constraints}
    if kind in (*NUMBERS, "date", "time", "datetime"):
        return {ours: constraints[name] for name, ours in LIMITS.items() if name in constraints}
    return {}


def _unsaid(field: dict[str, Any], constraints: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What the datatype leaves out, in words."""
    unsaid = []
    if field.get("categories"):
        unsaid.append("CSVW lists codes without labels.")
    if constraints.get("enum") and found["base"] != "string":
        unsaid.append(f"CSVW has no code lists of the type {field.get('type')}.")
    if constraints.get("unique"):
        unsaid.append("CSVW has no way to state that values are unique, beside the primary key.")
    left = [name for name, ours in LIMITS.items() if name in constraints and ours not in found]
    if left:
        unsaid.append(f"CSVW has no {' and '.join(left)} of the type {field.get('type', 'any')}.")
    return unsaid
