"""One row judged: frictionless's readers say of each cell what is wrong, in the order in which frictionless asks.

The order is that of `Row` and `TableResource` (5.21): cells that keys need are read first; when the first key is at
fault, all other cells are read before the fault is noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.package.rules import ForeignKey, Keys
from pipeline.report.verdict import Error
from pipeline.validate.readers import Readers
from pipeline.validate.table import KeyFaults, SuspectRow


class RowJudge:
    """Judges rows of one table, whose keys are known to be at fault in some rows."""

    def __init__(self, readers: Readers, keys: Keys, faults: KeyFaults) -> None:
        self.readers = readers
        self.keys = keys
        self.faults = faults
        self.marked = faults.rows
        self.names = [each.name for each in readers.fields]
        self.at = {name: position for position, name in enumerate(self.names)}
        asked = [*keys.unique, *keys.primary, *(name for key in keys.foreign for name in key.fields)]
        order = dict.fromkeys([self.at[name] for name in asked] + list(range(len(self.names))))
        self.turn = {position: turn for turn, position in enumerate(order)}
        self.is_in_turn = list(order) == sorted(order)
        self.has_rules = [position for position, rules in enumerate(readers.rules) if rules]

    def errors(self, row: SuspectRow) -> list[Error]:
        """The errors of a row."""
        number, cells, unread = row
        if unread is None or number in self.marked or self.has_rules:
            return _Judgement(self, number, cells, unread).errors()
        found: list[Error] = []
        texts: list[str] | None = None
        blank = 0
        for position in unread if self.is_in_turn else sorted(unread, key=self.turn.__getitem__):
            cell = cells[position]
            value, notes = self.readers.cell(position, cell)
            if value is None and not (notes and "type" in notes):
                blank += 1
            if notes:
                texts = texts or _texts(cells)
                found += self.of_cell(number, texts, position, cell, notes)
        if blank == len(self.names):
            return [Error("blank-row", "", _texts(cells), number)]
        return found

    def of_cell(self, number: int, texts: list[str], position: int, cell: Any, notes: dict[str, str]) -> list[Error]:
        """The errors of a cell."""
        name = self.names[position]
        return [
            Error(
                "type-error" if kind == "type" else "constraint-error",
                note,
                texts,
                number,
                str(cell),
                name,
                position + 1,
            )
            for kind, note in notes.items()
        ]


class _Judgement:
    """A row as it is judged: what has been read of it, and what was found."""

    def __init__(self, judge: RowJudge, number: int, cells: Sequence[Any], unread: Sequence[int] | None) -> None:
        self.judge = judge
        self.number = number
        self.cells = cells
        self.unread = range(len(judge.names)) if unread is None else unread
        self.texts = _texts(cells)
        self.values: dict[int, Any] = {}
        self.blank: set[int] = set()
        self.found: list[Error] = []
        self.is_whole = False

    def errors(self) -> list[Error]:
        """Everything that is wrong with the row."""
        judge, keys, faults = self.judge, self.judge.keys, self.judge.faults
        for name in keys.unique:
            value = self._value(judge.at[name])
            before = faults.unique[name].get(self.number)
            if value is not None and before:
                note = f"the same as in the row at position {before}"
                self._note(Error("unique-error", note, self.texts, self.number, str(value), name, judge.at[name] + 1))
        if keys.primary:
            self._judge_primary()
        for key, rows in faults.foreign:
            values = [self._value(judge.at[name]) for name in key.fields]
            if self.number in rows:
                self._note(self._unmatched(key, values))
        self._complete()
        if not any(error.type == "blank-row" for error in self.found):
            self._judge_by_standard()
        for group, repeated in faults.unique_keys:
            if self.number in repeated:
                note = f'"{", ".join(group)}" is the same as in the row at position {repeated[self.number]}'
                self.found.append(Error("unique-key", note, self.texts, self.number))
        return self.found

    def _judge_primary(self) -> None:
        judge = self.judge
        values = [self._value(judge.at[name]) for name in judge.keys.primary]
        before = judge.faults.primary.get(self.number)
        if all(value is None for value in values):
            self._note(self._of_row("primary-key", 'cells composing the primary keys are all "None"'))
        elif before:
            self._note(self._of_row("primary-key", f"the same as in the row at position {before}"))

    def _judge_by_standard(self) -> None:
        judge = self.judge
        for position in judge.has_rules:
            value = self.values.get(position)  # what need not be read breaks no rule
            for rule in judge.readers.rules[position]:
                note = None if value is None else rule.broken(value)
                if note:
                    cell = self._cell(position)
                    self.found += judge.of_cell(self.number, self.texts, position, cell, {rule.name: note})
        primary = judge.keys.primary
        missing = [name for name in primary if judge.at[name] in self.blank]
        if missing and len(missing) < len(primary):
            note = f"the primary key's {', '.join(missing)} must not be missing"
            self.found.append(self._of_row("primary-key", note))

    def _value(self, position: int) -> Any:
        if position not in self.values:
            cell = self._cell(position)
            value, notes = self.judge.readers.cell(position, cell)
            self.values[position] = value
            if value is None and not (notes and "type" in notes):
                self.blank.add(position)
            if notes:
                self.found += self.judge.of_cell(self.number, self.texts, position, cell, notes)
        return self.values[position]

    def _cell(self, position: int) -> Any:
        return self.cells[position] if position < len(self.cells) else None

    def _note(self, error: Error) -> None:
        self._complete()
        self.found.append(error)

    def _complete(self) -> None:
        """Reads all cells; says which are missing, or too many, or that none has a value."""
        if self.is_whole:
            return
        self.is_whole = True
        names, width = self.judge.names, len(self.cells)
        for position in self.unread:
            self._value(position)
        for position in range(len(names), width):
            cell = str(self.cells[position])
            self.found.append(Error("extra-cell", "", self.texts, self.number, cell, "", position + 1))
        for position in range(width, len(names)):
            self.found.append(Error("missing-cell", "", self.texts, self.number, "", names[position], position + 1))
        if len(self.blank) == len(names):
            self.found = [self._of_row("blank-row", "")]

    def _of_row(self, kind: str, note: str) -> Error:
        return Error(kind, note, self.texts, self.number)

    def _unmatched(self, key: ForeignKey, values: list[Any]) -> Error:
        note = (
            f'for "{", ".join(key.fields)}": values "{", ".join(map(str, values))}" not found in the lookup table '
            f'"{key.resource}" as "{", ".join(key.there)}"'
        )
        return Error(
            "foreign-key",
            note,
            self.texts,
            self.number,
            field_names=list(key.fields),
            field_cells=list(map(_text, values)),
            reference_name=key.resource,
            reference_field_names=list(key.there),
        )


def _texts(cells: Sequence[Any]) -> list[str]:
    return [cell if type(cell) is str else _text(cell) for cell in cells]


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)
