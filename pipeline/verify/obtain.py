"""A release that somebody names, brought to a local folder: a folder, a ZIP, or the address of either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urljoin

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.core.files import read_json, scratch
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.package.inputs import ADDRESS, download, local, parsed
from pipeline.package.package import DESCRIPTOR

LATEST = "latest.json"
FILES = (manifest.NAME, DESCRIPTOR, LATEST, "index.html")
"""Files whose address stands for that of their folder."""


@contextmanager
def obtained(source: str, progress: Progress) -> Iterator[Path]:
    """The folder of the release; what is fetched or unpacked is removed after.

    Of an address are fetched the files that SHA256SUMS there lists; what else lies there cannot be seen.
    Raises CannotRun where nothing answers, InvalidData for a ZIP or a list that cannot be read.
    """
    is_address = ADDRESS.match(source)
    if is_address and not parsed(source).path.lower().endswith(".zip"):
        with scratch() as folder, progress.step("fetch"):
            _fetch(source, folder, progress)
            yield folder
    elif is_address or source.lower().endswith(".zip"):
        with local(source) as descriptor:
            yield descriptor.parent
    else:
        path = Path(source)
        yield (path.parent if path.name in (manifest.NAME, DESCRIPTOR) and path.is_file() else path).resolve()


def _fetch(address: str, folder: Path, progress: Progress) -> None:
    base = _base(address, folder)
    download(urljoin(base, manifest.NAME), folder / manifest.NAME)
    listed, problems = manifest.parse((folder / manifest.NAME).read_bytes(), urljoin(base, manifest.NAME))
    if problems:
        raise InvalidData(problems)
    for number, path in enumerate(listed, 1):
        progress.advance(number, len(listed), path)
        # A file that is not there is missing from the release; that is not for the fetch to say.
        download(urljoin(base, quote(path)), folder / path, missing_ok=True)


def _base(address: str, folder: Path) -> str:
    """The address of the release's folder, with a slash at its end; latest.json leads to one."""
    url = parsed(address)
    path, _, last = url.path.rpartition("/")
    base = url._replace(
        path=f"{path}/" if last in FILES or not last else f"{url.path}/", query="", fragment=""
    ).geturl()
    if last != LATEST:
        return base
    download(address, folder / f".{LATEST}")
    pointer = read_json(folder / f".{LATEST}", address)
    (folder / f".{LATEST}").unlink()
    there = pointer.get("path") if isinstance(pointer, dict) else None
    if not isinstance(there, str) or not urljoin(base, there).startswith(base) or urljoin(base, there) == base:
        fix = "Name the folder of one release."
        raise CannotRun(Problem(Kind.NO_RELEASE, "does not say which release is the latest", fix, value=address))
    return urljoin(base, there)
