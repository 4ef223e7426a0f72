"""Every fetch of a project asked, and what came of each; what was rejected, accepted by a person who says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from pipeline.collect.client import Client
from pipeline.collect.due import standing
from pipeline.collect.jobs import Job, Terms, chosen, clients, side_by_side
from pipeline.collect.outcome import Outcome, failed, problem
from pipeline.collect.run import run
from pipeline.collect.store import Store
from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError, Problem
from pipeline.core.http import NotFetched
from pipeline.core.progress import Progress
from pipeline.source import snapshots
from pipeline.source.fetch import Fetch
from pipeline.source.fetched_rows import read
from pipeline.source.project import Project
from pipeline.source.readers import BadAnswer


def collect(project: Project, progress: Progress, terms: Terms) -> list[Outcome]:
    """Asks every source for what it has now, and keeps it; in the order of the sources. Never raises for one source.

    Raises CannotRun where `only` names what is not there.
    """
    jobs = chosen(project, terms.only)
    connected = clients(project, terms)
    said = _Said(progress, len(jobs))

    def one(place: int) -> Outcome:
        source, fetch = jobs[place]
        at = standing(source, fetch, named=bool(terms.only), since=terms.since)
        if at.waits:
            outcome = Outcome(source.name, fetch.id, "waiting", note=at.waits)
        elif at.rests:
            outcome = failed(source, fetch, NotFetched(at.rests))
        else:
            outcome = _asked(project, jobs[place], connected, lambda number: said.asks(fetch, number))
        said.ended(outcome)
        return outcome

    return side_by_side([fetch for _, fetch in jobs], one)


class _Said:
    """Tells of several fetches at the same time."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = Lock()

    def asks(self, fetch: Fetch, number: int) -> None:
        with self._lock:
            self._progress.advance(self._done, self._total, f"{fetch.id}: request {number}")

    def ended(self, outcome: Outcome) -> None:
        with self._lock:
            self._done += 1
            self._progress.advance(self._done, self._total, f"{outcome.fetch}: {outcome.outcome}")


def _asked(project: Project, job: Job, connected: Callable[[Fetch], Client], asks: Callable[[int], None]) -> Outcome:
    source, fetch = job
    client = None
    try:
        client = connected(fetch)
        verdict = run(source, fetch, project.contract, client, asks)
    except NotFetched as error:
        until = datetime.now(UTC) + timedelta(seconds=error.wait) if error.wait else None
        Store(source, fetch).log(
            verdict="failed",
            reasons=[error.rule],
            wait_until=until.strftime("%Y-%m-%dT%H:%M:%SZ") if until else None,
        )
        return failed(source, fetch, error)
    except PipelineError as error:
        return Outcome(source.name, fetch.id, "failed", problems=error.problems)
    finally:
        if client is not None:
            client.close()
    fix = f"Look at what differs; if it is right: `servicebanken collect --only {fetch.id} --accept REASON`."
    problems = tuple(problem(Kind.REJECTED_SNAPSHOT, reason, fix, source, fetch) for reason in verdict.reasons)
    return Outcome(source.name, fetch.id, verdict.outcome, verdict.requests, verdict.bytes, verdict.rows, problems)


# -- what a person accepts -----------------------------------------------------------------------------------------


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
        fix = "What cannot be read cannot be accepted. Correct the fetch in source.yml, or wait for the source."
        file = str(snapshot.folder / snapshots.REJECTED)
        raise InvalidData(Problem(Kind.REJECTED_SNAPSHOT, f"has an answer that {error.rule}", fix, file=file)) from None
    store = Store(source, fetch)
    counts = {table: len(of.numbers) for table, of in rows.items()}
    store.accept(replace(pointer, reasons=(*pointer.reasons, f"accepted: {reason}"), rows=counts))
    store.log(verdict="accepted", snapshot=snapshot.id, reasons=[*pointer.reasons, f"accepted: {reason}"])
    return Outcome(source.name, fetch.id, "accepted", rows=counts)
