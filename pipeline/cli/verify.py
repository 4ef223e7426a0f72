"""`servicebanken verify`: whether a release is what it was made as."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.session import Session, command, main

if TYPE_CHECKING:
    from pipeline.verify import Found, Further, Look


@main.command()
@click.argument("release", required=False)
@click.option("--rebuild", is_flag=True, help="Build it from the project's sources, too, and compare the bytes.")
@command
def verify(session: Session, release: str | None, rebuild: bool) -> None:
    """Check that a release is what it was made as; without RELEASE, the project's latest.

    RELEASE is a folder, a ZIP, or the web address of either. Checked are the bytes of every file, that none is missing
    and none besides, the sizes and hashes in datapackage.json, that every table is valid, that every format holds the
    rows of the CSV, that pages and catalogues say what the data give, that the changelog says what differs from the
    release before, that the ZIP holds the files beside it, and that the data are those that were recorded. With
    --rebuild the release is also made anew from the project's sources, elsewhere, and every file that comes out with
    other bytes is named.

    \b
    Examples:
      servicebanken verify --rebuild
      servicebanken verify https://data.example.org/shops/1.2.0/
      servicebanken verify servicebanken-1.2.0.zip
    """
    from pipeline import checks
    from pipeline.package.package import load
    from pipeline.rebuild import rebuild as build_again
    from pipeline.verify import verify

    def again(folder: Path) -> Found:
        version = str(load(folder).descriptor.get("version"))
        return build_again(session.project, folder, version, session.progress)

    source = release if release is not None else str(session.project.releases / "latest")
    made = checks.Checks()
    further: Further = {
        "described": made.described,
        "changes": partial(checks.changes, releases=Path(source).resolve().parent),
    }
    always: dict[str, Look] = {"recorded": partial(checks.recorded, releases=Path(source).resolve().parent)}
    verified = verify(
        source, session.progress, made.judge, further, {**always, "rebuild": again} if rebuild else always
    )
    session.print(verified.to_dict(), str(verified))
    session.complain(verified.problems)
    sys.exit(0 if verified.whole else 1)
