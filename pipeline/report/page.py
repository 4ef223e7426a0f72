"""A report as one page of HTML: complete in itself, without script or request, the same bytes for the same report.

A page is in one language, so that it is read aloud, searched and printed as one. Everything that comes from data or a
descriptor is escaped by the template, and made visible first: what steers the direction of writing, or does not show,
is written as its code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from frictionless.resources import TableResource
from jinja2 import Environment, pass_context
from markupsafe import Markup, escape

from pipeline.core.errors import SHOWN
from pipeline.package.package import Package, load
from pipeline.report import report as reports
from pipeline.report import wording
from pipeline.report.cells import UNREADABLE, Cells, read, tables
from pipeline.report.excerpt import Excerpt, Place, excerpt, places, shown_columns
from pipeline.report.profile import Profile, profiles
from pipeline.report.verdict import Error, Report, Task
from pipeline.table import duckdb
from pipeline.table.relation import spilling
from pipeline.web import templates
from pipeline.web.charts import Bar
from pipeline.web.visible import visible
from pipeline.web.words import LANGUAGES, Language, Words

Source = str | Path | Package

REPEATS = 4
"""Problems with one rule in one field that are shown."""

FIELDS = 50
"""Fields of a table whose values are drawn."""

FIELDS_OF_PAGE = 500
"""Fields of all tables whose values are drawn."""

TABLES = 200
"""Tables whose problems are shown."""

RULES = 100
"""Lines of a table's summary."""


@dataclass(frozen=True)
class Fault:
    """One problem in words."""

    name: str
    fields: list[str]
    value: str | None
    rule: str
    fix: str


@dataclass(frozen=True)
class Shown:
    """A place with its problems in words, and the cells around it."""

    row: int | None
    faults: list[Fault]
    excerpt: Excerpt | None


@dataclass(frozen=True)
class Summary:
    """How often a rule is broken in a field."""

    rule: str
    field: str
    count: int


@dataclass(frozen=True)
class Table:
    """What the page says of one table; `details` where it has a section of its own."""

    number: int
    name: str
    title: str
    file: str
    rows: int
    width: int
    errors: int
    warnings: list[str]
    summary: list[Summary]
    summary_rest: int
    places: list[Shown]
    rest: int
    profiles: list[Profile]
    kinds: Mapping[str, str]
    titles: Mapping[str, str]
    undrawn: int
    details: bool


def render(
    report: Report,
    source: Source | Sequence[Source],
    language: Language = "en",
    *,
    schema: Path | None = None,
    limit: int = SHOWN,
) -> str:
    """The page of a report on `source`, which is what `validate` was given (or several, in order), as is `schema`.

    At most `limit` problems of a table are shown, and at most `REPEATS` of a rule in a field; the others are counted.
    """
    return pages(report, source, (language,), schema=schema, limit=limit)[language]


def pages(
    report: Report,
    source: Source | Sequence[Source],
    languages: Sequence[Language] = LANGUAGES,
    *,
    schema: Path | None = None,
    limit: int = SHOWN,
) -> dict[Language, str]:
    """The page in each language, as `render` makes it; the tables are read once for all of them."""
    sources = [source] if isinstance(source, str | Path | Package) else list(source)
    descriptors = [_descriptor(each) for each in sources]
    with spilling() as con:
        reader = _Reader(con, limit)
        matched = _matched(report, [pair for each in sources for pair in tables(each, schema)])
        seen = [reader.read(task, resource) for task, resource in matched]
        return {
            language: _page(report, seen, _Writer(language, _described(descriptors)), sources, descriptors, limit)
            for language in languages
        }


def _page(
    report: Report,
    seen: list[_Seen],
    writer: _Writer,
    sources: Sequence[Source],
    descriptors: Sequence[Mapping[str, Any]],
    limit: int,
) -> str:
    shown = [writer.table(number, each) for number, each in enumerate(seen, 1)]
    names = [
        f"{_translated(descriptor, 'title', writer.language) or descriptor.get('name') or _file_name(each)} "
        f"{descriptor.get('version') or ''}".rstrip()
        for descriptor, each in zip(descriptors, sources, strict=True)
    ]
    general = reports.chosen(report.errors, limit)
    page = (
        _environment()
        .get_template("report.html")
        .render(
            t=Words(writer.language),
            name=", ".join(names),
            valid=report.valid,
            errors=[writer.shown(place, None, []) for place in places(general)],
            errors_rest=len(report.errors) - len(general),
            error_count=len(report.errors) + sum(table.errors for table in shown),
            warnings=list(report.warnings),
            files=sum(each.task.type != "table" for each in seen),
            row_count=sum(table.rows for table in shown),
            tables=shown,
            limits={"tables": TABLES, "fields": FIELDS, "fields_of_page": FIELDS_OF_PAGE},
        )
    )
    return page.rstrip("\n") + "\n"


def _matched(report: Report, found: list[tuple[str, TableResource]]) -> list[tuple[Task, TableResource | None]]:
    """The tasks of a report with their tables; tables of one name, from several sources, are taken in order."""
    left = list(found)
    matched = []
    for task in report.tasks:
        at = next((at for at, (name, _) in enumerate(left) if name == task.name), None)
        matched.append((task, None if at is None else left.pop(at)[1]))
    return matched


def _descriptor(source: Source) -> Mapping[str, Any]:
    """The package's descriptor, for its titles; empty where there is none."""
    if isinstance(source, Package):
        return source.descriptor
    path = Path(source)
    if path.is_dir() or path.suffix == ".json":
        try:
            return load(path).descriptor
        except UNREADABLE:
            return {}
    return {}


def _file_name(source: Source) -> str:
    return source.name if isinstance(source, Package) else Path(source).resolve().name


def _translated(descriptor: Mapping[str, Any], member: str, language: Language) -> str:
    """A title or description in the language, as `title@sv` has it, else as the descriptor has it."""
    found = descriptor.get(f"{member}@{language}") or descriptor.get(member)
    return found if isinstance(found, str) else ""


def _described(descriptors: Iterable[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """The descriptors of the resources, by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for descriptor in descriptors:
        resources = descriptor.get("resources")
        for each in resources if isinstance(resources, list) else [descriptor]:
            if isinstance(each, dict):
                found.setdefault(str(each.get("name")), each)
    return found


@dataclass(frozen=True)
class _Seen:
    """A table of the report as it was read: `found` are the places of the problems that are shown, and their cells."""

    task: Task
    key: list[str]
    details: bool
    errors: int
    found: list[tuple[Place, Excerpt | None]]
    cells: Cells | None
    labels: list[str]
    profiles: list[Profile]


class _Reader:
    """Reads what a page says of tables; keeps count of the fields that may still be drawn."""

    def __init__(self, con: duckdb.DuckDBPyConnection, limit: int) -> None:
        self.con = con
        self.limit = limit
        self.fields_left = FIELDS_OF_PAGE
        self.tables_left = TABLES

    def read(self, task: Task, resource: TableResource | None) -> _Seen:
        """One table of the report."""
        details = bool(task.errors) and self.tables_left > 0
        self.tables_left -= details
        errors = reports.chosen(task.errors, self.limit, REPEATS) if details else []
        key = list(resource.schema.primary_key) if resource and resource.schema else []
        found = places(errors)
        drawn = min(FIELDS, self.fields_left)
        cells = self._cells(task, resource, found, key, drawn)
        labels = list(cells.labels) if cells else [str(label) for label in task.labels]
        counted = self._profiles(cells, drawn)
        self.fields_left -= len(counted)
        excerpts = [(place, excerpt(place, cells, labels, key)) for place in found]
        return _Seen(task, key, details, len(errors), excerpts, cells, labels, counted)

    def _cells(
        self,
        task: Task,
        resource: TableResource | None,
        found: list[Place],
        key: Sequence[str],
        drawn: int,
    ) -> Cells | None:
        if resource is None or (not drawn and not found):
            return None
        labels = [str(label) for label in task.labels]
        further = {column for place in found if place.row for column in shown_columns(place, labels, key)}
        return read(self.con, resource, drawn, further)

    def _profiles(self, cells: Cells | None, drawn: int) -> list[Profile]:
        try:
            return profiles(cells, drawn) if cells else []
        except (duckdb.OutOfMemoryException, duckdb.IOException):  # no room to count them in
            return []


class _Writer:
    """Puts what was read into the words of a language; `described` are the resources' descriptors by name."""

    def __init__(self, language: Language, described: Mapping[str, Mapping[str, Any]]) -> None:
        self.language = language
        self.described = described

    def table(self, number: int, seen: _Seen) -> Table:
        """One table of the report, `number` of them."""
        task, cells, counted = seen.task, seen.cells, seen.profiles
        summary = self._summary(task, seen.key) if seen.details else []
        return Table(
            number,
            task.name,
            _translated(self.described.get(task.name, {}), "title", self.language),
            task.place or "",
            task.stats.get("rows") or (counted[0].rows if counted else 0),
            len(seen.labels) or task.stats.get("fields") or 0,
            len(task.errors),
            list(task.warnings),
            summary[:RULES],
            len(summary[RULES:]),
            [self.shown(place, around, seen.key) for place, around in seen.found],
            len(task.errors) - seen.errors if seen.details else 0,
            counted,
            _kinds(cells),
            self._field_titles(cells),
            len(seen.labels) - len(counted) if cells else 0,
            seen.details or bool(counted),
        )

    def shown(self, place: Place, cells: Excerpt | None, key: Sequence[str]) -> Shown:
        """A place in words, with its cells; the cells that a row lacks are one fault."""
        lacking = [error for error in place.errors if error.type == "missing-cell"]
        faults = [
            Fault(
                wording.title(error.type, self.language),
                [name for each in lacking for name in wording.fields(each)]
                if error in lacking
                else _fields(error, key),
                wording.value(error),
                wording.rule(error, self.language),
                wording.fix(error, self.language),
            )
            for error in place.errors
            if error not in lacking[1:]
        ]
        return Shown(place.row, faults, cells)

    def _summary(self, task: Task, key: Sequence[str]) -> list[Summary]:
        """Per rule and field, in the order of gravity, then the most frequent first."""
        counts: Counter[tuple[int, str, str]] = Counter()
        for error in task.errors:
            field = "" if error.type in reports.SHAPES else ", ".join(_fields(error, key))
            more = wording.detail(error)
            name = wording.title(error.type, self.language)
            rule = f"{name} ({more})" if more else name
            counts[(wording.rank(error), rule, field)] += 1
        order = sorted(counts.items(), key=lambda item: (item[0][0], -item[1]))
        return [Summary(rule, field, count) for (_, rule, field), count in order]

    def _field_titles(self, cells: Cells | None) -> dict[str, str]:
        """The fields' titles by label, where they say more than the label."""
        if cells is None:
            return {}
        described = {
            label: _translated({"title": field.title, **field.custom}, "title", self.language)
            for label, field in zip(cells.labels, cells.fields, strict=True)
            if field
        }
        return {label: said for label, said in described.items() if said and said != label}


def _fields(error: Error, key: Sequence[str]) -> list[str]:
    return list(key) if error.type == "primary-key" else wording.fields(error)


def _kinds(cells: Cells | None) -> dict[str, str]:
    """The fields' types by label."""
    if cells is None:
        return {}
    return {label: field.type for label, field in zip(cells.labels, cells.fields, strict=True) if field}


# -- the template ------------------------------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    environment = templates.environment(
        Path(__file__).parent / "templates",
        lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.globals |= {"missing_bars": _missing_bars, "value_bars": _value_bars}
    environment.filters |= {"figure": pass_context(lambda context, n: context["t"].number(n)), "code": code}
    return environment


def _missing_bars(words: Words, fields: Sequence[Profile]) -> list[Bar]:
    """How many values each of the fields lacks."""
    return [Bar(each.label, (each.missing,), words.share(each.missing, each.rows)) for each in fields]


def _value_bars(words: Words, field: Profile) -> list[Bar]:
    """How many values of a field are equal to each other, or lie in an interval; then the others together."""
    drawn = [
        Bar(f"{each.label}–{each.until}" if each.until else each.label, (each.count,), words.number(each.count))
        for each in field.bars
    ]
    others = [Bar(words.text("report.others"), (field.others,), words.number(field.others), is_rest=True)]
    return drawn + (others if field.others else [])


def code(text: str) -> Markup:
    """A text of ours, with what stands in backticks as code."""
    parts = [
        escape(part) if at % 2 == 0 else Markup("<code>{}</code>").format(part)
        for at, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)
