"""The files of a record on an InvenioRDM server: sent where they are missing, compared by MD5."""

from __future__ import annotations

import time

from pipeline.core.progress import Progress
from pipeline.publish.deposit import Copy
from pipeline.publish.invenio import Api, Refused, name
from pipeline.publish.place import bad_copy
from pipeline.publish.records import Record


def send(
    api: Api, draft: Record, files: tuple[Copy, ...], progress: Progress
) -> tuple[tuple[Copy, ...], tuple[str, ...]]:
    """Sends the files that the draft lacks or has otherwise, and removes those that are not the release's.

    Returns what was sent, and the names of what was removed.
    """
    path = f"records/{draft['id']}/draft/files"
    there = checksums(api, path)
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
        if error.status != 400 or not {*keys} <= checksums(api, path).keys():
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


def compare(api: Api, path: str, files: tuple[Copy, ...]) -> None:
    """Raises where the files at `path` are not exactly these."""
    there = checksums(api, path)
    wanted = {copy.key: copy.md5 for copy in files}
    wrong = sorted(key for key in {*there, *wanted} if there.get(key) != wanted.get(key))
    if wrong:
        raise bad_copy([f"{api.address}/{path}/{name(key)}" for key in wrong])


def checksums(api: Api, path: str) -> dict[str, str | None]:
    """Name to MD5 of the files of a record or draft; None for one that is announced and not complete."""
    return {str(entry["key"]): _md5(entry) for entry in api.get(path).get("entries") or []}


def _md5(entry: Record) -> str | None:
    checksum = str(entry.get("checksum") or "")
    complete = entry.get("status", "completed") == "completed"
    return checksum.removeprefix("md5:") if complete and checksum.startswith("md5:") else None
