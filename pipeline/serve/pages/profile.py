"""A profile of one row, such as a municipality, and up to four side by side.

kind: profile
table: municipalities
similar: group                         rows with the same code are alike
sections: [solutions, plans, events]   tables that lead to the row: what there is of each
figures: observations                  a table with a figure for the row, an indicator and a period
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

from markupsafe import Markup

from pipeline.core.quoting import identifier
from pipeline.serve.pages import maps
from pipeline.serve.pages.cells import Cells, alphabetical, labels
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import Table
from pipeline.serve.pages.matching import folded
from pipeline.serve.pages.row_page import find, related

MOST = 4
"""Rows side by side."""

ALIKE = 12
"""Rows that are alike which are offered."""


def context(con: sqlite3.Connection, cells: Cells, told: Mapping[str, Any], query: str) -> dict[str, Any] | None:
    """What the template needs; None where there is no such table."""
    table = cells.dataset.tables.get(str(told.get("table")))
    if table is None or len(table.key) != 1:
        return None
    names = cells.dataset.once(
        table.name, "names", find=partial(labels, con, cells.dataset, (table.name, table.key[0]))
    )
    wanted = [_key(names, each) for each in parse_qs(query).get("row", []) if each.strip()]
    keys = [key for key in dict.fromkeys(wanted) if key in names][:MOST]
    rows = [row for row in (find(con, table, [key]) for key in keys) if row is not None]
    cells.look_up(con, table.columns, rows)
    sections = [str(each) for each in told.get("sections") or []]
    profiles = [_profile(con, cells, table, row, sections, names, keys, str(told.get("similar"))) for row in rows]
    figures = cells.dataset.tables.get(str(told.get("figures")))
    return {
        "table": table,
        "choices": sorted(names.items(), key=lambda each: alphabetical(each[1])),
        "unknown": [each for each in wanted if each not in names],
        "keys": keys,
        "profiles": profiles,
        "sections": [cells.dataset.tables[each] for each in sections if each in cells.dataset.tables],
        "figures": _figures(con, cells, figures, table, keys) if figures and keys else [],
        "may_add": len(keys) < MOST,
    }


def _key(names: Mapping[str, str], told: str) -> str:
    """What was written, as a key: a name is understood."""
    wanted = folded(told.strip())
    found = [key for key, name in names.items() if folded(name) == wanted]
    return told.strip() if told.strip() in names or len(found) != 1 else found[0]


def _profile(
    con: sqlite3.Connection,
    cells: Cells,
    table: Table,
    row: Any,
    sections: Sequence[str],
    names: Mapping[str, str],
    keys: Sequence[str],
    similar: str,
) -> dict[str, Any]:
    key = str(row[table.key[0]])
    groups = {each.table.name: each for each in related(con, cells, table, row, sections)}
    return {
        "key": key,
        "name": cells.name(table, row),
        "href": cells.links.row(table.name, [key]),
        "without": _address([each for each in keys if each != key]),
        "map": maps.locator(cells, table, key),
        "facts": [
            (column, shown)
            for column in table.shown
            if column.name not in table.label and not column.is_address and (shown := cells.show(column, row))
        ],
        "groups": groups,
        "neighbours": _offered(maps.neighbours(cells, table, key), names, keys),
        "similar": _offered(_similar(con, table, row, similar), names, keys),
        "alike": cells.show(table.by_name[similar], row) if similar in table.by_name else Markup(""),
    }


def _offered(found: Sequence[str], names: Mapping[str, str], keys: Sequence[str]) -> list[tuple[str, str]]:
    """Rows that can be put beside those that are shown: name and address."""
    return [(names[key], _address([*keys[: MOST - 1], key])) for key in found if key in names and key not in keys]


def _address(keys: Sequence[str]) -> str:
    return f"?{urlencode([('row', key) for key in keys])}"


def _similar(con: sqlite3.Connection, table: Table, row: Any, by: str) -> list[str]:
    if by not in table.by_name or row[by] is None:
        return []
    name, key = identifier(by), identifier(table.key[0])
    near = f"abs({key} - {int(row[table.key[0]])}), " if str(row[table.key[0]]).isdigit() else ""
    sql = f"SELECT {key} FROM {identifier(table.name)} WHERE {name} = ? ORDER BY {near}{key} LIMIT {ALIKE + 1}"
    return [str(each) for (each,) in con.execute(sql, [row[by]]) if str(each) != str(row[table.key[0]])]


def _figures(
    con: sqlite3.Connection, cells: Cells, figures: Table, table: Table, keys: Sequence[str]
) -> list[dict[str, Any]]:
    """The latest figure of each indicator for each row; `figures` leads to the rows and to the indicators."""
    leads = [column for column in figures.columns if column.links]
    about = next((column for column in leads if column.links and column.links[0] == table.name), None)
    of = next((column for column in leads if column is not about and column.is_key), None)
    when = next((column for column in figures.columns if column.is_key and column not in (about, of)), None)
    value = next((column for column in figures.shown if column.is_number), None)
    if about is None or of is None or when is None or value is None:
        return []
    marks = ", ".join("?" for _ in keys)
    rows = con.execute(
        f"SELECT *, max({identifier(when.name)}) FROM {identifier(figures.name)} "
        f"WHERE {identifier(about.name)} IN ({marks}) AND {identifier(value.name)} IS NOT NULL "
        f"GROUP BY {identifier(of.name)}, {identifier(about.name)} ORDER BY {identifier(of.name)}",
        list(keys),
    ).fetchall()
    cells.look_up(con, figures.columns, rows)
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = found.setdefault(str(row[of.name]), {"title": cells.show(of, row), "values": {}})
        line["values"][str(row[about.name])] = _with_period(cells, value, when, row)
    return [*found.values()]


def _with_period(cells: Cells, value: Column, when: Column, row: Any) -> Markup:
    return Markup('{} <span class="small">{}</span>').format(cells.show(value, row), cells.show(when, row))
