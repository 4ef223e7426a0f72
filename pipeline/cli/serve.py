"""`servicebanken serve`: a release in Datasette."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("release", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
@click.option("--open", "open_browser", is_flag=True, help="Open the start page in a browser.")
@command
def serve(session: Session, release: Path | None, host: str, port: int, open_browser: bool) -> None:
    """Show a release in Datasette, read-only; without RELEASE, the project's latest.

    \b
    Example:
      servicebanken serve --port 8080
    """
    from pipeline import manifest
    from pipeline.serve.app import run

    folder = release or session.project.releases / "latest"
    if folder.is_dir():
        manifest.verify(folder.resolve())
    run(folder, host, port, open_browser, session.progress)
