"""`servicebanken collect`: what the sources have now."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from pipeline.cli.session import Session, command, main

if TYPE_CHECKING:
    from pipeline.core.errors import PipelineError


@main.command()
@click.option("--only", multiple=True, metavar="SOURCE", help="Only this source or fetch. Can be repeated.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only what was last fetched before this date, however often it is due.",
)
@click.option("--dry-run", is_flag=True, help="List the requests that would be made; make none.")
@click.option(
    "--check",
    "checks",
    is_flag=True,
    help="Check that each source still answers in the expected format; save nothing.",
)
@click.option(
    "--links", "looks", is_flag=True, help="Check the links to cited documents: which are dead or have changed?"
)
@click.option(
    "--accept", "reason", metavar="REASON", help="Accept the rejected answer of --only SOURCE, and record why."
)
@command
def collect(
    session: Session,
    only: tuple[str, ...],
    since: datetime | None,
    dry_run: bool,
    checks: bool,
    looks: bool,
    reason: str | None,
) -> None:
    """Fetch each source, keep the answer unchanged, and accept it if it looks right.

    A source is asked whether it has changed; one that cannot say so is asked again when its cadence has passed.

    \b
    Examples:
      servicebanken collect
      servicebanken collect --only scb --dry-run
      servicebanken collect --only scb --accept "Two municipalities merged"
    """
    from pipeline.collect import Terms, accept, check, collect, error_of, links, links_error, plan, table, told
    from pipeline.core.files import lock

    project = session.project
    terms = Terms(only=only, since=since.date().isoformat() if since else None)
    if looks:
        with lock(project.build):
            found = links(project, session.progress, terms)
        session.print([link.to_dict() for link in found], "\n".join(map(str, found)))
        _end(session, links_error(found))
        return
    if dry_run:
        outcomes = plan(project, terms)
    elif checks:
        from pipeline.core.patience import Patience

        outcomes = check(project, session.progress, replace(terms, patience=Patience(retries=1)))
    else:
        with lock(project.build):
            if reason is not None:
                outcomes = accept(project, only, reason)
            else:
                with session.progress.step("collect"):
                    outcomes = collect(project, session.progress, terms)
    session.print([outcome.to_dict() for outcome in outcomes], (table if checks else told)(outcomes))
    _end(session, error_of(outcomes))


def _end(session: Session, error: PipelineError | None) -> None:
    """Ends with the error's exit code, if there is one; with --json the result has told of it."""
    if error is not None and session.as_json:
        sys.exit(error.exit_code)
    if error is not None:
        session.fail(error)
