"""Every fetch of a project: side by side for different hosts, one after another for the same one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from pipeline.collect.fetch import Client, NotFetched, Patience
from pipeline.collect.hosts import Hosts
from pipeline.collect.network import Network
from pipeline.collect.robots import Robots
from pipeline.collect.run import run
from pipeline.collect.store import Store
from pipeline.errors import CannotRun, InvalidData, Kind, PipelineError, Problem
from pipeline.fetches import Fetch
from pipeline.progress import Progress
from pipeline.project import Project
from pipeline.sources import FILE, Source, read_all

WORKERS = 8
"""Hosts that are asked at the same time."""


@dataclass(frozen=True)
class Terms:
    """On what terms is collected: `only` these sources or fetches (all, where empty)."""

    only: tuple[str, ...] = ()
    network: Network = field(default_factory=Network)
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class Outcome:
    """How one fetch ended: `accepted`, `unchanged`, `rejected` or `failed`."""

    source: str
    fetch: str
    outcome: str
    requests: int = 0
    bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON-ready data."""
        return {**asdict(self), "problems": [problem.to_dict() for problem in self.problems]}

    def __str__(self) -> str:
        rows = ", ".join(f"{table} {count:,}" for table, count in self.rows.items())
        asked = f"{self.requests} request{'s' * (self.requests != 1)}"
        return "  ".join(part for part in (f"{self.fetch}  {self.outcome}", asked, rows) if part)


Job = tuple[Source, Fetch]


def collect(project: Project, progress: Progress, terms: Terms) -> list[Outcome]:
    """Asks every source for what it has now, and keeps it; in the order of the sources. Never raises for one source.

    Raises CannotRun where `only` names what is not there.
    """
    jobs = chosen(project, terms.only)
    hosts, robots, agent = Hosts(), Robots(), user_agent(project)
    lock = Lock()

    def one(job: Job) -> Outcome:
        source, fetch = job

        def advance(requests: int) -> None:
            with lock:
                progress.say(f"{fetch.id}: request {requests}")

        def connected() -> Client:
            return Client(fetch, agent, hosts, robots, terms.network, terms.patience)

        return _outcome(project, source, fetch, connected, advance)

    def together(group: list[Job]) -> list[tuple[Job, Outcome]]:
        return [(job, one(job)) for job in group]

    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(urlsplit(job[1].url).netloc, []).append(job)
    with ThreadPoolExecutor(WORKERS) as workers:
        ended = [pair for pairs in workers.map(together, groups.values()) for pair in pairs]
    found = {job[1].id: outcome for job, outcome in ended}
    return [found[fetch.id] for _, fetch in jobs]


def chosen(project: Project, only: tuple[str, ...]) -> list[Job]:
    """The fetches of the sources, or of those that `only` names by source or fetch."""
    jobs = [(source, fetch) for source in _sources(project) for fetch in source.fetches]
    known = {name for source, fetch in jobs for name in (source.name, fetch.id)}
    for name in only:
        if name not in known:
            fix = f"Those that are fetched are: {', '.join(sorted(known)) or 'none'}."
            raise CannotRun(Problem(Kind.BAD_OPTION, "is not a source that is fetched", fix, value=name))
    return [job for job in jobs if not only or {job[0].name, job[1].id} & set(only)]


def _sources(project: Project) -> list[Source]:
    if not project.has_sources:
        rule = "has no folder sources/: nothing in it is fetched"
        raise CannotRun(Problem(Kind.NO_PROJECT, rule, "Add sources/<publisher>/source.yml.", file=str(project.root)))
    return read_all(project.sources, project.root)


def user_agent(project: Project) -> str:
    """Who asks, and where to complain."""
    descriptor = project.contract.descriptor
    home = descriptor.get("homepage")
    contact = f" (+{home})" if isinstance(home, str) and home.isascii() and home.isprintable() else ""
    return f"servicebanken/{version('servicebanken')}{contact}"


def _outcome(
    project: Project, source: Source, fetch: Fetch, connected: Callable[[], Client], advance: Callable[[int], None]
) -> Outcome:
    place = f"{source.folder.name}/{FILE}"
    client = None
    try:
        client = connected()
        verdict = run(source, fetch, project.contract, client, advance)
    except NotFetched as error:
        Store(source, fetch).log(verdict="failed", reasons=[error.rule])
        fix = "What was accepted before still counts; run `servicebanken collect` again later."
        problem = Problem(Kind.NOT_FETCHED, error.rule, fix, file=place, row=fetch.line, value=fetch.id)
        return Outcome(source.name, fetch.id, "failed", problems=(problem,))
    except PipelineError as error:
        return Outcome(source.name, fetch.id, "failed", problems=error.problems)
    finally:
        if client is not None:
            client.close()
    fix = f"Look at what differs; if it is right: `servicebanken collect --only {fetch.id} --accept REASON`."
    problems = tuple(
        Problem(Kind.REJECTED_SNAPSHOT, reason, fix, file=place, row=fetch.line, value=fetch.id)
        for reason in verdict.reasons
    )
    return Outcome(source.name, fetch.id, verdict.outcome, verdict.requests, verdict.bytes, verdict.rows, problems)


def error_of(outcomes: list[Outcome]) -> PipelineError | None:
    """What a command ends with: InvalidData where a snapshot was rejected, else CannotRun where one failed."""
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    if any(outcome.outcome == "rejected" for outcome in outcomes):
        return InvalidData(problems)
    return CannotRun(problems) if problems else None
