"""What can be downloaded, and how it is opened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from pipeline.core.quoting import identifier, literal
from pipeline.describe.dataset import CATALOG, Dataset, File
from pipeline.describe.page.language import PageWords, Text
from pipeline.package.package import DESCRIPTOR, Resource

FORMATS = {
    "dcat.rdf": "DCAT-AP-SE 3, RDF/XML",
    "dcat.ttl": "DCAT-AP-SE 3, Turtle",
    "csvw-metadata.json": "CSV on the Web (CSVW)",
    "croissant.json": "Croissant 1.1",
    "schema-org.jsonld": "schema.org",
    "datacite.json": "DataCite",
    "datacite.xml": "DataCite",
    "CITATION.cff": "CITATION.cff",
    "sitemap.xml": "sitemap.xml",
}
"""What the files of the catalogue are written in."""

BESIDE = ("CITATION.cff", "sitemap.xml")
"""Files that describe the release and may stand beside its tables."""


@dataclass(frozen=True)
class Download:
    """A file to download. Size and checksum are None where they are not known when the page is written."""

    path: str
    href: str
    form: str
    size: int | None
    sha256: str | None
    words: str = ""


@dataclass(frozen=True)
class TableFiles:
    """The files of one table."""

    anchor: str
    name: str
    title: Text
    rows: int | None
    files: tuple[Download, ...]


@dataclass(frozen=True)
class Snippet:
    """How the data are opened with a tool: what to write, and what to know."""

    name: str
    code: str
    note: str


def whole(words: PageWords) -> list[Download]:
    """The files that hold everything: the archive first, then those for most people."""
    order = ("zip", "xlsx", "sqlite")
    found = [file for file in words.dataset.files if file.resource is None]
    found.sort(key=lambda file: order.index(file.ending) if file.ending in order else len(order))
    return [_download(words, file) for file in found]


def others(words: PageWords) -> list[tuple[Text, Download]]:
    """Files that are no tables, with their titles."""
    return [
        (words.title(file.resource.descriptor, file.resource.name), _download(words, file))
        for file in words.dataset.files
        if file.resource and not file.table
    ]


def of_table(words: PageWords, table: Resource) -> tuple[Download, ...]:
    """The files of a table: CSV first."""
    return tuple(_download(words, file) for file in words.dataset.of_table(table))


def descriptions(dataset: Dataset) -> list[tuple[str, str]]:
    """What describes the release, as address and words: the descriptor, then the formats of catalogues."""
    folder = dataset.package.folder
    catalog = folder / CATALOG
    files = sorted(path.name for path in catalog.iterdir()) if catalog.is_dir() else []
    found = [(DESCRIPTOR, "Data Package (datapackage.json)")]
    found += [(f"{CATALOG}/{name}", FORMATS[name]) for name in FORMATS if name in files]
    found += [(name, FORMATS.get(name, name)) for name in BESIDE if (folder / name).is_file()]
    return [(quote(path), said) for path, said in found]


def _download(words: PageWords, file: File) -> Download:
    form = file.form
    said = words.text(form.one)
    return Download(file.path, quote(file.path), form.title, file.size, file.sha256, said)


# -- how it is opened --------------------------------------------------------------------------------------------------


def snippets(words: PageWords, table: Resource | None) -> Sequence[Snippet]:
    """How `table`, an example, is opened; only with what the release has the files for."""
    dataset = words.dataset
    files = {file.ending: file for file in dataset.of_table(table)} if table else {}
    parquet, csv = files.get("parquet"), files.get("csv")
    sqlite = next((file for file in dataset.files if file.resource is None and file.ending == "sqlite"), None)
    workbook = next((file for file in dataset.files if file.resource is None and file.ending == "xlsx"), None)
    found = []
    if workbook:
        found.append(
            Snippet(
                words.text("release.spreadsheet"),
                PurePosixPath(workbook.path).name,
                words.text("release.spreadsheet_note"),
            )
        )
    if parquet and csv:
        found.append(
            Snippet(
                "pandas",
                f"import pandas as pd\n\n"
                f"table = pd.read_parquet({_text(dataset, parquet)})  # {words.text('release.needs_pyarrow')}\n"
                f"table = pd.read_csv({_text(dataset, csv)}, dtype=str)",
                words.text("release.pandas_note"),
            )
        )
        found.append(
            Snippet(
                "R",
                f"table <- arrow::read_parquet({_text(dataset, parquet)})\n"
                f'table <- read.csv({_text(dataset, csv)}, colClasses = "character")',
                words.text("release.r_note"),
            )
        )
        found.append(
            Snippet(
                "DuckDB",
                f"SELECT * FROM {literal(_place(dataset, parquet))};",
                words.text("release.duckdb_note"),
            )
        )
    if sqlite and table:
        query = f"SELECT * FROM {identifier(table.stem)};"
        found.append(
            Snippet(
                "SQL",
                f"-- sqlite3 {PurePosixPath(sqlite.path).name}\n{query}",
                words.text("release.sqlite_note"),
            )
        )
    return found


def _place(dataset: Dataset, file: File) -> str:
    """Where a program finds a file: on the web where that is known, else in the folder of the release."""
    return dataset.root + quote(file.path) if dataset.root else file.path


def _text(dataset: Dataset, file: File) -> str:
    """A text as Python and R write it."""
    return json.dumps(_place(dataset, file), ensure_ascii=False)
