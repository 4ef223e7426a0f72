"""Every text that the screen calls valid is valid to frictionless, with the same value."""

from __future__ import annotations

import itertools
from typing import Any

import duckdb
import frictionless
import pytest

from pipeline.package.rules import Field
from pipeline.package.schema import compiled_field
from pipeline.table import rules_python, rules_sql

CHARACTERS = "015.-+eE_ \tnxaif"
LONG = ["1e400", "-1e400", "1e-400", "-1e-400", "1e-99999999999999", "1e99999999999999999", "1e-9999999999999999999"]
LONG += ["nan", "inf", "-inf", "infinity", "NaN(1)", "0x1p3", "1__0", "1_000.5", "1e5_0", "1\u00a0", "\u00a01", "1d5"]
LONG += [
    "١",
    "−1",
    "4.9e-324",
    "1e-325",
    "1" * 40,
    "1" * 18 + ".5",
    "5" + "0" * 16,
    "5." + "0" * 20 + "1",
    "4." + "9" * 20,
]
TEXTS = LONG + ["".join(each) for length in (1, 2, 3, 4) for each in itertools.product(CHARACTERS, repeat=length)]


DAYS = ["2024-02-29", "2000-12-31", "1000-01-01", "9999-12-31", "2023-02-29", "0999-12-31", "2024-00-10", "2024-01-32"]
SPOILT = "0159 -+/._:\\\teTZx\u0661\u00a0"
"""Characters that take the place of one or two of a day's."""


def spoilt(text: str) -> list[str]:
    """The text with any one or two of its characters replaced, one inserted, or one left out."""
    places = range(len(text))
    found = [text[:at] + char + text[at:] for at in range(len(text) + 1) for char in SPOILT]
    found += [text[:at] + text[at + 1 :] for at in places]
    for first, second in itertools.combinations(places, 2):
        for one, other in itertools.product(SPOILT, repeat=2):
            found.append(text[:first] + one + text[first + 1 : second] + other + text[second + 1 :])
    return found


DATES = [*DAYS, *spoilt(DAYS[0]), *spoilt(DAYS[2]), "infinity", "epoch", "2024-02-29 (BC)", "today", "10000-01-01"]
INTEGERS = [*TEXTS, "9" * 18, "9" * 19, str(2**63 - 1), str(-(2**63)), "0" * 20, "0x1F", "0b11", "1e18", "+7", "007"]


def certain(rules: Field, texts: list[str]) -> dict[str, Any]:
    """What SQL calls certain of the texts, with the values that it reads."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE texts AS SELECT unnest($1::VARCHAR[]) AS text", [texts])
        value = f"(SELECT *, {rules_sql.reading(rules, 'text')} AS value FROM texts)"
        query = f"SELECT text, value FROM {value} WHERE {rules_sql.certain(rules, 'text', 'value')} AND text <> ''"
        return dict(con.execute(query).fetchall())


def field(kind: str, constraints: dict[str, Any], **more: Any) -> tuple[Field, frictionless.Field]:
    """The rules of a field, and frictionless's own."""
    described = {"name": "n", "type": kind, "constraints": constraints, **more}
    return compiled_field(described, ("",)), frictionless.Schema.from_descriptor({"fields": [described]}).fields[0]


@pytest.mark.parametrize("bounds", [{}, {"minimum": 0}, {"maximum": 5, "minimum": "-1.5"}], ids=str)
def test_what_is_called_a_number_is_one(bounds: dict[str, Any]) -> None:
    rules, judged = field("number", bounds)
    read = judged.create_cell_reader()
    found = certain(rules, TEXTS)
    assert {"1", "-1.5", "1.50", ".5", "5."} & set(found) >= {"1", ".5", "5."}
    in_python = rules_python.certain(rules)
    assert in_python is not None
    for text in {*found, *(text for text in TEXTS if in_python(text))}:
        number, notes = read(text)
        assert notes is None, text
        assert text not in found or float(number) == found[text], text


@pytest.mark.parametrize(
    ("kind", "texts", "known"),
    [("integer", INTEGERS, {"1", "-15", "005", "9" * 18, str(2**63 - 1)}), ("date", DATES, set(DAYS[:4]))],
)
@pytest.mark.parametrize("is_required", [True, False])
def test_what_is_called_an_integer_or_a_day_is_one(
    kind: str, texts: list[str], known: set[str], is_required: bool
) -> None:
    rules, judged = field(kind, {"required": is_required})
    read = judged.create_cell_reader()
    found = certain(rules, texts)
    assert known <= set(found) < set(texts)
    for text, value in found.items():
        assert read(text) == (value, None), text
