"""`servicebanken publish`: a release where people get it."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.argument("release", required=False, type=click.Path(path_type=Path))
@click.option(
    "--to",
    "place",
    required=True,
    metavar="PLACE",
    help="A folder, s3://bucket/prefix (gs://, az://), or zenodo-sandbox:.",
)
@click.option("--dry-run", is_flag=True, help="List what would be sent; send nothing.")
@click.option("--publish", "finish", is_flag=True, help="Also publish the draft on Zenodo. This cannot be undone.")
@click.option("--zenodo-api", "api", metavar="ADDRESS", help="Use this InvenioRDM API instead of Zenodo.")
@command
def publish(session: Session, release: Path | None, place: str, dry_run: bool, finish: bool, api: str | None) -> None:
    """Publish a release where people get it; without RELEASE, the project's latest.

    Every file is sent, read back and compared; only then is the version made visible. An interrupted publication goes
    on where it stopped. The web address or DOI of a recorded release is noted in build/releases.json.

    \b
    Examples:
      servicebanken publish --to /srv/www/data
      servicebanken publish --to s3://bucket/servicebanken --dry-run
    """
    from pipeline.publish import publish

    folder = (release or session.project.releases / "latest").resolve()
    published = publish(folder, place, session.progress, dry_run=dry_run, finish=finish, api=api)
    if published.state in ("published", "unchanged") and not place.startswith("zenodo-sandbox"):
        _note_address(folder, published.doi)
    session.print(published.to_dict(), str(published))


def _note_address(release: Path, doi: str | None) -> None:
    """Notes in the ledger beside the release, if that lists it, at which DOI or web address people find it."""
    from pipeline.package import ledger
    from pipeline.package.package import load
    from pipeline.web import citation

    descriptor = load(release).descriptor
    address = citation.address({**descriptor, "doi": doi} if doi else descriptor)
    if address:
        ledger.note_published(release.parent.parent / "releases.json", str(descriptor.get("version")), address)
