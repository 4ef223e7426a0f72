"""The pages: each function answers one kind of address, on a thread, with a connection."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode

from markupsafe import Markup

from pipeline.serve.pages import (
    asking,
    charts,
    cite,
    downloads,
    evidence,
    facets,
    guide,
    profile,
    row_page,
    search,
    start_page,
    story,
    table_page,
)
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.dataset import Dataset, Table, limited
from pipeline.serve.pages.links import Links, tilde_encode
from pipeline.serve.pages.render import Place, Visit, render
from pipeline.serve.pages.selection import LONGEST, OPERATIONS, BadQuery, Selection, parse
from pipeline.serve.pages.workbook import TooMuch

LONGER = 5
"""How many times as long as a page a file may take."""


@dataclass(frozen=True)
class Answer:
    """A page or file with its status, or where it has moved to; a file has a name and a media type."""

    status: int
    body: str | bytes = ""
    location: str | None = None
    name: str | None = None
    media: str = "text/html; charset=utf-8"
    may_be_framed: bool = False


@dataclass(frozen=True)
class Site:
    """A release in one language, and where its pages stand; `milliseconds` is what a page's queries may take."""

    dataset: Dataset
    place: Place
    milliseconds: int

    @property
    def links(self) -> Links:
        """Addresses."""
        return self.place.links

    def routes(self) -> list[tuple[str, Callable[..., Answer]]]:
        """The addresses of the pages, from where the site begins, as patterns; each with what answers it."""
        database = re.escape(tilde_encode(self.dataset.name))
        part = r"[^/.]+"
        table = rf"^/{database}/(?P<table>{part})"
        return [
            (r"^/$", self.start),
            (r"^/-/search$", self.search),
            (r"^/-/about$", self.about),
            (r"^/-/changes$", self.changes),
            (r"^/-/pages/(?P<name>[^/.]+)$", self.named),
            (rf"^/{database}$", self.tables),
            (rf"{table}$", self.table),
            (rf"{table}/-/rows\.(?P<ending>csv|json|geojson|xlsx)$", self.rows),
            (rf"{table}/-/chart\.(?P<ending>svg|csv|html)$", self.chart),
            (rf"{table}/(?P<key>[^/.]+)$", self.row),
        ]

    def start(self, con: sqlite3.Connection, visit: Visit) -> Answer:
        """The start page."""
        with limited(con, self.milliseconds):
            cells = Cells(self.dataset, self.links)
            part = parse_qs(visit.query).get("area", [""])[0]
            part = part if part in {area.code for area in self.dataset.ground} else ""
            found = self.dataset.once("start", part, find=lambda: start_page.context(con, cells, part))
        return self._page(
            "start.html",
            visit,
            **found,
            citation=cite.citation(self.dataset),
            linked_data=cite.linked_data(self.dataset),
            pages=cite.pages(self.dataset),
        )

    def named(self, con: sqlite3.Connection, visit: Visit, name: str) -> Answer:
        """A page that metadata.yml has: a guide, a profile or a story."""
        told = self.dataset.pages.get(name, {})
        cells = Cells(self.dataset, self.links)
        found: dict[str, Any] | None = None
        with limited(con, self.milliseconds):
            if told.get("kind") == "guide":
                found = guide.context(con, cells, told, visit.query)
            elif told.get("kind") == "profile":
                found = profile.context(con, cells, told, visit.query)
            elif told.get("kind") == "story" and (written := story.text(told, self.dataset.folder)):
                found = {"text": story.html(con, cells, written)}
        if found is None:
            return self.error(404, visit)
        about = {"name": name, "told": told, "title": str(told.get("title") or name), **found}
        return self._page(f"{told['kind']}.html", visit, **about, citation=cite.citation(self.dataset, about["title"]))

    def changes(self, con: sqlite3.Connection, visit: Visit) -> Answer:
        """The page that compares two releases."""
        with limited(con, self.milliseconds):
            found = evidence.compared(con, Cells(self.dataset, self.links), visit.query)
        return self.error(404, visit) if found is None else self._page("changes.html", visit, **found)

    def tables(self, _con: sqlite3.Connection, visit: Visit) -> Answer:
        """The page that lists tables, views and questions."""
        return self._page("tables.html", visit)

    def about(self, con: sqlite3.Connection, visit: Visit) -> Answer:
        """The page on the data: how to cite it, files, how to ask from a program, releases."""
        return self._page("about.html", visit, **cite.about(self.dataset), history=cite.releases(con, self.dataset))

    def search(self, con: sqlite3.Connection, visit: Visit) -> Answer:
        """The page that searches everything."""
        words = " ".join(parse_qs(visit.query).get("q", [])).strip()
        if len(words) > LONGEST:
            return self.error(400, visit, self.dataset.words("bad_too_long", what=LONGEST))
        with limited(con, self.milliseconds):
            found = search.find(con, self.dataset, self.links, words)
        return self._page("search.html", visit, words=words, found=found)

    def table(self, con: sqlite3.Connection, visit: Visit, name: str) -> Answer:
        """The page of a table, a view or a question."""
        table = self.dataset.find(name)
        if table is None:
            return self.error(404, visit)
        if (moved := _from_form(visit.query)) is not None:
            return Answer(302, location=f"{self.links.table(name)}{moved}")
        try:
            selection = parse(table, visit.query)
            everything = dict(selection.pairs).get("_columns") == "all"
            context = table_page.context(con, self.dataset, self.links, selection, everything, self.milliseconds)
        except BadQuery as error:
            return self._bad(visit, error)
        described = self.dataset.once(name, "columns", find=lambda: self._described(table))
        more = {"citation": cite.citation(self.dataset, table.title), "snippets": cite.snippets(table)}
        permalink = self.place.permanent(f"{self.links.table(name)}{selection.query}")
        return self._page("table.html", visit, **context, **more, described=described, permalink=permalink)

    def _described(self, table: Table) -> Markup:
        return Markup(self.page("columns.html", Visit("", "", ""), table=table))

    def _bad(self, visit: Visit, error: BadQuery) -> Answer:
        key, what, *near = error.args
        words = self.dataset.words
        told = words(key, what=what)
        return self.error(400, visit, told + " " + words("did_you_mean", what=near[0]) if near and near[0] else told)

    def rows(self, con: sqlite3.Connection, visit: Visit, name: str, ending: str) -> Answer:
        """The rows of a table's filter, or of a question's answer, as a file."""
        table = self.dataset.find(name)
        if table is None:
            return self.error(404, visit)
        try:
            with limited(con, LONGER * self.milliseconds):
                cells = Cells(self.dataset, self.links)
                selection = self._selection(con, cells, table, visit)
                body = downloads.of_selection(con, self.dataset, cells, selection, ending)
        except BadQuery as error:
            return self._bad(visit, error)
        except TooMuch as error:
            words, (sentence, number, most) = self.dataset.words, error.args
            return self.error(413, visit, words(sentence, n=words.number(number), most=words.number(most)))
        if body is None:
            return self.error(404, visit)
        return Answer(200, body, name=f"{name}.{ending}", media=downloads.MEDIA[ending])

    def _selection(self, con: sqlite3.Connection, cells: Cells, table: Table, visit: Visit) -> Selection:
        """What the page of the table shows for the same query."""
        selection, _ = table_page.forgiving(con, self.dataset, parse(table, visit.query))
        return replace(selection, given=asking.of(con, cells, selection).given)

    def chart(self, con: sqlite3.Connection, visit: Visit, name: str, ending: str) -> Answer:
        """A chart of a table's filter, as SVG, CSV or a page that others may put into theirs."""
        table = self.dataset.find(name)
        if table is None:
            return self.error(404, visit)
        try:
            with limited(con, self.milliseconds):
                cells = Cells(self.dataset, self.links)
                selection = self._selection(con, cells, table, visit)
                column = table.by_name.get(dict(selection.pairs).get("_chart", ""))
                if column is None:
                    return self.error(404, visit)
                if column.is_date:
                    chart = charts.of_years(con, cells, selection, column.name)
                else:
                    facet = facets.of_column(con, cells, selection, column, self.milliseconds)
                    chart = charts.of_facet(cells, selection, facet)
        except BadQuery as error:
            return self._bad(visit, error)
        if chart is None:
            return self.error(404, visit)
        file = f"{name}-{column.name}.{ending}"
        if ending == "csv":
            figures = [(label, rows) for label, rows, _ in chart.figures]
            missing = [(None, chart.missing)] if chart.missing else []
            body: str | bytes = downloads.of_values("csv", [column.name, "rows"], [*figures, *missing])
            return Answer(200, body, name=file, media=downloads.MEDIA["csv"])
        citation = cite.citation(self.dataset, table.title)
        if ending == "svg":
            drawn = self.page("chart.svg", visit, chart=chart, citation=citation, drawing=charts.drawing(chart))
            return Answer(200, drawn, media="image/svg+xml; charset=utf-8")
        rows = f"{self.links.table(name)}{selection.query}"
        body = self.page("chart.html", visit, chart=chart, citation=citation, rows=rows)
        return Answer(200, body, may_be_framed=True)

    def row(self, con: sqlite3.Connection, visit: Visit, name: str, key: list[str]) -> Answer:
        """The page of a row."""
        table = self.dataset.tables.get(name)
        if table is None or table.is_view:
            return self.error(404, visit)
        with limited(con, self.milliseconds):
            row = row_page.find(con, table, key)
            if row is None:
                changes = evidence.history(con, Cells(self.dataset, self.links), table, key)
                gone = self.dataset.words("row_is_gone", version=changes[0]["release"]) if changes else None
                return self.error(404, visit, gone)
            context = row_page.context(con, self.dataset, self.links, table, row)
        citation = cite.citation(self.dataset, context["name"])
        contact = cite.contact(self.dataset)
        return self._page("row.html", visit, **context, citation=citation, contact=contact)

    def error(self, status: int, visit: Visit, message: Any = None) -> Answer:
        """A page that says what went wrong, and where to go on."""
        words = self.dataset.words
        told = message or words(f"error_{status}" if words.get(f"error_{status}") else "error_500")
        body = render("error.html", self.dataset, self.place, visit, status=status, message=told)
        return Answer(status, body)

    def _page(self, template: str, visit: Visit, **context: Any) -> Answer:
        return Answer(200, self.page(template, visit, **context))

    def page(self, template: str, visit: Visit, **context: Any) -> str:
        """The page that a template makes."""
        return render(template, self.dataset, self.place, visit, **context)


def _from_form(query: str) -> str | None:
    """Where the form that adds a filter leads: `_filter_column`, `_filter_op`, `_filter_value` become one argument."""
    told = parse_qs(query, keep_blank_values=True)
    if "_filter_column" not in told:
        return None
    column, operation, value = (told.get(f"_filter_{part}", [""])[0] for part in ("column", "op", "value"))
    kept = [(name, each) for name, values in told.items() if not name.startswith("_filter_") for each in values]
    takes_value = OPERATIONS.get(operation, True)
    if column and (value or not takes_value):
        name = column if operation in ("", "exact") else f"{column}__{operation}"
        kept.append((name, value if takes_value else "1"))
    return f"?{urlencode([pair for pair in kept if pair[0] != '_next' and pair[1]])}"
