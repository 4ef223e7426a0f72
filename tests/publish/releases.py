"""Small releases to publish: real files in real folders, with the checksums that a release has."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from pipeline.core.progress import Progress
from pipeline.publish import Patience, Published, publish
from tests.projects import put

QUICK = Patience(connect=2, silence=0.5, retries=2, backoff=0.01, longest_wait=5)
"""For servers in the next room."""

DESCRIPTOR = {
    "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
    "name": "shops",
    "title": "Shops & more",
    "title@sv": "Butiker <och mer>",
    "description": "What shops there are.\n\nAnd <where>.",
    "description@sv": "Vilka butiker det finns.",
    "created": "2026-01-31T00:00:00Z",
    "languages": ["sv", "en"],
    "keywords": ["shops", "landsbygd"],
    "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
    "contributors": [
        {"title": "Example Municipality", "path": "https://ror.org/01ggx4157", "roles": ["creator"]},
        {"title": "Ada Lund", "givenName": "Ada", "familyName": "Lund", "roles": ["dataCurator"]},
    ],
    "sources": [{"title": "Shops", "path": "https://example.org/shops"}],
    "homepage": "https://example.org/",
}

FRONT = ("index.html", "latest/index.html", "_redirects", ".htaccess")
"""What shows the versions of a place whose address is not known."""

SHOPS = "id,name\nnorth,Norra\nsouth,Södra\n"


def make(
    folder: Path, version: str = "1.0.0", *, shops: str = SHOPS, more: dict[str, bytes] | None = None, **members: Any
) -> Path:
    """A release with one table, a ZIP, a citation and a page; `more` are files, `members` the descriptor's."""
    schema = {"fields": [{"name": "id", "type": "string"}, {"name": "name", "type": "string"}], "primaryKey": ["id"]}
    resource = {"name": "shops", "type": "table", "path": "data/shops.csv", "schema": schema}
    descriptor = {**DESCRIPTOR, "version": version, **members, "resources": [resource]}
    files = {
        "datapackage.json": json.dumps(descriptor, ensure_ascii=False, indent=2).encode(),
        "data/shops.csv": shops.encode(),
        "data/shops.parquet": b"PAR1" + bytes(range(256)) * 40,
        "CHANGELOG.md": f"# Changelog\n\n## {version}\n".encode(),
        "CITATION.cff": f'cff-version: 1.2.0\ntitle: Shops\nversion: "{version}"\n'.encode(),
        "index.html": b"<!DOCTYPE html><title>x</title>",
        **(more or {}),
    }
    files[f"shops-{version}.zip"] = _zip(files)
    put(folder, files)
    sums = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(files.items())]
    put(folder, {"SHA256SUMS": "".join(sums)})
    return folder


def slim(folder: Path, version: str = "1.0.0", **members: Any) -> Path:
    """The same with three files only, for where every call counts."""
    make(folder, version, **members)
    for path in ("data/shops.parquet", "CHANGELOG.md", "CITATION.cff", "index.html", f"shops-{version}.zip"):
        (folder / path).unlink()
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.split("  ")[1].strip() in ("datapackage.json", "data/shops.csv")]
    (folder / "SHA256SUMS").write_text("".join(kept), encoding="utf-8")
    return folder


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path), content)
    return buffer.getvalue()


def send(release: Path, place: str | Path, **options: Any) -> Published:
    """Publishes with little patience and no talk."""
    return publish(release, str(place), Progress(), **{"patience": QUICK, **options})
