"""`servicebanken init`: a new project."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@command
def init(session: Session, directory: Path) -> None:
    """Start a new project in DIRECTORY that builds: one example source, two linked tables.

    The project is named after the folder; its texts are in English and Swedish.

    \b
    Example:
      servicebanken init shops && servicebanken build --project shops
    """
    from pipeline.init import init

    files = init(directory, directory.resolve().name)
    lines = [f"  {file}" for file in files]
    session.print(
        {"folder": str(directory), "files": files},
        "\n".join(
            [
                f"A new project in {directory}:",
                *lines,
                f"Build it: servicebanken build --project {shlex.quote(str(directory))}",
            ]
        ),
    )
