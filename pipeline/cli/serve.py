"""`servicebanken serve`: a release in Datasette."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("release", required=False, nargs=-1, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
@click.option("--cors/--no-cors", default=True, show_default=True, help="Let pages of other sites read the data.")
@click.option("--address", help="The address under which a proxy shows it, such as https://data.example.org.")
@click.option("--open", "open_browser", is_flag=True, help="Open the start page in a browser.")
@command
def serve(
    session: Session,
    release: tuple[Path, ...],
    host: str,
    port: int,
    cors: bool,
    address: str | None,
    open_browser: bool,
) -> None:
    """Show releases in Datasette, read-only, in Swedish and English.

    Without RELEASE it is those of the project. The latest stands at the top, each at the address of its version. A new
    release is taken up while the server runs.

    \b
    Examples:
      servicebanken serve --port 8080
      servicebanken serve build/releases/1.0.0 build/releases/1.1.0
    """
    from pipeline.serve.app import below, named, run
    from pipeline.serve.hosts import public_address
    from pipeline.serve.site import Options

    folders = named(release) if release else below(session.project.releases)
    run(
        folders, host, port, Options(cors, public_address(address) if address else None), open_browser, session.progress
    )
