"""`servicebanken release`: a package as the next version."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("package", required=False, type=click.Path(path_type=Path))
@click.option("--version", "asked", metavar="X.Y.Z", help="Release as this version, if the changes allow it.")
@click.option(
    "--base-url", metavar="ADDRESS", help="Where releases are published. Default: `baseUrl` in datapackage.json."
)
@command
def release(session: Session, package: Path | None, asked: str | None, base_url: str | None) -> None:
    """Release a valid package as build/releases/<version>; without PACKAGE, the project's package.

    The version follows from what changed since the latest release.

    \b
    Example:
      servicebanken release build/package --version 2.0.0
    """
    from pipeline.build import release_package
    from pipeline.package import load

    project = session.project
    released = release_package(project, load(package or project.package), session.progress, asked, base_url)
    changes = [change.line() for change in released.changes]
    lines = [f"{'Released' if released.new else 'Up to date:'} {released.version}  {released.folder}"]
    session.print(
        {
            "version": released.version,
            "folder": str(released.folder),
            "new": released.new,
            "changes": changes,
        },
        "\n".join([*lines, *(f"  {change}" for change in changes)]),
    )
