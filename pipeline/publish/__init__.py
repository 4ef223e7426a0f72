"""A release goes where people get it: a folder, a bucket, Zenodo. Sent, read back, compared, and only then visible."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlparse

from pipeline.core.http import Patience
from pipeline.core.progress import Progress
from pipeline.hookspecs import module, modules
from pipeline.package.inputs import ADDRESS
from pipeline.package.releases import Listed
from pipeline.publish import contents
from pipeline.publish.pointer import Pointer, Version
from pipeline.publish.result import Published, bad_place

__all__ = ["Patience", "Pointer", "Published", "Version", "listed", "publish", "published"]

PATIENCE = Patience(retries=4, longest_wait=300)
ZENODO = re.compile(r"(?P<which>zenodo|zenodo-sandbox):(?P<record>.*)")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


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
    Zenodo, for good; else it is left for a person. `api`: the address of another InvenioRDM server in Zenodo's stead.

    Raises InvalidData where the release is damaged, or that version is published with other bytes; CannotRun where the
    place cannot be reached, refuses, or does not return what was sent. What was published before stays as it was.
    """
    patience = patience or PATIENCE
    kind, target = _place(place)
    with progress.step("verify"):
        verified = contents.read(release)
    with progress.step("publish"):
        if kind == "folder":
            from pipeline.publish import folder

            return folder.publish(verified, Path(target), progress, dry_run=dry_run)
        if kind in modules("places"):
            made: Published = module("places", kind).publish(verified, target, progress, patience, dry_run=dry_run)
            return made
        from pipeline.publish import zenodo
        from pipeline.publish.invenio import Api

        return zenodo.publish(verified, target, Api.of(kind, api, patience), progress, dry_run=dry_run, finish=finish)


def published(place: str, patience: Patience | None = None) -> Pointer:
    """What a folder or a bucket has published; an empty pointer where that is nothing."""
    kind, target = _place(place)
    if kind == "folder":
        from pipeline.publish import folder

        return folder.versions(Path(target))
    if kind in modules("places"):
        found: Pointer = module("places", kind).versions(target, patience or PATIENCE)
        return found
    raise bad_place(place, "keeps its own list of versions", "Look at the record's page.")


def listed(place: str, progress: Progress, *, api: str | None = None, patience: Patience | None = None) -> list[Listed]:
    """The releases that a place has published, the latest first; nothing where it has none.

    `place`: as for `publish`, or a web address with a latest.json; at Zenodo with the number or DOI of a record. Every
    file in a folder is read; elsewhere `verify` does that. Raises CannotRun where the place cannot be reached.
    """
    from pipeline.publish import listing

    patience = patience or PATIENCE
    if ADDRESS.match(place):
        return listing.of_address(place)
    kind, target = _place(place)
    with progress.step("published"):
        if kind == "folder":
            return listing.of_folder(Path(target), progress)
        if kind in modules("places"):
            return listing.of_versions(target, module("places", kind).versions(target, patience))
        from pipeline.publish import records
        from pipeline.publish.invenio import Api

        return records.listed(target, Api.reading(kind, api, patience))


def _place(place: str) -> tuple[str, str]:
    """The kind of place (folder, zenodo, zenodo-sandbox, or the scheme of a bucket), and where in it."""
    if zenodo := ZENODO.fullmatch(place):
        return zenodo["which"], zenodo["record"]
    if (scheme := place.partition("://")[0]) in modules("places"):
        return scheme, place
    if place.startswith("file:"):
        url = urlparse(place)
        if url.netloc not in ("", "localhost") or not url.path.startswith("/"):
            raise bad_place(place, "is not the address of a folder here", "Write it as file:///folder.")
        return "folder", unquote(url.path)
    if SCHEME.match(place) or not place:
        raise bad_place(
            place,
            "is not a place that can be published to",
            "Give a folder, file:///folder, s3://bucket/prefix (or gs://, az://), zenodo-sandbox: or zenodo:.",
        )
    return "folder", place
