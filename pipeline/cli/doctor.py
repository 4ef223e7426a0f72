"""`servicebanken doctor`: what a bug report needs to say about this machine."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.cli.session import Session, command, main

LEAST_FREE = 1_000_000_000
"""Bytes that should be free on the disk of a project and of temporary files."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `ok`, `missing` (an extra that is not installed) or `problem`."""

    name: str
    state: str
    text: str


@main.command()
@command
def doctor(session: Session) -> None:
    """Print versions, extras, free space, clock and network: what a bug report needs.

    Nothing is changed. The network is only asked for the addresses of the hosts that sources are fetched from.

    \b
    Example:
      servicebanken doctor
    """
    checks = [*_versions(), *_extras(), *_space(session.folder), _clock(), *_network(session)]
    width = max(len(check.name) for check in checks)
    text = "\n".join(f"{check.state:<7}  {check.name:<{width}}  {check.text}" for check in checks)
    session.print([asdict(check) for check in checks], text)


def _versions() -> Iterator[Check]:
    yield Check("servicebanken", "ok", version("servicebanken"))
    yield Check("Python", "ok", f"{sys.version.split()[0]} on {platform.platform()}")
    for requirement in requires("servicebanken") or []:
        if "extra ==" not in requirement:
            yield _installed(_name(requirement), "problem")


def _extras() -> Iterator[Check]:
    for requirement in requires("servicebanken") or []:
        name, _, condition = requirement.partition("extra ==")
        extra = condition.strip(" \"'")
        if extra and extra not in ("test", "bench"):
            check = _installed(_name(name), "missing")
            yield Check(f"{check.name} [{extra}]", check.state, check.text)


def _name(requirement: str) -> str:
    """The name of a requirement such as `pandas>=2.2; python_version < "4"`."""
    return "".join(sign if sign.isalnum() or sign in "-_." else " " for sign in requirement).split()[0]


def _installed(name: str, otherwise: str) -> Check:
    try:
        return Check(name, "ok", version(name))
    except PackageNotFoundError:
        return Check(name, otherwise, "not installed")


def _space(folder: Path) -> Iterator[Check]:
    import tempfile

    for name, place in (("disk of the project", folder), ("disk of temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(place if place.exists() else Path()).free
        yield Check(name, "ok" if free >= LEAST_FREE else "problem", f"{free / 1e9:.1f} GB free")


def _clock() -> Check:
    """The time; it cannot be before the newest file of this installation was written."""
    now = datetime.now(UTC)
    installed = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    state = "ok" if now >= installed else "problem"
    return Check("clock", state, f"{now:%Y-%m-%d %H:%M} UTC")


def _network(session: Session) -> Iterator[Check]:
    """Whether the hosts that the project's sources are fetched from are known (DNS)."""
    from pipeline.core.errors import PipelineError
    from pipeline.source.readers import reader
    from pipeline.source.source import read_all

    try:
        project = session.project
        sources = read_all(project.sources, project.root) if project.has_sources else []
        asked = [
            request.url
            for each in sources
            for fetch in each.fetches
            for request in reader(fetch.reader).requests(fetch)
        ]
    except PipelineError as error:
        yield Check("project", "problem", str(error.problems[0]))
        return
    for host in sorted({urlsplit(url).hostname or "" for url in asked}):
        try:
            socket.getaddrinfo(host, 443)
        except OSError as error:
            yield Check(f"network {host}", "problem", f"not reachable: {error.strerror or error}")
        else:
            yield Check(f"network {host}", "ok", "its address is known")
