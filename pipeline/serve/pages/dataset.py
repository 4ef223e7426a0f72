"""What a release holds, in one language: its tables, views and questions, read once from its folder; and how it is
asked: by connections that cannot change it, each part of a page in a time of its own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pipeline.core.quoting import identifier
from pipeline.package.about import Licence
from pipeline.package.package import Package
from pipeline.serve.pages.columns import Column
from pipeline.web.areas import Area, areas
from pipeline.web.words import Words

Found = TypeVar("Found")

PAGE = 50
"""Rows of a page where metadata.yml says nothing."""

RECORD = "record"
"""The column of an answer that holds the row which it is about, as `table/key`, parts of a key parted by commas."""

INFERRED = "inferred"
"""The column that names the fields of a row whose values were concluded; pages say so beside each value."""

TRACES = ("provenance", "discrepancies")
"""Tables about cells of other tables, whose rows are shown where those cells are."""


STEPS = 10_000
"""Steps of SQLite between two looks at the clock: each look waits for Python's lock."""


@dataclass(frozen=True)
class Parameter:
    """What a question asks for; `of` are the table and column that its choices are values of."""

    name: str
    title: str
    example: str
    of: tuple[str, str] | None = None


@dataclass(frozen=True)
class Table:
    """A table, a view, or the answer to a question, which has its `sql`. `label` are the columns that name a row;
    `location` its latitude and longitude, or a foreign key's column to a table that has them; `files` the release's
    files with all of it; `index` that of its texts; `rowid` what SQLite calls the number of a row, if no column does.
    """

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
    rowid: str | None = None
    licences: tuple[Licence, ...] = ()
    sql: str | None = None
    parameters: tuple[Parameter, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def shown(self) -> list[Column]:
        """The columns that pages of this language show, without those in the cell of another."""
        inside = {other.name for column in self.columns for other in column.followers}
        hidden = {RECORD, INFERRED} if self.sql is not None else {INFERRED}
        return [
            column
            for column in self.columns
            if column.stands_for is None and column.name not in hidden and column.name not in inside
        ]

    @property
    def asked(self) -> frozenset[str]:
        """The names of what a question asks for."""
        return frozenset(each.name for each in self.parameters)

    @property
    def rows(self) -> str:
        """What SQL selects from."""
        return identifier(self.name) if self.sql is None else f"({self.sql.strip().rstrip(';')})"

    @property
    def keyed(self) -> tuple[str, ...]:
        """The columns that tell its rows apart; the number of a row where it has no key; none of a view."""
        return self.key or ((self.rowid,) if self.rowid and not self.is_view else ())


@dataclass
class Dataset:
    """A release in one language."""

    folder: Path
    package: Package
    words: Words
    told: Mapping[str, Any]
    tables: dict[str, Table]
    questions: dict[str, Table]
    spoken: list[str]
    pages: Mapping[str, Mapping[str, Any]]
    start: Mapping[str, Any]
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

    def find(self, name: str) -> Table | None:
        """The table, view or question of a name; a question where a table has the same."""
        return self.questions.get(name) or self.tables.get(name)

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


@contextmanager
def limited(con: sqlite3.Connection, milliseconds: int) -> Iterator[None]:
    """Interrupts a query within this that takes longer."""
    end = time.monotonic() + milliseconds / 1000
    con.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        con.set_progress_handler(None, STEPS)


def is_interrupted(error: sqlite3.OperationalError) -> bool:
    """Whether it is the time that was over."""
    return str(error) == "interrupted"
