"""A large file is read by several threads at once; each error still stands on its own row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.validate import Terms, validate
from tests.projects import field, package, reference, table

ROWS = 220_000
"""About 22 MB: DuckDB gives a thread 8 MB at a time."""

FAULTS = 300


@pytest.mark.parametrize("pattern", ["[a-z ]+", "(?=p)[a-z ]+"], ids=["tests for every field", "a field without tests"])
def test_every_error_stands_on_the_row_that_has_it(tmp_path: Path, pattern: str) -> None:
    codes = [f"code {number}" for number in range(40)]
    fields: list[dict[str, Any]] = [
        field("id", "integer"),
        field("few", constraints={"enum": codes[:6]}),
        field("many", constraints={"enum": codes}),
        field("yes", "boolean", missingValues=["", "-", ".", "NA", "n/a", "none"]),
        field("town"),
        field("note", constraints={"pattern": pattern}),
    ]
    places = table("places", fields, ["id"], foreignKeys=[reference("town", "towns")], encoding="utf-8")
    note = "padding of a row that would be short without it and so a file too small for threads"
    step = ROWS // FAULTS
    wrong = {step * number: number % 5 for number in range(1, FAULTS)}

    def row(number: int) -> str:
        fault = wrong.get(number)
        few, many = "x" if fault == 0 else codes[number % 6], "x" if fault == 1 else codes[number % 40]
        yes, town = "x" if fault == 2 else ("true", "-")[number % 2], 9 if fault == 3 else number % 3
        return f"{number},{few},{many},{yes},{town},{'1' if fault == 4 else note}\n"

    text = "id,few,many,yes,town,note\n" + "".join(map(row, range(ROWS)))
    package(
        tmp_path,
        [places, table("towns", [field("id")], ["id"])],
        {"places.csv": text, "towns.csv": "id\n0\n1\n2\n"},
    )
    report = validate(tmp_path, Terms(limit_errors=0))
    found = [(error.row_number, int((error.cells or [""])[0]) + 2) for error in report.tasks[0].errors]
    assert [number for number, _ in found] == [number + 2 for number in wrong]
    assert all(number == there for number, there in found)
