"""How to cite the data, and how to ask it from a program."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from markupsafe import Markup

from pipeline.package import about as told
from pipeline.package.history import names
from pipeline.serve.pages.dataset import Dataset, Table
from pipeline.web import citation as sentences


def citation(dataset: Dataset, part: str | None = None) -> dict[str, str]:
    """A reference to the release, or to a part of it: its text; the address of the page stands for itself."""
    descriptor = dataset.package.descriptor
    return {
        "text": sentences.citation(dataset.words, descriptor, dataset.title, part),
        "address": sentences.address(descriptor) or "",
    }


def linked_data(dataset: Dataset) -> Markup:
    """The release's description in schema.org's words, for search engines, as it can stand in a page."""
    file = next(iter(sorted((dataset.folder / "catalog").glob("schema-org*.json*"))), None)
    return Markup(file.read_text(encoding="utf-8").replace("<", "\\u003c").strip()) if file else Markup("{}")


def page_data(dataset: Dataset, name: str, address: str) -> Markup:
    """What a page is in schema.org's words: a part of the dataset, in its language."""
    whole = {"@type": "Dataset", "name": dataset.title, "description": dataset.description or dataset.title}
    if dataset.version:
        whole["version"] = dataset.version
    if dataset.told.get("license_url"):
        whole["license"] = str(dataset.told["license_url"])
    page = {"@context": "https://schema.org", "@type": "WebPage", "name": name, "inLanguage": dataset.words.language}
    if address:
        page["url"] = address
    return Markup(json.dumps(page | {"about": whole}, ensure_ascii=False).replace("<", "\\u003c"))


def contact(dataset: Dataset) -> str | None:
    """Where to write about an error: the address or e-mail of who is the `contact`, if the package says one."""
    person = told.in_role(dataset.package.descriptor, "contact")
    if person is None:
        return None
    return f"mailto:{person.email}" if person.email else told.address(person.path)


def snippets(table: Table) -> list[tuple[str, str]]:
    """Code that reads rows into pandas, R and DuckDB, by program; `{address}` in it stands for that of the rows."""
    texts = [column.name for column in table.columns if column.is_key or column.links or column.labels]
    kinds = f", dtype={{{', '.join(f'{name!r}: str' for name in texts)}}}" if texts else ""
    return [
        ("Python, pandas", f'import pandas as pd\n\nrows = pd.read_csv("{{address}}"{kinds})'),
        ("R", 'library(readr)\n\nrows <- read_csv("{address}", col_types = cols(.default = "c"))'),
        ("DuckDB", "INSTALL httpfs;\nLOAD httpfs;\n\nSELECT *\nFROM read_csv('{address}', all_varchar = true);"),
    ]


def about(dataset: Dataset) -> dict[str, Any]:
    """What the page on the data needs."""
    descriptor = dataset.package.descriptor
    return {
        "citation": citation(dataset),
        "licences": told.licences(descriptor),
        "sources": told.sources(descriptor),
        "files": _files(dataset),
        "pages": pages(dataset),
        "catalogues": sorted(path.name for path in (dataset.folder / "catalog").glob("*")),
        "located": next((table for table in dataset.tables.values() if table.location), None),
        "first": next((table for table in dataset.tables.values() if not table.is_view), None),
    }


def pages(dataset: Dataset) -> list[tuple[str, str]]:
    """The release's own pages in the language, or in the one that they have: path and key of the title."""
    wanted = [("index", "release_page"), ("report", "report_page")]
    named = [
        (
            next(
                (
                    each
                    for each in (f"{stem}.{dataset.words.language}.html", f"{stem}.html")
                    if (dataset.folder / each).is_file()
                ),
                "",
            ),
            title,
        )
        for stem, title in wanted
    ]
    return [each for each in named if each[0]]


def _files(dataset: Dataset) -> list[tuple[str, str, int]]:
    """The files with everything in them: path, what it is, and its bytes."""
    stem, version = dataset.name, dataset.version
    wanted = [
        (f"{stem}-{version}.zip", "file_zip"),
        (f"{stem}.sqlite", "file_sqlite"),
        (f"{stem}.xlsx", "file_xlsx"),
        ("datapackage.json", "file_datapackage"),
        ("CHANGELOG.md", "file_changelog"),
        ("SHA256SUMS", "file_sums"),
    ]
    return [
        (path, dataset.words.text(text), (dataset.folder / path).stat().st_size)
        for path, text in wanted
        if (dataset.folder / path).is_file()
    ]


def releases(con: sqlite3.Connection, dataset: Dataset) -> list[dict[str, Any]]:
    """The releases that this one knows of, the latest first: version, date, and what changed, a text a line."""
    called = names(dataset.package)
    if called.releases not in dataset.tables:
        return []
    listed = con.execute(called.sql("SELECT * FROM {releases} ORDER BY number DESC")).fetchall()
    return [
        {"version": row["version"], "date": row["date"], "changes": row[dataset.words.language].splitlines()}
        for row in listed
    ]
