"""What there is to fetch, and work on it side by side: different hosts at once, those of one host in turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from threading import Thread
from typing import TypeVar
from urllib.parse import urlsplit

from pipeline.collect.client import Client, Hosts, Robots
from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.http import Patience
from pipeline.core.network import Network
from pipeline.source.fetch import Fetch
from pipeline.source.project import Project
from pipeline.source.source import Source, read_all

WORKERS = 8
"""Hosts that are asked at the same time."""

Job = tuple[Source, Fetch]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Terms:
    """On what terms is collected: `only` these sources or fetches (all, where empty), `since` a day (see due.py)."""

    only: tuple[str, ...] = ()
    since: str | None = None
    network: Network = field(default_factory=Network)
    patience: Patience = field(default_factory=Patience)


def chosen(project: Project, only: tuple[str, ...]) -> list[Job]:
    """The fetches of the sources, or of those that `only` names by source or fetch. Raises CannotRun for others."""
    jobs = [(source, fetch) for source in sources(project) for fetch in source.fetches]
    known = {name for source, fetch in jobs for name in (source.name, fetch.id)}
    for name in only:
        if name not in known:
            fix = f"Those that are fetched are: {', '.join(sorted(known)) or 'none'}."
            raise CannotRun(Problem(Kind.BAD_OPTION, "is not a source that is fetched", fix, value=name))
    return [job for job in jobs if not only or {job[0].name, job[1].id} & set(only)]


def sources(project: Project) -> list[Source]:
    """The project's sources. Raises CannotRun for a project without any."""
    if not project.has_sources:
        rule = "has no folder sources/: nothing in it is fetched"
        raise CannotRun(Problem(Kind.NO_PROJECT, rule, "Add sources/<publisher>/source.yml.", file=str(project.root)))
    return read_all(project.sources, project.root)


def clients(project: Project, terms: Terms) -> Callable[[Fetch], Client]:
    """Makes a client for a fetch; those of one call share the turns at hosts, and what robots.txt says."""
    hosts, robots, agent = Hosts(), Robots(), user_agent(project)
    return lambda fetch: Client(fetch, agent, hosts, robots, terms.network, terms.patience)


def user_agent(project: Project) -> str:
    """Who asks, and where to complain."""
    home = project.contract.descriptor.get("homepage")
    contact = f" (+{home})" if isinstance(home, str) and home.isascii() and home.isprintable() else ""
    return f"servicebanken/{version('servicebanken')}{contact}"


def side_by_side(fetches: Sequence[Fetch], work: Callable[[int], Result]) -> list[Result]:
    """What `work` makes of each fetch, given its place; in their order.

    The threads are daemons: whoever presses Ctrl-C does not wait for the slowest server.
    """
    groups: dict[str, list[int]] = {}
    for place, fetch in enumerate(fetches):
        groups.setdefault(urlsplit(fetch.url).netloc, []).append(place)
    waiting = deque(groups.values())
    done: dict[int, Result] = {}
    raised: list[BaseException] = []

    def worker() -> None:
        while True:
            try:
                places = waiting.popleft()
            except IndexError:
                return
            try:
                done.update({place: work(place) for place in places})
            except BaseException as error:
                raised.append(error)

    threads = [Thread(target=worker, daemon=True) for _ in range(min(WORKERS, len(groups)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return [done[place] for place in range(len(fetches))]
