"""The version rule by meaning: a change is MAJOR if, and only if, a row that was right is wrong or reads otherwise.

Pairs of fields are generated, with texts that lie around what they allow. frictionless reads each text by the old and
by the new field; nothing of the code that compares fields is used to tell what is right.
"""

from __future__ import annotations

import os
from decimal import Decimal
from functools import cache
from typing import Any

import frictionless
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline.package.package import Resource
from pipeline.release.compare.schema import schema_changes
from pipeline.release.version import Step

PAIRS = int(os.environ.get("PAIRS", "400"))
"""Pairs of fields: `PAIRS=50000 pytest tests/release/test_meaning.py` tries so many, drawn anew each time."""

Field = dict[str, Any]

BOUNDS: dict[str, list[Any]] = {
    "integer": [-3, 0, 1, 2, 5, 10, "10", 1000],
    "number": [-9.5, 0, 1, 1.5, "1.5", 10, 1000],
    "year": [1999, 2000, 2001, 2020],
    "yearmonth": ["1999-12", "2000-01", "2000-02", "2020-06"],
    "date": ["1999-12-31", "2000-01-01", "2000-01-02", "2020-06-30"],
    "time": ["08:00:00", "09:30:00", "17:00:00"],
    "datetime": ["2000-01-01T00:00:00Z", "2000-01-01T01:00:00+01:00", "2000-01-01T01:00:00Z", "2020-06-30T12:00:00Z"],
}
CODES: dict[str, list[Any]] = {
    "string": ["a", "b", "ab", "1", ""],
    "integer": [0, 1, 2, 5, "1", "2"],
    "number": [0, 1, 1.5, "1", 10],
    "boolean": [True, False],
    "date": ["2000-01-01", "2000-01-02", "2020-06-30"],
    "year": [1999, 2000, 2001],
}
MISSING = ["", "-", "NA", "1", "a", "true"]
PATTERNS = ["[a-c]+", "[a-b]+", "[0-9]+", "(a|b|NA)"]
TRUTHS = ["true", "1", "yes", "no", "0"]
LOW, HIGH = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")


@st.composite
def fields(draw: st.DrawFn, kind: str) -> Field:
    """A field of a type, with some of what it may say."""
    field: Field = {"name": "f", "type": kind}
    rules: dict[str, Any] = {}
    if draw(st.booleans()):
        field["missingValues"] = draw(st.lists(st.sampled_from(MISSING), max_size=3))
    if kind in BOUNDS:
        for pair in (LOW, HIGH):
            for rule in pair:
                if draw(st.integers(0, 3)) == 0:
                    rules[rule] = draw(st.sampled_from(BOUNDS[kind]))
    if kind == "string":
        says = draw(st.sampled_from(["", "length", "pattern", "format"]))
        if says == "length":
            rules |= draw(st.dictionaries(st.sampled_from(["minLength", "maxLength"]), st.integers(0, 3)))
        elif says == "pattern":
            rules["pattern"] = draw(st.sampled_from(PATTERNS))
        elif says == "format":
            field["format"] = draw(st.sampled_from(["default", "email", "uri"]))
    if kind == "integer":
        field |= draw(
            st.fixed_dictionaries({}, optional={"bareNumber": st.booleans(), "groupChar": st.sampled_from(", ")})
        )
    if kind == "number":
        decimal = st.sampled_from(".,")
        field |= draw(st.fixed_dictionaries({}, optional={"decimalChar": decimal, "groupChar": st.sampled_from(" '")}))
        if field.get("decimalChar") == ",":
            rules = {rule: str(value).replace(".", ",") for rule, value in rules.items()}
    if kind == "boolean":
        lists = st.lists(st.sampled_from(TRUTHS), min_size=1, max_size=3)
        field |= draw(st.fixed_dictionaries({}, optional={"trueValues": lists, "falseValues": lists}))
    if kind == "date":
        field |= draw(st.fixed_dictionaries({}, optional={"format": st.sampled_from(["default", "%Y-%m-%d", "any"])}))
    if kind in CODES and "format" not in field and field.get("decimalChar") != "," and draw(st.integers(0, 2)) == 0:
        codes = st.lists(st.sampled_from(CODES[kind]), min_size=1, max_size=4)
        if kind in ("string", "integer") and draw(st.booleans()):
            field["categories"] = draw(
                codes.map(lambda each: [str(code) for code in each] if kind == "string" else each)
            )
        else:
            rules["enum"] = draw(codes)
    rules |= draw(st.fixed_dictionaries({}, optional={"required": st.booleans(), "unique": st.booleans()}))
    return field | ({"constraints": rules} if rules else {})


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Field, Field]:
    """A field before and now: of one type, and often alike but for one thing."""
    kind = draw(
        st.sampled_from(["string", "integer", "number", "boolean", "date", "year", "yearmonth", "time", "datetime"])
    )
    old, new = draw(fields(kind)), draw(fields(kind))
    if draw(st.booleans()):
        written = old.get("decimalChar") == new.get("decimalChar")  # bounds are written as cells are
        kept = ("name", "type") if written else ("name", "type", "decimalChar", "constraints")
        parts = [part for part in {*old, *new} if part not in kept]
        for part in sorted(parts):
            if draw(st.integers(0, 2)):
                new = {**new, part: old[part]} if part in old else {k: v for k, v in new.items() if k != part}
    if any("format" in field or "pattern" in field.get("constraints", {}) for field in (old, new)):
        old, new = (_without_lengths(field) for field in (old, new))  # no one can tell how long what matches is
    return old, new


def _without_lengths(field: Field) -> Field:
    rules = {
        rule: value for rule, value in field.get("constraints", {}).items() if rule not in ("minLength", "maxLength")
    }
    return {**field, "constraints": rules} if "constraints" in field else field


def texts(*both: Field) -> list[str | None]:
    """Texts on and around everything that either field names."""
    kind = both[0]["type"]
    found: list[str | None] = [
        None,
        *MISSING,
        *TRUTHS,
        "x",
        "abc",
        "abcd",
        "aa",
        "c",
        "9",
        "42",
        "a@b.se",
        "http://b.se/c",
    ]
    named = [*BOUNDS.get(kind, []), *CODES.get(kind, [])]
    for value in named:
        text = str(value)
        found += [text, f"0{text}", f"{text}.0", f"{text},0", f"{text}.5", f"{text},5", f"{text} kr"]
        found += [f"{zero}{sign}{text}" for sign in ", '" for zero in ("", "0")] + [f"{text}{sign}" for sign in ", '"]
        if kind in ("integer", "number", "year") and isinstance(value, int | float):
            stepped = [str(value + step) for step in (-1, 1, -0.5, 0.5)]
            stepped += [each.replace(".", ",") for each in stepped if "." in each]
            found += [*stepped, *(f"{each} kr" for each in stepped)]
            for each in (text, text.replace(".", ","), *stepped):
                minus = "-" if each.startswith("-") else ""
                found += [f"{minus}0{sign}{each.removeprefix('-')}" for sign in ", '"]
    grouped = [
        f"0{sign}{whole}" for sign in ", '" for whole in (2, 3, 7, 12, 100, "0.5", "0,5", "1.25", "1,25", "9.75")
    ]
    grouped += [f"1{sign}000" for sign in ", '"]
    found += [f"{minus}{text}" for minus in ("", "-") for text in grouped]
    found += ["2000-1-1", "1 Jan 2000", "1999-11", "2000-03", "2021-01", "1999-12-30", "2000-01-03", "2020-07-01"]
    found += [
        "07:59:59",
        "12:00:00",
        "18:00:00",
        "08:00:01",
        "09:00:00",
        "2010-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2000-01-01T00:30:00Z",
        "2021-01-01T00:00:00Z",
    ]
    return list(dict.fromkeys(found))


UNREAD = object()


@cache
def _codes(kind: str, listed: tuple[Any, ...]) -> list[Any]:
    plain = frictionless.Field.from_descriptor({"name": "f", "type": kind})
    return [plain.read_cell(code)[0] if isinstance(code, str) and code else code for code in listed]


def read(field: Field, cells: list[str | None]) -> dict[str | None, Any]:
    """What each text is read as: a value, None for a missing one, `UNREAD` for one that is wrong."""
    group = field.get("groupChar") if field["type"] == "integer" else None
    kept = {name: value for name, value in field.items() if name not in ("missingValues", "categories", "groupChar")}
    if field["type"] == "number" and "groupChar" in field:
        kept["groupChar"] = field["groupChar"]
    kept["constraints"] = {
        name: v for name, v in field.get("constraints", {}).items() if name not in ("required", "unique")
    }
    reader = frictionless.Field.from_descriptor({**kept, "missingValues": []})
    codes = _codes(field["type"], tuple(field["categories"])) if "categories" in field else None
    missing = field.get("missingValues", [""])
    values: dict[str | None, Any] = {}
    for cell in cells:
        if cell is None or cell in missing:
            values[cell] = UNREAD if field.get("constraints", {}).get("required") else None
            continue
        value, notes = reader.read_cell(cell.replace(group, "") if group else cell)
        wrong = value is None or notes or (codes is not None and value not in codes)
        values[cell] = UNREAD if wrong else value
    return values


def breaks(old: Field, new: Field) -> list[str]:
    """Rows that were right and are wrong now, or read as another value."""
    cells = texts(old, new)
    before, now = read(old, cells), read(new, cells)
    assume(any(value is not UNREAD and value is not None for value in before.values()))
    found = [
        f"{cell!r}: {value!r} became {'wrong' if now[cell] is UNREAD else repr(now[cell])}"
        for cell, value in before.items()
        if value is not UNREAD and (now[cell] is UNREAD or now[cell] != value)
    ]
    were_unique, are_unique = (bool(field.get("constraints", {}).get("unique")) for field in (old, new))
    return [*found, "two rows of one value"] if are_unique and not were_unique else found


def _table(field: Field) -> Resource:
    schema = {"fields": [field]}
    return Resource("t", "t", {"name": "t", "schema": schema}, ("t.csv",), schema)


@given(pairs())
@settings(max_examples=PAIRS, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_change_is_major_exactly_where_a_row_breaks(pair: tuple[Field, Field]) -> None:
    old, new = pair
    broken = breaks(old, new)
    changes = list(schema_changes(_table(old), _table(new), {}, {}))
    step = max((change.step for change in changes), default=None)
    said = [f"{change.step.name} {change.line()}" for change in changes]
    patterns = [field.get("constraints", {}).get("pattern") for field in (old, new)]
    # Whether a pattern takes all that another takes cannot be told, and what cannot be told may be MAJOR.
    if broken or None in patterns or patterns[0] == patterns[1]:
        assert (step == Step.MAJOR) is bool(broken), (old, new, broken[:3], said)
    assert bool(changes) is (old != new)


def test_what_generated_texts_are_read_as_is_what_it_seems() -> None:
    field = {"name": "f", "type": "number", "decimalChar": ",", "constraints": {"minimum": "1,5"}}
    assert read(field, ["1,5", "1.5", "1,4", ""]) == {"1,5": Decimal("1.5"), "1.5": UNREAD, "1,4": UNREAD, "": None}
