"""Every fetch of a project asked, and what came of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from pipeline.collect.due import standing
from pipeline.collect.failure import NotFetched
from pipeline.collect.fetch import Client
from pipeline.collect.jobs import Job, Terms, chosen, clients, side_by_side
from pipeline.collect.outcome import Outcome, failed, problem
from pipeline.collect.run import run
from pipeline.collect.store import Store
from pipeline.core.errors import Kind, PipelineError
from pipeline.core.progress import Progress
from pipeline.source.fetch import Fetch
from pipeline.source.project import Project


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
