"""Applied to the old table, a difference gives the new one: whatever the cells hold, with and without a key."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.package.package import load
from pipeline.release.compare import compare, document
from tests.projects import field, package, table

FIELDS = ["id", "part", "text", "figure"]
EXAMPLES = int(os.environ.get("APPLY_EXAMPLES", "30"))
"""How many pairs of tables are drawn; many more were drawn once by setting it in the environment."""

ODD = ["", " ", '"', '""', "a,b", "a\nb", "a\r\nb", "\r", "'", "NaN", "NULL", "å", "a\u030a", "\u2028", "\ufeff"]
TEXTS = st.one_of(
    st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
)
FIGURES = st.sampled_from(["", "0", "-0", "0.1", "0.10", "1e5", "NaN", "INF", "-INF", "12345678901234567890"])
KEYS = st.sampled_from(["", "1", "01", "a", "A", "ä", '"', "a\nb"])
ROWS = st.lists(st.tuples(KEYS, st.sampled_from(["x", "y", ""]), TEXTS, FIGURES), max_size=8)


def _text(rows: list[tuple[str, ...]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([FIELDS, *rows])
    return file.getvalue()


def _difference(old: list[tuple[str, ...]], new: list[tuple[str, ...]], key: list[str]) -> Any:
    described = table("t", [*(field(name) for name in FIELDS[:3]), field("figure", "number")], key)
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in (("old", old), ("new", new)):
            package(Path(folder, name), [described], {"t.csv": _text(rows)})
        file = io.StringIO()
        with compare(load(Path(folder, "old")), load(Path(folder, "new"))) as comparison:
            document.write(comparison, file)
    return json.loads(file.getvalue())


def _applied(difference: Any, old: list[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    rows = Counter(old)
    for told in difference["tables"]:
        for row in told["rows"]:
            if row["change"] == "changed":
                (before,) = [
                    cells
                    for cells in rows
                    if all(cells[FIELDS.index(name)] == part for name, part in row["key"].items())
                ]
                assert row["old"] == {name: before[FIELDS.index(name)] for name in row["old"]}
                assert all(row["old"][name] != cell for name, cell in row["new"].items())
                after = tuple(row["new"].get(name, cell) for name, cell in zip(FIELDS, before, strict=True))
            else:
                before = tuple(row["old"][name] for name in FIELDS) if "old" in row else ()
                after = tuple(row["new"][name] for name in FIELDS) if "new" in row else ()
            if before:
                assert rows[before] > 0
                rows[before] -= 1
            if after:
                rows[after] += 1
            rows = +rows
    return rows


@settings(max_examples=EXAMPLES)
@given(old=ROWS, new=ROWS, key=st.sampled_from([[], ["id"], ["id", "part"]]), unique=st.booleans())
def test_a_difference_leads_from_the_old_table_to_the_new(
    old: list[tuple[str, ...]], new: list[tuple[str, ...]], key: list[str], unique: bool
) -> None:
    if unique and key:
        old, new = (list({cells[: len(key)]: cells for cells in rows}.values()) for rows in (old, new))
    difference = _difference(old, new, key)
    assert _applied(difference, old) == Counter(new)
    assert difference["same"] is (Counter(old) == Counter(new))
    if unique and key:
        assert all(told["key"] == key for told in difference["tables"])


@settings(max_examples=EXAMPLES // 4)
@given(rows=ROWS, seed=st.randoms())
def test_rows_in_another_order_are_no_difference(rows: list[tuple[str, ...]], seed: Any) -> None:
    shuffled = list(rows)
    seed.shuffle(shuffled)
    assert _difference(rows, shuffled, [])["same"] is True


def test_rows_are_grouped_part_by_part_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    old: list[tuple[str, ...]] = [(str(number % 40), "x", str(number % 7), "") for number in range(300)]
    new: list[tuple[str, ...]] = [*old[:250], *old[:20], ("z", "", "", "")]
    whole = _difference(old, new, [])
    monkeypatch.setattr("pipeline.release.compare.rows.ROWS_AT_A_TIME", 100)
    assert _difference(old, new, []) == whole
    assert _applied(whole, old) == Counter(new)
