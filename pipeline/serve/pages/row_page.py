"""The page of one row, which reads like a page: what it is, what happened, what belongs to it, and who says so."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from pipeline.core.quoting import identifier
from pipeline.serve.pages import evidence, maps
from pipeline.serve.pages.cells import NAME, Cells, alphabetical, cut
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import TRACES, Dataset, Table
from pipeline.serve.pages.evidence import Evidence
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.selection import chronological

MOST_RELATED = 30
"""Rows of another table that a page lists; it leads to all of them."""

DETAILS = 3
"""What a list says about a row, beside its name."""

OLD = 3
"""Years after which a badge says that nothing later was found."""


@dataclass
class Fact:
    """A column's value with what qualifies it, and the numbers of the sources that state it."""

    column: Column
    value: Markup
    is_long: bool
    is_inferred: bool
    sources: list[int]


@dataclass(frozen=True)
class Badge:
    """What a reader wants to know first, such as a status with its date; and whether that is long ago."""

    title: str
    value: Markup
    code: str
    is_old: bool


@dataclass(frozen=True)
class Event:
    """Something that happened, or is to happen: when, as it sorts, and what."""

    order: str
    date: Markup
    what: Markup


@dataclass(frozen=True)
class Group:
    """Things that belong to a row in one way, such as the services that it offers."""

    title: str
    chips: list[dict[str, Any]]


@dataclass(frozen=True)
class Related:
    """Rows of another table that lead to this one, and the address of all of them: as chips in groups, or as a list."""

    table: Table
    title: str
    count: int
    href: str
    items: list[dict[str, Any]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


def find(con: sqlite3.Connection, table: Table, key: Sequence[str]) -> Any:
    """The row with the key, or None."""
    if not table.keyed or len(key) != len(table.keyed):
        return None
    first = "" if table.key else f"{table.rowid} AS {table.rowid}, "
    condition = " AND ".join(f"{identifier(name) if table.key else name} = ?" for name in table.keyed)
    return con.execute(f"SELECT {first}* FROM {identifier(table.name)} WHERE {condition}", list(key)).fetchone()


def context(con: sqlite3.Connection, dataset: Dataset, links: Links, table: Table, row: Any) -> dict[str, Any]:
    """What the template of a row needs."""
    cells = Cells(dataset, links)
    cells.look_up(con, table.columns, [row])
    found = evidence.of(con, cells, table, row)
    name = cells.name(table, row)
    badge = _badge(cells, table, row)
    facts = _facts(cells, table, row, found, name)
    timeline = _timeline(con, cells, table, row)
    return {
        "table": table,
        "name": name,
        "key": [row[each] for each in table.keyed],
        "badge": badge,
        "texts": [fact for fact in facts if fact.is_long],
        "facts": [fact for fact in facts if not fact.is_long],
        "timeline": timeline,
        "related": related(con, cells, table, row),
        "map": maps.of_row(con, cells, table, row),
        "sources": found.sources,
        "disagreements": evidence.disagreements(con, cells, table, row),
        "changes": evidence.history(con, cells, table, [row[each] for each in table.key]) if table.key else [],
    }


# -- facts -------------------------------------------------------------------------------------------------------------


def _badge(cells: Cells, table: Table, row: Any) -> Badge | None:
    """The column that metadata.yml says is the `badge` of a table."""
    column = table.by_name.get(str(table.told.get("badge")))
    if column is None or not (value := cells.show(column, row)):
        return None
    dates = [str(row[other.name]) for other in column.followers if other.is_date and row[other.name]]
    year = re.search(r"[0-9]{4}", dates[0]) if dates else None
    is_old = bool(year and cells.dataset.created and int(cells.dataset.created[:4]) - int(year[0]) >= OLD)
    return Badge(column.title, value, str(row[column.name]), is_old)


def _facts(cells: Cells, table: Table, row: Any, found: Evidence, name: str) -> list[Fact]:
    facts = []
    for column in table.shown:
        value = cells.show(column, row, whole=True)
        is_name = column.name in table.label and table.label != table.key and cells.text(column, row) == name
        if not value or is_name or column.name == table.told.get("badge"):
            continue
        its = (column.name, *column.others, *(other.name for other in column.followers))
        numbers = sorted({number for each in its for number in found.stated.get(each, [])})
        is_long = column.is_text and len(cells.text(column, row)) > 80
        facts.append(Fact(column, value, is_long, bool(found.inferred & {*its}), numbers))
    named = table.label != table.key
    return sorted(facts, key=lambda fact: named and fact.column.is_key)  # what a machine calls it comes last


def _timeline(con: sqlite3.Connection, cells: Cells, table: Table, row: Any) -> list[Event]:
    """The row's own dates, and the dated rows of the tables that metadata.yml names as the `timeline` of a table."""
    wanted = table.told.get("timeline")
    if not isinstance(wanted, list) or len(table.key) != 1:
        return []
    own = [column for column in table.columns if column.is_date and column.follows is None and row[column.name]]
    events = [Event(_sortable(con, row[column.name]), cells.show(column, row), escape(column.title)) for column in own]
    for other, there in cells.dataset.incoming(table.name):
        date = next((column for column in other.columns if column.is_date), None)
        if other.name not in wanted or other.is_view or date is None:
            continue
        condition = f"{identifier(there)} = ? AND {identifier(date.name)} IS NOT NULL"
        rows = con.execute(
            f"SELECT * FROM {identifier(other.name)} WHERE {condition} LIMIT {MOST_RELATED}", [row[table.key[0]]]
        ).fetchall()
        cells.look_up(con, other.columns, rows)
        events += [
            Event(_sortable(con, each[date.name]), cells.show(date, each), _what(cells, other, there, each))
            for each in rows
        ]
    return sorted(events, key=lambda event: event.order)


def _sortable(con: sqlite3.Connection, date: Any) -> str:
    return str(con.execute(f"SELECT {chronological(':date')}", {"date": str(date)}).fetchone()[0])


def _what(cells: Cells, other: Table, there: str, row: Any) -> Markup:
    """What a dated row says happened: its name, or its codes and first text."""
    if other.label != other.key:
        said = cells.name(other, row)
        href = cells.links.row(other.name, [row[each] for each in other.key]) if other.key else None
        return Markup('<a href="{}">{}</a>').format(href, said) if href else escape(said)
    parts = [
        cells.show(column, row)
        for column in other.shown
        if column.name != there and not column.is_date and (column.labels or column.is_text)
    ]
    return Markup(": ").join([part for part in parts if part][:2])


# -- what belongs to it ------------------------------------------------------------------------------------------------


def related(
    con: sqlite3.Connection, cells: Cells, table: Table, row: Any, wanted: Sequence[str] | None = None
) -> list[Related]:
    """The rows of other tables that lead to a row, by table; of the `wanted` tables where they are named."""
    in_timeline = table.told.get("timeline") or []
    tables = [
        (other, column)
        for other, column in cells.dataset.incoming(table.name)
        if not other.is_view and other.name not in in_timeline and (wanted is None or other.name in wanted)
    ]
    if wanted is not None:
        tables.sort(key=lambda each: wanted.index(each[0].name))
    return [found for each in tables if (found := _related(con, cells, row, *each)) is not None]


def _related(con: sqlite3.Connection, cells: Cells, row: Any, other: Table, column: str) -> Related | None:
    there = other.by_name[column].links
    assert there is not None
    value = row[there[1]]
    name, condition = identifier(other.name), f"{identifier(column)} = ?"
    count = con.execute(f"SELECT count(*) FROM {name} WHERE {condition}", [value]).fetchone()[0]
    if not count:
        return None
    ways = [each for each, by in cells.dataset.incoming(there[0]) if each.name == other.name]
    title = other.title if len(ways) < 2 else f"{other.title} ({other.by_name[column].title})"
    found = Related(other, title, count, cells.links.table(other.name, **{other.by_name[column].argument: str(value)}))
    if other.name in TRACES:
        return found
    rows = con.execute(f"SELECT * FROM {name} WHERE {condition} LIMIT {MOST_RELATED}", [value]).fetchall()
    cells.look_up(con, other.columns, rows)
    parts = [other.by_name[each] for each in other.key if each != column]
    if parts and column in other.key and other.label == other.key:
        found.groups.extend(_groups(cells, other, column, parts[0], rows))
    else:
        found.items.extend(
            sorted((_item(cells, other, column, each) for each in rows), key=lambda item: str(item["order"]))
        )
    return found


def _groups(cells: Cells, other: Table, column: str, thing: Column, rows: Sequence[Any]) -> list[Group]:
    """What a table of pairs says belongs to the row: in groups by the first column of codes, such as a status."""
    by = next((each for each in other.shown if each.labels and each.name not in (column, thing.name)), None)
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        title = cells.full_text(by, row) if by else ""
        notes = [cells.show(each, row) for each in other.shown if each.is_text and each.name not in other.key]
        chip = {
            "name": cells.show(thing, row),
            "href": None if thing.links else cells.links.row(other.name, [row[each] for each in other.key]),
            "note": Markup(" ").join(note for note in notes if note),
            "order": alphabetical(cells.text(thing, row)),
        }
        groups.setdefault(title, []).append(chip)
    return [Group(title, sorted(chips, key=lambda chip: str(chip["order"]))) for title, chips in groups.items()]


def _item(cells: Cells, other: Table, column: str, row: Any) -> dict[str, Any]:
    """A row as an entry of a list: by its name, with its first codes and dates, and its text."""
    name = cells.name(other, row)
    text = next(
        (each for each in other.shown if each.is_text and each.name not in other.label and cells.text(each, row)), None
    )
    if other.label == other.key and text is not None:
        name = cells.text(text, row)
    elif other.label == other.key:
        leads = (each for each in other.shown if each.links and each.name != column and row[each.name])
        name = next((cells.text(each, row) for each in leads), name)
    used = {column, *other.key, *other.label, *(each.name for each in [text] if each)}
    details = [
        (each, shown)
        for each in other.shown
        if each.name not in used
        and (each.labels or each.is_date or each.is_number)
        and (shown := cells.show(each, row))
    ]
    return {
        "order": alphabetical(name),
        "name": cut(name, NAME),
        "href": cells.links.row(other.name, [row[each] for each in other.key]) if other.key else None,
        "details": details[:DETAILS],
        "targets": [
            cells.show(each, row) for each in other.shown if each.links and each.name != column and row[each.name]
        ],
        "text": cells.show(text, row) if text is not None and cells.text(text, row) != name else None,
    }
