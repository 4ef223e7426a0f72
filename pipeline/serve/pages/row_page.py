"""The page of one row, which reads like a page: what it is, what belongs to it, where it lies, and who says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from pipeline.core.quoting import identifier
from pipeline.package.about import address
from pipeline.package.history import names, of_row
from pipeline.serve.pages import maps
from pipeline.serve.pages.cells import NAME, Cells, cut
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import TRACES, Dataset, Table
from pipeline.serve.pages.links import Links

MOST_RELATED = 30
"""Rows of another table that a page lists; it leads to all of them."""

DETAILS = 3
"""What a list says about a row, beside its name."""

INFERRED = "inferred"
"""The column that names the fields of a row whose values were concluded; the page says so beside each value."""

SOURCES = """
SELECT p.field, p.position, p.inferred, d.*
FROM provenance AS p
JOIN documents AS d ON d.id = p.document
WHERE p."table" = :table AND p.key = :key
ORDER BY p.position, p.rowid
"""

DISAGREEMENTS = """
SELECT s.field, s.value_taken, s.value_not_taken, d.*
FROM discrepancies AS s
JOIN documents AS d ON d.id = s.document_not_taken
WHERE s."table" = :table AND s.key = :key
ORDER BY s.rowid
"""


@dataclass
class Fact:
    """A column's value, what qualifies it, and the numbers of the sources that state it."""

    column: Column
    value: Markup
    is_long: bool
    is_inferred: bool
    sources: list[int]
    more: list[tuple[Column, Markup]] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """A document that states something in the row."""

    number: int
    name: str
    href: str
    publisher: str
    web: str | None
    date: str


@dataclass(frozen=True)
class Related:
    """Rows of another table that lead to this one, and the address of all of them."""

    table: Table
    column: Column
    count: int
    href: str
    items: list[dict[str, Any]]


def context(
    con: sqlite3.Connection, dataset: Dataset, links: Links, table: Table, key: Sequence[str]
) -> dict[str, Any] | None:
    """What the template of a row needs, or None where there is no such row."""
    keyed = table.key or ("rowid",)
    if len(key) != len(keyed):
        return None
    condition = " AND ".join(f"{identifier(name) if name != 'rowid' else 'rowid'} = ?" for name in keyed)
    row = con.execute(f"SELECT * FROM {identifier(table.name)} WHERE {condition}", list(key)).fetchone()
    if row is None:
        return None
    cells = Cells(dataset, links)
    cells.look_up(con, table.columns, [row])
    sources, stated, inferred = _sources(con, cells, table, row)
    name = cells.name(table, row)
    facts = _facts(cells, table, row, stated, inferred, name)
    texts = [fact for fact in facts if fact.is_long]
    return {
        "table": table,
        "name": name,
        "key": [row[each] for each in table.key] or list(key),
        "texts": texts,
        "facts": [fact for fact in facts if not fact.is_long],
        "related": [related for each in _groups(dataset, table) if (related := _related(con, cells, row, *each))],
        "map": maps.of_row(con, cells, table, row),
        "sources": sources,
        "disagreements": _disagreements(con, cells, table, row),
        "changes": history(con, dataset, table, [row[each] for each in table.key] if table.key else []),
    }


# -- facts -------------------------------------------------------------------------------------------------------------


def _facts(
    cells: Cells, table: Table, row: Mapping[str, Any], stated: Mapping[str, list[int]], inferred: set[str], name: str
) -> list[Fact]:
    facts: dict[str, Fact] = {}
    for column in table.shown:
        value = cells.show(column, row, whole=True)
        is_name = column.name in table.label and table.label != table.key and cells.text(column, row) == name
        if not value or is_name or (column.name == INFERRED and stated):
            continue
        if column.follows in facts:
            facts[column.follows].more.append((column, value))
            continue
        numbers = sorted({number for each in (column.name, *column.others) for number in stated.get(each, [])})
        is_long = column.is_text and len(cells.text(column, row)) > 80
        concluded = bool(inferred & {column.name, *column.others})
        facts[column.name] = Fact(column, value, is_long, concluded, numbers)
    named = table.label != table.key
    return sorted(facts.values(), key=lambda fact: named and fact.column.is_key)  # what a machine calls it comes last


# -- what belongs to it ------------------------------------------------------------------------------------------------


def _groups(dataset: Dataset, table: Table) -> list[tuple[Table, str]]:
    return [(other, column) for other, column in dataset.incoming(table.name) if not other.is_view]


def _related(
    con: sqlite3.Connection, cells: Cells, row: Mapping[str, Any], other: Table, column: str
) -> Related | None:
    there = other.by_name[column].links
    assert there is not None
    value = row[there[1]]
    name, condition = identifier(other.name), f"{identifier(column)} = ?"
    count = con.execute(f"SELECT count(*) FROM {name} WHERE {condition}", [value]).fetchone()[0]
    if not count:
        return None
    items: list[dict[str, Any]] = []
    if other.name not in TRACES:
        rows = con.execute(f"SELECT * FROM {name} WHERE {condition} LIMIT {MOST_RELATED}", [value]).fetchall()
        cells.look_up(con, other.columns, rows)
        items = sorted((_item(cells, other, column, each) for each in rows), key=lambda item: item["order"])
    return Related(other, other.by_name[column], count, cells.links.table(other.name, **{column: str(value)}), items)


def _item(cells: Cells, other: Table, column: str, row: Any) -> dict[str, Any]:
    """A row as an entry of a list: by its name, or by the parts of its key that are not the page's own."""
    parts = [other.by_name[name] for name in other.key if name != column]
    first = parts[0] if parts and other.label == other.key and column in other.key else None
    name = cells.text(first, row) if first else cells.name(other, row)
    text = next(
        (each for each in other.shown if each.is_text and each.name not in other.label and cells.text(each, row)), None
    )
    if first is None and other.label == other.key and text is not None:
        name = cells.text(text, row)
    used = {column, INFERRED, *other.key, *other.label, *(each.name for each in [text] if each)}
    details = [
        (each, cells.show(each, row))
        for each in other.shown
        if each.name not in used and each.follows is None and not each.is_text and cells.show(each, row)
    ]
    href = cells.links.row(other.name, [row[each] for each in other.key]) if other.key else None
    return {
        "order": name.casefold().translate(str.maketrans("åäö", "{|}")),
        "name": cut(name, NAME),
        "href": href,
        "target": cells.show(first, row) if first is not None and first.links else None,
        "more": [(each, cells.show(each, row)) for each in parts[1:]] if first else [],
        "details": [(each, shown) for each, shown in details if each.labels or each.is_date][:DETAILS],
        "text": cells.show(text, row) if text is not None and cells.text(text, row) != name else None,
    }


# -- who says so -------------------------------------------------------------------------------------------------------


def _sources(
    con: sqlite3.Connection, cells: Cells, table: Table, row: Mapping[str, Any]
) -> tuple[list[Source], dict[str, list[int]], set[str]]:
    """The documents that state the row's values; their numbers by field; and the fields that were concluded."""
    if not {"provenance", "documents"} <= set(cells.dataset.tables):
        return [], {}, set()
    found = con.execute(SOURCES, _of(table, row)).fetchall()
    sources: dict[str, Source] = {}
    stated: dict[str, list[int]] = {}
    for each in found:
        source = sources.setdefault(each["id"], _source(cells, len(sources) + 1, each))
        stated.setdefault(each["field"], []).append(source.number)
    return list(sources.values()), stated, {each["field"] for each in found if each["inferred"]}


def _of(table: Table, row: Mapping[str, Any]) -> dict[str, str]:
    return {"table": table.name, "key": "|".join(str(row[name]) for name in table.key)}


def _source(cells: Cells, number: int, document: Any) -> Source:
    documents = cells.dataset.tables["documents"]
    told = dict(document)
    name = told.get("title") or cells.name(documents, document)
    return Source(
        number,
        str(name),
        cells.links.row("documents", [document["id"]]),
        str(told.get("publisher") or ""),
        address(told.get("url")),
        str(told.get("published") or ""),
    )


def _disagreements(con: sqlite3.Connection, cells: Cells, table: Table, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not {"discrepancies", "documents"} <= set(cells.dataset.tables):
        return []
    told = []
    for each in con.execute(DISAGREEMENTS, _of(table, row)).fetchall():
        column = table.by_name.get(each["field"])
        said = {
            name: cells.said(column, each[name]) if column else each[name]
            for name in ("value_taken", "value_not_taken")
        }
        told.append({"field": column.title if column else each["field"], **said, "source": _source(cells, 0, each)})
    return told


def history(con: sqlite3.Connection, dataset: Dataset, table: Table, key: Sequence[Any]) -> list[dict[str, Any]]:
    """What releases changed in the row, the latest first; empty where a release has no history, or only its own."""
    called = names(dataset.package)
    if called.changes not in dataset.tables:
        return []
    cells = Cells(dataset, _NOWHERE)
    try:
        lines = of_row(con, table.name, key, called)
    except sqlite3.OperationalError as error:
        if "no such column" not in str(error):
            raise
        return []  # a release that an earlier program made tells its history otherwise
    return [
        {
            "release": line.release,
            "change": dataset.words(f"change_{line.change}")
            if dataset.words.get(f"change_{line.change}")
            else line.change,
            "field": _title(table, line.field),
            "old": _as_said(cells, con, table, line.field, line.old),
            "new": _as_said(cells, con, table, line.field, line.new),
        }
        for line in reversed(lines)
    ]


_NOWHERE = Links("", "", "", "", "")


def _title(table: Table, field: str | None) -> str:
    return table.by_name[field].title if field in table.by_name else str(field or "")


def _as_said(cells: Cells, con: sqlite3.Connection, table: Table, field: str | None, value: str | None) -> str:
    """A value that a release had, as text from its CSV, the way the page says it."""
    column = table.by_name.get(field or "")
    if column is None or value is None:
        return value or ""
    if column.kind == "boolean":
        return cells.said(column, {"true": 1, "false": 0}.get(value, value))
    row = {column.name: value, **dict.fromkeys(column.others)}
    cells.look_up(con, [column], [row])
    return cells.text(column, row)
