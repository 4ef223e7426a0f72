"""What a user may name to be judged, brought to a local folder: a path, a ZIP of a package, or a web address."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import ParseResult, urljoin, urlparse

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.core.files import os_errors, read_json, scratch
from pipeline.package.descriptor import as_list
from pipeline.package.package import DESCRIPTOR

MAX_BYTES = 4_000_000_000
"""Bytes that are unpacked or fetched for one input."""

MAX_MEMBERS = 10_000
"""Files that are unpacked from one ZIP."""

HOUR = 3600
"""Seconds that a download may take."""

CHUNK = 1 << 20


ADDRESS = re.compile("https?:", re.IGNORECASE)


@contextmanager
def local(source: str) -> Iterator[Path]:
    """The path of what `source` names; a ZIP is unpacked and an address fetched into a folder that is removed after.

    Raises InvalidData for a ZIP that is none, reaches outside its folder or unpacks to more than `MAX_BYTES`;
    CannotRun where an address does not answer.
    """
    is_address = ADDRESS.match(source)
    if not is_address and Path(source).suffix.lower() != ".zip":
        yield Path(source)
        return
    with scratch() as target:
        path = _fetched(source, target) if is_address else Path(source)
        yield _unpacked(path, target / "unpacked") if path.suffix.lower() == ".zip" else path


def _unpacked(path: Path, folder: Path) -> Path:
    """The package in a ZIP: at its root, or in its only folder."""
    if not path.is_file():
        raise CannotRun(Problem(Kind.MISSING_FILE, "does not exist", "Check the path.", file=str(path)))
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _refuse_unsafe(members, path)
            for member in members:
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with os_errors(str(target)), archive.open(member) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, CHUNK)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidData(
            Problem(Kind.BAD_ARCHIVE, f"is not a ZIP that can be read: {error}", "Make the ZIP anew.", file=str(path))
        ) from None
    found = sorted(folder.rglob(DESCRIPTOR), key=lambda each: len(each.parts)) if folder.is_dir() else []
    if not found:
        raise InvalidData(
            Problem(Kind.BAD_ARCHIVE, f"holds no {DESCRIPTOR}", "Zip the folder of a data package.", file=str(path))
        )
    return found[0]


def _refuse_unsafe(members: list[zipfile.ZipInfo], path: Path) -> None:
    rule = None
    if len(members) > MAX_MEMBERS:
        rule = f"holds more than {MAX_MEMBERS:,} files"
    elif sum(member.file_size for member in members) > MAX_BYTES:
        rule = f"unpacks to more than {MAX_BYTES:,} bytes"
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            rule = f"holds a file that reaches outside its folder ({member.filename!r})"
    if rule:
        raise InvalidData(
            Problem(Kind.BAD_ARCHIVE, rule, "Make the ZIP anew, from a package's folder.", file=str(path))
        )


def _fetched(address: str, folder: Path) -> Path:
    """What is at an address, and for a descriptor the files that its resources name."""
    path = download(address, folder / (PurePosixPath(parsed(address).path).name or DESCRIPTOR))
    if path.suffix == ".json":
        content = read_json(path, address)
        resources = content.get("resources") if isinstance(content, dict) else None
        for resource in resources if isinstance(resources, list) else []:
            for part in as_list(resource.get("path") if isinstance(resource, dict) else None):
                inside = (
                    not urlparse(part).scheme and not part.startswith("/") and ".." not in PurePosixPath(part).parts
                )
                if inside:
                    download(urljoin(address, part), folder / part)
    return path


def parsed(address: str) -> ParseResult:
    """The parts of an address. Raises CannotRun for what is none."""
    try:
        return urlparse(address)
    except ValueError as error:
        raise CannotRun(
            Problem(Kind.NOT_FETCHED, f"is not a web address: {error}", "Check the address.", value=address)
        ) from None


def download(address: str, target: Path, *, missing_ok: bool = False) -> Path:
    """Fetches a file, and returns `target`.

    Raises CannotRun where the address does not answer, or with more than `MAX_BYTES`. With `missing_ok`, `target` is
    not there after a server has said that it has no such file.
    """
    from pipeline.core.http import Limits, NotFetched, Session

    session = Session(address, named=True)

    def attempt() -> None:
        with os_errors(str(target)):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                session.ask("GET", address, limits=Limits(MAX_BYTES, HOUR), into=file)

    try:
        session.patience.persist(attempt)
    except NotFetched as error:
        target.unlink(missing_ok=True)
        if missing_ok and error.status in (404, 410):
            return target
        fix = "Check the address."
        raise CannotRun(Problem(Kind.NOT_FETCHED, f"could not be fetched: it {error}", fix, value=address)) from None
    finally:
        session.close()
    return target
