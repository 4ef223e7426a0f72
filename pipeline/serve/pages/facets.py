"""Columns to filter by: their values, and in how many of the rows that are asked for each stands."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from pipeline.core.quoting import identifier
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import Found, is_interrupted, limited
from pipeline.serve.pages.selection import Selection

VALUES = 30
"""Values of a facet at most."""


class Value(NamedTuple):
    """A value to filter by: its name, in how many rows it stands, and where it leads.

    A page has a hundred of them: their lines are not made by a template.
    """

    label: Markup
    text: str
    shown: Markup
    href: Markup
    rows: int
    is_chosen: bool
    is_missing: bool

    @property
    def line(self) -> Markup:
        """What leads to the rows with the value, and their number."""
        return Markup(f'<a href="{self.href}" rel="nofollow">{self.label}</a> <span class="count">{self.shown}</span>')


@dataclass(frozen=True)
class Facet:
    """A column to filter by. It is told when counting took too long: nothing is left out silently."""

    column: Column
    values: list[Value]
    has_more: bool
    took_too_long: bool = False


def of_column(con: sqlite3.Connection, cells: Cells, selection: Selection, column: Column, milliseconds: int) -> Facet:
    """The values of a column, and in how many of the rows that are asked for each stands."""
    try:
        with limited(con, milliseconds):
            counted = of_whole(
                cells, selection, "facet", column.name, find=lambda: _counts(con, cells, selection, column)
            )
    except sqlite3.OperationalError as error:
        if not is_interrupted(error):
            raise
        return Facet(column, [], False, took_too_long=True)
    chosen = {each.value for each in selection.filters if (each.column, each.operation) == (column.name, "exact")}
    blank = any(each.argument == f"{column.name}__isblank" for each in selection.filters)
    values = []
    for value, label, count in counted[:VALUES]:
        is_chosen = blank if value is None else value in chosen
        argument = f"{column.name}__isblank" if value is None else column.argument
        told = "1" if value is None else value
        href = selection.without(argument, told) if is_chosen else selection.link(**{argument: told})
        shown = escape(cells.dataset.words.number(count))
        values.append(Value(escape(label), label, shown, escape(href), count, is_chosen, value is None))
    return Facet(column, values, len(counted) > VALUES)


def of_whole(cells: Cells, selection: Selection, *of: str, find: Callable[[], Found]) -> Found:
    """What `find` finds in the rows that are asked for; where that is the whole table, it is looked for once."""
    if selection.is_narrowed:
        return find()
    return cells.dataset.once(selection.table.name, *of, find=find)


class Count(NamedTuple):
    """In how many rows a value stands; None is no value."""

    value: str | None
    label: str
    rows: int


def _counts(con: sqlite3.Connection, cells: Cells, selection: Selection, column: Column) -> list[Count]:
    """The values of the column that most rows have, and one more than is shown if there are more."""
    counted = _known(con, selection, column) or _counted(con, selection, column)
    cells.look_up(con, [column], counted)
    return [
        Count(None, cells.dataset.words.text("no_value"), count)
        if value is None or value == ""
        else Count(str(value), cells.text(column, {column.name: value, **dict.fromkeys(column.others)}), count)
        for value, count in counted
    ]


def _known(con: sqlite3.Connection, selection: Selection, column: Column) -> list[Any]:
    """The values of the column as they were counted when the release was made; empty where they were not."""
    if selection.is_narrowed or selection.table.is_view:
        return []
    name = identifier(column.name)
    try:
        return con.execute(
            f'SELECT c."value" AS {name}, c."count" FROM _counts AS c WHERE c."table" = ? AND c."column" = ? '
            f'ORDER BY c."count" DESC, c."value" LIMIT {VALUES + 1}',
            (selection.table.name, column.name),
        ).fetchall()
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):  # a table of the package may have the name
            raise
        return []


def _counted(con: sqlite3.Connection, selection: Selection, column: Column) -> list[Any]:
    where, parameters = selection.where()
    name = identifier(column.name)
    return con.execute(
        f"SELECT {name} AS {name}, count(*) FROM {selection.table.rows}{where} "
        f"GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT {VALUES + 1}",
        parameters,
    ).fetchall()
