"""`servicebanken serve`: a release in Datasette."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("release", required=False, nargs=-1, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
@click.option("--cors/--no-cors", default=True, show_default=True, help="Let pages of other sites read the data.")
@click.option("--address", help="The address under which a proxy shows it, such as https://data.example.org.")
@click.option(
    "--production",
    type=click.Path(path_type=Path),
    help="Serve nothing; write into this folder what nginx and systemd need to serve the project's releases.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the start page in a browser.")
@command
def serve(
    session: Session,
    release: tuple[Path, ...],
    host: str,
    port: int,
    workers: int,
    cors: bool,
    address: str | None,
    production: Path | None,
    open_browser: bool,
) -> None:
    """Show releases in Datasette, read-only, in Swedish and English.

    Without RELEASE it is those of the project. The latest stands at the top, each at the address of its version. A new
    release is taken up while the server runs.

    \b
    Examples:
      servicebanken serve --port 8080
      servicebanken serve build/releases/1.0.0 build/releases/1.1.0
      servicebanken serve --production build/server --address https://data.example.org --port 8111 --workers 2
    """
    from pipeline.serve.app import below, named, run
    from pipeline.serve.hosts import public_address
    from pipeline.serve.site import Options

    public = public_address(address) if address else None
    if production is not None:
        _write(session, production, public or public_address(""), port, workers)
        return
    folders = named(release) if release else below(session.project.releases)
    run(folders, host, port, Options(cors, public), session.progress, workers, open_browser)


def _write(session: Session, folder: Path, address: tuple[str, str], port: int, workers: int) -> None:
    from pipeline.serve.app import below
    from pipeline.serve.production import Place, write
    from pipeline.serve.shelf import Library

    project = session.project
    version = Library(below(project.releases)).shelf.latest.version
    written = write(Place(project.root, project.releases, address, port, workers), version, folder)
    session.print([str(path) for path in written], "\n".join(f"Wrote {path}" for path in written))
