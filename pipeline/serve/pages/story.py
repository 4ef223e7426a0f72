"""A page whose text is written by people and whose figures come from the release.

    kind: story
    file: learned.en.md   Markdown, beside metadata.yml

In the text `{count: question}` is the number of rows of a question's answer, `{value: question}` its first cell,
`{list: question}` and `{chart: question}` on a line of their own its rows and, of two columns, a chart of them. Each
leads to the question's page, so that nothing is said that cannot be looked up, and nothing goes stale.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.columns import with_numbers
from pipeline.serve.pages.dataset import RECORD, Table
from pipeline.web import charts

NAMED = re.compile(r"\{(count|value|list|chart): ?([\w-]+)\}")
"""What is filled in."""

MOST_LISTED = 12
"""Rows of a list at most; the question's page has all."""


def text(told: Mapping[str, Any], folder: Path) -> str:
    """The Markdown of a page: its `text`, or that of its `file`, which is in the folder; empty where there is none."""
    file = folder / Path(str(told.get("file") or "")).name
    return str(told.get("text") or "") or (file.read_text(encoding="utf-8") if file.is_file() else "")


def html(con: sqlite3.Connection, cells: Cells, markdown: str) -> Markup:
    """The text with its figures. HTML in it is shown, not taken; a question that is not there is named as it stands."""
    made: list[Markup] = []

    def put(found: re.Match[str]) -> str:
        question = cells.dataset.questions.get(found[2])
        made.append(Markup("{}").format(found[0]) if question is None else PARTS[found[1]](con, cells, question))
        return f"\ue000{len(made) - 1}\ue001"

    # "js-default" is CommonMark with tables, without HTML; links that would run a script are not made.
    rendered = MarkdownIt("js-default", {"html": False, "typographer": False}).render(NAMED.sub(put, markdown))
    rendered = re.sub(r"<p>(\ue000\d+\ue001)</p>", r"\1", rendered)
    return Markup(re.sub(r"\ue000(\d+)\ue001", lambda found: str(made[int(found[1])]), rendered))


def _rows(con: sqlite3.Connection, question: Table, given: str = "") -> list[Any]:
    return con.execute(
        question.rows[1:-1], dict.fromkeys((each.name for each in question.parameters), given)
    ).fetchall()


def _linked(cells: Cells, question: Table, shown: Any, given: str = "") -> Markup:
    asked = {each.name: given for each in question.parameters if given}
    return Markup('<a href="{}">{}</a>').format(cells.links.table(question.name, **asked), shown)


def _count(con: sqlite3.Connection, cells: Cells, question: Table) -> Markup:
    return _linked(cells, question, cells.dataset.words.number(len(_rows(con, question))))


def _value(con: sqlite3.Connection, cells: Cells, question: Table) -> Markup:
    rows = _rows(con, question)
    columns = with_numbers(question.columns[:1], rows)
    cells.look_up(con, columns, rows)
    return _linked(cells, question, cells.full_text(columns[0], rows[0]) if rows else "–")


def _list(con: sqlite3.Connection, cells: Cells, question: Table) -> Markup:
    return listed(con, cells, question)[1]


def listed(
    con: sqlite3.Connection, cells: Cells, question: Table, given: str = "", most: int = MOST_LISTED
) -> tuple[int, Markup]:
    """How many rows a question has for what is `given`, and the first of them as a list that leads to them all; what
    was asked for is not said again."""
    rows = _rows(con, question, given)
    cells.look_up(con, question.columns, rows)
    columns = [
        each
        for each in with_numbers(question.shown, rows)
        if not given or not question.asked & {each.name, *each.others}
    ]
    items = Markup("").join(Markup("<li>{}</li>").format(_item(cells, columns, row)) for row in rows[:most])
    more = _linked(cells, question, cells.dataset.words("all_of", n=len(rows), table=question.title), given)
    return len(rows), Markup("<ul>{}</ul><p>{}</p>").format(items, more)


def _item(cells: Cells, columns: list[Any], row: Any) -> Markup:
    told = [(column, value) for column in columns if (value := cells.show(column, row))]
    shown = [value for _, value in told]
    record = str(row[RECORD] or "") if RECORD in row.keys() else ""  # noqa: SIM118 (a sqlite3.Row has values)
    table, _, key = record.partition("/")
    free = next((at for at, (column, value) in enumerate(told) if "<a " not in value and not column.is_number), None)
    if free is not None and table in cells.dataset.tables:
        shown[free] = Markup('<a href="{}">{}</a>').format(cells.links.row(table, key.split(",")), shown[free])
    return Markup(", ").join(shown)


def _chart(con: sqlite3.Connection, cells: Cells, question: Table) -> Markup:
    rows = _rows(con, question)
    if len(question.columns) < 2:
        return Markup("")
    label, figure = question.shown[:2]
    cells.look_up(con, [label], rows)
    words = cells.dataset.words
    drawn = [
        charts.Bar(cells.text(label, row), (float(row[figure.name] or 0),), words.number(row[figure.name] or 0))
        for row in rows
    ]
    about = ", ".join(f"{bar.label}: {bar.said}" for bar in drawn)
    svg = charts.bars(f"chart-{question.name}", question.title, about, drawn)
    caption = _linked(cells, question, question.title)
    return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(caption, svg)


PARTS: dict[str, Callable[[sqlite3.Connection, Cells, Table], Markup]] = {
    "count": _count,
    "value": _value,
    "list": _list,
    "chart": _chart,
}
"""What makes each part."""
