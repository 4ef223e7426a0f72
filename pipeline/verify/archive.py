"""That the ZIP of a release holds the release's files, byte for byte."""

from __future__ import annotations

import hashlib
import zipfile
import zlib

from pipeline.core.errors import Kind, Problem
from pipeline.package import manifest
from pipeline.package.manifest import File
from pipeline.package.package import Package
from pipeline.verify.result import Found

FIX = "The release was made wrong: report it to its publisher, or build it again."


def check(package: Package, files: tuple[File, ...]) -> Found | None:
    """Every file of the release but the ZIP itself is in it with its own bytes, and nothing else is.

    SHA256SUMS in the ZIP lists what is there; a ZIP without one holds the same.
    """
    path = f"{package.stem}-{package.descriptor.get('version')}.zip"
    wanted = {file.path: file.sha256 for file in files if file.path not in (path, manifest.NAME)}
    if not any(file.path == path for file in files):
        return None
    try:
        with zipfile.ZipFile(package.folder / path) as archive:
            held = {member.filename.partition("/")[2]: _sha256(archive, member) for member in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        rule = f"is not a ZIP that can be read: {error}"
        return "", [Problem(Kind.BAD_ARCHIVE, rule, FIX, file=path)]
    if manifest.NAME in held:
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(wanted.items()))
        wanted[manifest.NAME] = hashlib.sha256(sums.encode()).hexdigest()
    wrong = sorted(name for name in {*held, *wanted} if held.get(name) != wanted.get(name))
    return f"{len(held)} files in it are those beside it", [
        Problem(Kind.DIFFERENT_COPY, f"holds {_how(name, held, wanted)}", FIX, file=path, value=name) for name in wrong
    ]


def _how(name: str, held: dict[str, str], wanted: dict[str, str]) -> str:
    if name not in held:
        return "no copy of this file"
    return "this file with other bytes" if name in wanted else "this file, which the release does not"


def _sha256(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    with archive.open(member) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
