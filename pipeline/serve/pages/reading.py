"""Reads a release from its folder, in one language: tables, views, and the questions and pages of metadata.yml."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.core.quoting import identifier
from pipeline.package import about
from pipeline.package.package import Resource, load
from pipeline.serve.metadata import metadata
from pipeline.serve.pages.columns import Column, of_names, of_table, pretty, said
from pipeline.serve.pages.dataset import PAGE, Dataset, Parameter, Table, connected
from pipeline.web.words import Words

COUNTS = "_counts"
"""The table of what was counted when the release was made, which is for programs."""

ROW_NUMBERS = ("rowid", "_rowid_", "oid")
"""What SQLite calls the number of a row, where no column is called so."""


def read(folder: Path, language: str, described: Path | None = None) -> Dataset:
    """The release in the folder, in the language; `described` is a metadata.yml in place of the release's."""
    package = load(folder)
    told = metadata(package, described or folder / "metadata.yml", language)
    here = told["databases"].get(package.stem, {})
    spoken = [*dict.fromkeys([*about.languages(package.descriptor), "en", "sv"])]
    pages, start = _mappings(here.get("pages")), _mappings({"": here.get("start")}).get("", {})
    dataset = Dataset(folder, package, Words(language), told, {}, {}, spoken, pages, start)
    columns = {table.stem: of_table(table, package, language, spoken) for table in package.tables}
    by_name = {name: {column.name: column for column in listed} for name, listed in columns.items()}
    con = connected(dataset.database)
    try:
        for name, kind, index in _objects(con, {*columns}):
            settings = _mappings(here.get("tables")).get(name, {})
            names = [row[1] for row in con.execute(f"PRAGMA table_info({identifier(name)})")]
            listed = columns.get(name) or of_names(names, _fields(dataset, name), by_name, language, spoken)
            dataset.tables[name] = _table(dataset, con, name, kind, index, listed, settings)
        for name, asked in (here.get("queries") or {}).items():
            question = _question(dataset, con, str(name), asked, by_name)
            if question is not None:
                dataset.questions[str(name)] = question
    finally:
        con.close()
    return dataset


def _mappings(told: Any) -> dict[str, Mapping[str, Any]]:
    members = told.items() if isinstance(told, Mapping) else ()
    return {str(name): each for name, each in members if isinstance(each, Mapping)}


def _objects(con: sqlite3.Connection, tables: set[str]) -> list[tuple[str, str, str | None]]:
    """Tables and views in the order they were made, each with its index; without what is not of the package but of
    full-text search, and without counts."""
    rows = con.execute(
        "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY rowid"
    ).fetchall()
    indexes = {name: sql for name, _, sql in rows if sql and "USING fts5" in sql}
    shadows = ("sqlite_", *(f"{index}_" for index in indexes))
    hidden = {name for name, _, _ in rows if name == COUNTS or name in indexes or name.startswith(shadows)} - tables
    return [
        (name, kind, next((index for index, sql in indexes.items() if f'content="{_doubled(name)}"' in sql), None))
        for name, kind, sql in rows
        if sql and name not in hidden
    ]


def _doubled(name: str) -> str:
    return name.replace('"', '""')


def _table(
    dataset: Dataset,
    con: sqlite3.Connection,
    name: str,
    kind: str,
    index: str | None,
    columns: tuple[Column, ...],
    told: Mapping[str, Any],
) -> Table:
    resource = next((table for table in dataset.package.tables if table.stem == name), None)
    names = [column.name for column in columns]
    key = tuple(resource.key) if resource else _primary_key(con, name)
    is_view = kind == "view"
    words = dataset.words
    sort = next(((told[how], how == "sort_desc") for how in ("sort", "sort_desc") if told.get(how) in names), None)
    descriptor = resource.descriptor if resource else {}
    location = descriptor.get("location") if resource else _coordinates(names)
    facets = told.get("facets")
    return Table(
        name=name,
        title=str(told.get("title") or words.get(f"table_{name}") or pretty(name)),
        description=str(told.get("description") or words.get(f"table_{name}_is") or ""),
        columns=columns,
        key=key,
        label=_label(columns, told.get("label_column"), key),
        facets=tuple(each for each in facets if each in names) if isinstance(facets, list) else (),
        sort=sort,
        size=told["size"] if isinstance(told.get("size"), int) and 0 < told["size"] <= 1000 else PAGE,
        count=None if is_view else con.execute(f"SELECT count(*) FROM {identifier(name)}").fetchone()[0],
        is_view=is_view,
        location=tuple(location) if isinstance(location, list) else location,
        files=_files(dataset, resource),
        index=index,
        rowid=next((each for each in ROW_NUMBERS if each not in {column.lower() for column in names}), None),
        licences=tuple(about.licences(descriptor) or about.licences(dataset.package.descriptor)),
        told=told,
    )


def _primary_key(con: sqlite3.Connection, name: str) -> tuple[str, ...]:
    rows = sorted(con.execute(f"PRAGMA table_info({identifier(name)})"), key=lambda row: row[5])
    return tuple(row[1] for row in rows if row[5])


def _fields(dataset: Dataset, name: str) -> dict[str, dict[str, Any]]:
    """What a view's `fields` say of its columns."""
    views = dataset.package.descriptor.get("views") or []
    fields = next((view.get("fields") for view in views if view.get("name") == name), None) or []
    return {
        str(each.get("name")): {**each, "title": said(each, "title", dataset.words.language, dataset.spoken)}
        for each in fields
        if isinstance(each, Mapping)
    }


def _label(columns: tuple[Column, ...], told: Any, key: tuple[str, ...]) -> tuple[str, ...]:
    by_name = {column.name: column for column in columns}
    for wanted in (told, "name", "title", "label"):
        for column in columns:
            if wanted and wanted in (column.name, column.name.rpartition("_")[0]):
                shown = by_name[column.stands_for or column.name]
                return (shown.name, *shown.others)
    return key


def _coordinates(names: list[str]) -> list[str] | None:
    return ["latitude", "longitude"] if {"latitude", "longitude"} <= {*names} else None


def _files(dataset: Dataset, resource: Resource | None) -> tuple[str, ...]:
    if resource is None:
        return ()
    data = [f"data/{resource.stem}.csv", f"data/{resource.stem}.parquet", f"{resource.stem}.geojson"]
    return tuple(path for path in data if (dataset.folder / path).is_file())


def _question(
    dataset: Dataset,
    con: sqlite3.Connection,
    name: str,
    asked: Any,
    tables: Mapping[str, Mapping[str, Column]],
) -> Table | None:
    """The question as the table that its answer is; None where there is nothing to ask."""
    told: Mapping[str, Any] = asked if isinstance(asked, Mapping) else {"sql": asked}
    sql = str(told.get("sql") or "")
    if not sql:
        return None
    titled = {
        column: each if isinstance(each, Mapping) else {"title": each}
        for column, each in (told.get("columns") or {}).items()
    }
    parameters = _mappings(told.get("parameters"))
    named = told.get("params") or dict.fromkeys(re.findall(r"(?<!:):([A-Za-z]\w*)", sql))
    question = Table(
        name=name,
        title=str(told.get("title") or name),
        description=str(told.get("description") or ""),
        columns=(),
        is_view=True,
        licences=tuple(about.licences(dataset.package.descriptor)),
        sql=sql,
        parameters=tuple(_parameter(dataset, str(each), parameters.get(str(each), {})) for each in named),
        told=told,
    )
    empty = {each.name: "" for each in question.parameters}
    try:
        names = [each[0] for each in con.execute(f"SELECT * FROM {question.rows} LIMIT 0", empty).description or ()]
    except sqlite3.Error:
        names = []  # whoever asks gets SQLite's message
    columns = of_names(names, titled, tables, dataset.words.language, dataset.spoken)
    facets = told.get("facets")
    return replace(
        question,
        columns=columns,
        facets=tuple(each for each in facets if each in names) if isinstance(facets, list) else (),
    )


def _parameter(dataset: Dataset, name: str, told: Mapping[str, Any]) -> Parameter:
    table, _, column = str(told.get("of") or "").partition(".")
    is_known = table in dataset.tables and column in dataset.tables[table].by_name
    return Parameter(
        name,
        str(told.get("title") or pretty(name)),
        str(told.get("example") or ""),
        (table, column) if is_known else None,
    )
