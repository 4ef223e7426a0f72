"""Datasette on a release: immutable, with settings for the public, our plugins and templates."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import webbrowser
from pathlib import Path
from typing import Any

import uvicorn
from datasette import handle_exception
from datasette.app import Datasette

from pipeline.errors import CannotRun, Kind, Problem
from pipeline.files import sha256
from pipeline.package import Package, load
from pipeline.progress import Progress
from pipeline.serve.metadata import metadata
from pipeline.serve.settings import SETTINGS

HERE = Path(__file__).parent

BACKLOG = 128
"""Connections that wait until they are answered."""

# Datasette prints the traceback of every error page, a missing page too, when `rich` happens to be installed.
handle_exception.rich = None


def run(release: Path, host: str, port: int, open_browser: bool, progress: Progress) -> None:
    """Serves the release until it is interrupted. Raises CannotRun where there is no release or the port is taken."""
    server = uvicorn.Server(uvicorn.Config(application(release), log_level="warning"))
    with _listen(host, port) as listening:
        shown, number = listening.getsockname()[:2]
        address = f"http://{f'[{shown}]' if ':' in shown else shown}:{number}/"
        progress.say(f"Datasette shows {release.resolve()} at {address}  (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


def application(release: Path) -> Any:
    """Datasette on the release as an ASGI application."""
    return datasette(release).app()


def datasette(release: Path) -> Datasette:
    """Datasette on the release in the folder `release`. Raises CannotRun where that is no release."""
    folder = release.resolve()
    if not folder.is_dir():
        raise CannotRun(
            Problem(
                Kind.NO_RELEASE,
                "does not exist",
                "Make a release with `servicebanken build`, or name the folder of one.",
                file=str(release),
            )
        )
    package = load(folder)
    database = folder / f"{package.stem}.sqlite"
    if not database.is_file():
        raise CannotRun(
            Problem(
                Kind.NO_RELEASE,
                f"holds no {database.name}, so it is not a release",
                "Make a release of it with `servicebanken release`.",
                file=str(release),
            )
        )
    return Datasette(
        [],
        immutables=[str(database)],
        inspect_data=_counts(package, database),
        metadata=metadata(package, folder / "metadata.yml"),
        settings=SETTINGS,
        template_dir=str(HERE / "templates"),
        plugins_dir=str(HERE / "plugins"),
        cors=True,
    )


def _counts(package: Package, database: Path) -> dict[str, Any]:
    """What `datasette inspect` would find: the rows of every table, counted once."""
    con = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        names = [
            name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
        ]
        quoted = {name: name.replace('"', '""') for name in names}
        tables = {
            name: {"count": con.execute(f'SELECT count(*) FROM "{quoted[name]}"').fetchone()[0]} for name in names
        }
    finally:
        con.close()
    return {
        package.stem: {
            "file": database.name,
            "hash": sha256(database),
            "size": database.stat().st_size,
            "tables": tables,
        }
    }


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
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
