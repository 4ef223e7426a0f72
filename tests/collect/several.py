"""A project with five sources, each at a host of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.source.project import Project, find
from tests.collect.conftest import SHOPS, SOURCE
from tests.collect.site import Page, Site
from tests.projects import example, put

SOURCES = 5


def several(folder: Path, sites: Sequence[Site]) -> Project:
    """The example project, and a source for each site."""
    root = example(folder / "project")
    for number, site in enumerate(sites):
        text = SOURCE.format(address=site.address).replace("register", f"register-{number}")
        put(root, {f"sources/register-{number}/source.yml": text.replace("shop-", f"shop-{number}-")})
        site.pages["/shops.csv"] = Page(SHOPS)
    return find(root)
