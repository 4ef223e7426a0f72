"""What an address asks of a table: filters, words, order, page; as Datasette writes them, and as SQL.

    ?status=open  ?name__contains=bygd  ?opened__gte=2019   filters, any number of them
    ?_search=bok                                            words, each of which begins one in the row's texts
    ?_sort=name  ?_sort_desc=opened                         order; text as Swedish sorts it
    ?_facet=kind  ?_next=…  ?_size=100                      what to count, and where to go on

Without an order rows come by their key, views as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote_plus, urlencode

from datasette.filters import Filters
from datasette.utils import tilde_decode, tilde_encode

from pipeline.core.quoting import identifier
from pipeline.serve.pages.dataset import Table
from pipeline.serve.pages.matching import matching

MOST_ROWS = 1000
"""Rows of a page at most."""

MOST_FILTERS = 30
"""Filters, words and facets of an address at most."""

LONGEST = 400
"""Characters of a filter's value or of what is searched for at most."""

SORTED_AS_SWEDISH = 50_000
"""Rows up to which texts are sorted by a key that SQLite makes of each; beyond, by their bytes, which is fast."""

OPERATIONS = {
    "exact": True, "not": True, "contains": True, "startswith": True, "endswith": True, "gt": True, "gte": True,
    "lt": True, "lte": True, "isblank": False, "notblank": False,
}  # fmt: skip
"""What a filter can ask, and whether it takes a value."""


OTHERS = {
    "notcontains", "like", "notlike", "glob", "in", "notin", "arraycontains", "arraynotcontains", "date", "isnull",
    "notnull",
}  # fmt: skip
"""What else Datasette's filters can ask."""


class BadQuery(Exception):
    """An address that asks what is not there: `args` are the key of a text, what it names, and perhaps the nearest."""


@dataclass(frozen=True)
class Filter:
    """A condition on a column."""

    column: str
    operation: str
    value: str
    argument: str


@dataclass(frozen=True)
class Selection:
    """What is asked of a table; `pairs` is the whole query string, `given` what a question's parameters are, and
    `match` what the index of words is asked."""

    table: Table
    pairs: tuple[tuple[str, str], ...]
    filters: tuple[Filter, ...]
    search: str
    sort: tuple[str, bool] | None
    facets: tuple[str, ...]
    size: int
    after: str | None
    given: Mapping[str, str] = field(default_factory=dict)
    match: str = ""

    def where(self) -> tuple[str, dict[str, Any]]:
        """The condition, `WHERE` with it or empty, and its parameters."""
        pairs = [(f"{each.column}__{each.operation}", each.value) for each in self.filters]
        bits, parameters = Filters(pairs).build_where_clauses(self.table.name)
        if self.search and self.table.index:
            index = identifier(self.table.index)
            bits = [*bits, f"{self.table.rowid} IN (SELECT rowid FROM {index} WHERE {index} MATCH :search)"]
            parameters = {**parameters, "search": self.match or matching(self.search)}
        condition = f" WHERE {' AND '.join(f'({bit})' for bit in bits)}" if bits else ""
        return condition, {**self.given, **parameters}

    @property
    def is_narrowed(self) -> bool:
        """Whether not every row is asked for."""
        return bool(self.filters or self.search or self.given)

    def link(self, **changes: str | None) -> str:
        """The address of this page with other arguments, relative to it; None takes one away. It starts anew."""
        kept = [text for pair, text in self._written if pair[0] not in changes]
        added = [_written(name, value) for name, value in changes.items() if value is not None]
        return f"?{'&'.join([*kept, *added])}"

    def without(self, argument: str, value: str) -> str:
        """The address of this page without one filter."""
        return f"?{'&'.join(text for pair, text in self._written if pair != (argument, value))}"

    @cached_property
    def _written(self) -> list[tuple[tuple[str, str], str]]:
        """The arguments of the address as they stand in it, without that of the page; a page has a hundred links."""
        return [(pair, _written(*pair)) for pair in self.pairs if pair[0] != "_next"]

    @property
    def query(self) -> str:
        """What narrows the rows down, and their order, as a query string with its `?`; empty where nothing does."""
        wanted = {each.argument for each in self.filters} | {"_search", "_sort", "_sort_desc", *self.given}
        kept = [(name, value) for name, value in self.pairs if name in wanted and value]
        return f"?{urlencode(kept)}" if kept else ""


def _written(name: str, value: str) -> str:
    """An argument as it stands in an address."""
    return f"{_quoted(name)}={_quoted(value)}"


_quoted = lru_cache(4096)(quote_plus)


def parse(table: Table, query_string: str) -> Selection:
    """What the query string asks. Raises BadQuery for columns that are not, and for too much."""
    pairs = tuple(parse_qsl(query_string, keep_blank_values=True))
    told = dict(pairs)
    asked = {each.name for each in table.parameters}
    filters = [_filter(table, name, value) for name, value in pairs if name not in asked and _is_filter(table, name)]
    facets = [value for name, value in pairs if name == "_facet"]
    _check(table, facets)
    if len(filters) + len(facets) > MOST_FILTERS:
        raise BadQuery("bad_too_many", MOST_FILTERS)
    search = told.get("_search", "").strip()
    if search and table.index is None:
        raise BadQuery("refused.search", table.name)
    if any(len(value) > LONGEST for value in (search, *(each.value for each in filters))):
        raise BadQuery("bad_too_long", LONGEST)
    return Selection(
        table,
        pairs,
        tuple(filters),
        search,
        _sort(table, told),
        tuple(dict.fromkeys([*table.facets, *facets])),
        _size(table, told.get("_size")),
        told.get("_next"),
        {each.name: told.get(each.name, "").strip() for each in table.parameters},
    )


def _is_filter(table: Table, name: str) -> bool:
    """Whether an argument is about a column; those of Datasette begin with `_`, as columns may."""
    column, _, operation = name.rpartition("__")
    is_told = column in table.by_name or (column and operation in OPERATIONS.keys() | OTHERS)
    return bool(name) and (not name.startswith("_") or bool(is_told))


def _filter(table: Table, name: str, value: str) -> Filter:
    column, mark, operation = name.rpartition("__")
    known = operation in OPERATIONS or operation in OTHERS
    if not mark or not known or (name in table.by_name and column not in table.by_name):
        column, operation = name, "exact"
    _check(table, [column])
    return Filter(column, operation, value, name)


def _check(table: Table, columns: Iterable[str]) -> None:
    for column in columns:
        if column not in table.by_name:
            raise BadQuery("bad_column", column, *get_close_matches(column, [*table.by_name], 1))


def _sort(table: Table, told: dict[str, str]) -> tuple[str, bool] | None:
    for name in ("_sort", "_sort_desc"):
        if told.get(name):
            _check(table, [told[name]])
            return told[name], name == "_sort_desc"
    return table.sort


def _size(table: Table, told: str | None) -> int:
    if not told:
        return table.size
    if told == "max":
        return MOST_ROWS
    if not told.isascii() or not told.isdigit() or not 0 < int(told[:9]) <= MOST_ROWS:
        raise BadQuery("bad_size", MOST_ROWS)
    return int(told)


# -- order, and the next page ------------------------------------------------------------------------------------------

LETTERS = (("Å", "{"), ("å", "{"), ("Ä", "|"), ("ä", "|"), ("Æ", "|"), ("æ", "|"), ("Ö", "}"), ("ö", "}"), ("Ø", "}"),
           ("ø", "}"), ("é", "e"), ("É", "e"), ("è", "e"), ("ü", "y"), ("Ü", "y"))  # fmt: skip
"""Letters as the signs after z, so that Å, Ä and Ö come last, in that order; é among e, ü among y (SIS 09 10 00)."""


def swedish(expression: str) -> str:
    """SQL for a text's sort key: without regard to case, Å Ä Ö last."""
    for letter, sign in LETTERS:
        expression = f"replace({expression}, '{letter}', '{sign}')"
    return f"lower({expression})"


def chronological(expression: str) -> str:
    """SQL for the sort key of a date that may not be exact: `../2018` among 2018, summer between spring and autumn."""
    date = f"replace({expression}, '../', '')"
    season = f"CAST(substr({date}, 6, 2) AS INTEGER)"
    return (
        f"CASE WHEN {season} BETWEEN 21 AND 24 "
        f"THEN substr({date}, 1, 5) || printf('%02d', 3 * ({season} - 20)) ELSE {date} END"
    )


class Order(NamedTuple):
    """A column that rows are ordered by, whether downwards, and how its sort key is made where it is not the value."""

    column: str
    downwards: bool = False
    made: Callable[[str], str] | None = None

    @property
    def expression(self) -> str:
        """The sort key as SQL."""
        return self.made(identifier(self.column)) if self.made else identifier(self.column)

    @property
    def sql(self) -> str:
        """What `ORDER BY` says."""
        return f"{self.expression}{' DESC' if self.downwards else ''}"


def order(selection: Selection) -> list[Order]:
    """What rows are ordered by."""
    table = selection.table
    keys = [Order(name) for name in table.keyed]
    if selection.sort is None:
        return keys
    name, downwards = selection.sort
    column = table.by_name[name]
    is_small = (table.count or 0) <= SORTED_AS_SWEDISH
    made = (swedish if column.is_text else chronological if column.is_date else None) if is_small else None
    return [Order(name, downwards, made), *(key for key in keys if key.column != name or made)]


def rows_sql(selection: Selection) -> tuple[str, dict[str, Any]]:
    """SQL for the rows of the page and one more, each with its number first where the table has no key."""
    where, parameters = selection.where()
    by = order(selection)
    table = selection.table
    offset = ""
    if selection.after is not None:
        if table.is_view or not by:
            offset = f" OFFSET {_offset(selection.after)}"
        else:
            bit, more = _after(selection, by)
            where = f"{where} AND ({bit})" if where else f" WHERE {bit}"
            parameters = {**parameters, **more}
    elif _comes_by_row(selection, by):
        # Of very many hits the first come from the index of words, which has them in the order of rows.
        where = f"{where[: where.rindex(')') - 1]} ORDER BY rowid LIMIT {selection.size + 1}))"
    ordered = f" ORDER BY {', '.join(each.sql for each in by)}" if by else ""
    first = "" if table.key or table.is_view or not table.rowid else f"{table.rowid} AS {table.rowid}, "
    return f"SELECT {first}* FROM {table.rows}{where}{ordered} LIMIT {selection.size + 1}{offset}", parameters


def _comes_by_row(selection: Selection, by: list[Order]) -> bool:
    """Whether only words narrow a large table down and its order is that of its key, in which a release writes rows."""
    table = selection.table
    is_large = (table.count or 0) > SORTED_AS_SWEDISH
    is_by_key = by == [Order(name) for name in table.keyed]
    return bool(is_large and selection.search and not selection.filters and is_by_key)


def _offset(after: str) -> int:
    if not after.isascii() or not after.isdigit() or len(after) > 9:
        raise BadQuery("bad_next", after)
    return int(after)


def _after(selection: Selection, by: list[Order]) -> tuple[str, dict[str, Any]]:
    """The rows after a row, told as Datasette tells it: the value that is sorted by, and the key."""
    told = [tilde_decode(part) for part in str(selection.after).split(",")]
    names = [*((selection.sort[0],) if selection.sort else ()), *selection.table.keyed]
    if len(told) != len(names):
        raise BadQuery("bad_next", selection.after)
    values = dict(zip(names, told, strict=True))
    parameters: dict[str, Any] = {}
    bits: list[str] = []
    same: list[str] = []
    for number, each in enumerate(by):
        expression = each.expression
        if number == 0 and selection.sort and told[0] == "$null":
            # NULL comes first upwards, last downwards.
            if not each.downwards:
                bits.append(f"{expression} IS NOT NULL")
            same.append(f"{expression} IS NULL")
            continue
        mark = f":after{number}"
        parameters[f"after{number}"] = told[0] if number == 0 else values[each.column]
        wanted = each.made(mark) if each.made else _typed(mark, each.column, selection.table)
        further = f"{expression} {'<' if each.downwards else '>'} {wanted}"
        if each.downwards:
            further = f"({further} OR {expression} IS NULL)"
        bits.append(" AND ".join([*same, further]))
        same.append(f"{expression} = {wanted}")
    return " OR ".join(f"({bit})" for bit in bits) or "0", parameters


def _typed(mark: str, name: str, table: Table) -> str:
    """The parameter as the column's values are: a column without affinity compares texts with texts only."""
    column = table.by_name.get(name)
    numeric = column is None or (column.kind in ("number", "integer", "boolean", "year"))
    return f"CAST({mark} AS NUMERIC)" if numeric else mark


def token(selection: Selection, row: dict[str, Any]) -> str:
    """What `_next` says to go on after the row."""
    values = []
    if selection.sort:
        value = row[selection.sort[0]]
        values.append("$null" if value is None else tilde_encode(str(value)))
    values += [tilde_encode(str(row[name])) for name in selection.table.keyed]
    return ",".join(values)
