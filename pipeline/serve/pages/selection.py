"""What an address asks of a table: filters, words, order, page; as Datasette writes them, and as SQL.

    ?status=open  ?name__contains=bygd  ?opened__gte=2019   filters, any number of them
    ?_search=bok                                            words, each of which begins one in the row's texts
    ?_sort=name  ?_sort_desc=opened                         order; text as Swedish sorts it
    ?_facet=kind  ?_next=…  ?_size=100                      what to count, and where to go on

Without an order rows come by their key, views as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode

from datasette.filters import Filters
from datasette.utils import tilde_decode, tilde_encode

from pipeline.core.quoting import identifier
from pipeline.serve.pages.dataset import Table

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
"""What a filter can ask, and whether it takes a value; Datasette has more, which are understood and not offered."""


class BadQuery(Exception):
    """An address that asks what the table does not have: `args` are the key of a text and what it names."""


@dataclass(frozen=True)
class Filter:
    """A condition on a column."""

    column: str
    operation: str
    value: str
    argument: str


@dataclass(frozen=True)
class Selection:
    """What is asked of a table; `pairs` is the whole query string."""

    table: Table
    pairs: tuple[tuple[str, str], ...]
    filters: tuple[Filter, ...]
    search: str
    sort: tuple[str, bool] | None
    facets: tuple[str, ...]
    size: int
    after: str | None

    def where(self) -> tuple[str, dict[str, Any]]:
        """The condition, `WHERE` with it or empty, and its parameters."""
        pairs = [(each.argument, each.value) for each in self.filters]
        bits, parameters = Filters(pairs).build_where_clauses(self.table.name)
        if self.search and self.table.index:
            index = identifier(self.table.index)
            bits = [*bits, f"rowid IN (SELECT rowid FROM {index} WHERE {index} MATCH :search)"]
            parameters = {**parameters, "search": matching(self.search)}
        return (f" WHERE {' AND '.join(f'({bit})' for bit in bits)}" if bits else ""), parameters

    @property
    def is_narrowed(self) -> bool:
        """Whether not every row is asked for."""
        return bool(self.filters or self.search)

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
        wanted = {each.argument for each in self.filters} | {"_search", "_sort", "_sort_desc"}
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
    filters = [_filter(table, name, value) for name, value in pairs if name and not name.startswith("_")]
    facets = [value for name, value in pairs if name == "_facet"]
    _check(table, facets)
    if len(filters) + len(facets) > MOST_FILTERS:
        raise BadQuery("bad_too_many", MOST_FILTERS)
    search = told.get("_search", "").strip()
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
    )


def _filter(table: Table, name: str, value: str) -> Filter:
    column, mark, operation = name.rpartition("__")
    known = {each.key for each in Filters._filters}
    if not mark or name in table.by_name or operation not in known:
        column, operation = name, "exact"
    _check(table, [column])
    return Filter(column, operation, value, name)


def _check(table: Table, columns: Iterable[str]) -> None:
    for column in columns:
        if column not in table.by_name:
            raise BadQuery("bad_column", column)


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


def matching(words: str) -> str:
    """Words as FTS5 looks for rows with all of them, each the beginning of a word: `bok buss` is `"bok"* "buss"*`.

    A text in quotation marks is a phrase. No sign of FTS5's own language comes through.
    """
    parts = []
    for number, part in enumerate(words.split('"')):
        if number % 2 and part.strip():
            parts.append(f'"{part}"')
        elif not number % 2:
            parts += [f'"{word}"*' for word in part.split()]
    return " ".join(parts) or '""'


# -- order, and the next page ------------------------------------------------------------------------------------------

LETTERS = (("Å", "{"), ("å", "{"), ("Ä", "|"), ("ä", "|"), ("Æ", "|"), ("æ", "|"), ("Ö", "}"), ("ö", "}"), ("Ø", "}"),
           ("ø", "}"), ("é", "e"), ("É", "e"), ("è", "e"), ("ü", "y"), ("Ü", "y"))  # fmt: skip
"""Letters as the signs after z, so that Å, Ä and Ö come last, in that order; é among e, ü among y (SIS 09 10 00)."""


def swedish(expression: str) -> str:
    """SQL for a text's sort key: without regard to case, Å Ä Ö last."""
    for letter, sign in LETTERS:
        expression = f"replace({expression}, '{letter}', '{sign}')"
    return f"lower({expression})"


def order(selection: Selection) -> tuple[list[tuple[str, bool]], bool]:
    """What rows are ordered by, as SQL and whether downwards; and whether the first is a key made of a text."""
    table = selection.table
    keys = [(identifier(name), False) for name in table.key] or ([] if table.is_view else [("rowid", False)])
    if selection.sort is None:
        return keys, False
    name, downwards = selection.sort
    column = table.by_name[name]
    is_text = column.is_text and (table.count or 0) <= SORTED_AS_SWEDISH
    sorted_by = swedish(identifier(name)) if is_text else identifier(name)
    return [(sorted_by, downwards), *(key for key in keys if key[0] != identifier(name) or is_text)], is_text


def rows_sql(selection: Selection) -> tuple[str, dict[str, Any]]:
    """SQL for the rows of the page and one more, each with its `rowid` first where the table has no key."""
    where, parameters = selection.where()
    by, is_text = order(selection)
    table = selection.table
    offset = ""
    if selection.after is not None:
        if table.is_view or not by:
            offset = f" OFFSET {_offset(selection.after)}"
        else:
            bit, more = _after(selection, by, is_text)
            where = f"{where} AND ({bit})" if where else f" WHERE {bit}"
            parameters = {**parameters, **more}
    elif _comes_by_row(selection, by, is_text):
        # Of very many hits the first come from the index of words, which has them in the order of rows.
        where = f"{where[: where.rindex(')') - 1]} ORDER BY rowid LIMIT {selection.size + 1}))"
    ordered = ", ".join(f"{expression}{' DESC' if down else ''}" for expression, down in by)
    first = "rowid AS rowid, " if not table.key and not table.is_view else ""
    return (
        f"SELECT {first}* FROM {identifier(table.name)}{where}"
        f"{f' ORDER BY {ordered}' if ordered else ''} LIMIT {selection.size + 1}{offset}"
    ), parameters


def _comes_by_row(selection: Selection, by: list[tuple[str, bool]], is_text: bool) -> bool:
    """Whether only words narrow a large table down and its order is that of its key, in which a release writes rows."""
    table = selection.table
    keys = [(identifier(name), False) for name in table.key] or [("rowid", False)]
    is_large = (table.count or 0) > SORTED_AS_SWEDISH
    return bool(is_large and selection.search and not selection.filters and not is_text and by == keys)


def _offset(after: str) -> int:
    if not after.isascii() or not after.isdigit() or len(after) > 9:
        raise BadQuery("bad_next", after)
    return int(after)


def _after(selection: Selection, by: list[tuple[str, bool]], is_text: bool) -> tuple[str, dict[str, Any]]:
    """The rows after a row, told as Datasette tells it: the value that is sorted by, and the key."""
    told = [tilde_decode(part) for part in str(selection.after).split(",")]
    names = [*((selection.sort[0],) if selection.sort else ()), *(selection.table.key or ("rowid",))]
    if len(told) != len(names):
        raise BadQuery("bad_next", selection.after)
    values = dict(zip(names, told, strict=True))
    parameters: dict[str, Any] = {}
    bits: list[str] = []
    same: list[str] = []
    for number, (expression, downwards) in enumerate(by):
        name = selection.sort[0] if number == 0 and selection.sort else _plain(expression)
        value = values[name]
        if number == 0 and selection.sort and told[0] == "$null":
            # NULL comes first upwards, last downwards.
            if not downwards:
                bits.append(f"{expression} IS NOT NULL")
            same.append(f"{expression} IS NULL")
            continue
        mark = f":after{number}"
        parameters[f"after{number}"] = value
        wanted = swedish(mark) if number == 0 and is_text else _typed(mark, name, selection.table)
        further = f"{expression} {'<' if downwards else '>'} {wanted}"
        if downwards:
            further = f"({further} OR {expression} IS NULL)"
        bits.append(" AND ".join([*same, further]))
        same.append(f"{expression} = {wanted}")
    return " OR ".join(f"({bit})" for bit in bits) or "0", parameters


def _plain(expression: str) -> str:
    return expression if expression == "rowid" else expression[1:-1].replace('""', '"')


def _typed(mark: str, name: str, table: Table) -> str:
    """The parameter as the column's values are: a column without affinity compares texts with texts only."""
    column = table.by_name.get(name)
    numeric = name == "rowid" or (column is not None and column.kind in ("number", "integer", "boolean", "year"))
    return f"CAST({mark} AS NUMERIC)" if numeric else mark


def token(selection: Selection, row: dict[str, Any]) -> str:
    """What `_next` says to go on after the row."""
    values = []
    if selection.sort:
        value = row[selection.sort[0]]
        values.append("$null" if value is None else tilde_encode(str(value)))
    values += [tilde_encode(str(row[name])) for name in selection.table.key or ("rowid",)]
    return ",".join(values)
