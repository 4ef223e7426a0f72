"""`servicebanken build`: every stage, in order."""

from __future__ import annotations

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.option("--version", "asked", metavar="X.Y.Z", help="Release as this version, if the changes allow it.")
@click.option(
    "--base-url", metavar="ADDRESS", help="Where releases are published. Default: `baseUrl` in datapackage.json."
)
@command
def build(session: Session, asked: str | None, base_url: str | None) -> None:
    """Assemble, validate, release: bring the latest release up to date.

    Does nothing when nothing has changed. When something is wrong, the latest release stays as it is.

    \b
    Example:
      servicebanken build
    """
    from pipeline.build import build

    built = build(session.project, session.progress, asked, base_url)
    lines = [f"{'Released' if built.new else 'Up to date:'} {built.version}  {built.folder}"]
    lines += [f"  {change}" for change in built.changes]
    session.print(
        {
            "version": built.version,
            "folder": str(built.folder),
            "new": built.new,
            "rows": built.rows,
            "changes": list(built.changes),
        },
        "\n".join(lines),
    )
