"""A schema's rules in Python and in SQL against each other, and both against frictionless, cell by cell."""

from __future__ import annotations

from typing import Any

import duckdb
import frictionless
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.package.schema import compiled_field
from pipeline.table import rules_python, rules_sql
from tests.validate.test_same_report import TEXTS, VARIANTS

FREE = ("number", "integer", "date")
"""Kinds of which an engine may call more texts certain than another."""

SIGNS = "019.-+eE_ ,:T/aåÅ\tnNx\u0661\u00a0"


@st.composite
def columns(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    """A field, and texts that are valid, nearly valid, or anything."""
    kind = draw(st.sampled_from(sorted(set(VARIANTS) & set(TEXTS))))
    merged: dict[str, Any] = {"constraints": {}}
    for variant in draw(st.lists(st.sampled_from(VARIANTS[kind]), min_size=1, max_size=2)):
        merged |= variant | {"constraints": merged["constraints"] | variant.get("constraints", {})}
    known = st.sampled_from(TEXTS[kind])
    spoilt = st.builds(
        lambda text, at, sign: text[: at % (len(text) + 1)] + sign + text[at % (len(text) + 1) :],
        known,
        st.integers(0, 30),
        st.sampled_from(SIGNS),
    )
    texts = draw(st.lists(known | spoilt | st.text(SIGNS, max_size=12), min_size=1, max_size=40))
    return {"name": "f", "type": kind, **merged}, [text for text in dict.fromkeys(texts) if "\0" not in text]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(columns())
def test_what_python_or_sql_calls_certain_is_what_frictionless_reads(column: tuple[dict[str, Any], list[str]]) -> None:
    described, texts = column
    missing = tuple(described.get("missingValues", [""]))
    rules = compiled_field(described, ("",))
    in_python = rules_python.certain(rules)
    if in_python is None:
        return
    try:
        read = frictionless.Schema.from_descriptor({"fields": [described]}).fields[0].create_cell_reader()
    except frictionless.FrictionlessException:
        return
    value_of = rules_python.reading(rules)
    by_python = {text: value_of(text) for text in texts if in_python(text)}
    by_sql = _in_sql(rules, texts)
    if rules.kind not in FREE:
        assert by_python.keys() == by_sql.keys()
    for text in {*by_python, *by_sql}:
        value, notes = read(text)
        assert not notes, (text, notes)
        gap = text in {each["value"] if isinstance(each, dict) else each for each in missing}
        assert (value is None) == gap, text
        if gap or rules.kind == "text":
            continue
        if text in by_python:
            assert by_python[text] == value, text
        if text in by_sql:
            assert by_sql[text] == (float(value) if rules.kind == "number" else value), text


def _in_sql(rules: Any, texts: list[str]) -> dict[str, Any]:
    """The texts that SQL calls certain, with the values that it reads."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE texts AS SELECT unnest($1::VARCHAR[]) AS text", [texts])
        value = "text" if rules.kind == "text" else rules_sql.reading(rules, "text")
        query = f"SELECT text, value FROM (SELECT text, {value} AS value FROM texts) WHERE "
        return dict(con.execute(query + rules_sql.certain(rules, "text", "value")).fetchall())
