"""Media types (IANA) of files by the end of their name, in one place for releases, servers and catalogues."""

from __future__ import annotations

import mimetypes
from pathlib import PurePosixPath

TYPES = {
    "cff": "application/yaml",
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "html": "text/html",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "md": "text/markdown",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "rdf": "application/rdf+xml",
    "sqlite": "application/vnd.sqlite3",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "yml": "application/yaml",
    "zip": "application/zip",
}
"""What releases hold; Python's own table differs from machine to machine for some of these, or has none."""

ANY = "application/octet-stream"


def media_type(name: str) -> str:
    """The media type of a file; bytes where it is not known, plain text where the name has no ending (SHA256SUMS)."""
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    return TYPES["txt"] if not ending else TYPES.get(ending) or mimetypes.guess_type(name)[0] or ANY


def content_type(name: str) -> str:
    """The same as a header says it: texts are in UTF-8."""
    kind = media_type(name)
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
