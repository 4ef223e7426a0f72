"""`servicebanken describe`: a package in the formats of catalogues."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from pipeline.cli.session import Session, command, main

FORMATS = "dcat, dcat-ttl, csvw, croissant, schema-org, datacite, citation, sitemap"
"""Ours, as --help names them: what is installed is looked up when the command runs."""


@main.command()
@click.argument("package", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format",
    required=True,
    metavar="NAME",
    help=f"The catalogue: {FORMATS}, or one that an installed package adds.",
)
@click.option(
    "--base-url", metavar="ADDRESS", help="Where releases are published. Default: `baseUrl` in datapackage.json."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of printing.")
@command
def describe(session: Session, package: Path | None, format: str, base_url: str | None, out: Path | None) -> None:
    """Describe a data package for a catalogue; without PACKAGE, the project's latest release.

    What the format has no place for is listed on stderr, or in `notes` with --json.

    \b
    Example:
      servicebanken describe build/releases/1.0.0 --format schema-org --base-url https://data.example.org/shops/
    """
    from pipeline.core.files import write_text
    from pipeline.describe import checked_base_url, read, render
    from pipeline.hookspecs import offers

    if format not in offers("catalogues"):
        raise click.BadParameter(f"{format!r} is not one of {', '.join(offers('catalogues'))}.", param_hint="--format")
    folder = package or session.project.releases / "latest"
    document = render(read(folder, checked_base_url(base_url) if base_url else None), format)
    if out is not None:
        write_text(out, document.text)
    for note in document.notes:
        session.progress.say(f"{note.member}: {note.reason}")
    notes = [asdict(note) for note in document.notes]
    text = str(out) if out else document.text.rstrip("\n")
    session.print({"format": format, "file": str(out) if out else None, "text": document.text, "notes": notes}, text)
