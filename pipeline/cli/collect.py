"""`servicebanken collect`: what the sources have now."""

from __future__ import annotations

import sys

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.option("--only", multiple=True, metavar="SOURCE", help="Ask this source, or this fetch, only; may be repeated.")
@click.option("--accept", "reason", metavar="REASON", help="Accept what was rejected of --only SOURCE, and say why.")
@command
def collect(session: Session, only: tuple[str, ...], reason: str | None) -> None:
    """Fetch what sources have now, keep it as it came, accept it if it looks like the source.

    \b
    Examples:
      servicebanken collect --only scb
      servicebanken collect --only scb --accept "Two municipalities merged"
    """
    from pipeline.collect import Terms, collect
    from pipeline.collect.accept import accept
    from pipeline.collect.collect import error_of
    from pipeline.files import lock

    project = session.project
    with lock(project.build):
        if reason is not None:
            outcomes = accept(project, only, reason)
        else:
            outcomes = collect(project, session.progress, Terms(only=only))
    session.print([outcome.to_dict() for outcome in outcomes], "\n".join(map(str, outcomes)))
    error = error_of(outcomes)
    if error is not None and session.as_json:
        sys.exit(error.exit_code)
    if error is not None:
        session.fail(error)
