"""The cells around a problem: its row, the rows beside it, and for a repeated key the row that has it already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.report import wording
from pipeline.report.cells import Cells
from pipeline.report.verdict import Error

NARROW = 8
"""Columns up to which a table is shown whole."""

MARKED = 5
"""Columns with a bad cell that are shown of a wider table, each with those beside it."""

State = Literal["", "bad", "twin"]
"""A cell that is wrong, or that a wrong one repeats."""


@dataclass(frozen=True)
class Cell:
    """A cell; without `text` where the row has no such cell."""

    text: str | None
    state: State = ""


@dataclass(frozen=True)
class Line:
    """A row of the excerpt; `after_gap` where rows between it and the one above are left out."""

    number: int
    cells: tuple[Cell, ...]
    is_bad: bool = False
    after_gap: bool = False


@dataclass(frozen=True)
class Head:
    """A column of the excerpt: its label; `after_gap` where columns before it are left out."""

    label: Cell
    after_gap: bool = False


@dataclass(frozen=True)
class Excerpt:
    """A piece of a table."""

    heads: tuple[Head, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Place:
    """Where problems are shown together: a row's, the header's (row 1), or the file's (no row)."""

    row: int | None
    errors: tuple[Error, ...]


def places(errors: Iterable[Error]) -> list[Place]:
    """The errors by the row that they are in, in their order."""
    found: dict[int | None, list[Error]] = {}
    for error in errors:
        found.setdefault(_row(error), []).append(error)
    return [Place(row, tuple(members)) for row, members in found.items()]


def _row(error: Error) -> int | None:
    number = error.row_number
    if number is not None:
        return int(number)
    return None if error.labels is None else 1


def shown_columns(place: Place, labels: Sequence[str], key: Sequence[str]) -> list[int]:
    """The columns (from 0) of a place's excerpt."""
    width = max(len(labels), 0 if place.row == 1 else len(_own(place) or ()))
    bad = _bad_columns(place, labels, key)
    if max([width, *(column + 1 for column in bad)]) <= NARROW:
        return list(range(max([width, *(column + 1 for column in bad)])))
    first = [labels.index(name) for name in key if name in labels][:2] or [0]
    reach = 2 if bad == {0} else 1
    beside = {near for column in sorted(bad)[:MARKED] for near in range(column - reach, column + reach + 1)}
    kept = {*first, *beside} if beside else set(range(NARROW))
    return sorted(column for column in kept if 0 <= column < width or column in bad)


def excerpt(place: Place, cells: Cells | None, labels: Sequence[str], key: Sequence[str]) -> Excerpt | None:
    """The cells around a place; those of the problem's row alone where the table cannot be read; None for a file."""
    if place.row is None or not (labels or _own(place)):
        return None
    columns = shown_columns(place, labels, key)
    bad = _bad_columns(place, labels, key)
    in_header = place.row == 1
    twins = {before for error in place.errors if (before := wording.earlier_row(error))}
    wanted = {2, 3} if in_header else {place.row - 1, place.row, place.row + 1, *twins} - {1}
    found = cells.rows(wanted) if cells else {}
    own = _own(place)
    if not in_header and own:
        found[place.row] = dict(enumerate(own))
    heads = tuple(
        Head(
            Cell(labels[column] if column < len(labels) else None, "bad" if in_header and column in bad else ""),
            column > 0 and column - 1 not in columns,
        )
        for column in columns
    )
    lines: list[Line] = []
    for number in sorted(found):
        is_bad = number == place.row
        state: State = "bad" if is_bad else "twin" if number in twins else ""
        row = found[number]
        lines.append(
            Line(
                number,
                tuple(Cell(row.get(column), state if column in bad else "") for column in columns),
                is_bad,
                bool(lines) and number - lines[-1].number > 1,
            )
        )
    return Excerpt(heads, tuple(lines))


def _own(place: Place) -> list[str] | None:
    """The cells that the errors themselves hold, and None for those that the row does not have."""
    for error in place.errors:
        cells = error.cells
        if cells is not None:
            lacking = [(each.field_number or 1) - 1 for each in place.errors if each.type == "missing-cell"]
            return list(cells[: min(lacking, default=len(cells))])
    return None


def _bad_columns(place: Place, labels: Sequence[str], key: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for error in place.errors:
        number = error.field_number
        if number:
            found.add(int(number) - 1)
            continue
        names = key if error.type == "primary-key" else wording.fields(error)
        found.update(labels.index(name) for name in names if name in labels)
    return found
