"""What a place has published, and as far as that can be seen, whether it is whole."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

from pipeline.core.files import scratch, sha256
from pipeline.core.progress import Progress
from pipeline.package.inputs import download
from pipeline.package.manifest import NAME as SUMS
from pipeline.package.releases import Listed, State, inspected
from pipeline.publish import pointer
from pipeline.publish.pointer import Pointer, Version


def of_folder(root: Path, progress: Progress) -> list[Listed]:
    """The versions that a folder has published; every file is read."""
    from pipeline.publish import folder

    published = folder.versions(root)
    releases = []
    for number, version in enumerate(published.versions, 1):
        progress.advance(number, len(published.versions), version.version)
        releases.append(_entry(published, version, f"{root}/{version.path}", _state(root, version)))
    return releases


def of_versions(place: str, published: Pointer) -> list[Listed]:
    """The versions that a bucket has published."""
    return [_entry(published, version, f"{place.rstrip('/')}/{version.path}") for version in published.versions]


def of_address(address: str) -> list[Listed]:
    """The versions that latest.json at a web address lists."""
    base = address.removesuffix(pointer.NAME)
    base = base if base.endswith("/") else f"{base}/"
    with scratch() as folder:
        content = download(urljoin(base, pointer.NAME), folder / pointer.NAME).read_bytes()
    published = pointer.parse(content, base.rstrip("/"))
    return [_entry(published, version, urljoin(base, version.path)) for version in published.versions]


def _entry(published: Pointer, version: Version, address: str, state: State = "unread") -> Listed:
    latest = version == published.versions[0]
    return Listed(version.version, address, version.created, version.files, version.bytes, latest, state)


def _state(root: Path, version: Version) -> State:
    folder = root / version.path
    if not (folder / SUMS).is_file() or sha256(folder / SUMS) != version.sha256:
        return "damaged"
    return inspected(folder)[0]
