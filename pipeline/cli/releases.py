"""`servicebanken releases`: which releases there are, here and where they are published."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pipeline.cli.session import Session, command, main

if TYPE_CHECKING:
    from pipeline.package.releases import Listed


@main.command()
@click.option(
    "--published",
    "place",
    metavar="PLACE",
    help="Also list what this place has published: as for `publish`, or its web address.",
)
@click.option("--zenodo-api", "api", metavar="ADDRESS", help="Use this InvenioRDM API instead of Zenodo.")
@command
def releases(session: Session, place: str | None, api: str | None) -> None:
    """List the project's releases, and with --published those that a place has; the latest is marked.

    A release is whole if all its files have the bytes that SHA256SUMS lists, otherwise it is damaged. A recorded
    release whose folder is gone is `not here`. What is published elsewhere than in a folder is `unread`;
    `servicebanken verify` reads it.

    \b
    Examples:
      servicebanken releases
      servicebanken releases --published s3://bucket/servicebanken --json
      servicebanken releases --published zenodo:1234
    """
    from pipeline.package import ledger
    from pipeline.package.releases import listed
    from pipeline.publish import listed as published

    project = session.project
    folder = project.releases
    with session.progress.step("local"):
        pointer = folder / "latest"
        here = listed(
            folder, pointer.resolve().name if pointer.exists() else None, session.progress, ledger.read(project.ledger)
        )
    there = published(place, session.progress, api=api) if place is not None else None
    lines = _table(here, "No releases yet. Make one with `servicebanken release`.")
    result: dict[str, object] = {"folder": str(folder), "releases": list(map(asdict, here))}
    if there is not None:
        result |= {"place": place, "published": list(map(asdict, there))}
        lines += ["", f"Published at {place}:", *_table(there, "Nothing.")]
    session.print(result, "\n".join(lines))
    sys.exit(1 if any(release.state == "damaged" for release in [*here, *(there or [])]) else 0)


def _table(releases: list[Listed], nothing: str) -> list[str]:
    if not releases:
        return [nothing]
    rows = [("version", "created", "files", "bytes", "state", "")]
    for release in releases:
        size = "-" if release.bytes is None else f"{release.bytes:,}"
        files = "-" if release.files is None else str(release.files)
        where = " ".join(filter(None, (release.address, release.doi and f"DOI {release.doi}")))
        latest = "latest  " if release.latest else ""
        rows.append((release.version, (release.created or "-")[:10], files, size, release.state, latest + where))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    right = (2, 3)
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row[:5], widths, strict=True))
        ).rstrip()
        + (f"  {row[5]}" if row[5] else "")
        for row in rows
    ]
