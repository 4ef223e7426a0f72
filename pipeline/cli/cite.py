"""`servicebanken cite`: how a release is cited."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("package", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format", "format", type=click.Choice(["text", "bibtex", "cff"]), default="text", help="A sentence, or a file."
)
@click.option(
    "--language", type=click.Choice(["en", "sv"]), help="Language of the citation. Default: the package's first."
)
@command
def cite(session: Session, package: Path | None, format: str, language: str | None) -> None:
    """Print how a release is cited; without PACKAGE, the one that was recorded last.

    The sentence is the one on the release's pages: who, when, what, which version, and its address once it has one.

    \b
    Examples:
      servicebanken cite
      servicebanken cite build/releases/1.0.0 --format bibtex
    """
    from pipeline.describe import read, render
    from pipeline.describe.citation import bibtex
    from pipeline.package.version import is_draft

    if package is None:
        record = session.project.record
        package = record if (record / "datapackage.json").is_file() else session.project.releases / "latest"
    dataset = read(package)
    if dataset.version and is_draft(dataset.version):
        session.progress.say("This is a draft, and may still change. `servicebanken release` makes it a release.")
    if format == "text":
        text = dataset.citation(language)
    else:
        text = bibtex(dataset) if format == "bibtex" else render(dataset, "citation").text.rstrip("\n")
    session.print({"format": format, "version": dataset.version, "text": text}, text)
