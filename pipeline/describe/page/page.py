"""The page of a release in one language: complete in itself, without script or request, the same bytes each time.

Everything that comes from data or a descriptor is escaped by the template, and made visible first: what steers the
direction of writing, or does not show, is written as its code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from pipeline.core.errors import InvalidData
from pipeline.describe import citation, coverage, schema_org
from pipeline.describe.dataset import Dataset
from pipeline.describe.document import as_json
from pipeline.describe.page import charts, connections, dictionary, downloads, findings, origins
from pipeline.describe.page.chart_requests import asked
from pipeline.describe.page.charts import Chart
from pipeline.describe.page.dictionary import Counts
from pipeline.describe.page.downloads import TableFiles
from pipeline.describe.page.figures import Figures, figures
from pipeline.describe.page.findings import Changes, Verdict
from pipeline.describe.page.language import PageWords, Text
from pipeline.describe.page.origins import Origins
from pipeline.package import about
from pipeline.package.package import Resource
from pipeline.table import duckdb
from pipeline.web import dates, templates
from pipeline.web.visible import visible
from pipeline.web.words import LANGUAGES, NAMES, Language


@dataclass(frozen=True)
class Contents:
    """What the pages of a dataset show that is the same in every language."""

    dataset: Dataset
    counts: Mapping[str, Counts]
    figures: tuple[Figures, ...]
    origins: Origins
    verdict: Verdict | None
    changes: Changes | None


def gather(dataset: Dataset) -> Contents:
    """Reads what the pages show from the files of the release.

    Raises InvalidData for a chart of the package that cannot be made.
    """
    with duckdb.connect() as con:
        return Contents(
            dataset,
            dictionary.count(dataset, con),
            tuple(figures(dataset, con, each) for each in asked(dataset)),
            origins.origins(dataset, con),
            findings.verdict(dataset.package.folder),
            findings.changes(dataset.package.folder),
        )


def file_name(dataset: Dataset, language: Language) -> str:
    """The name of the page in a language."""
    return about.page_names("index", dataset.descriptor)[language]


def _reports(contents: Contents, language: Language) -> list[str]:
    """The files that say more of the verdict, without the pages in other languages where there is one in this."""
    names = about.page_names("report", contents.dataset.descriptor)
    files = contents.verdict.files if contents.verdict else ()
    others = set(names.values()) - {names[language]} if names[language] in files else set()
    return [file for file in files if file not in others]


def render(contents: Contents, language: Language) -> str:
    """The page in a language."""
    dataset = contents.dataset
    words = PageWords(language, dataset)
    tables = dictionary.tables(words, contents.counts)
    descriptor = dataset.descriptor
    page = (
        _environment()
        .get_template("release.html")
        .render(
            t=words,
            translations=[(each, NAMES[each], file_name(dataset, each)) for each in LANGUAGES if each != language],
            dataset=dataset,
            title=words.title(descriptor, dataset.package.name),
            description=words.said(descriptor, "description"),
            homepage=about.address(descriptor.get("homepage")),
            people=about.people(descriptor),
            licences=about.licences(descriptor),
            sources=about.sources(descriptor),
            period=_period(words, *coverage.period(dataset)),
            places=[
                place.titles.get(language) or next(iter(place.titles.values()), place.path)
                for place in coverage.places(dataset)
            ],
            keywords=dataset.words("keywords").get(language) or next(iter(dataset.words("keywords").values()), []),
            tables=tables,
            origins=contents.origins,
            labels=origins.labelled(tables),
            verdict=contents.verdict,
            reports=_reports(contents, language),
            changes=contents.changes,
            changelog=(dataset.package.folder / findings.CHANGELOG).is_file(),
            connected=any(table.links for table in tables),
            connections=connections.picture(words, tables),
            unconnected=[table for table in tables if not table.links and not table.linked],
            names=dictionary.names(tables),
            dates=dictionary.dates(tables),
            citation=dataset.citation(language),
            charts=_charts(words, contents.figures),
            row_count=sum(table.rows or 0 for table in tables),
            whole=downloads.whole(words),
            table_files=[
                TableFiles(table.anchor, table.name, table.title, table.rows, downloads.of_table(words, resource))
                for table, resource in zip(tables, dataset.package.tables, strict=True)
            ],
            others=downloads.others(words),
            descriptions=downloads.descriptions(dataset),
            snippets=downloads.snippets(words, _example(contents)),
            bibtex=citation.bibtex(dataset),
            json_ld=_json_ld(dataset),
        )
    )
    return page.rstrip("\n") + "\n"


def _example(contents: Contents) -> Resource | None:
    """The table that shows how tables are opened: that of the first chart which the package asks for, or the first."""
    charted = (each.asked.table for each in contents.figures if each.asked.holder and each.asked.table)
    return next(charted, next(iter(contents.dataset.package.tables), None))


def _charts(words: PageWords, figures: Iterable[Figures]) -> list[Chart]:
    drawn = (charts.chart(words, each, number) for number, each in enumerate(figures, 1))
    return [each for each in drawn if each]


def _period(words: PageWords, start: str | None, end: str | None) -> str:
    """The time that the data are about, in words; empty where nothing says."""
    return dates.spoken(words, f"{start or '..'}/{end or '..'}") if start or end else ""


def _json_ld(dataset: Dataset) -> Markup:
    """What search engines read (schema.org), as the content of a script element; empty where it cannot be said.

    In JSON, `<` can be written as its code, so no text of it can end the element or open a comment; what does not
    show is written so, too.
    """
    try:
        text = as_json(schema_org.members(dataset, ""))
    except InvalidData:
        return Markup("")
    text = json.dumps(json.loads(text), separators=(",", ":"))
    return Markup(re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text))


# -- the template ------------------------------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    environment = templates.environment(Path(__file__).parent / "templates", _shown)
    environment.filters |= {"paragraphs": paragraphs, "share": share}
    return environment


def _shown(value: Any) -> Any:
    """What a template prints of a value: texts with nothing in them that does not show, in their own language."""
    if isinstance(value, Text):
        if value.language:
            return Markup('<span lang="{}">{}</span>').format(value.language, visible(value.value))
        return visible(value.value)
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def paragraphs(text: Text) -> Markup:
    """A text of several lines as paragraphs; blank lines stand between them."""
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.value)]
    said = (_shown(Text(part, text.language)) for part in parts if part)
    return Markup("\n").join(Markup("<p><bdi>{}</bdi></p>").format(escape(part)) for part in said)


def share(part: int, whole: int) -> int:
    """Per cent, rounded so that only nothing is 0 and only all is 100."""
    return min(99, max(1, round(100 * part / whole))) if 0 < part < whole else 100 * (part > 0)
