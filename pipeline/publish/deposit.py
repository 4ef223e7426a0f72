"""The files of a record at Zenodo: what the release holds, flat, with the DOI written into copies.

A record has no folders, so a file lies there under its last name. A release is never changed, and its DOI is known only
once a draft is there; so these files are not the release's own but copies with the DOI in them, and only these:

- `datapackage.json`: `id` is the DOI, and paths name the files as they lie in the record. The files of a record,
  downloaded into one folder, are a valid Data Package.
- `CITATION.cff`, where the release has one: `doi`.
- `SHA256SUMS`: of the files of the record.

All others, the ZIP of the whole release among them, have the bytes of the release. What is in the ZIP only: Parquet,
pages that lead to other files of the release, and everything else in a subfolder that is no resource.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import os_errors
from pipeline.package.descriptor import as_list
from pipeline.package.package import DESCRIPTOR
from pipeline.publish.contents import SUMS, File, Release

CITATION = "CITATION.cff"
PAGES = (".html",)
MOST_FILES = 100
MOST_BYTES = 50_000_000_000
"""What a record at Zenodo can hold."""


@dataclass(frozen=True)
class Copy:
    """A file of a record: its name there, where its bytes are, and what they are."""

    key: str
    path: Path
    size: int
    md5: str
    sha256: str

    @property
    def file(self) -> File:
        """As what it is reported."""
        return File(self.key, self.size, self.sha256)


def copies(release: Release, doi: str, scratch: Path) -> tuple[Copy, ...]:
    """The files of the record with that DOI; those with the DOI in them are written into the folder `scratch`."""
    keys = names(release)
    with os_errors(str(scratch)):
        for path, text in _with_doi(release, keys, doi).items():
            (scratch / path).write_text(text, encoding="utf-8", newline="\n")
        written = [
            _copy(key, scratch / path if (scratch / path).is_file() else release.folder / path)
            for path, key in keys.items()
        ]
        sums = "".join(f"{copy.sha256}  {copy.key}\n" for copy in sorted(written, key=lambda copy: copy.key))
        (scratch / SUMS).write_text(sums, encoding="utf-8", newline="\n")
        return (*written, _copy(SUMS, scratch / SUMS))


def names(release: Release) -> dict[str, str]:
    """Path in the release to name in the record, but for SHA256SUMS.

    Raises InvalidData where they are more than a record can hold.
    """
    resources = {path for resource in _resources(release) for path in as_list(resource.get("path"))}
    paths = [
        file.path
        for file in release.files
        if file.path in resources or ("/" not in file.path and not file.path.endswith(PAGES) and file.path != SUMS)
    ]
    taken = {*(path for path in paths if "/" not in path), SUMS}
    size = sum(file.size for file in release.files if file.path in paths)
    if len(paths) >= MOST_FILES or size > MOST_BYTES:
        raise InvalidData(
            Problem(
                Kind.PLACE_REFUSED,
                f"has more than a record can hold ({MOST_FILES} files, {MOST_BYTES:,} bytes)",
                "Publish it elsewhere, or ask the place for more room.",
                file=str(release.folder),
            )
        )
    last = [PurePosixPath(path).name for path in paths]
    return {
        path: name if "/" not in path or (last.count(name) == 1 and name not in taken) else path.replace("/", "-")
        for path, name in zip(paths, last, strict=True)
    }


def _resources(release: Release) -> list[dict[str, Any]]:
    return release.descriptor.get("resources") or []


def _with_doi(release: Release, keys: dict[str, str], doi: str) -> dict[str, str]:
    texts = {DESCRIPTOR: json.dumps(_descriptor(release, keys, doi), ensure_ascii=False, indent=2) + "\n"}
    if CITATION in keys:
        citation = (release.folder / CITATION).read_text(encoding="utf-8")
        kept = [line for line in citation.splitlines() if not re.match(r"doi\s*:", line)]
        texts[CITATION] = "\n".join([*kept, f"doi: {doi}"]) + "\n"
    return texts


def _descriptor(release: Release, keys: dict[str, str], doi: str) -> dict[str, Any]:
    head = {name: value for name, value in release.descriptor.items() if name not in ("id", "resources", "$schema")}
    schema = {"$schema": release.descriptor["$schema"]} if "$schema" in release.descriptor else {}
    resources = []
    for resource in release.descriptor.get("resources") or []:
        paths = [keys.get(path, path) for path in as_list(resource.get("path"))]
        there = {} if not paths else {"path": paths[0] if isinstance(resource["path"], str) else paths}
        resources.append({**resource, **there})
    return {**schema, "id": f"https://doi.org/{doi}", **head, "resources": resources}


def _copy(key: str, path: Path) -> Copy:
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Copy(key, path, path.stat().st_size, md5, sha256)
