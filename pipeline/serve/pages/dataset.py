"""What a release holds, in one language: its tables, views and questions, read once from its folder."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pipeline.core.quoting import identifier
from pipeline.package import about
from pipeline.package.package import Package, load
from pipeline.serve.metadata import metadata
from pipeline.serve.pages.columns import Column, of_names, of_table, pretty, said
from pipeline.web.maps import Area, areas
from pipeline.web.words import Words

Found = TypeVar("Found")

PAGE = 50
"""Rows of a page where metadata.yml says nothing."""

COUNTS = "_counts"
"""The table of what was counted when the release was made, which is for programs."""

TRACES = ("provenance", "discrepancies")
"""Tables about cells of other tables, whose rows are shown where those cells are."""


@dataclass(frozen=True)
class Table:
    """A table or view. `label` are the columns that name a row; `location` its latitude and longitude, or a foreign
    key's column to a table that has them; `files` the release's files with all of it; `index` that of its texts."""

    name: str
    title: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    sort: tuple[str, bool] | None = None
    size: int = PAGE
    count: int | None = None
    is_view: bool = False
    location: tuple[str, str] | str | None = None
    files: tuple[str, ...] = ()
    index: str | None = None

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def shown(self) -> list[Column]:
        """The columns that pages of this language show."""
        return [column for column in self.columns if column.stands_for is None]


@dataclass(frozen=True)
class Parameter:
    """What a question asks for: its choices are codes and labels, empty where anything may be written."""

    name: str
    title: str
    example: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Question:
    """A question that is ready to ask."""

    name: str
    title: str
    description: str
    sql: str
    parameters: tuple[Parameter, ...]
    titles: Mapping[str, str]


@dataclass
class Dataset:
    """A release in one language."""

    folder: Path
    package: Package
    words: Words
    told: Mapping[str, Any]
    tables: dict[str, Table]
    questions: dict[str, Question]
    spoken: list[str]
    known: dict[str, Column] = field(repr=False)
    _found: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The name of the database."""
        return self.package.stem

    @property
    def title(self) -> str:
        """What the data is called."""
        return str(self.told.get("title") or self.package.name)

    @property
    def description(self) -> str:
        """What the data is."""
        return str(self.told.get("description") or "")

    @property
    def version(self) -> str:
        """The release's version, empty where it says none."""
        return str(self.package.descriptor.get("version") or "")

    @property
    def created(self) -> str:
        """The day on which the release says that it was made, or empty."""
        return str(self.package.descriptor.get("created") or "")[:10]

    def incoming(self, name: str) -> list[tuple[Table, str]]:
        """The tables and columns that lead to rows of a table."""
        return [
            (table, column.name)
            for table in self.tables.values()
            for column in table.columns
            if column.links is not None and column.links[0] == name
        ]

    def once(self, *of: str, find: Callable[[], Found]) -> Found:
        """What `find` finds in the whole of a table, looked for once: a release does not change."""
        if of not in self._found:
            self._found[of] = find()
        found: Found = self._found[of]
        return found

    def columns_of(self, names: list[str], titles: Mapping[str, str] | None = None) -> tuple[Column, ...]:
        """The columns of an answer."""
        return of_names(names, self.known, titles or {}, self.words.language, self.spoken)

    @cached_property
    def areas(self) -> dict[str, dict[str, Area]]:
        """Outlines by table and key: of each table whose key the codes of a GeoJSON file of the package are."""
        found: dict[str, dict[str, Area]] = {}
        for resource in self.package.resources:
            if resource.descriptor.get("format") == "geojson" and (drawn := self._drawn(resource.paths[0])):
                holder = self._keyed_by(set(drawn))
                if holder is not None:
                    found[holder] = drawn
        return found

    @cached_property
    def ground(self) -> list[Area]:
        """The widest outline that the package has: what maps are drawn on."""
        drawn = [
            self._drawn(resource.paths[0])
            for resource in self.package.resources
            if resource.descriptor.get("format") == "geojson"
        ]
        return list(max(drawn, key=_extent, default={}).values())

    def _drawn(self, path: str) -> dict[str, Area]:
        file = self.folder / path
        return {area.code: area for area in areas(file)} if file.is_file() else {}

    def _keyed_by(self, codes: set[str]) -> str | None:
        """The table whose keys are most like the codes, if half of its keys are among them."""
        con = connected(self.database)
        try:
            best: tuple[int, str] | None = None
            for table in self.tables.values():
                if len(table.key) != 1 or table.is_view or (table.count or 0) > 5000:
                    continue
                keys = {
                    str(key)
                    for (key,) in con.execute(f"SELECT {identifier(table.key[0])} FROM {identifier(table.name)}")
                }
                common = len(keys & codes)
                if keys and common * 2 >= len(keys) and (best is None or common > best[0]):
                    best = (common, table.name)
        finally:
            con.close()
        return best[1] if best else None

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / f"{self.package.stem}.sqlite"


def _extent(drawn: Mapping[str, Area]) -> float:
    latitudes = [place[1] for area in drawn.values() for ring in area.rings for place in ring]
    return max(latitudes) - min(latitudes) if latitudes else 0.0


def connected(database: Path) -> sqlite3.Connection:
    """A connection that reads a file which nobody changes."""
    return sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)


def read(folder: Path, language: str) -> Dataset:
    """The release in the folder, in the language."""
    package = load(folder)
    told = metadata(package, folder / "metadata.yml", language)
    here = told["databases"].get(package.stem, {})
    spoken = [*dict.fromkeys([*about.languages(package.descriptor), "en", "sv"])]
    words = Words(language)
    columns = {table.stem: of_table(table, package, language, spoken) for table in package.tables}
    known = {column.name: column for listed in reversed(columns.values()) for column in reversed(listed)}
    dataset = Dataset(folder, package, words, told, {}, {}, spoken, known)
    con = connected(dataset.database)
    try:
        for name, kind, index in _objects(con):
            dataset.tables[name] = _table(dataset, con, name, kind, index, columns.get(name), here)
    finally:
        con.close()
    asked = {name: _question(dataset, name, told) for name, told in (here.get("queries") or {}).items()}
    dataset.questions = {name: question for name, question in asked.items() if question.sql}
    return dataset


def _objects(con: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    """Tables and views in the order they were made, without what full-text search keeps; each with its index."""
    rows = con.execute(
        "SELECT name, type, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY rowid"
    ).fetchall()
    indexes = {name: sql for name, _, sql in rows if sql and "USING fts5" in sql}
    kept = [
        (name, kind)
        for name, kind, sql in rows
        if sql and name not in indexes and not any(name.startswith(f"{index}_") for index in indexes)
    ]
    return [
        (name, kind, next((index for index, sql in indexes.items() if f'content="{name}"' in sql), None))
        for name, kind in kept
        if not name.startswith("sqlite_") and name != COUNTS
    ]


def _table(
    dataset: Dataset,
    con: sqlite3.Connection,
    name: str,
    kind: str,
    index: str | None,
    columns: tuple[Column, ...] | None,
    here: Mapping[str, Any],
) -> Table:
    told: Mapping[str, Any] = (here.get("tables") or {}).get(name) or {}
    resource = next((table for table in dataset.package.tables if table.stem == name), None)
    names = [row[1] for row in con.execute(f"PRAGMA table_info({identifier(name)})")]
    key = (
        tuple(resource.key)
        if resource
        else tuple(
            row[1]
            for row in sorted(con.execute(f"PRAGMA table_info({identifier(name)})"), key=lambda row: row[5])
            if row[5]
        )
    )
    found = columns or dataset.columns_of(names, _titles(dataset, name))
    is_view = kind == "view"
    count = None if is_view else con.execute(f"SELECT count(*) FROM {identifier(name)}").fetchone()[0]
    sort = next(((told[how], how == "sort_desc") for how in ("sort", "sort_desc") if told.get(how) in names), None)
    location = resource.descriptor.get("location") if resource else _coordinates(names)
    return Table(
        name=name,
        title=str(told.get("title") or dataset.words.get(f"table_{name}") or pretty(name)),
        description=str(told.get("description") or dataset.words.get(f"table_{name}_is") or ""),
        columns=found,
        key=key,
        label=_label(found, told.get("label_column"), key),
        facets=tuple(facet for facet in told.get("facets") or [] if facet in names),
        sort=sort,
        size=told["size"] if isinstance(told.get("size"), int) and 0 < told["size"] <= 1000 else PAGE,
        count=count,
        is_view=is_view,
        location=tuple(location) if isinstance(location, list) else location,
        files=_files(dataset, resource),
        index=index,
    )


def _titles(dataset: Dataset, name: str) -> dict[str, str]:
    """Titles that a view's `fields` say."""
    views = dataset.package.descriptor.get("views") or []
    fields = next((view.get("fields") for view in views if view.get("name") == name), None) or []
    return {
        str(each.get("name")): text
        for each in fields
        if isinstance(each, Mapping) and (text := said(each, "title", dataset.words.language, dataset.spoken))
    }


def _label(columns: tuple[Column, ...], told: Any, key: tuple[str, ...]) -> tuple[str, ...]:
    by_name = {column.name: column for column in columns}
    for wanted in (told, "name", "title", "label"):
        found = next(
            (
                column
                for column in columns
                if wanted and (column.name == wanted or column.name.rpartition("_")[0] == wanted)
            ),
            None,
        )
        if found is not None:
            shown = by_name[found.stands_for or found.name]
            return (shown.name, *shown.others)
    return key


def _coordinates(names: list[str]) -> list[str] | None:
    return ["latitude", "longitude"] if {"latitude", "longitude"} <= {*names} else None


def _files(dataset: Dataset, resource: Any) -> tuple[str, ...]:
    if resource is None:
        return ()
    data = [f"data/{resource.stem}.csv", f"data/{resource.stem}.parquet", f"{resource.stem}.geojson"]
    return tuple(path for path in data if (dataset.folder / path).is_file())


def _question(dataset: Dataset, name: str, asked: Any) -> Question:
    told: Mapping[str, Any] = asked if isinstance(asked, Mapping) else {"sql": asked}
    sql = str(told.get("sql") or "")
    columns = told.get("columns") or {}
    parameters = told.get("parameters") or {}
    named = told.get("params") or dict.fromkeys(re.findall(r"(?<!:):(\w+)", sql))
    return Question(
        name=name,
        title=str(told.get("title") or name),
        description=str(told.get("description") or ""),
        sql=sql,
        parameters=tuple(_parameter(dataset, str(each), parameters.get(each)) for each in named),
        titles={
            column: str(each.get("title") if isinstance(each, Mapping) else each) for column, each in columns.items()
        },
    )


def _parameter(dataset: Dataset, name: str, about: Any) -> Parameter:
    told: Mapping[str, Any] = about if isinstance(about, Mapping) else {}
    table, _, column = str(told.get("of") or "").partition(".")
    codes = dataset.tables[table].by_name.get(column) if table in dataset.tables else None
    choices = tuple(codes.labels.items()) if codes else ()
    return Parameter(name, str(told.get("title") or pretty(name)), str(told.get("example") or ""), choices)
