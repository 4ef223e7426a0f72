"""What a place has published, and as far as that can be seen, whether it is whole."""

from __future__ import annotations

from urllib.parse import urljoin

from pipeline.core.files import scratch, sha256
from pipeline.core.patience import Patience
from pipeline.core.progress import Progress
from pipeline.package.inputs import ADDRESS, download
from pipeline.package.manifest import NAME as SUMS
from pipeline.package.releases import Listed, State, inspected
from pipeline.publish import pointer
from pipeline.publish.folder import Folder
from pipeline.publish.pointer import Pointer, Version
from pipeline.publish.publish import PATIENCE, ZENODO, opened


def listed(place: str, progress: Progress, *, api: str | None = None, patience: Patience | None = None) -> list[Listed]:
    """The releases that a place has published, the latest first; nothing where it has none.

    `place`: as for `publish`, or a web address with a latest.json; at Zenodo with the number or DOI of a record. Every
    file in a folder is read; elsewhere `verify` does that. Raises CannotRun where the place cannot be reached.
    """
    if ADDRESS.match(place):
        return _of_address(place)
    with progress.step("published"):
        if record := ZENODO.fullmatch(place):
            from pipeline.publish import records
            from pipeline.publish.invenio import Api

            return records.listed(record["record"], Api.reading(record["which"], api, patience or PATIENCE))
        there = opened(place, patience or PATIENCE)
        published, releases = pointer.of(there), []
        for number, version in enumerate(published.versions, 1):
            progress.advance(number, len(published.versions), version.version)
            state = _state(there, version) if isinstance(there, Folder) else "unread"
            releases.append(_entry(published, version, f"{there.address()}/{version.path}", state))
        return releases


def _of_address(address: str) -> list[Listed]:
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


def _state(there: Folder, version: Version) -> State:
    folder = there.root / version.path
    if not (folder / SUMS).is_file() or sha256(folder / SUMS) != version.sha256:
        return "damaged"
    return inspected(folder)[0]
