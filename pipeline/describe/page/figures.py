"""The figures behind a chart: counted in the release's Parquet files, or asked of its SQLite file."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.describe.dataset import Dataset
from pipeline.describe.page.chart_requests import Asked
from pipeline.describe.page.parquet_rows import column_of, relation
from pipeline.package.descriptor import bad
from pipeline.package.package import DESCRIPTOR, Resource
from pipeline.table import duckdb

Labels = Mapping[str, Mapping[str, str]]
"""Texts by language, for a value; values without an entry stand for themselves."""

SECONDS = 20
"""How long a query may take."""

MOST = 500
"""Rows of a query that are read, and values of a field that are counted."""

NAMING = ("name", "title", "label")
"""Fields that say what a row is called."""


@dataclass(frozen=True)
class Figures:
    """The figures of a chart: (label, series, figure), in order; a label None stands for no value.

    `is_ordered`: the order of the labels means something, and is not that of the figures.
    """

    asked: Asked
    rows: tuple[tuple[str | None, str, float], ...]
    labels: Labels
    series: Labels
    is_ordered: bool


def figures(dataset: Dataset, con: duckdb.DuckDBPyConnection, asked: Asked) -> Figures:
    """The figures of a chart. Raises InvalidData for a query that SQLite refuses or that has not the right columns."""
    if asked.query is not None:
        return _queried(dataset, asked, asked.query)
    assert asked.table is not None
    if asked.field is None:
        return Figures(asked, (), {}, {}, False)
    return _counted(dataset, con, asked, asked.table, asked.field)


# -- counted -----------------------------------------------------------------------------------------------------------


def _counted(dataset: Dataset, con: duckdb.DuckDBPyConnection, asked: Asked, table: Resource, field: str) -> Figures:
    rows = relation(dataset, table)
    if rows is None:
        return Figures(asked, (), {}, {}, False)
    label = f"CAST({column_of(table, field)} AS VARCHAR)"
    series = f"coalesce(CAST({column_of(table, asked.by)} AS VARCHAR), '')" if asked.by else "''"
    found = con.execute(
        f"SELECT {label} AS label, {series} AS series, count(*) FROM {rows} "
        f"GROUP BY ALL ORDER BY label NULLS LAST, series LIMIT {MOST}"
    ).fetchall()
    codes, by = _codes(dataset, table, field), _codes(dataset, table, asked.by) if asked.by else {}
    rank = {code: number for number, code in enumerate(codes)}
    by_rank = {code: number for number, code in enumerate(by)}
    found.sort(key=lambda row: (rank.get(row[0], len(rank)), by_rank.get(row[1], len(by_rank))))
    labels = codes or _names(dataset, con, table, field) or _tables(dataset, {row[0] for row in found})
    return Figures(asked, tuple(found), labels, by, asked.type == "columns")


def _codes(dataset: Dataset, table: Resource, field: str) -> Labels:
    """The labels of a field's code list, in its order."""
    described = table.fields[table.field_names.index(field)]
    categories = described.get("categories")
    found: dict[str, Mapping[str, str]] = {}
    for each in categories if isinstance(categories, list) else []:
        if isinstance(each, dict):
            found[str(each.get("value"))] = dataset.texts(each, "label")
        else:
            found[str(each)] = {}
    return found


def _names(dataset: Dataset, con: duckdb.DuckDBPyConnection, table: Resource, field: str) -> Labels:
    """What the rows are called that a foreign key points at."""
    for fields, target, there in table.foreign_keys:
        other = dataset.package.table(target)
        naming = next((name for name in NAMING if other and name in other.field_names), None)
        rows = relation(dataset, other) if other else None
        if fields == [field] and other and naming and rows:
            pair = f"CAST({column_of(other, there[0])} AS VARCHAR), CAST({column_of(other, naming)} AS VARCHAR)"
            return {code: {"": name} for code, name in con.execute(f"SELECT {pair} FROM {rows}").fetchall() if name}
    return {}


def _tables(dataset: Dataset, values: set[str | None]) -> Labels:
    """The titles of tables, where values are the names of tables."""
    tables = {table.name: dataset.texts(table.descriptor, "title") for table in dataset.package.tables}
    return tables if values - {None} <= tables.keys() else {}


# -- asked in SQL ------------------------------------------------------------------------------------------------------


def _queried(dataset: Dataset, asked: Asked, query: str) -> Figures:
    columns, found = _rows(dataset, asked, query)
    if not {"label", "value"} <= set(columns):
        raise _refused(asked, "lacks a column `label` or `value`", "Name its columns so, with AS.")
    labels = _by_language(found, columns, "label")
    series = _by_language(found, columns, "series")
    at = {name: columns.index(name) for name in columns}
    rows = []
    for row in found:
        value = row[at["value"]]
        if not isinstance(value, int | float) or value < 0:
            raise _refused(asked, "has a `value` that is not a number of 0 or more", "Give a figure for each label.")
        label = row[at["label"]]
        rows.append((None if label is None else str(label), str(row[at["series"]]) if "series" in at else "", value))
    return Figures(asked, tuple(rows), labels, series, True)


def _rows(dataset: Dataset, asked: Asked, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of a query, which can only read, and not for long."""
    file = next((file for file in dataset.files if file.resource is None and file.ending == "sqlite"), None)
    if file is None:
        raise _refused(asked, "needs the SQLite file, which is not there", "Release the package.")
    path = Path(dataset.package.folder).resolve() / file.path
    con = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    end = time.monotonic() + SECONDS
    try:
        con.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY)
        con.set_progress_handler(lambda: time.monotonic() > end, 10_000)
        cursor = con.execute(query)
        found = cursor.fetchmany(MOST)
        return [name for name, *_ in cursor.description or ()], found
    except (sqlite3.Error, sqlite3.Warning) as error:
        rule = "takes too long" if "interrupted" in str(error) else f"is refused by SQLite: {error}"
        raise _refused(asked, rule, "Correct it; it can read the tables and views of the release.") from None
    finally:
        con.close()


READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
"""What a query may do."""


def _by_language(rows: Iterable[tuple[Any, ...]], columns: list[str], member: str) -> Labels:
    """The texts in `label_sv` and the like, for each label."""
    if member not in columns:
        return {}
    own = columns.index(member)
    others = {name.removeprefix(f"{member}_"): at for at, name in enumerate(columns) if name.startswith(f"{member}_")}
    return {
        str(row[own]): {"": str(row[own])} | {tag: str(row[at]) for tag, at in others.items() if row[at] is not None}
        for row in rows
        if row[own] is not None
    }


def _refused(asked: Asked, rule: str, fix: str) -> Exception:
    return bad(DESCRIPTOR, f"is a chart whose query {rule}", fix, asked.name)
