"""`servicebanken build`: every stage, in order."""

from __future__ import annotations

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.option("--base-url", metavar="ADDRESS", help="Where releases are published, instead of the project's `baseUrl`.")
@click.option("--dry-run", is_flag=True, help="Show what would change in the next release; write nothing.")
@command
def build(session: Session, base_url: str | None, dry_run: bool) -> None:
    """Assemble, validate, and write every file of a release into build/releases.

    Where the sources give what was last released, the result is that version, with the same data files. Otherwise it
    is a draft, such as 1.1.0-draft, until `servicebanken release` records it. If something is wrong, what was built
    before stays as it is.

    \b
    Examples:
      servicebanken build
      servicebanken build --dry-run
    """
    from pipeline.build import build
    from pipeline.cli.release import show, show_proposal
    from pipeline.package.version import is_draft

    if dry_run:
        show_proposal(session, None, None, base_url)
        return
    built = build(session.project, session.progress, base_url)
    if is_draft(built.version):
        show(session, built, "Draft", "Record it as a release with `servicebanken release`.")
    else:
        show(session, built, "Built" if built.made else "Up to date:")
