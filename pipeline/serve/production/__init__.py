"""What a server needs beside this program, written from templates: nginx before the processes, systemd above them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import os_errors
from pipeline.core.media import TYPES
from pipeline.serve.answer import CORS, SECURITY

TEMPLATES = Path(__file__).parent / "templates"

CACHE = Path("/var/cache/nginx/servicebanken")
"""Where nginx keeps answers."""

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"
"""Characters of a path that need no quoting in nginx or systemd."""


@dataclass(frozen=True)
class Place:
    """Where things are: the project with its releases, the public address, the first port, and how many processes."""

    project: Path
    releases: Path
    address: tuple[str, str]
    port: int
    workers: int


def write(place: Place, version: str, folder: Path, listen: str = "80", cache: Path = CACHE) -> list[Path]:
    """Writes the files into the folder and returns their paths; `version` is that of the latest release.

    Raises CannotRun for a path that nginx or systemd would read otherwise.
    """
    folder = folder.resolve()
    command = Path(sys.executable).with_name("servicebanken")
    _check([folder, command, place.project, place.releases, cache])
    told = {
        "address": "://".join(place.address),
        "host": place.address[1],
        "ports": range(place.port, place.port + place.workers),
        "inner": f"127.0.0.1:{place.port - 1}",
        "listen": listen,
        "cache": cache,
        "folder": folder,
        "command": command,
        "project": place.project,
        "releases": place.releases,
        "version": version,
        "types": sorted(TYPES.items()),
        "headers": [
            (name.decode(), value.decode())
            for name, value in (*SECURITY, *CORS, (b"content-disposition", b"attachment"))
        ],
    }
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    written = []
    with os_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
        for template in sorted(TEMPLATES.iterdir()):
            path = folder / template.name
            path.write_text(environment.get_template(template.name).render(told), encoding="utf-8")
            written.append(path)
    return written


def _check(paths: Sequence[Path]) -> None:
    for path in paths:
        if set(str(path)) - set(PLAIN):
            raise CannotRun(
                Problem(
                    Kind.BAD_OPTION,
                    "is a path with a sign that nginx or systemd reads otherwise",
                    "Use a folder whose path has letters, digits and . _ - only.",
                    value=str(path),
                )
            )
