"""`servicebanken serve`: a release in Datasette."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@main.command()
@click.argument("release", required=False, nargs=-1, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
@click.option(
    "--cors/--no-cors", default=True, show_default=True, help="Let pages on other websites read the data (CORS)."
)
@click.option("--address", help="The public address, if a proxy is in front, such as https://data.example.org.")
@click.option("--setting", nargs=2, multiple=True, metavar="NAME VALUE", help="A setting of Datasette.")
@click.option(
    "-m",
    "--metadata",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A metadata.yml to use instead of the one in each release.",
)
@click.option("--plugins-dir", type=FOLDER, help="A folder of plugins for Datasette.")
@click.option("--template-dir", type=FOLDER, help="A folder of templates for Datasette's own pages.")
@click.option("--static", multiple=True, metavar="MOUNT:FOLDER", help="Serve the files in a folder at /MOUNT/.")
@click.option("--open", "open_browser", is_flag=True, help="Open the start page in a browser.")
@command
def serve(
    session: Session,
    release: tuple[Path, ...],
    host: str,
    port: int,
    cors: bool,
    address: str | None,
    setting: tuple[tuple[str, str], ...],
    metadata: Path | None,
    plugins_dir: Path | None,
    template_dir: Path | None,
    static: tuple[str, ...],
    open_browser: bool,
) -> None:
    """Show releases in Datasette, read-only, in Swedish and English.

    Without RELEASE it shows those of the project. The latest is at the top, each at the address of its version. A new
    release is taken up while the server runs. `--setting`, `--plugins-dir`, `--template-dir` and `--static` are those
    of Datasette.

    \b
    Examples:
      servicebanken serve --port 8080
      servicebanken serve build/releases/1.0.0 build/releases/1.1.0
      servicebanken serve --setting sql_time_limit_ms 2000 --plugins-dir plugins
    """
    from pipeline.serve.app import Serving, run
    from pipeline.serve.options import mounts, settings

    run(
        Serving(
            release or [session.project.releases],
            cors,
            address,
            metadata,
            settings(setting),
            plugins_dir,
            template_dir,
            mounts(static),
        ),
        host,
        port,
        session.progress,
        open_browser,
    )
