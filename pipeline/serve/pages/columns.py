"""A table's columns as people read them: titles, help, units, labels of codes, links, and texts in several languages.

`note_sv` and `note_en` are one text in two languages: the page shows that of its own, under what their titles share,
and falls back on the other. So are `title` and `title_en`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from pipeline.package.about import texts
from pipeline.package.package import Package, Resource

NUMBERS = ("number", "integer")


@dataclass(frozen=True, eq=False)
class Column:
    """A column: `kind` is the type of its field; `labels` its codes; `links` the table and column that it leads to.

    `others` are the columns with the same text in other languages; `stands_for` is the column that is shown instead.
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

    @property
    def is_number(self) -> bool:
        """Whether values are counted with, and stand to the right."""
        return self.kind in NUMBERS and self.links is None

    @property
    def is_grouped(self) -> bool:
        """Whether rows are worth counting by it."""
        return bool(self.labels) or self.kind == "boolean" or self.links is not None


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
    return in_one_language(found, language, spoken)


def of_names(
    names: Sequence[str], known: Mapping[str, Column], titles: Mapping[str, str], language: str, spoken: list[str]
) -> tuple[Column, ...]:
    """The columns of a view or an answer: each is titled as told, as the field of its name, or by its name.

    `known` are fields of the package by name; only their titles, help and labels are taken, for what a query has made
    of their values is not known.
    """
    found = []
    for name in names:
        base, tag = _parted(name, spoken)
        like = known.get(name) or (known.get(base) if tag else None)
        title = titles.get(name) or (like.title if like else "") or pretty(base if tag else name)
        found.append(
            Column(
                name,
                title,
                help=like.help if like else "",
                kind=like.kind if like and like.kind in ("boolean", "year") else "any",
                unit=like.unit if like else None,
                labels=like.labels if like and like.name == name else {},
                is_text=(bool(tag) and not (like and like.is_grouped)) or name in ("name", "title"),
            )
        )
    return in_one_language(found, language, spoken)


def said(holder: Mapping[str, Any], member: str, language: str, spoken: list[str]) -> str | None:
    """The text of a member in the language, or in the first one that there is."""
    found = texts(holder, member, spoken)
    return found.get(language) or next(iter(found.values()), None)


def pretty(name: str) -> str:
    """A name as a title: `valid_from` becomes `Valid from`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def in_one_language(columns: Sequence[Column], language: str, spoken: list[str]) -> tuple[Column, ...]:
    """The columns, of which those with one text in several languages are tied together."""
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
        title = _shared([column.title for column in versions.values()]) or shown.title
        text = shown.help if "" in versions else _shared([column.help for column in versions.values()])
        tied[shown.name] = replace(shown, title=title, help=text, others=tuple(each.name for each in rest))
        tied |= {column.name: replace(column, stands_for=shown.name) for column in rest}
    return tuple(tied.get(column.name, column) for column in columns)


def _parted(name: str, spoken: Collection[str]) -> tuple[str, str]:
    """A name without its language, and the language: `note_sv` is `note` in sv."""
    base, mark, tag = name.rpartition("_")
    return (base, tag) if mark and base and tag in spoken else (name, "")


def _shared(titles: Sequence[str]) -> str:
    """What the texts begin with alike, without the sign that was to part it from the rest."""
    alike = takewhile(lambda signs: len(set(signs)) == 1, zip(*titles, strict=False))
    return "".join(signs[0] for signs in alike).rsplit(" (", 1)[0].rstrip(" (,;:–-")


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
    """Whether values begin with a year: dates, or texts whose pattern says so, as dates that are not exact have one."""
    pattern = str((each.get("constraints") or {}).get("pattern") or "")
    return each.get("type") in ("date", "datetime", "year", "yearmonth") or bool(
        re.match(r"(\(\\\.\\\./\)\?)?\[0-9\]\{4\}[(-]", pattern)
    )
