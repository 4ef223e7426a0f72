"""Publishing to Zenodo, or another InvenioRDM server, as a record with a DOI.

The draft is found or made, its DOI reserved, its metadata and files put in place and compared by MD5 (the only checksum
that the server tells). Then it waits for a person, who looks at it and publishes it on the web; publishing cannot be
undone. Every step is taken only where it is still missing, so that running the command again resumes.

The DOI goes into copies of datapackage.json and CITATION.cff (`deposit`), because a release is never changed, and the
DOI is known only when there is a draft. To have the DOI of *all* versions in every release, write it into the project's
datapackage.json as `id` after the first one is published; copies get that of their version instead.
"""

from __future__ import annotations

import time
from typing import Any

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import scratch
from pipeline.core.progress import Progress
from pipeline.publish.contents import Release
from pipeline.publish.deposit import Copy, copies, names
from pipeline.publish.invenio import Api, Refused, Unanswered, objections
from pipeline.publish.metadata import OWNED, metadata
from pipeline.publish.place import Published, published_otherwise
from pipeline.publish.records import Found, Record, doi_of, draft_of, find, page_of
from pipeline.publish.uploads import checksums, compare, send

NO_DOI_YET = "10.5281/zenodo.00000000"
"""Stands for a DOI that is not reserved yet, in the sizes that a dry run tells."""


def publish(release: Release, record: str, api: Api, progress: Progress, *, dry_run: bool, finish: bool) -> Published:
    """Makes a draft for the release, or resumes it; publishes it where `finish` says so.

    `record`: the number or DOI of any version of the record to add a version to, or of a draft; empty for a new record.
    Raises InvalidData where the record has that version with other files, or no record can be made of the release;
    CannotRun where the server does not answer, refuses, or stores other bytes than were sent.
    """
    described = metadata(release)
    names(release)
    found = find(api, record, release)
    if found.published:
        return _unchanged(api, release, found.published)
    if dry_run:
        return _plan(api, release, found)
    draft = found.draft or _new_draft(api, release, described, found.chain)
    draft = _with_doi(api, draft)
    draft = _describe(api, draft, described)
    with scratch() as folder:
        files = copies(release, doi_of(draft) or "", folder)
        sent, removed = send(api, draft, files, progress)
    compare(api, f"records/{draft['id']}/draft/files", files)
    if finish:
        draft = _finish(api, draft, files)
    return Published(
        api.address,
        release.name,
        release.version,
        "published" if finish else "draft",
        page_of(api, draft),
        tuple(copy.file for copy in sent),
        tuple(copy.file for copy in files if copy not in sent),
        removed,
        doi_of(draft),
    )


def _unchanged(api: Api, release: Release, record: Record) -> Published:
    """The version is there: with the ZIP of this release, or else with another."""
    there = checksums(api, f"records/{record['id']}/files")
    files = _files(release, doi_of(record))
    compared = [copy for copy in files if copy.key == release.archive] or list(files)
    if not all(there.get(copy.key) == copy.md5 for copy in compared):
        raise published_otherwise(page_of(api, record), release.version)
    kept = tuple(copy.file for copy in files if there.get(copy.key) == copy.md5)
    page = page_of(api, record)
    return Published(api.address, release.name, release.version, "unchanged", page, kept=kept, doi=doi_of(record))


def _plan(api: Api, release: Release, found: Found) -> Published:
    there = checksums(api, f"records/{found.draft['id']}/draft/files") if found.draft else {}
    doi = doi_of(found.draft) if found.draft else None
    files = _files(release, doi)
    kept = tuple(copy.file for copy in files if there.get(copy.key) == copy.md5)
    sent = tuple(copy.file for copy in files if copy.file not in kept)
    new = f"{api.address}/records" + (f"/{found.chain}/versions" if found.chain else "")
    page = page_of(api, found.draft) if found.draft else new
    removed = tuple(sorted(there.keys() - {copy.key for copy in files}))
    return Published(api.address, release.name, release.version, "planned", page, sent, kept, removed, doi)


def _files(release: Release, doi: str | None) -> tuple[Copy, ...]:
    """What the files of the record are, without keeping the copies."""
    with scratch() as folder:
        return copies(release, doi or NO_DOI_YET, folder)


def _new_draft(api: Api, release: Release, described: dict[str, Any], chain: str | None) -> Record:
    if chain:
        # Answers with the draft of the next version where there is one already.
        return dict(api.post(f"records/{chain}/versions"))
    body = {"access": {"record": "public", "files": "public"}, "files": {"enabled": True}, "metadata": described}
    for pause in api.pauses():
        try:
            return dict(api.post("records", body, repeat=False))
        except Unanswered:
            # It may have been made all the same; a second one would be left over.
            time.sleep(pause)
            draft = find(api, "", release).draft
            if draft:
                return draft
    return dict(api.post("records", body, repeat=False))


def _with_doi(api: Api, draft: Record) -> Record:
    if doi_of(draft):
        return draft
    path = f"records/{draft['id']}/draft"
    try:
        api.post(f"{path}/pids/doi")
    except Refused as error:
        # "A PID already exists for type doi": reserved by a request whose answer was lost.
        if error.status != 400:
            raise
    reserved: Record = api.get(path)
    if not doi_of(reserved):
        raise _no_doi(api, path)
    return reserved


def _describe(api: Api, draft: Record, described: dict[str, Any]) -> Record:
    """Puts the metadata into the draft. A PUT replaces everything, so what is not ours goes back as it came: above all
    `pids`, without which the reserved DOI is lost (docs-invenio-rdm issue 283)."""
    path = f"records/{draft['id']}/draft"
    kept = {key: value for key, value in draft.get("metadata", {}).items() if key not in OWNED}
    body = {
        "access": draft.get("access") or {"record": "public", "files": "public"},
        "files": {"enabled": True},
        "metadata": {**kept, **described},
        "pids": draft["pids"],
        "custom_fields": draft.get("custom_fields") or {},
    }
    answer = api.put(path, body)
    # That files are missing is said of every draft whose files are still to come.
    errors = [error for error in answer.get("errors") or [] if not str(error.get("field")).startswith("files")]
    if errors:
        raise objections(f"{api.address}/{path}", errors)
    after: Record = answer if "pids" in answer else api.get(path)
    if doi_of(after) != doi_of(draft):
        raise _no_doi(api, path)
    return after


def _no_doi(api: Api, path: str) -> CannotRun:
    return CannotRun(
        Problem(
            Kind.PLACE_REFUSED,
            "has not kept a reserved DOI",
            "Look at the draft on the web, reserve a DOI there, and run the command again.",
            file=f"{api.address}/{path}",
        )
    )


def _finish(api: Api, draft: Record, files: tuple[Copy, ...]) -> Record:
    """Publishes the draft, for good, and looks at what is public then."""
    number = draft["id"]
    try:
        api.post(f"records/{number}/draft/actions/publish")
    except Refused as error:
        # There is no draft any more where a request whose answer was lost has published it.
        if error.status not in (400, 404, 409) or draft_of(api, number):
            raise
    except Unanswered:
        # Zenodo is known to answer 504 to this and publish all the same (zenodo issue 2131).
        if draft_of(api, number):
            raise
    record: Record = api.get(f"records/{number}")
    compare(api, f"records/{number}/files", files)
    return record
