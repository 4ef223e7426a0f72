"""The pages: each function answers one kind of address, on a thread, with a connection."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from markupsafe import Markup

from pipeline.serve.pages import cite, downloads, question_page, row_page, search, table_page
from pipeline.serve.pages.dataset import Dataset, Table
from pipeline.serve.pages.limit import limited
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.render import Place, Visit, render
from pipeline.serve.pages.selection import LONGEST, OPERATIONS, BadQuery, parse

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

    def start(self, _con: sqlite3.Connection, visit: Visit) -> Answer:
        """The start page."""
        tables = [table for table in self.dataset.tables.values() if not table.is_view]
        return self._page("start.html", visit, tables=tables, citation=cite.citation(self.dataset))

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
            hits = search.find(con, self.dataset, self.links, words)
        return self._page("search.html", visit, words=words, hits=hits, total=sum(each.count for each in hits))

    def table(self, con: sqlite3.Connection, visit: Visit, name: str) -> Answer:
        """The page of a table, a view or a question."""
        if name in self.dataset.questions:
            return self._question(con, visit, name)
        table = self.dataset.tables.get(name)
        if table is None:
            return self.error(404, visit)
        if (moved := _from_form(visit.query)) is not None:
            return Answer(302, location=f"{self.links.table(name)}{moved}")
        try:
            selection = parse(table, visit.query)
            everything = dict(selection.pairs).get("_columns") == "all"
            context = table_page.context(con, self.dataset, self.links, selection, everything, self.milliseconds)
        except BadQuery as error:
            return self.error(400, visit, self.dataset.words(error.args[0], what=error.args[1]))
        described = self.dataset.once(name, "columns", find=lambda: self._described(table))
        return self._page("table.html", visit, **context, described=described, snippets=cite.snippets(table))

    def _described(self, table: Table) -> Markup:
        return Markup(self.page("columns.html", Visit("", "", ""), table=table))

    def _question(self, con: sqlite3.Connection, visit: Visit, name: str) -> Answer:
        question = self.dataset.questions[name]
        with limited(con, self.milliseconds):
            context = question_page.context(con, self.dataset, self.links, question, visit.query)
        return self._page("question.html", visit, **context)

    def rows(self, con: sqlite3.Connection, visit: Visit, name: str, ending: str) -> Answer:
        """The rows of a table's filter, or of a question's answer, as a file."""
        question, table = self.dataset.questions.get(name), self.dataset.tables.get(name)
        try:
            with limited(con, LONGER * self.milliseconds):
                if question is not None:
                    given = question_page.values(question, visit.query)
                    body = downloads.of_question(con, question, given, ending)
                elif table is not None:
                    body = downloads.of_selection(con, self.dataset, parse(table, visit.query), ending)
                else:
                    body = None
        except BadQuery as error:
            return self.error(400, visit, self.dataset.words(error.args[0], what=error.args[1]))
        except downloads.TooMuch as error:
            words, (sentence, number, most) = self.dataset.words, error.args
            return self.error(413, visit, words(sentence, n=words.number(number), most=words.number(most)))
        if body is None:
            return self.error(404, visit)
        return Answer(200, body, name=f"{name}.{ending}", media=downloads.MEDIA[ending])

    def row(self, con: sqlite3.Connection, visit: Visit, name: str, key: list[str]) -> Answer:
        """The page of a row."""
        table = self.dataset.tables.get(name)
        if table is None or table.is_view:
            return self.error(404, visit)
        with limited(con, self.milliseconds):
            context = row_page.context(con, self.dataset, self.links, table, key)
            changes = row_page.history(con, self.dataset, table, key) if context is None else []
        if context is None:
            gone = self.dataset.words("row_is_gone", version=changes[0]["release"]) if changes else None
            return self.error(404, visit, gone)
        citation = cite.citation(self.dataset, context["name"])
        return self._page("row.html", visit, **context, citation=citation)

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
