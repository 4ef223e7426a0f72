"""Every text that the screen calls a number is one to frictionless, and lies within the bounds where it is said to."""

from __future__ import annotations

import itertools
from typing import Any

import duckdb
import frictionless
import pytest

from pipeline.validate import small, sql
from pipeline.validate.screen import screen

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


@pytest.mark.parametrize("bounds", [{}, {"minimum": 0}, {"maximum": 5, "minimum": "-1.5"}], ids=str)
def test_what_is_called_a_number_is_one(bounds: dict[str, Any]) -> None:
    schema = frictionless.Schema.from_descriptor({"fields": [{"name": "n", "type": "number", "constraints": bounds}]})
    field = schema.fields[0]
    tests, read = screen(field), field.create_cell_reader()
    with duckdb.connect() as con:
        con.execute("CREATE TABLE texts AS SELECT unnest($1::VARCHAR[]) AS text", [TEXTS])
        value = f"(SELECT *, {sql.reading(tests, 'text')} AS value FROM texts)"
        query = f"SELECT text, value FROM {value} WHERE {sql.certain(tests, 'text', 'value')} AND text <> ''"
        found = dict(con.execute(query).fetchall())
    assert {"1", "-1.5", "1.50", ".5", "5."} & set(found) >= {"1", ".5", "5."}
    in_python = small.certain(tests)
    assert in_python is not None
    for text in {*found, *(text for text in TEXTS if in_python(text))}:
        number, notes = read(text)
        assert notes is None, text
        assert text not in found or float(number) == found[text], text
