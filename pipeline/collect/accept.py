"""A snapshot that was rejected, accepted by a person who looked at it and says why."""

from __future__ import annotations

from dataclasses import replace

from pipeline.collect.jobs import Job, chosen
from pipeline.collect.outcome import Outcome
from pipeline.collect.store import Store
from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.source import snapshots
from pipeline.source.fetched_rows import read
from pipeline.source.project import Project
from pipeline.source.readers import BadAnswer


def accept(project: Project, only: tuple[str, ...], reason: str) -> list[Outcome]:
    """Accepts what was rejected of the sources or fetches in `only`; asks nothing, and keeps the reason.

    Raises CannotRun where nothing was rejected, or `only` is empty; InvalidData for what its reader cannot read.
    """
    if not only or not reason.strip():
        fix = "Name the source with --only, and write why its snapshot is right after --accept."
        raise CannotRun(Problem(Kind.BAD_OPTION, "needs a source and a reason", fix, value="--accept"))
    outcomes = [outcome for job in chosen(project, only) if (outcome := _accepted(job, reason.strip()))]
    if not outcomes:
        fix = "Run `servicebanken collect` first; what it accepts itself needs no reason."
        raise CannotRun(Problem(Kind.BAD_OPTION, "has no snapshot that was rejected", fix, value=", ".join(only)))
    return outcomes


def _accepted(job: Job, reason: str) -> Outcome | None:
    source, fetch = job
    found = snapshots.pointed(snapshots.folder_of(source, fetch), snapshots.REJECTED)
    if found is None:
        return None
    snapshot, pointer = found
    try:
        rows = read(fetch, snapshot.answers())
    except BadAnswer as error:
        fix = "What cannot be read cannot be accepted. Mend the fetch in source.yml, or wait for the source."
        file = str(snapshot.folder / snapshots.REJECTED)
        raise InvalidData(Problem(Kind.REJECTED_SNAPSHOT, f"has an answer that {error.rule}", fix, file=file)) from None
    store = Store(source, fetch)
    counts = {table: len(of.numbers) for table, of in rows.items()}
    store.accept(replace(pointer, reasons=(*pointer.reasons, f"accepted: {reason}"), rows=counts))
    store.log(verdict="accepted", snapshot=snapshot.id, reasons=[*pointer.reasons, f"accepted: {reason}"])
    return Outcome(source.name, fetch.id, "accepted", rows=counts)
