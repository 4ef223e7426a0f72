"""`servicebanken collect`: what the sources have now."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.option("--only", multiple=True, metavar="SOURCE", help="Ask this source, or this fetch; may be repeated.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Ask what was last asked before this day, and nothing else, whatever its cadence.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and ask nothing.")
@click.option("--check", "checks", is_flag=True, help="Ask the least that shows each source's shape; keep nothing.")
@click.option("--accept", "reason", metavar="REASON", help="Accept what was rejected of --only SOURCE, and say why.")
@command
def collect(
    session: Session, only: tuple[str, ...], since: datetime | None, dry_run: bool, checks: bool, reason: str | None
) -> None:
    """Fetch what sources have now, keep it as it came, accept it if it looks like the source.

    A source is asked whether it has changed; one that cannot say so is asked again when its cadence has passed.

    \b
    Examples:
      servicebanken collect
      servicebanken collect --only scb --dry-run
      servicebanken collect --only scb --accept "Two municipalities merged"
    """
    from pipeline.collect import Terms, accept, check, collect, error_of, plan
    from pipeline.files import lock

    project = session.project
    terms = Terms(only=only, since=since.date().isoformat() if since else None)
    if dry_run:
        outcomes = plan(project, terms)
    elif checks:
        outcomes = check(project, session.progress, terms)
    else:
        with lock(project.build):
            if reason is not None:
                outcomes = accept(project, only, reason)
            else:
                with session.progress.step("collect"):
                    outcomes = collect(project, session.progress, terms)
    session.print([outcome.to_dict() for outcome in outcomes], "\n".join(map(str, outcomes)))
    error = error_of(outcomes)
    if error is not None and session.as_json:
        sys.exit(error.exit_code)
    if error is not None:
        session.fail(error)
