"""`servicebanken validate`: judge packages and tables."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("path", nargs=-1)
@click.option(
    "--schema",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The Table Schema of a table that comes without one.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as a page, too.")
@click.option("--language", type=click.Choice(["en", "sv"]), default="en", show_default=True, help="Of the report.")
@click.option(
    "--show", type=click.IntRange(0), default=20, show_default=True, help="Problems per table that are shown; 0 is all."
)
@click.option(
    "--limit-errors", type=click.IntRange(0), default=1000, show_default=True, help="Errors per table; 0 is all."
)
@click.option("--annotations", is_flag=True, help="Print problems as GitHub shows them on the rows of a pull request.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first error.")
@click.option(
    "--engine",
    type=click.Choice(["screen", "spark", "frictionless"]),
    default="screen",
    show_default=True,
    help="screen: DuckDB finds the suspects, frictionless judges them. spark: the same in tasks of Spark. "
    "frictionless: it judges every row.",
)
@click.option("--master", metavar="URL", default="local[*]", show_default=True, help="Spark's master, for its engine.")
@click.option("--conf", "conf", metavar="KEY=VALUE", multiple=True, help="A setting of Spark; may be given repeatedly.")
@command
def validate(
    session: Session,
    path: tuple[str, ...],
    schema: Path | None,
    html: Path | None,
    language: Literal["en", "sv"],
    show: int,
    limit_errors: int,
    annotations: bool,
    fail_fast: bool,
    engine: Literal["screen", "spark", "frictionless"],
    master: str,
    conf: tuple[str, ...],
) -> None:
    """Check data packages, ZIPs of packages, resource descriptors or tables; without PATH, the project's package.

    PATH may be a web address. --json prints frictionless's report.

    \b
    Examples:
      servicebanken validate
      servicebanken validate shops.csv --schema shops.schema.json
      servicebanken validate package.zip --html report.html
      servicebanken validate lake/package --engine spark --master spark://master:7077
    """
    from pipeline.package.inputs import local
    from pipeline.report import report as words
    from pipeline.validate import Terms, merged, validate

    terms = Terms(engine, limit_errors, fail_fast, session.progress)
    reports = []
    with ExitStack() as stack:
        if engine == "spark":
            from pipeline.spark.session import opened, settings

            spark = stack.enter_context(opened(master, settings(conf), session.progress))
            terms = replace(terms, spark=spark)
        paths = [stack.enter_context(local(source)) for source in path] or [session.project.package]
        for each in paths:
            with session.progress.step(f"validate {each.name}"):
                reports.append(validate(each, terms, schema=schema, spark=terms.spark))
        report = merged(reports)
        if html is not None:
            from pipeline.core.files import write_text
            from pipeline.report.page import render

            write_text(html, render(report, paths, language, schema=schema, limit=show))
        said = words.lines(report, language=language, limit=show)
        if annotations:
            folder = paths[0] if paths[0].is_dir() else paths[0].parent
            said = [*words.workflow_commands(report, folder, language, show), said[-1]]
        session.print(words.settled(report), "\n".join(said))
    sys.exit(0 if report.valid else 1)
