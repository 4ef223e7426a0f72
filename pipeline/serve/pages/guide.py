"""A guide: rows of a table sorted by what somebody needs and by step, with how they work and where they were used.

kind: guide
table: knowledge                              the things that it leads to
by: knowledge_needs.need                      a code of a table that leads to them: what one comes with
steps: knowledge_stages.stage                 another: in which order they help
texts: [summary_sv, audience_sv, effort_sv]   columns that say how each works
linked: [knowledge_uses]                      tables that say where it was used, and with what result
questions: [{title: Who paid, question: money-behind-a-method}]   what is asked about each
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from markupsafe import Markup

from pipeline.core.quoting import identifier
from pipeline.serve.pages import story
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import Table
from pipeline.serve.pages.row_page import related

MOST_ROWS = 5
"""Rows of an answer that stand with a thing; it leads to the rest."""


def context(con: sqlite3.Connection, cells: Cells, told: Mapping[str, Any], query: str) -> dict[str, Any] | None:
    """What the template needs; None where the tables and columns that are told of are not there."""
    tables = cells.dataset.tables
    table = tables.get(str(told.get("table")))
    by, steps = _code(tables, told.get("by")), _code(tables, told.get("steps"))
    if table is None or by is None or len(table.key) != 1:
        return None
    counts = dict(con.execute(_counts_sql(*by)).fetchall())
    chosen = parse_qs(query).get(by[1].name, [""])[0]
    needs = [(code, label, counts[code]) for code, label in by[1].labels.items() if counts.get(code)]
    label = by[1].labels.get(chosen, "")
    return {
        "table": table,
        "argument": by[1].name,
        "asks": by[1].title,
        "needs": needs,
        "chosen": label,
        "code": chosen if label else "",
        "steps": _steps(con, cells, table, told, by, steps, chosen) if label else [],
    }


def _code(tables: Mapping[str, Table], told: Any) -> tuple[Table, Column] | None:
    name, _, field = str(told or "").partition(".")
    column = tables[name].by_name.get(field) if name in tables else None
    return (tables[name], column) if column is not None and column.labels else None


def _counts_sql(table: Table, column: Column) -> str:
    return f"SELECT {identifier(column.name)}, count(*) FROM {identifier(table.name)} GROUP BY 1"


def _leading(pairs: Table, table: Table) -> str:
    """The column of a table of pairs that leads to the things."""
    return next(each.name for each in pairs.columns if each.links and each.links[0] == table.name)


def _steps(
    con: sqlite3.Connection,
    cells: Cells,
    table: Table,
    told: Mapping[str, Any],
    by: tuple[Table, Column],
    steps: tuple[Table, Column] | None,
    chosen: str,
) -> list[tuple[str, list[dict[str, Any]]]]:
    """The things for what was chosen, step by step; one for several steps is told in full at the first."""
    key, pairs = identifier(table.key[0]), identifier(_leading(by[0], table))
    rows = con.execute(
        f"SELECT * FROM {identifier(table.name)} WHERE {key} IN "
        f"(SELECT {pairs} FROM {identifier(by[0].name)} WHERE {identifier(by[1].name)} = ?) ORDER BY 2",
        [chosen],
    ).fetchall()
    cells.look_up(con, table.columns, rows)
    items = {row[table.key[0]]: _item(con, cells, table, told, row) for row in rows}
    if steps is None:
        return [("", [*items.values()])]
    at: dict[str, set[Any]] = {}
    listed = f"{identifier(_leading(steps[0], table))}, {identifier(steps[1].name)}"
    for thing, step in con.execute(f"SELECT {listed} FROM {identifier(steps[0].name)}"):
        at.setdefault(str(step), set()).add(thing)
    told_of: set[Any] = set()
    found = []
    for code, label in steps[1].labels.items():
        here = [thing for thing in items if thing in at.get(code, set())]
        found.append((label, [items[thing] | {"again": thing in told_of} for thing in here]))
        told_of |= {*here}
    rest = [item for thing, item in items.items() if thing not in told_of]
    return [each for each in [*found, ("", rest)] if each[1]]


def _item(con: sqlite3.Connection, cells: Cells, table: Table, told: Mapping[str, Any], row: Any) -> dict[str, Any]:
    texts = [table.by_name[name] for name in _names(told.get("texts")) if name in table.by_name]
    shown = [table.by_name[each.stands_for] if each.stands_for else each for each in texts]
    web = next((column for column in table.shown if column.links and column.links[0] == "documents"), None)
    return {
        "id": str(row[table.key[0]]),
        "name": cells.name(table, row),
        "href": cells.links.row(table.name, [row[table.key[0]]]),
        "kind": next((cells.show(each, row) for each in table.shown if each.labels and row[each.name]), ""),
        "texts": [(each.title, text) for each in shown if (text := cells.show(each, row, whole=True))],
        "related": related(con, cells, table, row, _names(told.get("linked"))),
        "answers": _answers(con, cells, told, str(row[table.key[0]])),
        "read_on": cells.show(web, row) if web else "",
        "again": False,
    }


def _answers(con: sqlite3.Connection, cells: Cells, told: Mapping[str, Any], key: str) -> list[tuple[str, Markup]]:
    """What the questions of a guide have to say of one thing: the title of each and the first rows."""
    known = cells.dataset.questions
    wanted = [each for each in told.get("questions") or [] if isinstance(each, Mapping)]
    found = [
        (str(each.get("title") or question.title), *story.listed(con, cells, question, key, MOST_ROWS))
        for each in wanted
        if (question := known.get(str(each.get("question")))) is not None
    ]
    return [(title, rows) for title, count, rows in found if count]


def _names(told: Any) -> Sequence[str]:
    return [str(each) for each in told] if isinstance(told, list) else []
