"""The commands. Each is thin: it reads its options, calls its stage, and prints what came of it.

Heavy imports stand inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from pipeline.errors import SHOWN, PipelineError
from pipeline.progress import Progress, Style

if TYPE_CHECKING:
    from pipeline.project import Project


class Session:
    """What the options that every command has amount to."""

    def __init__(self, folder: Path, as_json: bool, quiet: bool) -> None:
        self.folder = folder
        self.as_json = as_json
        self.progress = Progress(_style(as_json, quiet))

    @property
    def project(self) -> Project:
        """The project in whose folder, or below it, the command was given."""
        from pipeline.project import find

        return find(self.folder)

    def print(self, result: Any, text: str) -> None:
        """The command's result: as JSON where that was asked for, else as text."""
        click.echo(json.dumps(result, ensure_ascii=False, indent=2) if self.as_json else text)

    def fail(self, error: PipelineError) -> NoReturn:
        """Says what is wrong and ends with the error's exit code."""
        if self.as_json:
            self.print({"errors": [problem.to_dict() for problem in error.problems]}, "")
        else:
            for problem in error.problems[:SHOWN]:
                click.echo(f"error: {problem}", err=True)
            if len(error.problems) > SHOWN:
                click.echo(f"error: and {len(error.problems) - SHOWN} more", err=True)
        sys.exit(error.exit_code)


def _style(as_json: bool, quiet: bool) -> Style:
    if quiet:
        return "quiet"
    if as_json:
        return "json"
    return "terminal" if sys.stderr.isatty() else "lines"


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that every command has, and turns its errors into messages."""

    @click.option(
        "--project",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(),
        help="The project's folder. Default: the current folder or the nearest above it with a datapackage.json.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and progress as JSON lines.")
    @click.option("--quiet", is_flag=True, help="Print no progress.")
    @functools.wraps(function)
    def run(folder: Path, as_json: bool, quiet: bool, **options: Any) -> None:
        from pipeline.files import os_errors

        session = Session(folder, as_json, quiet)
        try:
            with os_errors(str(folder)):
                function(session, **options)
        except PipelineError as error:
            session.fail(error)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="servicebanken", prog_name="servicebanken")
def main() -> None:
    """Turn sources into a data package that people can trust, and publish it.

    The commands work on a project: a folder with a datapackage.json. Exit codes: 0 fine, 1 the data is invalid or
    differs, 2 the command could not run.
    """


@main.command()
@click.option("--version", "asked", metavar="X.Y.Z", help="Release as this version, if the changes allow it.")
@command
def build(session: Session, asked: str | None) -> None:
    """Assemble, validate, release: bring the latest release up to date.

    Does nothing when nothing has changed. When something is wrong, the latest release stays as it is.

    \b
    Example:
      servicebanken build
    """
    from pipeline.build import build

    built = build(session.project, session.progress, asked)
    lines = [f"{'Released' if built.new else 'Up to date:'} {built.version}  {built.folder}"]
    lines += [f"  {change}" for change in built.changes]
    session.print(
        {
            "version": built.version,
            "folder": str(built.folder),
            "new": built.new,
            "rows": built.rows,
            "changes": list(built.changes),
        },
        "\n".join(lines),
    )


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
    from pipeline.files import lock

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


@main.command()
@click.argument("path", nargs=-1)
@click.option(
    "--schema",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The Table Schema of a table that has none.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as a page, too.")
@click.option("--language", type=click.Choice(["en", "sv"]), default="en", show_default=True, help="Of the report.")
@click.option(
    "--show", type=click.IntRange(0), default=20, show_default=True, help="Problems per table that are shown; 0 is all."
)
@click.option(
    "--limit-errors", type=click.IntRange(0), default=1000, show_default=True, help="Errors per table; 0 is all."
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first error.")
@click.option(
    "--engine",
    type=click.Choice(["screen", "frictionless"]),
    default="screen",
    show_default=True,
    help="screen: DuckDB finds the suspects, frictionless judges them. frictionless: it judges every row.",
)
@command
def validate(
    session: Session,
    path: tuple[str, ...],
    schema: Path | None,
    html: Path | None,
    language: Literal["en", "sv"],
    show: int,
    limit_errors: int,
    fail_fast: bool,
    engine: Literal["screen", "frictionless"],
) -> None:
    """Judge data packages, ZIPs of packages, resource descriptors or tables; without PATH, the project's package.

    PATH may be a web address. --json prints frictionless's report.

    \b
    Examples:
      servicebanken validate
      servicebanken validate shops.csv --schema shops.schema.json
      servicebanken validate package.zip --html report.html
    """
    from pipeline.validate import Terms, lines, merged, settled, validate
    from pipeline.validate.inputs import local

    terms = Terms(engine, limit_errors, fail_fast, session.progress)
    reports = []
    with ExitStack() as stack:
        paths = [stack.enter_context(local(source)) for source in path] or [session.project.package]
        for each in paths:
            with session.progress.step(f"validate {each.name}"):
                reports.append(validate(each, terms, schema=schema))
        report = merged(reports)
        if html is not None:
            from pipeline.files import write_text
            from pipeline.validate.html import render

            write_text(html, render(report, paths, language, schema=schema, limit=show))
        session.print(settled(report), "\n".join(lines(report, language=language, limit=show)))
    sys.exit(0 if report.valid else 1)


@main.command()
@click.argument("package", required=False, type=click.Path(path_type=Path))
@click.option("--version", "asked", metavar="X.Y.Z", help="Release as this version, if the changes allow it.")
@command
def release(session: Session, package: Path | None, asked: str | None) -> None:
    """Release a valid package as build/releases/<version>; without PACKAGE, the project's package.

    The version follows from what changed since the latest release.

    \b
    Example:
      servicebanken release build/package --version 2.0.0
    """
    from pipeline.build import release_package
    from pipeline.package import load

    project = session.project
    released = release_package(project, load(package or project.package), session.progress, asked)
    changes = [f"{change.table}: {change.en}" if change.table else change.en for change in released.changes]
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


@main.command()
@click.argument("release", required=False, type=click.Path(path_type=Path))
@click.option("--to", "place", required=True, metavar="PLACE", help="A folder, s3://bucket/prefix, or zenodo-sandbox:.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--publish", "finish", is_flag=True, help="Publish the draft at Zenodo, too. It cannot be undone.")
@click.option("--zenodo-api", "api", metavar="ADDRESS", help="The API of another InvenioRDM server in Zenodo's stead.")
@command
def publish(session: Session, release: Path | None, place: str, dry_run: bool, finish: bool, api: str | None) -> None:
    """Publish a release where people get it; without RELEASE, the project's latest.

    Every file is sent, read back and compared; only then is the version made visible. An interrupted publication goes
    on where it stopped.

    \b
    Examples:
      servicebanken publish --to /srv/www/data
      servicebanken publish --to s3://bucket/servicebanken --dry-run
    """
    from pipeline.publish import publish

    folder = (release or session.project.releases / "latest").resolve()
    published = publish(folder, place, session.progress, dry_run=dry_run, finish=finish, api=api)
    session.print(published.to_dict(), str(published))


@main.command()
@click.argument("release", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, help="The port to listen on.")
@click.option("--open", "open_browser", is_flag=True, help="Open the start page in a browser.")
@command
def serve(session: Session, release: Path | None, host: str, port: int, open_browser: bool) -> None:
    """Show a release in Datasette, read-only; without RELEASE, the project's latest.

    \b
    Example:
      servicebanken serve --port 8080
    """
    from pipeline.release import manifest
    from pipeline.serve.app import run

    folder = release or session.project.releases / "latest"
    if folder.is_dir():
        manifest.verify(folder.resolve())
    run(folder, host, port, open_browser, session.progress)


@main.command()
@command
def sources(session: Session) -> None:
    """List what each source holds: documents, rows, tables, newest snapshot.

    \b
    Example:
      servicebanken sources --json
    """
    from pipeline.assemble.summary import summary

    summaries = summary(session.project)
    header = ("source", "rank", "documents", "rows", "snapshot", "tables")
    rows = [
        (
            source["source"],
            str(source["rank"]),
            str(source["documents"]),
            str(source["rows"]),
            source["snapshot"] or "-",
            ", ".join(f"{name} {count}" for name, count in source["tables"].items()),
        )
        for source in summaries
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]])
        for row in [header, *rows]
    ]
    session.print(summaries, "\n".join(lines))


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@command
def init(session: Session, directory: Path) -> None:
    """Start a new project in DIRECTORY that builds: one example source, one example table.

    \b
    Example:
      servicebanken init shops && servicebanken build --project shops
    """
    from pipeline.init import init

    files = init(directory)
    lines = [f"  {file}" for file in files]
    session.print(
        {"folder": str(directory), "files": files},
        "\n".join([f"A new project in {directory}:", *lines, f"Build it: servicebanken build --project {directory}"]),
    )


if __name__ == "__main__":
    main()
