"""Publishing to a bucket.

There is no rename in a bucket: objects go straight to `<prefix>/<version>/…`, and only latest.json makes them visible:

1. `<version>/SHA256SUMS` goes first, on condition that there is none. It claims the version for this release: another
   one of the same number is refused from then on, published or not.
2. Every other object is sent unless what is there has the right SHA-256, and read back in full.
3. latest.json is replaced on condition that nobody has in between; else it is read again and the version added to it.
   index.html follows.

So no lock is needed: two runs with the same release send the same bytes, and runs with different ones part at 1.

A server that does not know conditional writes is asked without: there two runs at once can each lose what the other
writes, to latest.json or to a version (docs/publish.md). Credentials come from the environment and nowhere else.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pipeline.core.errors import InvalidData
from pipeline.core.http import Patience
from pipeline.core.progress import Progress
from pipeline.publish import front, pointer
from pipeline.publish.bucket import Bucket
from pipeline.publish.contents import SUMS, File, Release
from pipeline.publish.pointer import Pointer
from pipeline.publish.result import (
    Published,
    State,
    bad_copy,
    published_otherwise,
    strange_files,
)

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"
RACES = 5
"""How often latest.json is read again because somebody else replaced it."""


def publish(release: Release, place: str, progress: Progress, patience: Patience, *, dry_run: bool) -> Published:
    """Publishes a release below a prefix such as `s3://bucket/prefix` and points latest.json and index.html at it.

    Raises InvalidData where that version is published or claimed with other checksums, CannotRun where the bucket
    cannot be reached, does not let one write, or does not return what was sent.
    """
    bucket = Bucket(place, patience)
    _pointer(bucket).refuse_other(release, bucket.address())
    there = _there(bucket, release)
    kept = tuple(file for file in release.files if there.get(file.path) == file.sha256)
    sent = tuple(file for file in release.files if file not in kept)
    address = bucket.address(release.version)
    if dry_run:
        return Published(place, release.name, release.version, "planned", address, sent, kept)
    if not any(file.path == SUMS for file in kept):
        _claim(bucket, release)
    _send(bucket, release, sent, progress)
    switched = _switch(bucket, release)
    state: State = "published" if sent or switched else "unchanged"
    return Published(place, release.name, release.version, state, address, sent, kept)


def versions(place: str, patience: Patience) -> Pointer:
    """What the bucket has published below the prefix."""
    return _pointer(Bucket(place, patience))


# -- the steps -----------------------------------------------------------------------------------------------------


def _pointer(bucket: Bucket) -> Pointer:
    return pointer.parse(bucket.read(pointer.NAME)[0], bucket.address())


def _there(bucket: Bucket, release: Release) -> dict[str, str]:
    """Path to SHA-256 of the version's objects, each read in full: sizes and times say nothing.

    Raises where objects lie there that are not this release's.
    """
    _refuse_claimed(bucket, release)
    paths = bucket.paths(release.version)
    strange = sorted({*paths} - {file.path for file in release.files})
    if strange:
        raise strange_files(bucket.address(release.version), release.version, strange)
    return {path: bucket.sha256(f"{release.version}/{path}") or "" for path in paths}


def _refuse_claimed(bucket: Bucket, release: Release) -> None:
    """Raises where the version's SHA256SUMS is another release's."""
    content, _ = bucket.read(f"{release.version}/{SUMS}")
    if content is not None and hashlib.sha256(content).hexdigest() != release.sums.sha256:
        raise published_otherwise(bucket.address(release.version), release.version)


def _claim(bucket: Bucket, release: Release) -> None:
    """Sends SHA256SUMS where there is none; what was accepted and reads otherwise arrived broken, and is sent anew."""
    path = f"{release.version}/{SUMS}"
    mode: Any = "create"
    for _ in range(RACES):
        accepted = bucket.put(path, (release.folder / SUMS).read_bytes(), IMMUTABLE, mode)
        content, etag = bucket.read(path)
        if content is not None and hashlib.sha256(content).hexdigest() == release.sums.sha256:
            return
        if not accepted:
            raise published_otherwise(bucket.address(release.version), release.version)
        mode = {"e_tag": etag} if etag else mode
    bucket.delete(path)
    raise bad_copy([bucket.address(path)])


def _send(bucket: Bucket, release: Release, files: tuple[File, ...], progress: Progress) -> None:
    """Sends the files and reads each back, SHA256SUMS included, which the claim has sent."""
    for number, file in enumerate(files, 1):
        progress.advance(number, len(files), file.path)
        if file.path != SUMS:
            bucket.send(release.folder / file.path, f"{release.version}/{file.path}", IMMUTABLE)
    wrong = [file.path for file in files if bucket.sha256(f"{release.version}/{file.path}") != file.sha256]
    if wrong:
        raise bad_copy([bucket.address(f"{release.version}/{path}") for path in wrong])


def _switch(bucket: Bucket, release: Release) -> bool:
    """Writes latest.json, then what shows it, where they say something else; returns whether they did."""
    pointed = _point(bucket, release)
    return _show(bucket) or pointed


def _point(bucket: Bucket, release: Release) -> bool:
    """Adds the release to latest.json as it is at that moment, and goes on until it is read back."""
    wanted = None
    published = Pointer()
    for _ in range(RACES):
        content, etag = bucket.read(pointer.NAME)
        if wanted is not None and content == wanted:
            return True
        try:
            published = pointer.parse(content, bucket.address())
        except InvalidData:
            if wanted is None:
                raise
            # What was just written arrived broken: written once more, from what was read before.
        if published.with_release(release).to_bytes() == content:
            return wanted is not None
        wanted = published.with_release(release).to_bytes()
        bucket.put(pointer.NAME, wanted, FRESH, {"e_tag": etag} if etag else "create")
    raise bad_copy([bucket.address(pointer.NAME)])


def _show(bucket: Bucket) -> bool:
    """Writes index.html and what else shows the versions until it shows what latest.json says."""
    wrong: dict[str, bytes] = {}
    for round_ in range(RACES):
        wanted = front.files(_pointer(bucket))
        wrong = {path: content for path, content in wanted.items() if bucket.read(path)[0] != content}
        if not wrong:
            return round_ > 0
        for path, content in wrong.items():
            bucket.put(path, content, FRESH)
    raise bad_copy([bucket.address(path) for path in wrong])
