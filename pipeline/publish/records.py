"""What an InvenioRDM server such as Zenodo has already of a package: records, their versions, drafts to resume."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.package.releases import Listed
from pipeline.package.version import is_version, order
from pipeline.publish.contents import Release
from pipeline.publish.invenio import Api, Refused
from pipeline.publish.metadata import is_marked, is_of_package
from pipeline.publish.place import bad_place

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """What the server has already: the record of this version, a draft to resume, the record to add a version to."""

    published: Record | None = None
    draft: Record | None = None
    chain: str | None = None


def find(api: Api, record: str, release: Release) -> Found:
    """What the server has of the release. Raises CannotRun where no record has the number `record`."""
    if not record:
        return _find_marked(api, release)
    number = _number(record)
    draft = draft_of(api, number)
    if draft is None:
        try:
            latest = api.get(f"records/{number}")
        except Refused as error:
            if error.status in (404, 410):
                raise bad_place(record, f"is not a record at {api.address}", "Correct the number.") from None
            raise
        parent = latest.get("parent", {}).get("id")
        drafts = (
            draft_of(api, mine["id"])
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
    draft = next(filter(None, (draft_of(api, record["id"]) for record in marked)), None)
    other = next((record for record in mine if is_of_package(record, release)), None)
    if draft is None and other and not is_marked(other, release):
        what = "record" if other.get("is_published") else "draft"
        raise bad_place(
            api.address,
            f"has the {what} {other['id']} of {release.name} {_version(other)} already",
            "Give its number after the colon: this release becomes a version of the record, or takes the draft over.",
        )
    return Found(draft=draft)


def listed(record: str, api: Api) -> list[Listed]:
    """The published versions of a record, the latest first. Raises CannotRun where there is no such record."""
    if not record:
        raise bad_place(api.address, "needs the number of a record", "Write it as zenodo:1234.")
    found = _versions(api, _number(record))
    if not found:
        raise bad_place(record, f"is not a published record at {api.address}", "Correct the number.")
    ordered = sorted(found, key=_age, reverse=True)
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
        str(_version(record)), page_of(api, record), date, len(entries), size, latest, "unread", doi=doi_of(record)
    )


def _number(record: str) -> str:
    """The number in `1234`, `10.5281/zenodo.1234` or `https://doi.org/10.5281/zenodo.1234`."""
    match = re.fullmatch(r"(?:(?:https://doi\.org/)?10\.\d+/zenodo\.)?([A-Za-z0-9-]+)", record)
    if not match:
        raise bad_place(record, "is neither the number nor the DOI of a record", "Write it as zenodo-sandbox:1234.")
    return match[1]


def _mine(api: Api) -> list[Record]:
    """The newest records and drafts of whoever the token belongs to."""
    return list(api.get("user/records", sort="newest", size=100, allversions="true").get("hits", {}).get("hits", []))


def draft_of(api: Api, number: str) -> Record | None:
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


def doi_of(record: Record) -> str | None:
    """The record's DOI, if it has one."""
    found = ((record.get("pids") or {}).get("doi") or {}).get("identifier")
    return str(found) if found else None


def _version(record: Record) -> str | None:
    """The version that the record says it is."""
    return (record.get("metadata") or {}).get("version")


def page_of(api: Api, record: Record) -> str:
    """Where a person looks at the record."""
    return str((record.get("links") or {}).get("self_html") or f"{api.address}/records/{record['id']}")
