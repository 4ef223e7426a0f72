from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem

TEXT = st.none() | st.text(max_size=200)


def test_a_problem_says_where_what_why_and_what_to_do() -> None:
    problem = Problem(
        Kind.UNKNOWN_CODE,
        "is not in the code list",
        "Use one of: a, b.",
        file="shops.csv",
        row=3,
        field="kind",
        value="x",
    )
    assert str(problem) == (
        "shops.csv, row 3, column kind: 'x' is not in the code list. Use one of: a, b. [unknown-code]"
    )
    assert problem.to_dict() == {
        "kind": "unknown-code",
        "rule": "is not in the code list",
        "fix": "Use one of: a, b.",
        "file": "shops.csv",
        "row": 3,
        "field": "kind",
        "value": "x",
    }


def test_a_problem_without_a_place_starts_with_the_value() -> None:
    problem = Problem(Kind.VERSION_TAKEN, "is released already", "Ask for a higher version.", value="1.0.0")
    assert str(problem) == "'1.0.0' is released already. Ask for a higher version. [version-taken]"
    assert problem.to_dict() == {
        "kind": "version-taken",
        "rule": "is released already",
        "fix": "Ask for a higher version.",
        "value": "1.0.0",
    }


def test_a_long_value_is_cut_in_the_message_and_whole_in_the_data() -> None:
    problem = Problem(Kind.RAGGED_ROW, "has 2 cells", "Mend it.", file="a.csv", value="x" * 100)
    assert str(problem) == f"a.csv: '{'x' * 79}…' has 2 cells. Mend it. [ragged-row]"
    assert problem.to_dict()["value"] == "x" * 100


def test_an_error_of_the_data_exits_with_1_and_of_the_surroundings_with_2() -> None:
    problem = Problem(Kind.BAD_VIEW, "is no view", "Mend it.")
    assert InvalidData(problem).exit_code == 1
    assert CannotRun(problem).exit_code == 2
    assert InvalidData([problem, problem]).problems == (problem, problem)


@given(file=TEXT, row=st.none() | st.integers(1, 10**6), field=TEXT, value=TEXT, rule=st.text(max_size=200))
def test_a_message_is_one_line_that_no_terminal_obeys(
    file: str | None, row: int | None, field: str | None, value: str | None, rule: str
) -> None:
    """File names, headers, cells and what frictionless says of them come from whoever wrote the data."""
    message = str(Problem(Kind.INVALID_TABLE, rule, "Mend it.", file=file, row=row, field=field, value=value))
    assert len(message.splitlines()) == 1
    assert not [character for character in message if unicodedata.category(character) == "Cc"]
