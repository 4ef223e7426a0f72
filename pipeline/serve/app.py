"""`servicebanken serve`: Datasette with the plugin and safe settings, and the same as an ASGI application.

`pipeline.serve.app:app` is for `uvicorn --workers`: it serves the releases that the environment variable
SERVICEBANKEN_RELEASES names, folders with `:` between them, or those of the project in the current folder; under the
address in SERVICEBANKEN_ADDRESS, if a proxy is in front.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import socket
import webbrowser
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.progress import Progress
from pipeline.package.metadata_yml import read_metadata
from pipeline.serve import plugin
from pipeline.serve.library import library_of
from pipeline.serve.options import NAME, SETTINGS, public_address

BACKLOG = 2048
"""Connections that wait until they are answered."""

RELEASES = "SERVICEBANKEN_RELEASES"
ADDRESS = "SERVICEBANKEN_ADDRESS"


@dataclass(frozen=True)
class Serving:
    """What is served and how: folders of releases, or of a project's releases, and what is passed on to Datasette."""

    releases: Sequence[Path]
    cors: bool = True
    address: str | None = None
    metadata: Path | None = None
    settings: Mapping[str, int | bool | str] = field(default_factory=dict)
    plugins_dir: Path | None = None
    template_dir: Path | None = None
    static: Sequence[tuple[str, str]] = ()


def datasette(serving: Serving) -> Any:
    """The Datasette. Raises CannotRun for an address that is none, and InvalidData for metadata that cannot be used."""
    if not pm.has_plugin(NAME):  # a checkout that is not installed has no entry point
        pm.register(plugin, NAME)
    if serving.address is not None:
        public_address(serving.address)
    told = read_metadata(serving.metadata, str(serving.metadata)) if serving.metadata else {}
    others = {name: value for name, value in told.items() if name in ("plugins", "extra_css_urls", "extra_js_urls")}
    ours = (others.get("plugins") or {}).get(NAME) or {}
    plugins = {
        **(others.get("plugins") or {}),
        NAME: {
            "strict": True,
            "cors": serving.cors,
            "address": serving.address,
            "metadata": str(serving.metadata) if serving.metadata else None,
            **ours,
            "releases": [str(path.absolute()) for path in serving.releases],
        },
    }
    # Datasette 1.0 takes plugins from its configuration, 0.65 from its metadata.
    both = {"config": {"plugins": plugins}} if "config" in inspect.signature(Datasette).parameters else {}
    made = Datasette(
        [],
        inspect_data={},
        metadata={**others, "plugins": plugins},
        settings={**SETTINGS, **serving.settings},
        plugins_dir=str(serving.plugins_dir) if serving.plugins_dir else None,
        template_dir=str(serving.template_dir) if serving.template_dir else None,
        static_mounts=[*serving.static],
        **both,
    )
    made.remove_database("_memory")
    return made


def run(serving: Serving, host: str, port: int, progress: Progress, open_browser: bool = False) -> None:
    """Serves the releases until it is interrupted. Raises PipelineError where there is none or the port is taken."""
    with suppress(KeyboardInterrupt):  # uvicorn ends in peace and then passes the signal on
        asyncio.run(_run(serving, host, port, progress, open_browser))


async def _run(serving: Serving, host: str, port: int, progress: Progress, open_browser: bool) -> None:
    made = datasette(serving)
    library = library_of(made)
    library.say = progress.say
    application = made.app()
    await made.invoke_startup()
    await library.warm(library.latest)
    with _listen(host, port) as listening:
        shown, number = listening.getsockname()[:2]
        address = f"http://{f'[{shown}]' if ':' in shown else shown}:{number}/"
        progress.say(f"Datasette shows {library.latest.release.folder} at {address}  (Ctrl-C ends it)")
        library.watch()
        if open_browser:
            webbrowser.open(address)
        config = uvicorn.Config(
            application,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=20,
        )
        await uvicorn.Server(config).serve(sockets=[listening])


class Application:
    """The ASGI application that finds its releases when it is first asked."""

    def __init__(self) -> None:
        self._application: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One conversation as ASGI has it."""
        if self._application is None:
            releases = os.environ.get(RELEASES) or "build/releases"
            paths = [Path(part) for part in releases.split(os.pathsep)]
            self._application = datasette(Serving(paths, address=os.environ.get(ADDRESS))).app()
        await self._application(scope, receive, send)


app = Application()


def _listen(host: str, port: int) -> socket.socket:
    try:
        listening = _bound(host, port)
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Choose another with --host."
        if not isinstance(error, socket.gaierror):
            free = _free_port(host, port) if getattr(error, "errno", None) == errno.EADDRINUSE else None
            remedy = f"{f'Use --port {free}, which is free' if free else 'Choose another port with --port'}, "
            remedy += "or stop what uses it."
        raise CannotRun(
            Problem(Kind.PORT_TAKEN, f"cannot be listened on: {reason}", remedy, value=f"{host}:{port}")
        ) from None
    return listening


def _bound(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY); else each waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except BaseException:
        listening.close()
        raise
    return listening


def _free_port(host: str, taken: int) -> int | None:
    """The next port that is free, if it is near."""
    for port in range(taken + 1, min(taken + 50, 65_536)):
        with suppress(OSError), closing(_bound(host, port)):
            return port
    return None
