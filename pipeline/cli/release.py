"""`servicebanken release`: a package as the next version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.session import Session, command, main

if TYPE_CHECKING:
    from pipeline.package.package import Package


@main.command()
@click.argument("package", required=False, type=click.Path(path_type=Path))
@click.option("--version", "asked", metavar="X.Y.Z", help="Release as this version, if the changes allow it.")
@click.option(
    "--base-url", metavar="ADDRESS", help="Where releases are published. Default: `baseUrl` in datapackage.json."
)
@click.option("--dry-run", is_flag=True, help="Say which version it would be, and why; write nothing.")
@command
def release(session: Session, package: Path | None, asked: str | None, base_url: str | None, dry_run: bool) -> None:
    """Release a valid package as build/releases/<version>; without PACKAGE, the project's package.

    The version follows from what changed since the latest release (docs/versions.md). A smaller step than the changes
    demand is refused; a larger one may be asked for.

    \b
    Examples:
      servicebanken release --dry-run
      servicebanken release build/package --version 2.0.0
    """
    from pipeline.build import release_package
    from pipeline.package.package import load

    project = session.project
    if dry_run:
        _propose(session, load(package or project.package), asked, base_url)
        return
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


def _propose(session: Session, package: Package, asked: str | None, base_url: str | None) -> None:
    from pipeline.build import propose_package
    from pipeline.release.compare import summary

    with propose_package(session.project, package, session.progress, asked, base_url) as proposal:
        before = proposal.before.name if proposal.before else None
        if proposal.comparison is None:
            lines = [f"Would be {proposal.version}, the first release."]
        elif not proposal.new:
            lines = [f"Nothing has changed since {before}."]
        else:
            told = list(summary.summary(proposal.comparison))
            lines = [f"Would be {proposal.version}, after {before}:", *(f"  {line}" for line in told[1:])]
        session.print(
            {
                "version": str(proposal.version),
                "before": before,
                "new": proposal.new,
                "changes": [change.to_dict() for change in proposal.changes],
            },
            "\n".join(lines),
        )
