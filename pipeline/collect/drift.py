"""Whether a new snapshot looks like the source did before: its keys and codes, its size, what must not be lost, and
what must not become something else.

Every check answers with sentence fragments; none means that the snapshot is accepted. A check that compares with the
last snapshot compares the rows of the same key, read by the same reader as source.yml maps them now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from pipeline.core.errors import shorten
from pipeline.package.package import Package, Resource
from pipeline.source.fetch import Expected, Fetch
from pipeline.source.fetched_rows import Rows

EXAMPLES = 3
"""Keys or values that a sentence names before it counts the rest."""

Cells = list[str | None]
Key = tuple[str | None, ...]


def differences(fetch: Fetch, contract: Package, old: Mapping[str, Rows] | None, new: Mapping[str, Rows]) -> list[str]:
    """What is not as expected, a sentence fragment each; `old` are the rows of the accepted snapshot."""
    found: list[str] = []
    for mapped in fetch.tables:
        table = contract.table(mapped.table)
        compared = _Table(
            mapped.table,
            fetch.expect[mapped.table],
            [name for name in (table.key if table else []) if name in mapped.columns],
            new[mapped.table],
            old[mapped.table] if old is not None else None,
        )
        found += [*compared.alone(table), *compared.beside_the_last()]
    return found


class _Table:
    """The rows of one table, new and as they were; `key` are the fields of its primary key."""

    def __init__(self, name: str, expected: Expected, key: list[str], new: Rows, old: Rows | None) -> None:
        self.name = name
        self.expected = expected
        self.key = key
        self.new = new
        self.old = old
        self.places = self._places(new)

    def _places(self, rows: Rows) -> dict[Key, int]:
        return {key: place for place, key in enumerate(_keys(rows, self.key))} if self.key else {}

    # -- what can be said of it alone ------------------------------------------------------------------------------

    def alone(self, table: Resource | None) -> Iterable[str]:
        yield from self._size()
        yield from self._keys()
        yield from self._codes(table)
        yield from self._lacking()
        yield from self._implausible()

    def _size(self) -> Iterable[str]:
        count = len(self.new.numbers)
        if count < self.expected.least:
            yield f"{self.name} has {count:,} rows, at least {self.expected.least:,} are expected"
        if self.expected.most is not None and count > self.expected.most:
            yield f"{self.name} has {count:,} rows, at most {self.expected.most:,} are expected"

    def _keys(self) -> Iterable[str]:
        """A row without its key, or with another's, cannot be built from."""
        for name in self.key:
            empty = sum(cell is None for cell in self.new.columns[name])
            if empty:
                yield f"{self.name}.{name} is empty in {empty:,} rows, and part of the key"
        if self.key and len(self.places) < len(self.new.numbers):
            twice = [_written(key) for key, count in Counter(_keys(self.new, self.key)).items() if count > 1]
            yield f"{self.name} has more than one row for {_some(twice, 'keys')}"

    def _codes(self, table: Resource | None) -> Iterable[str]:
        """A code that the contract does not have."""
        for field in table.fields if table else []:
            known = (field.get("constraints") or {}).get("enum")
            if known and field["name"] in self.new.columns and field.get("type", "any") in ("string", "any"):
                other = sorted({cell for cell in self.new.columns[field["name"]] if cell is not None} - set(known))
                if other:
                    yield f"{self.name}.{field['name']} says {_some(other, 'values')}, not in the code list"

    def _lacking(self) -> Iterable[str]:
        for name, values in self.expected.has.items():
            lacking = [value for value in values if value not in set(self.new.columns[name])]
            if lacking:
                yield f"{self.name}.{name} does not have {_some(lacking, 'values')}"

    def _implausible(self) -> Iterable[str]:
        for name, (least, most) in self.expected.range.items():
            out = [
                f"{cell} ({where})" if (where := self._where(place)) else cell
                for place, cell in enumerate(self.new.columns[name])
                if cell is not None and ((figure := _figure(cell)) is None or not least <= figure <= most)
            ]
            if out:
                yield f"{self.name}.{name} is not between {least:g} and {most:g}: {_some(out, 'values')}"

    def _where(self, place: int) -> str:
        return _written(tuple(self.new.columns[name][place] for name in self.key))

    # -- what has become of the last snapshot ----------------------------------------------------------------------

    def beside_the_last(self) -> Iterable[str]:
        if self.old is None:
            return
        yield from self._shrunk(self.old)
        yield from self._lost(self.old)
        for name in self.expected.same:
            yield from self._other(self.old, name)
        for name, share in self.expected.change.items():
            yield from self._jumped(self.old, name, share)
        for name in self.new.columns:
            if name not in self.key:
                yield from self._emptied(self.old, name)

    def _shrunk(self, old: Rows) -> Iterable[str]:
        before, count = len(old.numbers), len(self.new.numbers)
        if count < before * (1 - self.expected.shrink):
            yield f"{self.name} has {count:,} rows, the last snapshot has {before:,}"

    def _lost(self, old: Rows) -> Iterable[str]:
        for name in self.expected.keeps:
            lost = sorted(_values(old.columns[name]) - _values(self.new.columns[name]))
            if lost:
                yield f"{self.name}.{name} has lost {_some(lost, 'values')}"

    def _other(self, old: Rows, name: str) -> Iterable[str]:
        """What must say the same of a key: a unit, a definition."""
        yield from self._compared(old, name, lambda before, after: before != after, "says something else of")

    def _jumped(self, old: Rows, name: str, share: float) -> Iterable[str]:
        def jumps(before: str | None, after: str | None) -> bool:
            was, now = _figure(before), _figure(after)
            return was is not None and now is not None and was != 0 and abs(now - was) > share * abs(was)

        yield from self._compared(old, name, jumps, f"has changed by more than {share:.0%} for")

    def _emptied(self, old: Rows, name: str) -> Iterable[str]:
        """A column that has gone quiet: filled in less than half as large a share of the rows."""
        before, after = (sum(cell is not None for cell in rows.columns[name]) for rows in (old, self.new))
        share, kept = before / max(1, len(old.numbers)), after / max(1, len(self.new.numbers))
        if kept < share / 2 and len(self.new.numbers):
            yield f"{self.name}.{name} is filled in {after:,} rows, in the last snapshot in {before:,}"

    def _compared(
        self, old: Rows, name: str, differ: Callable[[str | None, str | None], bool], what: str
    ) -> Iterable[str]:
        differing = []
        for place, key in enumerate(_keys(old, self.key)):
            if key in self.places:
                before, after = old.columns[name][place], self.new.columns[name][self.places[key]]
                if differ(before, after):
                    differing.append(f"{_written(key)} ({_cell(before)} → {_cell(after)})")
        if differing:
            yield f"{self.name}.{name} {what} {_some(differing, 'keys')}"


def _keys(rows: Rows, key: list[str]) -> Iterable[Key]:
    return zip(*(rows.columns[name] for name in key), strict=True) if key else ()


def _values(cells: Cells) -> set[str]:
    return {cell for cell in cells if cell is not None}


def _figure(cell: str | None) -> float | None:
    """The number that a cell is; None for what is none, and for the ones that are no quantity."""
    try:
        figure = float(cell) if cell is not None else None
    except ValueError:
        return None
    return figure if figure is not None and abs(figure) < float("inf") else None


def _written(key: Key) -> str:
    return "|".join(cell or "" for cell in key)


def _cell(cell: str | None) -> str:
    return "empty" if cell is None else shorten(cell)


def _some(members: list[str], what: str) -> str:
    """The first of a list, and how many more there are."""
    named = ", ".join(shorten(member) for member in members[:EXAMPLES])
    more = len(members) - EXAMPLES
    return f"{named} and {more:,} more {what}" if more > 0 else named
