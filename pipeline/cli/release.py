"""`servicebanken release`: what the sources give now, as the next version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.session import Session, command, main

if TYPE_CHECKING:
    from pipeline.build import Built


@main.command()
@click.argument("package", required=False, type=click.Path(path_type=Path))
@click.option("--version", "asked", metavar="X.Y.Z", help="Use this version, if it is a large enough step.")
@click.option("--major", is_flag=True, help="Release it even if it breaks something for people who use the data.")
@click.option("--base-url", metavar="ADDRESS", help="Where releases are published, instead of the project's `baseUrl`.")
@click.option("--dry-run", is_flag=True, help="Show which version it would be and what changes; write nothing.")
@command
def release(
    session: Session, package: Path | None, asked: str | None, major: bool, base_url: str | None, dry_run: bool
) -> None:
    """Build, and record the result as a release in build/releases.json.

    The version follows from what changed since the last release (docs/versions.md). Commit build/releases.json and
    data/ afterwards. PACKAGE releases another package than the one that the sources give.

    \b
    Examples:
      servicebanken release --dry-run
      servicebanken release
      servicebanken release --major
    """
    from pipeline.build import release
    from pipeline.package.package import load

    if dry_run:
        show_proposal(session, package, asked, base_url)
        return
    built = release(session.project, session.progress, asked, base_url, major, load(package) if package else None)
    kept = session.project.record.relative_to(session.project.root)
    if built.new:
        show(session, built, "Released", f"Commit it: git add build/releases.json {kept}")
    else:
        show(session, built, "Up to date:")


def show(session: Session, built: Built, said: str, more: str | None = None) -> None:
    """Prints a release or draft and what it changes."""
    lines = [f"{said} {built.version}  {built.folder}", *(f"  {change}" for change in built.changes)]
    session.print(
        {
            "version": built.version,
            "folder": str(built.folder),
            "new": built.new,
            "made": built.made,
            "rows": built.rows,
            "changes": list(built.changes),
        },
        "\n".join([*lines, more] if more else lines),
    )


def show_proposal(session: Session, path: Path | None, asked: str | None, base_url: str | None) -> None:
    """Prints which version a release would be now, and what it would change."""
    from pipeline.build import propose
    from pipeline.package.package import load
    from pipeline.release.compare import summary

    with propose(session.project, session.progress, asked, base_url, load(path) if path else None) as proposal:
        if proposal.comparison is None:
            lines = [f"Would be {proposal.version}, the first release."]
        elif not proposal.new:
            lines = [f"Nothing has changed since {proposal.before}."]
        else:
            told = list(summary.summary(proposal.comparison))
            lines = [f"Would be {proposal.version}, after {proposal.before}:", *(f"  {line}" for line in told[1:])]
        session.print(
            {
                "version": proposal.version,
                "before": proposal.before,
                "new": proposal.new,
                "changes": [change.to_dict() for change in proposal.changes],
            },
            "\n".join(lines),
        )
