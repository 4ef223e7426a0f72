"""`servicebanken assemble`: sources into a package."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to write. Default: build/package in the project.",
)
@command
def assemble(session: Session, out: Path | None) -> None:
    """Assemble the package: the tables, provenance.csv and discrepancies.csv, from sources/.

    \b
    Example:
      servicebanken assemble --out /tmp/package
    """
    from pipeline.assemble import assemble
    from pipeline.core.files import lock

    project = session.project
    if out is None:
        with lock(project.build), session.progress.step("assemble"):
            counts = assemble(project, project.package, session.progress)
    else:
        with session.progress.step("assemble"):
            counts = assemble(project, out.resolve(), session.progress)
    folder = out or project.package
    width = max(map(len, counts))
    lines = [f"{name:{width}}  {rows:6}" for name, rows in counts.items()]
    session.print({"folder": str(folder), "rows": counts}, "\n".join([*lines, str(folder)]))
