"""What a question asks for: names to choose from instead of codes, and a name that is written is understood."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.core.quoting import identifier
from pipeline.serve.pages.cells import Cells, alphabetical
from pipeline.serve.pages.dataset import Parameter
from pipeline.serve.pages.matching import folded
from pipeline.serve.pages.selection import Selection

MOST_CHOICES = 500
"""Values up to which they are offered as a list; of more, one writes one."""


@dataclass(frozen=True)
class Choices:
    """The values that a parameter can have, with their names, in order of these; `of` is how many there could be."""

    parameter: Parameter
    values: list[tuple[str, str]]
    of: int


@dataclass(frozen=True)
class Asked:
    """What was asked: the choices, what was `given` (a name is its code), and whether that can be answered."""

    choices: list[Choices] = field(default_factory=list)
    given: Mapping[str, str] = field(default_factory=dict)
    is_answered: bool = True


def of(con: sqlite3.Connection, cells: Cells, selection: Selection) -> Asked:
    """What the selection asks of a question. Without any value it is not answered, unless it is ready without one."""
    parameters = selection.table.parameters
    if not parameters:
        return Asked()
    choices = [_choices(con, cells, each) for each in parameters]
    given = {each.parameter.name: _code(each, selection.given[each.parameter.name]) for each in choices}
    needs = selection.table.told.get("needs_choice", False) or not any(each.values for each in choices)
    return Asked(choices, given, any(given.values()) or not needs)


def _choices(con: sqlite3.Connection, cells: Cells, parameter: Parameter) -> Choices:
    if parameter.of is None:
        return Choices(parameter, [], 0)
    table, column = parameter.of
    values = cells.dataset.once(table, column, "choices", find=lambda: _values(con, cells, table, column))
    links = cells.dataset.tables[table].by_name[column].links
    return Choices(parameter, values, cells.dataset.tables[links[0]].count or 0 if links else 0)


def _values(con: sqlite3.Connection, cells: Cells, table: str, column: str) -> list[tuple[str, str]]:
    name = identifier(column)
    asked = f"SELECT DISTINCT {name} FROM {identifier(table)} WHERE {name} IS NOT NULL LIMIT {MOST_CHOICES + 1}"
    rows = con.execute(asked).fetchall()
    if len(rows) > MOST_CHOICES:
        return []
    about = cells.dataset.tables[table].by_name[column]
    cells.look_up(con, [about], rows)
    named = [(str(row[column]), cells.text(about, {column: row[column]} | dict.fromkeys(about.others))) for row in rows]
    return sorted(named, key=lambda each: alphabetical(each[1]))


def _code(choices: Choices, told: str) -> str:
    """What was told, or the code of the only choice whose name it is, or begins."""
    if not told or any(code == told for code, _ in choices.values):
        return told
    wanted = folded(told)
    exact = [code for code, name in choices.values if folded(name) == wanted]
    begun = exact or [code for code, name in choices.values if folded(name).startswith(wanted)]
    return begun[0] if len(begun) == 1 else told
