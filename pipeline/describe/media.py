"""What a file is, by its ending: its media type, its file type in the EU's vocabulary, and what people call it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.media import media_type

TITLES = {
    "csv": "CSV",
    "parquet": "Parquet",
    "geojson": "GeoJSON",
    "sqlite": "SQLite",
    "xlsx": "Excel",
    "zip": "ZIP",
}
"""The formats of a release; what each is stands in the catalogue of words, as `format.csv` and `format.csv_all`."""

FILE_TYPES = {"csv", "parquet", "geojson", "xlsx", "zip", "json", "tsv", "txt", "pdf", "xml"}
"""Endings that are, in capitals, codes of the EU's vocabulary of file types."""


@dataclass(frozen=True)
class Form:
    """A format: its media type, its code in the EU's file-type vocabulary where it has one, and its name.

    `one` and `many` are keys of the catalogue of words: what a file of it is, and what files of it are together.
    """

    media_type: str
    file_type: str | None
    title: str
    one: str
    many: str


def form(ending: str) -> Form:
    """What files with this ending are."""
    key = f"format.{ending}" if ending in TITLES else "format.other"
    return Form(
        media_type(f"x.{ending or 'bin'}"),
        ending.upper() if ending in FILE_TYPES else None,
        TITLES.get(ending, ending.upper() or "file"),
        key,
        f"{key}_all",
    )
