"""The data dictionary: every table and field in words, and how much of it is filled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.core.edtf import is_edtf
from pipeline.core.names import stems
from pipeline.describe.dataset import Dataset
from pipeline.describe.page.language import PageWords, Text
from pipeline.describe.page.parquet_rows import column, relation
from pipeline.package.package import Resource
from pipeline.table import duckdb

LIMITS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minLength", "maxLength", "pattern")
"""Constraints with a value of their own."""

TOGETHER = 50
"""Fields whose values are counted in one query, which bounds what DuckDB must remember."""


@dataclass(frozen=True)
class Count:
    """Of a field: rows with a value, and different values."""

    filled: int
    distinct: int


@dataclass(frozen=True)
class Counts:
    """Of a table: its rows, and the counts of its fields in order."""

    rows: int
    fields: tuple[Count, ...]


@dataclass(frozen=True)
class Link:
    """A table that a key points at: where it stands on the page, its name and its title."""

    anchor: str
    name: str
    title: Text


@dataclass(frozen=True)
class Code:
    """A value of a code list and what it means."""

    value: str
    label: Text | None


@dataclass(frozen=True)
class Field:
    """A field in words."""

    anchor: str
    name: str
    title: Text | None
    kind: str
    unit: str | None
    description: Text | None
    example: str | None
    is_key: bool
    links: tuple[Link, ...]
    rules: tuple[str, ...]
    codes: tuple[Code, ...]
    count: Count | None
    is_date: bool


@dataclass(frozen=True)
class Table:
    """A table in words. `links` are the tables that its keys point at; `linked` those whose keys point at it."""

    anchor: str
    name: str
    title: Text
    description: Text | None
    rows: int | None
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    links: tuple[Link, ...]
    linked: tuple[Link, ...]


def count(dataset: Dataset, con: duckdb.DuckDBPyConnection) -> dict[str, Counts]:
    """The counts of every table whose rows are at hand, by name."""
    relations = ((table, relation(dataset, table)) for table in dataset.package.tables)
    return {table.name: _counts(con, rows, len(table.fields)) for table, rows in relations if rows}


def _counts(con: duckdb.DuckDBPyConnection, relation: str, width: int) -> Counts:
    rows, fields = 0, []
    for start in range(0, width, TOGETHER):
        names = [column(number) for number in range(start, min(start + TOGETHER, width))]
        asked = [f"count({name}), count(DISTINCT {name})" for name in names]
        rows, *figures = con.execute(f"SELECT {', '.join(['count(*)', *asked])} FROM {relation}").fetchall()[0]
        fields += [Count(*pair) for pair in zip(figures[::2], figures[1::2], strict=True)]
    return Counts(rows, tuple(fields))


def tables(words: PageWords, counts: Mapping[str, Counts]) -> list[Table]:
    """Every table of the package, in its order."""
    package = words.dataset.package
    links = {
        table.name: Link(anchor(table), table.name, words.title(table.descriptor, table.name))
        for table in package.tables
    }
    linked: dict[str, list[Link]] = defaultdict(list)
    for table in package.tables:
        for name in _targets(table):
            if name in links and name != table.name:
                linked[name].append(links[table.name])
    return [
        _table(words, table, counts.get(table.name), links, tuple(dict.fromkeys(linked[table.name])))
        for table in package.tables
    ]


def names(tables: Iterable[Table]) -> dict[str | tuple[str, str], Text]:
    """The title of each table by its name, and of each field by table and name."""
    found: dict[str | tuple[str, str], Text] = {table.name: table.title for table in tables}
    return found | {(table.name, field.name): field.title for table in tables for field in table.fields if field.title}


def dates(tables: Iterable[Table]) -> set[tuple[str, str]]:
    """The fields whose texts are EDTF, by table and name."""
    return {(table.name, field.name) for table in tables for field in table.fields if field.is_date}


def anchor(table: Resource) -> str:
    """Where a table stands on the page."""
    return f"table-{table.stem}"


def _targets(table: Resource) -> list[str]:
    return list(dict.fromkeys(target for _, target, _ in table.foreign_keys))


def _table(
    words: PageWords, table: Resource, counts: Counts | None, links: Mapping[str, Link], linked: tuple[Link, ...]
) -> Table:
    targets: dict[str, list[Link]] = defaultdict(list)
    for fields, target, _ in table.foreign_keys:
        for name in fields:
            if target in links and links[target] not in targets[name]:
                targets[name].append(links[target])
    anchors = [f"{anchor(table)}.{stem}" for stem in stems(table.field_names)]
    figures: Iterable[Count | None] = counts.fields if counts else [None] * len(anchors)
    return Table(
        anchor(table),
        table.name,
        words.title(table.descriptor, table.name),
        words.said(table.descriptor, "description"),
        counts.rows if counts else None,
        tuple(table.key),
        tuple(
            _field(words, field, place, field["name"] in table.key, tuple(targets[field["name"]]), figure)
            for field, place, figure in zip(table.fields, anchors, figures, strict=True)
        ),
        tuple(links[target] for target in _targets(table) if target in links),
        linked,
    )


def _field(
    words: PageWords, field: Mapping[str, Any], place: str, is_key: bool, links: tuple[Link, ...], figure: Count | None
) -> Field:
    title, unit, example = words.said(field, "title"), field.get("unit"), field.get("example")
    codes = tuple(_codes(words, field))
    return Field(
        place,
        field["name"],
        title if title and str(title) != field["name"] else None,
        str(field.get("type") or "any"),
        unit if isinstance(unit, str) else None,
        words.said(field, "description"),
        None if example is None else str(example),
        is_key,
        links,
        tuple(_rules(words, field, bool(codes))),
        codes,
        figure,
        is_edtf(field),
    )


def _codes(words: PageWords, field: Mapping[str, Any]) -> Iterable[Code]:
    """The code list: `categories`, or else what `constraints.enum` allows (Table Schema)."""
    categories = field.get("categories")
    if not isinstance(categories, list) or not categories:
        categories = _constraints(field).get("enum")
    for each in categories if isinstance(categories, list) else []:
        if isinstance(each, dict):
            yield Code(str(each.get("value")), words.said(each, "label"))
        else:
            yield Code(str(each), None)


def _rules(words: PageWords, field: Mapping[str, Any], has_codes: bool) -> Iterable[str]:
    """What the schema demands of a value, in words."""
    constraints = _constraints(field)
    yield from (words.text(f"rule.{name}") for name in ("required", "unique") if constraints.get(name) is True)
    for name in LIMITS:
        if constraints.get(name) is not None:
            yield words.text(f"rule.{name}", value=constraints[name])
    if has_codes and field.get("categoriesOrdered") is True:
        yield words.text("rule.categoriesOrdered")


def _constraints(field: Mapping[str, Any]) -> Mapping[str, Any]:
    found = field.get("constraints")
    return found if isinstance(found, dict) else {}
