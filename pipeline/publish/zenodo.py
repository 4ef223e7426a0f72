"""Publishing to Zenodo, or another InvenioRDM server, as a record with a DOI.

The draft is found or made, its DOI reserved, its metadata and files put in place and compared by MD5 (the only checksum
that the server tells). Then it waits for a person, who looks at it and publishes it on the web; publishing cannot be
undone. Every step is taken only where it is still missing, so that running the command again resumes.

The DOI goes into copies of datapackage.json and CITATION.cff (`deposit`), because a release is never changed, and the
DOI is known only when there is a draft. To have the DOI of *all* versions in every release, write it into the project's
datapackage.json as `id` after the first one is published; copies get that of their version instead.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.errors import CannotRun, Kind, Problem
from pipeline.progress import Progress
from pipeline.publish.contents import Release
from pipeline.publish.deposit import Copy, copies, names
from pipeline.publish.invenio import Api, Refused, Unanswered, name, objections
from pipeline.publish.metadata import OWNED, is_marked, is_of_package, metadata
from pipeline.publish.result import Published, bad_copy, bad_place, published_otherwise
from pipeline.releases import Listed
from pipeline.versions import is_version, order

__all__ = ["Api", "listed", "publish"]

NO_DOI_YET = "10.5281/zenodo.00000000"
"""Stands for a DOI that is not reserved yet, in the sizes that a dry run tells."""

Record = Mapping[str, Any]


def publish(release: Release, record: str, api: Api, progress: Progress, *, dry_run: bool, finish: bool) -> Published:
    """Makes a draft for the release, or resumes it; publishes it where `finish` says so.

    `record`: the number or DOI of any version of the record to add a version to, or of a draft; empty for a new record.
    Raises InvalidData where the record has that version with other files, or no record can be made of the release;
    CannotRun where the server does not answer, refuses, or stores other bytes than were sent.
    """
    described = metadata(release)
    names(release)
    found = _find(api, record, release)
    if found.published:
        return _unchanged(api, release, found.published)
    if dry_run:
        return _plan(api, release, found)
    draft = found.draft or _new_draft(api, release, described, found.chain)
    draft = _with_doi(api, draft)
    draft = _describe(api, draft, described)
    with TemporaryDirectory() as scratch:
        files = copies(release, _doi(draft) or "", Path(scratch))
        sent, removed = _send(api, draft, files, progress)
    _compare(api, f"records/{draft['id']}/draft/files", files)
    if finish:
        draft = _finish(api, draft, files)
    return Published(
        api.address,
        release.name,
        release.version,
        "published" if finish else "draft",
        _page(api, draft),
        tuple(copy.file for copy in sent),
        tuple(copy.file for copy in files if copy not in sent),
        removed,
        _doi(draft),
    )


def listed(record: str, api: Api) -> list[Listed]:
    """The published versions of a record, the latest first. Raises CannotRun where there is no such record."""
    if not record:
        raise bad_place(api.address, "needs the number of a record", "Write it as zenodo:1234.")
    versions = _versions(api, _number(record))
    if not versions:
        raise bad_place(record, f"is no published record at {api.address}", "Correct the number.")
    ordered = sorted(versions, key=_age, reverse=True)
    return [_listed(api, version, version is ordered[0]) for version in ordered]


def _age(record: Record) -> tuple[Any, ...]:
    """What versions are sorted by: their number, where it is one; else when they were made."""
    version = str(_version(record))
    return (is_version(version), order(version) if is_version(version) else (), str(record.get("created") or ""))


def _listed(api: Api, record: Record, latest: bool) -> Listed:
    entries = api.get(f"records/{record['id']}/files").get("entries") or []
    size = sum(int(entry.get("size") or 0) for entry in entries)
    date = (record.get("metadata") or {}).get("publication_date")
    return Listed(
        str(_version(record)), _page(api, record), date, len(entries), size, latest, "unread", doi=_doi(record)
    )


# -- what is there -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """What the server has already: the record of this version, a draft to resume, the record to add a version to."""

    published: Record | None = None
    draft: Record | None = None
    chain: str | None = None


def _find(api: Api, record: str, release: Release) -> Found:
    if not record:
        return _find_marked(api, release)
    number = _number(record)
    draft = _draft(api, number)
    if draft is None:
        try:
            latest = api.get(f"records/{number}")
        except Refused as error:
            if error.status in (404, 410):
                raise bad_place(record, f"is no record at {api.address}", "Correct the number.") from None
            raise
        parent = latest.get("parent", {}).get("id")
        drafts = (
            _draft(api, mine["id"])
            for mine in _mine(api)
            if not mine.get("is_published") and mine.get("parent", {}).get("id") == parent
        )
        draft, number = next(filter(None, drafts), None), str(latest["id"])
    same = [version for version in _versions(api, number) if _version(version) == release.version]
    return Found(same[0] if same else None, draft, number)


def _find_marked(api: Api, release: Release) -> Found:
    """What the server has of this release, wherever. Another release of the package is not doubled by a new record."""
    mine = _mine(api)
    marked = [record for record in mine if is_marked(record, release)]
    published = next((record for record in marked if record.get("is_published")), None)
    if published:
        return Found(published)
    draft = next(filter(None, (_draft(api, record["id"]) for record in marked)), None)
    other = next((record for record in mine if is_of_package(record, release)), None)
    if draft is None and other and not is_marked(other, release):
        what = "record" if other.get("is_published") else "draft"
        raise bad_place(
            api.address,
            f"has the {what} {other['id']} of {release.name} {_version(other)} already",
            "Give its number after the colon: this release becomes a version of the record, or takes the draft over.",
        )
    return Found(draft=draft)


def _number(record: str) -> str:
    """The number in `1234`, `10.5281/zenodo.1234` or `https://doi.org/10.5281/zenodo.1234`."""
    match = re.fullmatch(r"(?:(?:https://doi\.org/)?10\.\d+/zenodo\.)?([A-Za-z0-9-]+)", record)
    if not match:
        raise bad_place(record, "is neither the number nor the DOI of a record", "Write it as zenodo-sandbox:1234.")
    return match[1]


def _mine(api: Api) -> list[Record]:
    """The newest records and drafts of whoever the token belongs to."""
    return list(api.get("user/records", sort="newest", size=100, allversions="true").get("hits", {}).get("hits", []))


def _draft(api: Api, number: str) -> Record | None:
    """The draft of that number; None where there is none, or where it edits what is published."""
    try:
        draft: Record = api.get(f"records/{number}/draft")
    except Refused as error:
        if error.status in (403, 404, 410):
            return None
        raise
    return None if draft.get("is_published") else draft


def _versions(api: Api, number: str) -> list[Record]:
    """The published versions of a record; none for a draft that is the first."""
    try:
        hits = api.get(f"records/{number}/versions", size=100).get("hits", {}).get("hits", [])
    except Refused as error:
        if error.status == 404:
            return []
        raise
    return [version for version in hits if version.get("is_published", True)]


def _unchanged(api: Api, release: Release, record: Record) -> Published:
    """The version is there: with the ZIP of this release, or else with another."""
    there = _checksums(api, f"records/{record['id']}/files")
    files = _files(release, _doi(record))
    compared = [copy for copy in files if copy.key == release.archive] or list(files)
    if not all(there.get(copy.key) == copy.md5 for copy in compared):
        raise published_otherwise(_page(api, record), release.version)
    kept = tuple(copy.file for copy in files if there.get(copy.key) == copy.md5)
    page = _page(api, record)
    return Published(api.address, release.name, release.version, "unchanged", page, kept=kept, doi=_doi(record))


def _plan(api: Api, release: Release, found: Found) -> Published:
    there = _checksums(api, f"records/{found.draft['id']}/draft/files") if found.draft else {}
    doi = _doi(found.draft) if found.draft else None
    files = _files(release, doi)
    kept = tuple(copy.file for copy in files if there.get(copy.key) == copy.md5)
    sent = tuple(copy.file for copy in files if copy.file not in kept)
    new = f"{api.address}/records" + (f"/{found.chain}/versions" if found.chain else "")
    page = _page(api, found.draft) if found.draft else new
    removed = tuple(sorted(there.keys() - {copy.key for copy in files}))
    return Published(api.address, release.name, release.version, "planned", page, sent, kept, removed, doi)


def _files(release: Release, doi: str | None) -> tuple[Copy, ...]:
    """What the files of the record are, without keeping the copies."""
    with TemporaryDirectory() as scratch:
        return copies(release, doi or NO_DOI_YET, Path(scratch))


# -- the draft -----------------------------------------------------------------------------------------------------


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
            draft = _find(api, "", release).draft
            if draft:
                return draft
    return dict(api.post("records", body, repeat=False))


def _with_doi(api: Api, draft: Record) -> Record:
    if _doi(draft):
        return draft
    path = f"records/{draft['id']}/draft"
    try:
        api.post(f"{path}/pids/doi")
    except Refused as error:
        # "A PID already exists for type doi": reserved by a request whose answer was lost.
        if error.status != 400:
            raise
    reserved: Record = api.get(path)
    if not _doi(reserved):
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
    if _doi(after) != _doi(draft):
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


# -- files ---------------------------------------------------------------------------------------------------------


def _send(
    api: Api, draft: Record, files: tuple[Copy, ...], progress: Progress
) -> tuple[tuple[Copy, ...], tuple[str, ...]]:
    """Sends the files that the draft lacks or has otherwise, and removes those that are not the release's.

    Returns what was sent, and the names of what was removed.
    """
    path = f"records/{draft['id']}/draft/files"
    there = _checksums(api, path)
    missing = tuple(copy for copy in files if there.get(copy.key) != copy.md5)
    strange = tuple(sorted(there.keys() - {copy.key for copy in files}))
    for key in (*strange, *(copy.key for copy in missing if there.get(copy.key))):
        api.delete(f"{path}/{name(key)}")
    _announce(api, path, [copy.key for copy in missing if not (copy.key in there and there[copy.key] is None)])
    for number, copy in enumerate(missing, 1):
        progress.advance(number, len(missing), copy.key)
        _send_file(api, f"{path}/{name(copy.key)}", copy)
    return missing, strange


def _announce(api: Api, path: str, keys: list[str]) -> None:
    """Says which files are to come, in one request."""
    if not keys:
        return
    try:
        api.post(path, [{"key": key} for key in keys])
    except Refused as error:
        # Refused where they have been announced: by a request whose answer was lost.
        if error.status != 400 or not {*keys} <= _checksums(api, path).keys():
            raise


def _send_file(api: Api, path: str, copy: Copy) -> None:
    api.upload(f"{path}/content", copy.path)
    try:
        entry = api.post(f"{path}/commit")
    except Refused:
        # Refused where it has been committed: by a request whose answer was lost.
        entry = api.get(path)
        if not _md5(entry):
            raise
    for pause in api.pauses():
        if _md5(entry):
            break
        time.sleep(pause)
        entry = api.get(path)
    if _md5(entry) != copy.md5:
        api.delete(path)
        raise bad_copy([f"{api.address}/{path}"])


def _compare(api: Api, path: str, files: tuple[Copy, ...]) -> None:
    """Raises where the files at `path` are not exactly these."""
    there = _checksums(api, path)
    wanted = {copy.key: copy.md5 for copy in files}
    wrong = sorted(key for key in {*there, *wanted} if there.get(key) != wanted.get(key))
    if wrong:
        raise bad_copy([f"{api.address}/{path}/{name(key)}" for key in wrong])


def _checksums(api: Api, path: str) -> dict[str, str | None]:
    """Name to MD5 of the files of a record or draft; None for one that is announced and not complete."""
    return {str(entry["key"]): _md5(entry) for entry in api.get(path).get("entries") or []}


def _md5(entry: Record) -> str | None:
    checksum = str(entry.get("checksum") or "")
    complete = entry.get("status", "completed") == "completed"
    return checksum.removeprefix("md5:") if complete and checksum.startswith("md5:") else None


# -- the end -------------------------------------------------------------------------------------------------------


def _finish(api: Api, draft: Record, files: tuple[Copy, ...]) -> Record:
    """Publishes the draft, for good, and looks at what is public then."""
    number = draft["id"]
    try:
        api.post(f"records/{number}/draft/actions/publish")
    except Refused as error:
        # There is no draft any more where a request whose answer was lost has published it.
        if error.status not in (400, 404, 409) or _draft(api, number):
            raise
    except Unanswered:
        # Zenodo is known to answer 504 to this and publish all the same (zenodo issue 2131).
        if _draft(api, number):
            raise
    record: Record = api.get(f"records/{number}")
    _compare(api, f"records/{number}/files", files)
    return record


def _doi(record: Record) -> str | None:
    doi = ((record.get("pids") or {}).get("doi") or {}).get("identifier")
    return str(doi) if doi else None


def _version(record: Record) -> str | None:
    return (record.get("metadata") or {}).get("version")


def _page(api: Api, record: Record) -> str:
    """Where a person looks at the record."""
    return str((record.get("links") or {}).get("self_html") or f"{api.address}/records/{record['id']}")
