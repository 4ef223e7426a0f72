"""A value as people read it: a label for a code, a name with a link for a key, a number with its unit, a date in
words, yes and no; and in brackets what qualifies it ("planned (June 2023)")."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from pipeline.core.quoting import identifier
from pipeline.package.about import address
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.dataset import Dataset, Table
from pipeline.serve.pages.links import Links, tilde_encode
from pipeline.web import dates

LONG = 300
"""Characters of a text that a cell of a table shows."""

NAME = 140
"""Characters of a row's name; a longer text stands on the row's page below it."""

DECIMALS = 4
"""Of a degree: about ten metres."""

NOTHING = Markup("")

REMEMBERED = 2_000
"""Rows of a table up to which the names of all of them are read once and remembered."""

Row = Mapping[str, Any]

AT_ONCE = 400
"""Keys that one statement asks for; SQLite's own limit can be set as low as we like."""


@dataclass
class Cells:
    """Renders values; `names` are the labels of rows that keys lead to, as `look_up` found them."""

    dataset: Dataset
    links: Links
    words: tuple[str, ...] = ()
    names: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def look_up(self, con: sqlite3.Connection, columns: Iterable[Column], rows: Sequence[Row]) -> None:
        """Finds the labels of all rows that these rows lead to."""
        for column in columns:
            if column.links is None:
                continue
            name, there = column.links
            if (self.dataset.tables[name].count or REMEMBERED + 1) <= REMEMBERED:
                self.names[column.links] = self.dataset.once(
                    name, there, "labels", find=partial(labels, con, self.dataset, column.links)
                )
                continue
            wanted = {str(row[column.name]) for row in rows if row[column.name] is not None}
            known = self.names.setdefault(column.links, {})
            known |= labels(con, self.dataset, column.links, sorted(wanted - set(known)))

    def show(self, column: Column, row: Row, whole: bool = False) -> Markup:
        """The value of a column in a row as HTML, with what follows it; long texts are cut unless `whole`."""
        value, language = self._value(column, row)
        if value is None or value == "":
            return NOTHING
        shown = self._linked(column)(value) if column.links is not None else self._plain(column, value, whole)
        if language is not None:
            shown = Markup('<span lang="{}">{}</span>').format(language, shown)
        return self._qualified(column, row, shown) if column.followers else shown

    def column(self, column: Column, rows: Sequence[Row]) -> list[Markup]:
        """What `show` makes of a column in each of the rows; the same value is made once."""
        make = self._linked(column) if column.links is not None else partial(self._plain, column, whole=False)
        made: dict[tuple[type, Any], Markup] = {}
        shown = []
        for row in rows:
            value = row[column.name]
            if value is None or value == "" or column.followers:
                shown.append(self.show(column, row) if column.others or column.followers else NOTHING)
                continue
            key = (value.__class__, value)
            if (found := made.get(key)) is None:
                found = made[key] = make(value)
            shown.append(found)
        return shown

    def text(self, column: Column, row: Row) -> str:
        """The value of a column in a row as text, for names and captions."""
        value, _ = self._value(column, row)
        if value is None:
            return ""
        if column.links is not None:
            return self.names.get(column.links, {}).get(str(value), str(value))
        return self.said(column, value)

    def full_text(self, column: Column, row: Row) -> str:
        """The same with what follows the value."""
        text = self.text(column, row)
        return self._qualified(column, row, escape(text)).striptags() if text and column.followers else text

    def said(self, column: Column, value: Any) -> str:
        """A value as text: its label, yes or no, a date in words, a number with its unit, or itself."""
        words = self.dataset.words
        if str(value) in column.labels:
            return column.labels[str(value)]
        if column.kind == "boolean" and value in (0, 1, "0", "1"):
            return words.text("yes" if int(value) else "no")
        if column.is_date:
            return dates.spoken(words, str(value))
        if column.is_number and isinstance(value, int | float):
            number = words.number(value, DECIMALS if column.unit == "degree" else None)
            return f"{number}{unit(column, self.dataset)}"
        return str(value)

    def _qualified(self, column: Column, row: Row, shown: Markup) -> Markup:
        """A value with what qualifies it: "about 50 000 kr", "3–5 km", "planned (June 2023)", "closed (no date)"."""
        before, behind, brackets = [], [], []
        for other in column.followers:
            text = self.text(other, row)
            if not text and other.is_date and column.labels:
                text = self.dataset.words.text("no_date")  # A state without a day says nothing of today.
            if not text or (other.kind == "boolean" and not row[other.name]):
                continue
            if other.name.endswith("bound") and column.is_number:
                before += [escape(text)] if row[other.name] != "exact" else []
            elif other.name.endswith("unit") and column.is_number:
                behind.append(Markup("\u00a0{}").format(text))
            elif column.is_number and other.is_number:
                shown += Markup("–{}" if other.name.endswith("_to") else ", {}").format(text)
            else:
                brackets.append(escape(text if other.kind != "boolean" else other.title))
        shown = Markup(" ").join([*before, shown]) + Markup("").join(behind)
        return shown + Markup(" <span>({})</span>").format(Markup(", ").join(brackets)) if brackets else shown

    def name(self, table: Table, row: Row) -> str:
        """What a row is called: its label, or the labels of its key."""
        if table.label != table.key:
            for name in table.label:
                if row[name] not in (None, ""):
                    return cut(str(row[name]), NAME)
        parts = [self.text(table.by_name[name], row) for name in table.key]
        return " · ".join(part for part in parts if part) or next(map(str, row))

    def marked(self, text: str) -> Markup:
        """A text with the words that were searched for marked where they begin a word."""
        if not self.words:
            return escape(text)
        pattern = "|".join(re.escape(word) for word in self.words)
        parts = re.split(rf"(?<!\w)({pattern})", text, flags=re.IGNORECASE)
        return Markup("").join(
            Markup("<mark>{}</mark>").format(part) if at % 2 else part for at, part in enumerate(parts)
        )

    def _value(self, column: Column, row: Row) -> tuple[Any, str | None]:
        """The value in the page's language, or in another with that language's tag."""
        if row[column.name] not in (None, "") or not column.others:
            return row[column.name], None
        for other in column.others:
            if other in row.keys() and row[other] not in (None, ""):  # noqa: SIM118 (a sqlite3.Row has values)
                tag = other.rpartition("_")[2]
                return row[other], tag if tag in self.dataset.spoken else None
        return None, None

    def _linked(self, column: Column) -> Callable[[Any], Markup]:
        """Makes a link of a key: the name of the row that it leads to, or the rows that have it."""
        assert column.links is not None
        name, there = column.links
        names = self.names.get(column.links, {})
        start = escape(self.links.table(name))
        is_row = self.dataset.tables[name].key == (there,)

        def link(value: Any) -> Markup:
            text = str(value)
            rest = f"/{tilde_encode(text)}" if is_row else escape(f"?{urlencode({there: text})}")
            return Markup(f'<a href="{start}{rest}">{self.marked(names.get(text, text))}</a>')

        return link

    def _plain(self, column: Column, value: Any, whole: bool) -> Markup:
        if isinstance(value, bytes):
            return escape(self.dataset.words.size(len(value)))
        if column.is_date:
            return dates.element(self.dataset.words, str(value))
        if isinstance(value, str) and "://" in value and (web := address(value)) is not None:
            return Markup(f'<a href="{escape(web)}" rel="noreferrer">{escape(short(web))}</a>')
        said = self.said(column, value)
        if not whole:
            said = cut(said, LONG)
        return self.marked(said)


def labels(
    con: sqlite3.Connection, dataset: Dataset, links: tuple[str, str], keys: Sequence[str] | None = None
) -> dict[str, str]:
    """The names of rows of a table by a column's values; of all rows where no values are named."""
    name, there = links
    table = dataset.tables[name]
    shown = [column for column in table.label if column != there] if table.label != table.key else []
    if not shown:
        return {}
    filled = ", ".join(f"nullif({identifier(column)}, '')" for column in shown)
    named = f"coalesce({filled}, {identifier(there)})"
    asked = f"SELECT {identifier(there)}, {named} FROM {identifier(name)}"
    if keys is None:
        return {str(key): str(label) for key, label in con.execute(asked) if label is not None}
    found: dict[str, str] = {}
    for at in range(0, len(keys), AT_ONCE):
        part = keys[at : at + AT_ONCE]
        marks = ", ".join("?" for _ in part)
        rows = con.execute(f"{asked} WHERE {identifier(there)} IN ({marks})", part)
        found |= {str(key): str(label) for key, label in rows if label is not None}
    return found


def alphabetical(name: str) -> str:
    """What names are sorted by: without regard to case, Å Ä Ö last."""
    return name.casefold().translate(str.maketrans("åäö", "{|}"))


def cut(text: str, most: int) -> str:
    """The text, or as many of its words as fit."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(" ,;:–") + " …"


def unit(column: Column, dataset: Dataset) -> str:
    """A unit as it follows a number, with the space before it; empty without one."""
    if column.unit is None:
        return ""
    if column.unit == "degree":
        return "°"
    return "\u00a0" + (dataset.words.get(f"unit_{column.unit}") or column.unit)


def short(web: str) -> str:
    """An address without what everybody knows, cut in the middle where it is long."""
    told = re.sub(r"^https?://(www\.)?", "", web).rstrip("/")
    return told if len(told) <= 48 else f"{told[:30]}…{told[-16:]}"
