"""`servicebanken diff`: what differs between two packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pipeline.cli.session import Session, command, main

if TYPE_CHECKING:
    from pipeline.package.package import Package


@main.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write the differences as a web page."
)
@click.option(
    "--csv", "sheet", type=click.Path(path_type=Path, dir_okay=False), help="Also write the differences as a CSV table."
)
@click.option(
    "--language", type=click.Choice(["en", "sv"]), default="en", show_default=True, help="Language of the output."
)
@click.option(
    "--show", type=click.IntRange(0), default=5, show_default=True, help="Rows per table and kind of change; 0 is all."
)
@click.option("--tolerance", type=click.FloatRange(0), help="Treat numbers that differ by no more than this as equal.")
@command
def diff(
    session: Session,
    old: str,
    new: str,
    html: Path | None,
    sheet: Path | None,
    language: Literal["en", "sv"],
    show: int,
    tolerance: float | None,
) -> None:
    """Show what differs between two packages: descriptions, schemas, and rows with their old and new cells.

    OLD and NEW are versions of the project's releases, folders of packages or releases, ZIPs, or the web addresses of
    either. Rows are matched by primary key, or as a whole without one. --json prints all differences (docs/versions.md
    has the JSON Schema). Exit codes: 0 the same, 1 different, 2 could not compare.

    \b
    Examples:
      servicebanken diff 1.0.0 1.1.0
      servicebanken diff build/releases/latest build/package --html diff.html
      servicebanken diff https://data.example.org/shops/1.2.0/ shops-1.3.0.zip --json
    """
    from pipeline.core.files import written
    from pipeline.release.compare import compare, document, page, summary
    from pipeline.release.compare import sheet as csv_sheet

    with ExitStack() as stack:
        with session.progress.step("read"):
            before, now = (stack.enter_context(_package(session, source)) for source in (old, new))
        with session.progress.step("diff"):
            comparison = stack.enter_context(compare(before, now, tolerance))
        if html is not None:
            with written(html) as file:
                file.write(page.render(comparison, language))
        if sheet is not None:
            with written(sheet) as file:
                csv_sheet.write(comparison, file)
        if session.as_json:
            document.write(comparison, sys.stdout)
        else:
            for line in summary.summary(comparison, language, show or None):
                click.echo(line)
        same = not comparison.changes
    sys.exit(0 if same else 1)


@contextmanager
def _package(session: Session, source: str) -> Iterator[Package]:
    """The package that `source` names. Raises CannotRun where it names none: then nothing could be compared."""
    from pipeline.core.errors import CannotRun, InvalidData
    from pipeline.package.inputs import local
    from pipeline.package.package import load
    from pipeline.release.schemas import with_schemas

    with ExitStack() as stack:
        try:
            package = with_schemas(load(stack.enter_context(local(_place(session, source)))))
        except InvalidData as error:
            raise CannotRun(error.problems) from None
        yield package


def _place(session: Session, source: str) -> str:
    """A version of the project as the folder of its release, and the address of a folder as that of its descriptor."""
    from pipeline.package.package import DESCRIPTOR
    from pipeline.package.version import is_draft, is_version

    if (is_version(source) or is_draft(source) or source == "latest") and not Path(source).exists():
        return str(session.project.releases / source)
    if source.startswith(("http://", "https://")) and not source.lower().endswith((".json", ".zip")):
        return f"{source.rstrip('/')}/{DESCRIPTOR}"
    return source
