"""`servicebanken serve`, and the same as an ASGI application.

`pipeline.serve.app:app` serves the releases that the environment variable SERVICEBANKEN_RELEASES names, folders with
`:` between them, or those of the project in the current folder.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.progress import Progress
from pipeline.serve import helper
from pipeline.serve.places import VERSION
from pipeline.serve.protocol import Protocol, most_connections
from pipeline.serve.shelf import Folders, Library
from pipeline.serve.site import Options, Site
from pipeline.serve.turns import Server, Turn, Turns
from pipeline.serve.workers import supervise

BACKLOG = 2048
"""Connections that wait until they are answered."""

SWITCHED = 0.001
"""Seconds after which a thread that makes a long page lets one go on that makes a short one; Python's own are 5 ms."""

RELEASES = "SERVICEBANKEN_RELEASES"


def run(
    folders: Folders,
    host: str,
    port: int,
    options: Options,
    progress: Progress,
    workers: int = 1,
    open_browser: bool = False,
) -> None:
    """Serves the releases until it is interrupted. Raises CannotRun where there is none or the port is taken."""
    site = Site(Library(folders), options, progress)
    with _listen(host, port) as listening:
        shown, number = listening.getsockname()[:2]
        address = f"http://{f'[{shown}]' if ':' in shown else shown}:{number}/"
        progress.say(f"Datasette shows {site.library.shelf.latest.folder} at {address}  (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            turns = Turns(workers)
            if workers == 1:
                _serve(site, listening, turns.of(0))
            else:
                supervise(workers, lambda number: _serve(site, listening, turns.of(number)))


def _serve(site: Site, listening: socket.socket, turn: Turn) -> None:
    site.helper = helper.started(site.library, lambda: site.watch(says=False), listening)
    Protocol.most = most_connections()
    sys.setswitchinterval(SWITCHED)
    config = uvicorn.Config(
        site,
        http=Protocol,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=20,
    )
    Server(config, turn).run(sockets=[listening])


def below(releases: Path) -> Folders:
    """The folders of all releases in the folder of a project's releases, as they are when they are asked for.

    Where there is none yet, the folder that the latest would have.
    """

    def folders() -> Sequence[Path]:
        found = [path for path in releases.iterdir() if VERSION.fullmatch(path.name)] if releases.is_dir() else []
        return sorted(path for path in found if path.is_dir() and not path.is_symlink()) or [releases / "latest"]

    return folders


def named(folders: Sequence[Path]) -> Folders:
    """The folders that were named; a link among them may lead elsewhere later."""
    return lambda: folders


class Application:
    """The ASGI application that finds its releases when it is first asked."""

    def __init__(self, make: Callable[[], Site]) -> None:
        self._make = make
        self._site: Site | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One conversation as ASGI has it."""
        self._site = self._site or self._make()
        await self._site(scope, receive, send)


def _from_environment() -> Site:
    told = os.environ.get(RELEASES, "")
    folders = named([Path(part) for part in told.split(os.pathsep)]) if told else below(Path("build/releases"))
    return Site(Library(folders), Options(), Progress("lines"))


app = Application(_from_environment)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        # With the protocol named, asyncio sends small answers at once (TCP_NODELAY); else each waits 40 ms.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotRun(
            Problem(
                Kind.PORT_TAKEN,
                f"cannot be listened on: {reason}",
                "Choose another port with --port, or stop what holds it.",
                value=f"{host}:{port}",
            )
        ) from None
    return listening
