"""A project whose one source is fetched from a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.source.project import Project, find
from tests.collect.site import Site, serving
from tests.projects import example, put

SHOPS = b"number,name,staffed,year\n1,North,yes,2019\n0482,South,no,\n3,East,yes,2021\n"

SOURCE = """\
publisher: Register
licence: CC0-1.0
rank: 5
documents:
  - id: register
    url: https://example.org/register
fetch:
  - id: register
    reader: csv
    url: {address}/shops.csv
    document: register
    cadence: 30
    tables:
      shops:
        columns:
          id: {{template: "shop-{{number}}"}}
          name: name
          kind: {{column: staffed, codes: {{"yes": staffed, "no": unmanned}}}}
          opened: year
    limits: {{per_second: 1000, seconds: 5}}
"""


def register(folder: Path, address: str, more: str = "") -> Project:
    """The example project with a register that is fetched; `more` is added to the fetch."""
    root = folder if (folder / "datapackage.json").is_file() else example(folder)
    put(root, {"sources/register/source.yml": SOURCE.format(address=address) + more})
    return find(root)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made
