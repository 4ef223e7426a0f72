"""What a file is, by its ending: media types (IANA), file types (EU's vocabulary), and words for people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """A format: its media type, its code in the EU's file-type vocabulary where it has one, and what it is.

    `many` is what files of it, one a table, are called together.
    """

    media_type: str
    file_type: str | None
    title: str
    one: dict[str, str]
    many: dict[str, str]


FORMS = {
    "csv": Form(
        "text/csv",
        "CSV",
        "CSV",
        {"en": "A table as CSV (UTF-8).", "sv": "En tabell som CSV (UTF-8)."},
        {"en": "Every table as a CSV file (UTF-8).", "sv": "Varje tabell som en CSV-fil (UTF-8)."},
    ),
    "parquet": Form(
        "application/vnd.apache.parquet",
        "PARQUET",
        "Parquet",
        {"en": "A table as Parquet, with types.", "sv": "En tabell som Parquet, med typer."},
        {"en": "Every table as a Parquet file, with types.", "sv": "Varje tabell som en Parquet-fil, med typer."},
    ),
    "geojson": Form(
        "application/geo+json",
        "GEOJSON",
        "GeoJSON",
        {"en": "The rows of a table as features on a map.", "sv": "Raderna i en tabell som objekt på en karta."},
        {"en": "The rows of tables as features on a map.", "sv": "Raderna i tabeller som objekt på en karta."},
    ),
    "sqlite": Form(
        "application/vnd.sqlite3",
        None,
        "SQLite",
        {"en": "All tables in one database.", "sv": "Alla tabeller i en databas."},
        {"en": "All tables in databases.", "sv": "Alla tabeller i databaser."},
    ),
    "xlsx": Form(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "XLSX",
        "Excel",
        {"en": "All tables in one workbook.", "sv": "Alla tabeller i en arbetsbok."},
        {"en": "All tables in workbooks.", "sv": "Alla tabeller i arbetsböcker."},
    ),
    "zip": Form(
        "application/zip",
        "ZIP",
        "ZIP",
        {"en": "The whole release in one file.", "sv": "Hela utgåvan i en fil."},
        {"en": "Archives.", "sv": "Arkiv."},
    ),
}
"""What a release holds, by ending."""

OTHERS = {
    "json": ("application/json", "JSON"),
    "tsv": ("text/tab-separated-values", "TSV"),
    "txt": ("text/plain", "TXT"),
    "md": ("text/markdown", None),
    "pdf": ("application/pdf", "PDF"),
    "xml": ("application/xml", "XML"),
}
"""Media type and file type of what resources may be besides."""

ANY = "application/octet-stream"


def form(ending: str) -> Form:
    """What files with this ending are."""
    if ending in FORMS:
        return FORMS[ending]
    media_type, file_type = OTHERS.get(ending, (ANY, None))
    words = {"en": "A file of the package.", "sv": "En fil i paketet."}
    return Form(media_type, file_type, ending.upper() or "file", words, words)
