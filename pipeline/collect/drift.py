"""Whether a new snapshot looks like the source did before: its size and keys, what must not be lost, and what must not
become something else.

Every check answers with sentence fragments; none means that the snapshot is accepted. A check that compares with the
last snapshot compares the rows of the same key, read by the same reader as source.yml maps them now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations

from pipeline.collect.contract import breaches, keys_of, some, written
from pipeline.core.errors import shorten
from pipeline.package.package import Package
from pipeline.source.fetch import Expected, Fetch, Mapped
from pipeline.source.fetched_rows import Rows

VARIED = 3
"""Different values from which on a column is held to its variety."""


def differences(fetch: Fetch, contract: Package, old: Mapping[str, Rows] | None, new: Mapping[str, Rows]) -> list[str]:
    """What is not as expected, a sentence fragment each; `old` are the rows of the accepted snapshot."""
    found: list[str] = []
    for mapped in fetch.tables:
        table = contract.table(mapped.table)
        key = [name for name in (table.key if table else []) if name in mapped.columns]
        compared = _Table(mapped, fetch.expect[mapped.table], key, new[mapped.table])
        found += compared.alone()
        found += breaches(table, new[mapped.table]) if table else []
        if old is not None:
            found += compared.beside(old[mapped.table])
    return found


class _Table:
    """The new rows of one table; `key` are the fields of its primary key."""

    def __init__(self, mapped: Mapped, expected: Expected, key: list[str], new: Rows) -> None:
        self.name = mapped.table
        self.mapped = mapped
        self.expected = expected
        self.key = key
        self.new = new
        self.count = len(new.numbers)
        self.places = {each: place for place, each in enumerate(keys_of(new, key))}

    # -- what can be said of it alone ------------------------------------------------------------------------------

    def alone(self) -> Iterable[str]:
        if self.count < self.expected.least:
            yield f"{self.name} has {self.count:,} rows, at least {self.expected.least:,} are expected"
        if self.expected.most is not None and self.count > self.expected.most:
            yield f"{self.name} has {self.count:,} rows, at most {self.expected.most:,} are expected"
        yield from self._headers()
        for name, values in self.expected.has.items():
            lacking = [value for value in values if value not in set(self.new.columns[name])]
            if lacking:
                yield f"{self.name}.{name} does not have {some(lacking, 'values')}"
        yield from self._implausible()

    def _headers(self) -> Iterable[str]:
        """Rows that repeat the names of the source's columns, as pages that were put together do."""
        named = {name: column.column for name, column in self.mapped.columns.items() if column.column}
        rows = zip(*(self.new.columns[name] for name in named), strict=True) if named else ()
        count = sum(
            sum(cell == title for cell, title in zip(row, named.values(), strict=True)) > len(named) / 2 for row in rows
        )
        if count > self.expected.headers:
            yield f"{self.name} has {count:,} rows that repeat the names of the columns"

    def _implausible(self) -> Iterable[str]:
        for name, (least, most) in self.expected.range.items():
            out = [
                f"{cell} ({where})" if (where := self._where(place)) else cell
                for place, cell in enumerate(self.new.columns[name])
                if cell is not None and ((figure := _figure(cell)) is None or not least <= figure <= most)
            ]
            if out:
                yield f"{self.name}.{name} is not between {least:g} and {most:g}: {some(out, 'values')}"

    def _where(self, place: int) -> str:
        return written(tuple(self.new.columns[name][place] for name in self.key))

    # -- what has become of the last snapshot ----------------------------------------------------------------------

    def beside(self, old: Rows) -> Iterable[str]:
        before = len(old.numbers)
        if self.count < before * (1 - self.expected.shrink):
            yield f"{self.name} has {self.count:,} rows, the last snapshot has {before:,}"
        else:
            yield from self._lost_keys(old)
        for name in self.expected.keeps:
            lost = sorted({*old.columns[name]} - {*self.new.columns[name], None}, key=str)
            if lost:
                yield f"{self.name}.{name} has lost {some(list(map(_cell, lost)), 'values')}"
        for name in self.expected.same:
            yield from self._compared(old, name, lambda one, other: one != other, "says something else about")
        for name, share in self.expected.change.items():
            yield from self._compared(old, name, _jump(share), f"has changed by more than {share:.0%} for")
        for name in self.new.columns:
            if name not in self.key:
                yield from self._emptied(old, name)
            yield from self._uniform(old, name)
        yield from self._moved(old)

    def _lost_keys(self, old: Rows) -> Iterable[str]:
        keys = set(keys_of(old, self.key))
        lost = [written(key) for key in keys_of(old, self.key) if key not in self.places]
        bound = self.expected.shrink if self.expected.lost is None else self.expected.lost
        if len(lost) > bound * len(keys):
            yield f"{self.name} has lost {len(lost):,} of {len(keys):,} keys: {some(lost, 'keys')}"

    def _emptied(self, old: Rows, name: str) -> Iterable[str]:
        """A column that has gone quiet: filled in less than half as large a share of the rows."""
        before, after = (_filled(rows, name) for rows in (old, self.new))
        if after / max(1, self.count) < before / max(1, len(old.numbers)) / 2 and self.count:
            yield f"{self.name}.{name} is filled in {after:,} rows, in the last snapshot in {before:,}"

    def _uniform(self, old: Rows, name: str) -> Iterable[str]:
        """A column that says the same in rows that it told apart."""
        before, after = (len({*rows.columns[name]} - {None}) for rows in (old, self.new))
        grown = _filled(self.new, name) / max(1, _filled(old, name))
        if before >= VARIED and 0 < after < self.expected.variety * before * min(1, grown):
            yield f"{self.name}.{name} has {after:,} different values, in the last snapshot {before:,}"

    def _moved(self, old: Rows) -> Iterable[str]:
        """Values that stand at other keys than before, or in another column."""
        common = [(place, self.places[key]) for place, key in enumerate(keys_of(old, self.key)) if key in self.places]
        changed: dict[str, list[tuple[str | None, str | None]]] = {}
        for name in (name for name in self.new.columns if name not in self.key):
            pairs = [(old.columns[name][was], self.new.columns[name][now]) for was, now in common]
            if sum(one != other for one, other in pairs) > max(1, self.expected.moved * len(common)):
                changed[name] = pairs
        for name, pairs in changed.items():
            differing = [pair for pair in pairs if pair[0] != pair[1]]
            kept = Counter(one for one, _ in differing) & Counter(other for _, other in differing)
            # Figures that all grow by one say what others said, too.
            figures = all(_figure(one) is not None for pair in differing for one in pair)
            if kept.total() >= (1 if figures else 0.9) * len(differing):
                yield f"{self.name}.{name} says of {len(differing):,} keys what it said of others"
        for one, other in combinations(changed, 2):
            both = zip(changed[one], changed[other], strict=True)
            swapped = sum(a[0] == b[1] and b[0] == a[1] and a[0] != b[0] for a, b in both)
            if swapped > self.expected.moved * len(common):
                yield f"{self.name}.{one} and {self.name}.{other} have changed places in {swapped:,} rows"

    def _compared(
        self, old: Rows, name: str, differ: Callable[[str | None, str | None], bool], what: str
    ) -> Iterable[str]:
        differing = []
        for place, key in enumerate(keys_of(old, self.key)):
            if key in self.places:
                before, after = old.columns[name][place], self.new.columns[name][self.places[key]]
                if differ(before, after):
                    differing.append(f"{written(key)} ({_cell(before)} → {_cell(after)})")
        if differing:
            yield f"{self.name}.{name} {what} {some(differing, 'keys')}"


def _jump(share: float) -> Callable[[str | None, str | None], bool]:
    """Whether a figure changed by more than a share of what it was. One that cannot be compared any more has, too."""

    def jumps(before: str | None, after: str | None) -> bool:
        was, now = _figure(before), _figure(after)
        if was is not None and after is not None and now is None:
            return True
        return was is not None and now is not None and was != 0 and abs(now - was) > share * abs(was)

    return jumps


def _filled(rows: Rows, name: str) -> int:
    return len(rows.columns[name]) - rows.columns[name].count(None)


def _figure(cell: str | None) -> float | None:
    """The number that a cell is; None for anything else, and for infinity."""
    try:
        figure = float(cell) if cell is not None else None
    except ValueError:
        return None
    return figure if figure is not None and abs(figure) < float("inf") else None


def _cell(cell: str | None) -> str:
    return "empty" if cell is None else shorten(cell)
