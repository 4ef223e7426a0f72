"""What can be downloaded, and how it is opened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from pipeline.core.quoting import identifier, literal
from pipeline.describe import media
from pipeline.describe.dataset import CATALOG, Dataset, File
from pipeline.describe.site.words import Text, Words
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


def whole(words: Words) -> list[Download]:
    """The files that hold everything: the archive first, then those for most people."""
    order = ("zip", "xlsx", "sqlite")
    found = [file for file in words.dataset.files if file.resource is None]
    found.sort(key=lambda file: order.index(file.ending) if file.ending in order else len(order))
    return [_download(words, file) for file in found]


def others(words: Words) -> list[tuple[Text, Download]]:
    """Files that are no tables, with their titles."""
    return [
        (words.title(file.resource.descriptor, file.resource.name), _download(words, file))
        for file in words.dataset.files
        if file.resource and not file.table
    ]


def of_table(words: Words, table: Resource) -> tuple[Download, ...]:
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


def _download(words: Words, file: File) -> Download:
    form = media.form(file.ending)
    said = form.one.get(words.language, "")
    return Download(file.path, quote(file.path), form.title, file.size, file.sha256, said)


# -- how it is opened --------------------------------------------------------------------------------------------------


def snippets(words: Words, table: Resource | None) -> Sequence[Snippet]:
    """How `table`, an example, is opened; only with what the release has the files for."""
    dataset, t = words.dataset, words.t
    files = {file.ending: file for file in dataset.of_table(table)} if table else {}
    parquet, csv = files.get("parquet"), files.get("csv")
    sqlite = next((file for file in dataset.files if file.resource is None and file.ending == "sqlite"), None)
    workbook = next((file for file in dataset.files if file.resource is None and file.ending == "xlsx"), None)
    found = []
    if workbook:
        found.append(
            Snippet(
                t("Spreadsheet", "Kalkylprogram"),
                PurePosixPath(workbook.path).name,
                t(
                    "Opens in Excel and LibreOffice, one sheet a table. If you open a CSV file instead, import it as "
                    "UTF-8 with all columns as text: a code such as 0482 else loses its zero.",
                    "Öppnas i Excel och LibreOffice, ett blad per tabell. Öppnar du en CSV-fil i stället, importera "
                    "den som UTF-8 med alla kolumner som text: en kod som 0482 tappar annars sin nolla.",
                ),
            )
        )
    if parquet and csv:
        found.append(
            Snippet(
                "pandas",
                f"import pandas as pd\n\n"
                f"table = pd.read_parquet({_text(dataset, parquet)})  # {t('needs pyarrow', 'kräver pyarrow')}\n"
                f"table = pd.read_csv({_text(dataset, csv)}, dtype=str)",
                t(
                    "Python. Parquet keeps the types; from CSV all is text.",
                    "Python. Parquet behåller typerna; från CSV blir allt text.",
                ),
            )
        )
        found.append(
            Snippet(
                "R",
                f"table <- arrow::read_parquet({_text(dataset, parquet)})\n"
                f'table <- read.csv({_text(dataset, csv)}, colClasses = "character")',
                t("The second line needs no package.", "Den andra raden kräver inget paket."),
            )
        )
        found.append(
            Snippet(
                "DuckDB",
                f"SELECT * FROM {literal(_place(dataset, parquet))};",
                t("SQL on the files as they are.", "SQL på filerna som de är."),
            )
        )
    if sqlite and table:
        query = f"SELECT * FROM {identifier(table.stem)};"
        found.append(
            Snippet(
                "SQL",
                f"-- sqlite3 {PurePosixPath(sqlite.path).name}\n{query}",
                t(
                    "SQLite: all tables with keys, indexes and views, in one file.",
                    "SQLite: alla tabeller med nycklar, index och vyer, i en fil.",
                ),
            )
        )
    return found


def _place(dataset: Dataset, file: File) -> str:
    """Where a program finds a file: on the web where that is known, else in the folder of the release."""
    return dataset.root + quote(file.path) if dataset.root else file.path


def _text(dataset: Dataset, file: File) -> str:
    """A text as Python and R write it."""
    return json.dumps(_place(dataset, file), ensure_ascii=False)
