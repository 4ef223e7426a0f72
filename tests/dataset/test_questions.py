"""The questions of docs/questions.md have one answer, whichever way they are asked."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from tests.dataset.conftest import ROOT, Rows
from tests.serve.server import served

PAGE = (ROOT / "docs/questions.md").read_text(encoding="utf-8")
START, *SECTIONS = PAGE.split("\n## ")
QUESTIONS = {section.partition("\n")[0]: section for section in SECTIONS}


def _code(text: str, language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def site(release: Path) -> Iterator[str]:
    with served(release) as address:
        yield address


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_the_same_answer_in_sqlite_duckdb_pandas_and_on_a_page(
    question: str, release: Path, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(release)
    sql = _code(QUESTIONS[question], "sql")
    with sqlite3.connect("servicebanken.sqlite") as con:
        answer = con.execute(sql).fetchall()
    with duckdb.connect() as other:
        for path in Path("data").glob("*.parquet"):
            other.execute(f"CREATE VIEW {path.stem} AS FROM '{path}'")
        assert Counter(other.execute(sql).fetchall()) == Counter(answer)
    names: dict[str, Any] = {}
    exec(_code(START, "python") + _code(QUESTIONS[question], "python"), names)
    rows = names["answer"].astype(object).where(names["answer"].notna(), None).to_numpy().tolist()
    column = 1 if "regional" in question else 0
    assert sorted(row[column] for row in rows) == sorted(row[column] for row in answer)
    (address,) = re.findall(r"^`/en/(.*)`$", QUESTIONS[question], re.MULTILINE)
    path, _, query = address.partition("?")
    shown = requests.get(f"{site}{path}/-/rows.json?{query}", timeout=20)
    assert len(shown.json()) == len(answer) > 0
    assert requests.get(f"{site}en/{address}", timeout=20).status_code == 200


def test_a_column_without_any_value_is_not_offered_to_filter_by(site: str, rows: Callable[[str], Rows]) -> None:
    municipalities = rows("municipalities")
    filled = {name for name in municipalities[0] if any(row[name] for row in municipalities)}
    page = requests.get(f"{site}en/servicebanken/municipalities", timeout=20).text
    choice = page.partition('id="filter-column"')[2].partition("</select>")[0]
    assert set(re.findall(r'value="(\w+)"', choice)) == filled - {"inferred"}
