"""Publishing a release, and looking at what is published.

A folder and a bucket (places that keep files, `place.Place`) are published to in the same steps:

1. `<version>/SHA256SUMS` goes first, on condition that there is none. It claims the version for this release: another
   one of the same number is refused from then on, published or not.
2. Every other file is sent unless what is there has the right SHA-256, and read back in full.
3. A folder makes the version visible by a rename; in a bucket there is none, and nothing is published until
4. latest.json is replaced, on condition that nobody has in between; else it is read again and the version added to it.
   index.html and what else shows the versions (`front`) follows.

So buckets need no lock: two runs with the same release send the same bytes, and runs with different ones part at 1. A
server that does not know conditional writes is asked without: there two runs at once can each lose what the other
writes, to latest.json or to a version (docs/publish.md). Zenodo has drafts, DOIs and a person (`zenodo`).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from pipeline.core.errors import InvalidData
from pipeline.core.patience import Patience
from pipeline.core.progress import Progress
from pipeline.hookspecs import module, offers
from pipeline.publish import contents, front, pointer
from pipeline.publish.contents import SUMS, File, Release
from pipeline.publish.place import Place, Published, State, bad_copy, bad_place, published_otherwise, strange_files
from pipeline.publish.pointer import Pointer

PATIENCE = Patience(retries=4, longest_wait=300)
ZENODO = re.compile(r"(?P<which>zenodo|zenodo-sandbox):(?P<record>.*)")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
RACES = 5
"""How often a file is written again because somebody else replaced it, or it arrived broken."""


def publish(
    release: Path,
    place: str,
    progress: Progress,
    *,
    dry_run: bool = False,
    finish: bool = False,
    api: str | None = None,
    patience: Patience | None = None,
) -> Published:
    """Publishes the release in the folder `release` at `place`, or says with `dry_run` what that would do.

    `place`: a folder or file:// address; s3://bucket/prefix (gs://, az://); `zenodo-sandbox:` or `zenodo:` for a new
    record, with the number or DOI of a record after the colon for a new version of it. `finish`: publish the draft at
    Zenodo, for good; else it is left for a person. `api`: the address of another InvenioRDM server in place of Zenodo.

    Raises InvalidData where the release is damaged, or that version is published with other bytes; CannotRun where the
    place cannot be reached, refuses, or does not return what was sent. What was published before stays as it was.
    """
    patience = patience or PATIENCE
    zenodo_record = ZENODO.fullmatch(place)
    there = None if zenodo_record else opened(place, patience)
    with progress.step("verify"):
        verified = contents.read(release)
    with progress.step("publish"):
        if there:
            return _publish(verified, there, progress, dry_run=dry_run)
        from pipeline.publish import zenodo
        from pipeline.publish.invenio import Api

        assert zenodo_record
        server = Api.of(zenodo_record["which"], api, patience)
        return zenodo.publish(verified, zenodo_record["record"], server, progress, dry_run=dry_run, finish=finish)


def published(place: str, patience: Patience | None = None) -> Pointer:
    """What a folder or a bucket has published; an empty pointer where that is nothing."""
    if ZENODO.fullmatch(place):
        raise bad_place(place, "keeps its own list of versions", "Look at the record's page.")
    return pointer.of(opened(place, patience or PATIENCE))


def opened(place: str, patience: Patience) -> Place:
    """The folder or the bucket that an address names. Raises CannotRun for what is neither."""
    scheme = place.partition("://")[0]
    if scheme in offers("places"):
        made: Place = module("places", scheme).opened(place, patience)
        return made
    if place.startswith("file:"):
        url = urlparse(place)
        if url.netloc not in ("", "localhost") or not url.path.startswith("/"):
            raise bad_place(place, "is not the address of a folder on this computer", "Write it as file:///folder.")
        place = unquote(url.path)
    elif SCHEME.match(place) or not place:
        fix = "Give a folder, file:///folder, s3://bucket/prefix (or gs://, az://), zenodo-sandbox: or zenodo:."
        raise bad_place(place, "is not a place that can be published to", fix)
    from pipeline.publish.folder import Folder

    return Folder(Path(place))


# -- the steps ---------------------------------------------------------------------------------------------------------


def _publish(release: Release, place: Place, progress: Progress, *, dry_run: bool) -> Published:
    with place.opened(release, dry_run=dry_run):
        pointer.of(place).refuse_other(release, place.address())
        kept = _kept(release, place)
        sent = tuple(file for file in release.files if file not in kept)
        address = f"{place.address()}/{release.version}"
        if dry_run:
            return Published(place.address(), release.name, release.version, "planned", address, sent, kept)
        removed = place.begin(release)
        if not any(file.path == SUMS for file in kept):
            _claim(release, place)
        _send(release, sent, place, progress)
        removed += place.settle(release)
        pointed = _point(release, place)
        switched = _show(place) or pointed
    state: State = "published" if sent or switched else "unchanged"
    return Published(place.address(), release.name, release.version, state, address, sent, kept, tuple(removed))


def _kept(release: Release, place: Place) -> tuple[File, ...]:
    """The files that the place has already, each read in full: sizes and times say nothing.

    Raises where the version is claimed by another release, or holds files that are not this one's.
    """
    paths = place.paths(release.version)
    if place.shows(release.version):
        content, _ = place.read(f"{release.version}/{SUMS}")
        if content is not None and hashlib.sha256(content).hexdigest() != release.sums.sha256:
            raise published_otherwise(f"{place.address()}/{release.version}", release.version)
        if strange := sorted({*paths} - {file.path for file in release.files}):
            raise strange_files(f"{place.address()}/{release.version}", release.version, strange)
    return tuple(
        file
        for file in release.files
        if file.path in paths and place.sha256(f"{release.version}/{file.path}") == file.sha256
    )


def _claim(release: Release, place: Place) -> None:
    """Sends SHA256SUMS where there is none; what was accepted and reads otherwise arrived broken, and is sent anew."""
    path = f"{release.version}/{SUMS}"
    mode: Any = "create"
    for _ in range(RACES):
        accepted = place.put(path, (release.folder / SUMS).read_bytes(), mode)
        content, etag = place.read(path)
        if content is not None and hashlib.sha256(content).hexdigest() == release.sums.sha256:
            return
        if not accepted:
            raise published_otherwise(f"{place.address()}/{release.version}", release.version)
        mode = {"e_tag": etag} if etag else mode
    place.delete(path)
    raise bad_copy([place.address(path)])


def _send(release: Release, files: tuple[File, ...], place: Place, progress: Progress) -> None:
    """Sends the files and reads each back, SHA256SUMS included, which the claim has sent."""
    for number, file in enumerate(files, 1):
        progress.advance(number, len(files), file.path)
        if file.path != SUMS:
            place.send(release.folder / file.path, f"{release.version}/{file.path}")
    paths = {file: f"{release.version}/{file.path}" for file in files}
    wrong = [place.address(path) for file, path in paths.items() if place.sha256(path) != file.sha256]
    if wrong:
        raise bad_copy(wrong)


def _point(release: Release, place: Place) -> bool:
    """Adds the release to latest.json as it is at that moment, and goes on until it is read back."""
    wanted = None
    known = Pointer()
    for _ in range(RACES):
        content, etag = place.read(pointer.NAME)
        if wanted is not None and content == wanted:
            return True
        try:
            known = pointer.parse(content, place.address())
        except InvalidData:
            if wanted is None:
                raise
            # What was just written arrived broken: written once more, from what was read before.
        if known.with_release(release).to_bytes() == content:
            return wanted is not None
        wanted = known.with_release(release).to_bytes()
        place.put(pointer.NAME, wanted, {"e_tag": etag} if etag else "create")
    raise bad_copy([place.address(pointer.NAME)])


def _show(place: Place) -> bool:
    """Writes index.html and what else shows the versions until it shows what latest.json says."""
    wrong: dict[str, bytes] = {}
    for round_ in range(RACES):
        wanted = front.files(pointer.of(place))
        wrong = {path: content for path, content in wanted.items() if place.read(path)[0] != content}
        if not wrong:
            return round_ > 0
        for path, content in wrong.items():
            place.put(path, content, "overwrite")
    raise bad_copy([place.address(path) for path in wrong])
