"""A table's columns as people read them: titles, help, units, labels of codes, links, and texts in several languages.

`note_sv` and `note_en` are one text in two languages: the page shows that of its own, under what their titles share,
and falls back on the other. So are `title` and `title_en`.

A field that `follows` another qualifies it and is shown in its cell: the date of a status, the unit of a value. Of a
number's, `…unit` is written behind it, `…_to` is the end of a range, and the label of `…bound` comes first ("at
least") unless that is `exact`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.core.edtf import is_edtf
from pipeline.package.about import texts
from pipeline.package.package import Package, Resource

NUMBERS = ("number", "integer")


@dataclass(frozen=True, eq=False)
class Column:
    """A column: `kind` is the type of its field; `labels` its codes; `links` the table and column that it leads to.

    `others` are the columns with the same text in other languages; `stands_for` is the column that is shown instead.
    `followers` are the columns shown in its cell.
    """

    name: str
    title: str
    help: str = ""
    kind: str = "string"
    is_address: bool = False
    unit: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[str, str] | None = None
    follows: str | None = None
    is_key: bool = False
    is_text: bool = False
    is_date: bool = False
    others: tuple[str, ...] = ()
    stands_for: str | None = None
    followers: tuple[Column, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether values are counted with, and are written to the right."""
        return self.kind in NUMBERS and self.links is None and not self.labels

    @property
    def is_grouped(self) -> bool:
        """Whether rows are worth counting by it."""
        return bool(self.labels) or self.kind == "boolean" or self.links is not None

    @property
    def argument(self) -> str:
        """What a filter on the column is called in an address, where `_` in front and `__` are Datasette's."""
        return f"{self.name}__exact" if self.name.startswith("_") or "__" in self.name else self.name


def of_table(table: Resource, package: Package, language: str, spoken: list[str]) -> tuple[Column, ...]:
    """The columns of a table of the package."""
    links = {
        fields[0]: (other.stem, there[0])
        for fields, name, there in table.foreign_keys
        if len(fields) == 1 and (other := package.table(name)) is not None
    }
    found = [
        Column(
            name=each["name"],
            title=said(each, "title", language, spoken) or pretty(each["name"]),
            help=said(each, "description", language, spoken) or "",
            kind=str(each.get("type", "string")),
            is_address=each.get("format") == "uri",
            unit=each.get("unit") if isinstance(each.get("unit"), str) else None,
            labels=_labels(each, language, spoken),
            links=links.get(each["name"]),
            follows=each.get("follows") if each.get("follows") in table.field_names else None,
            is_key=each["name"] in table.key,
            is_text=_is_text(each) and each["name"] not in links and each["name"] not in table.key,
            is_date=_is_date(each),
        )
        for each in table.fields
    ]
    return together(found, language, spoken)


def of_names(
    names: Sequence[str],
    told: Mapping[str, Mapping[str, Any]],
    tables: Mapping[str, Mapping[str, Column]],
    language: str,
    spoken: list[str],
) -> tuple[Column, ...]:
    """The columns of a view or an answer. `told` says of a column its `title`, and with `of: table.field` what its
    values are; of the others only that is known which all fields of that name in `tables` have in common.
    """
    found = []
    for name in names:
        about = told.get(name, {})
        base, tag = _parted(name, spoken)
        table, _, there = str(about.get("of") or "").partition(".")
        like = tables.get(table, {}).get(there)
        if like is not None:
            made = replace(like, name=name, is_key=False, others=(), stands_for=None, followers=())
        else:
            same = [columns[each] for columns in tables.values() for each in (name, base) if each in columns]
            made = _alike(name, pretty(base), same, bool(tag))
        follows = str(about.get("follows") or made.follows or "")
        found.append(
            replace(made, title=str(about.get("title") or made.title), follows=follows if follows in names else None)
        )
    return together(found, language, spoken)


def _alike(name: str, title: str, same: Sequence[Column], is_tagged: bool) -> Column:
    """A column of which only its name is known, and what the fields of that name have in common."""
    common: dict[str, Any] = {}
    for member in ("title", "help", "unit", "is_date", "is_address"):
        values = {getattr(column, member) for column in same}
        if len(values) == 1:
            common[member] = values.pop()
    kinds = {column.kind for column in same}
    kind = kinds.pop() if len(kinds) == 1 else "any"
    is_code = any(column.is_grouped for column in same)
    return Column(
        name,
        **{"title": title} | common,
        kind=kind if kind in ("boolean", "year", "date", *NUMBERS) and not is_code else "any",
        is_text=(is_tagged and not is_code) or name in ("name", "title"),
    )


def said(holder: Mapping[str, Any], member: str, language: str, spoken: list[str]) -> str | None:
    """The text of a member in the language, or in the first one that there is."""
    found = texts(holder, member, spoken)
    return found.get(language) or next(iter(found.values()), None)


def pretty(name: str) -> str:
    """A name as a title: `valid_from` becomes `Valid from`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def together(columns: Sequence[Column], language: str, spoken: list[str]) -> tuple[Column, ...]:
    """The columns, of which those with one text in several languages, and those that follow another, are tied."""
    groups: dict[str, dict[str, Column]] = {}
    for column in columns:
        base, tag = _parted(column.name, spoken)
        groups.setdefault(base, {})[tag] = column
    tied: dict[str, Column] = {}
    for versions in groups.values():
        if len(versions) < 2:
            continue
        shown = versions.get(language) or versions.get("") or next(iter(versions.values()))
        rest = [column for column in versions.values() if column is not shown]
        title = _before_bracket([column.title for column in versions.values()]) or shown.title
        text = shown.help if "" in versions else _same_sentences([column.help for column in versions.values()])
        tied[shown.name] = replace(shown, title=title, help=text, others=tuple(each.name for each in rest))
        tied |= {column.name: replace(column, stands_for=shown.name) for column in rest}
    made = [tied.get(column.name, column) for column in columns]
    return tuple(
        replace(column, followers=tuple(other for other in made if _is_behind(other, column))) for column in made
    )


def _is_behind(other: Column, column: Column) -> bool:
    return other.stands_for is None and other.follows in (column.name, *column.others)


def _parted(name: str, spoken: Collection[str]) -> tuple[str, str]:
    """A name without its language, and the language: `note_sv` is `note` in sv."""
    base, mark, tag = name.rpartition("_")
    return (base, tag) if mark and base and tag in spoken else (name, "")


def _before_bracket(titles: Sequence[str]) -> str:
    """What titles such as `Note (Swedish)` and `Note (English)` have in common, if it is a whole title."""
    parted = {title.partition(" (")[0].rstrip(" ,;:–-") for title in titles}
    return parted.pop() if len(parted) == 1 else ""


def _same_sentences(helps: Sequence[str]) -> str:
    """The sentences that the texts begin with alike."""
    alike = []
    for sentences in zip(*(re.split(r"(?<=[.!?])\s+", text) for text in helps), strict=False):
        if len(set(sentences)) > 1:
            break
        alike.append(sentences[0])
    return " ".join(alike)


def _labels(each: Mapping[str, Any], language: str, spoken: list[str]) -> dict[str, str]:
    categories = each.get("categories")
    return {
        str(category["value"]): said(category, "label", language, spoken) or str(category["value"])
        for category in (categories if isinstance(categories, list) else [])
        if isinstance(category, Mapping) and "value" in category
    }


def _is_text(each: Mapping[str, Any]) -> bool:
    constraints = each.get("constraints") or {}
    is_plain = each.get("type", "any") in ("string", "any") and each.get("format", "default") == "default"
    return is_plain and "enum" not in constraints and "pattern" not in constraints


def _is_date(each: Mapping[str, Any]) -> bool:
    """Whether values are dates, or texts that say dates which may not be exact."""
    return each.get("type") in ("date", "datetime", "year", "yearmonth") or is_edtf(each)


def with_numbers(columns: Iterable[Column], rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """The columns, of which those are numbers whose values are, where nothing else is known of them."""
    return [
        replace(column, kind="number") if column.kind == "any" and _has_numbers(column, rows) else column
        for column in columns
    ]


def _has_numbers(column: Column, rows: Sequence[Mapping[str, Any]]) -> bool:
    values = [row[column.name] for row in rows if row[column.name] is not None]
    return bool(values) and not column.labels and all(isinstance(value, int | float) for value in values)
