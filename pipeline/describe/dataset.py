"""What is described: a package on disk, the files that hold it in each format, and where it will be published."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import sha256
from pipeline.core.media import media_type
from pipeline.package import about
from pipeline.package.package import Package, Resource, load
from pipeline.web import citation
from pipeline.web.words import LANGUAGES, Words

CATALOG = "catalog"
"""The folder of a release that holds the descriptions."""

BASE_URL = "baseUrl"
"""The member of a descriptor that says where its releases are published."""


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


@dataclass(frozen=True)
class File:
    """A file of the package: its path, its size in bytes and its SHA-256, and the resource that it holds.

    `resource` is None for a file that holds them all. Size and checksum are None for a file that is not written yet:
    the archive, which holds the descriptions too.
    """

    path: str
    resource: Resource | None
    size: int | None
    sha256: str | None

    @property
    def ending(self) -> str:
        """What the name ends with, in lower case, without the dot."""
        return PurePosixPath(self.path).suffix.removeprefix(".").lower()

    @property
    def form(self) -> Form:
        """The format that it is in."""
        return form(self.ending)

    @property
    def table(self) -> Resource | None:
        """The table that it holds, if that is what it holds."""
        return self.resource if self.resource and self.resource.is_table and self.resource.schema else None


@dataclass(frozen=True)
class Dataset:
    """A package, its files, and the address below which its releases lie, if it is known; that ends with a slash."""

    package: Package
    files: tuple[File, ...]
    base_url: str | None

    @property
    def descriptor(self) -> Mapping[str, Any]:
        """The package's descriptor."""
        return self.package.descriptor

    @property
    def version(self) -> str | None:
        """The version, as the descriptor says."""
        return about.text(self.descriptor.get("version"))

    @property
    def date(self) -> str | None:
        """The day when this version was made (`created`), as 2026-01-31."""
        created = about.text(self.descriptor.get("created"))
        return created[:10] if created else None

    @cached_property
    def languages(self) -> list[str]:
        """The language tags of the package; texts without a tag are in the first."""
        return about.languages(self.descriptor)

    def texts(self, holder: Mapping[str, Any], member: str) -> dict[str, str]:
        """The text of a member of the package, a table or a field, by language."""
        return about.texts(holder, member, self.languages)

    def text(self, holder: Mapping[str, Any], member: str) -> str | None:
        """The text of a member in the package's first language, or in the first that there is."""
        return next(iter(self.texts(holder, member).values()), None)

    def words(self, member: str) -> dict[str, list[str]]:
        """A list of texts of the package, by language."""
        return about.words(self.descriptor, member, self.languages)

    @property
    def doi(self) -> str | None:
        """The bare DOI of the dataset, from `doi` or `id`."""
        return about.doi(self.descriptor.get("doi")) or about.doi(self.descriptor.get("id"))

    def citation(self, language: str | None = None) -> str:
        """How this version is cited, with its address, in the language, or else in the package's first."""
        spoken = (self.languages or ["en"])[0].partition("-")[0]
        words = Words(language or (spoken if spoken in LANGUAGES else "en"))
        titles = self.texts(self.descriptor, "title")
        title = titles.get(words.language) or next(iter(titles.values()), self.package.name)
        where = citation.address(self.descriptor) or self.root
        return f"{citation.citation(words, self.descriptor, title)}{f' {where}' if where else ''}"

    @property
    def root(self) -> str | None:
        """The address of the folder of this version; it ends with a slash."""
        if self.base_url is None:
            return None
        return f"{self.base_url}{quote(self.version)}/" if self.version else self.base_url

    def address(self, path: str, start: str = CATALOG) -> str:
        """The address of a file of the package: absolute, or else relative to the folder `start` of the package."""
        return quote(os.path.relpath(path or ".", start or ".")) if self.root is None else self.root + quote(path)

    def of_table(self, table: Resource) -> list[File]:
        """The files that hold a table."""
        return [file for file in self.files if file.resource is table]


def read(path: Path, base_url: str | None = None, archive: str | None = None) -> Dataset:
    """The package at `path`, a folder or a descriptor, as what is to be described.

    `base_url` stands above the descriptor's. `archive` is the name of the ZIP that will be put beside the rest.
    """
    package = load(path)
    base_url = base_url or about.address(package.descriptor.get(BASE_URL))
    return Dataset(package, tuple(_files(package, archive)), _as_folder(base_url) if base_url else None)


def checked_base_url(base_url: str) -> str:
    """An address that releases can lie below. Raises CannotRun for any other."""
    if about.address(base_url) is None or "?" in base_url or "#" in base_url:
        raise CannotRun(
            Problem(
                Kind.BAD_OPTION,
                "is not the address of a folder on the web",
                "Write it as https://data.example.org/shops/.",
                value=f"--base-url {base_url}",
            )
        )
    return _as_folder(base_url)


def _as_folder(address: str) -> str:
    return address if address.endswith("/") else f"{address}/"


def _files(package: Package, archive: str | None) -> list[File]:
    """The files of each resource, then those that hold them all: as a release names them, as far as they are there."""
    found: list[tuple[str, Resource | None]] = []
    for resource in package.resources:
        derived = [f"data/{resource.stem}.parquet", f"{resource.stem}.geojson"] if resource in package.tables else []
        found += [(path, resource) for path in dict.fromkeys([*resource.paths, *derived])]
    found += [(f"{package.stem}.{ending}", None) for ending in ("sqlite", "xlsx")]
    files = [_file(package.folder, path, holds) for path, holds in found if (package.folder / path).is_file()]
    version = about.text(package.descriptor.get("version"))
    name = archive or f"{package.stem}-{version}.zip"
    if archive or (package.folder / name).is_file():
        files.append(File(name, None, None, None))
    return files


def _file(folder: Path, path: str, resource: Resource | None) -> File:
    return File(path, resource, (folder / path).stat().st_size, sha256(folder / path))
