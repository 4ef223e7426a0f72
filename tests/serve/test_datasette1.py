"""What the API promises is answered alike by the Datasette that is locked and by the newest pre-release of 1.0.

`make datasette1` makes the environment, and runs all tests of serving in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.serve.server import served, serving

SCRIPT = Path(__file__).parents[2] / ".venv/datasette1/bin/servicebanken"
ASSETS = re.compile("/assets/[0-9a-f]{12}/")
"""The address of style sheets and scripts has a checksum of the program that sends them."""

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="no Datasette 1.0 is installed: make datasette1")


@pytest.fixture(scope="module")
def sites(services_release: Path) -> Iterator[tuple[str, str]]:
    """The addresses of the same release on both."""
    with served(services_release) as locked, serving(services_release, script=SCRIPT) as newest:
        yield locked, newest.address


@pytest.mark.parametrize(
    "path",
    [
        "services/places.json?_shape=array",
        "services/solutions.json?_shape=array&_nl=on",
        "services/solutions.json?_shape=array&kind=fixed&_sort=name_sv",
        "services/solutions.json?_shape=array&_search=library",
        "services/solutions.csv",
        "services/solutions.csv?_stream=on",
        "services/solutions/bokbussen.json?_shape=array",
        "services/by-kind.json?_shape=array&kind=fixed",
        "-/sql.json?_shape=array&sql=SELECT+1+AS+one",
        "openapi.json",
        "sv/",
        "en/services/solutions",
        "sv/services/solutions/bokbussen",
        "1.0.0/en/-/search?q=library",
    ],
)
def test_both_answer_alike(path: str, sites: tuple[str, str]) -> None:
    locked, newest = (requests.get(site + path, timeout=30) for site in sites)
    assert (locked.status_code, newest.status_code) == (200, 200)
    theirs, ours = (ASSETS.sub("/assets/", each.text) for each in (newest, locked))
    assert theirs.replace(sites[1], sites[0]) == ours
    assert newest.headers["content-type"] == locked.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["services/places.json?_shape=array&_size=1", "services/provenance.json?_shape=array&_size=2"]
)
def test_both_lead_to_the_next_page_alike(path: str, sites: tuple[str, str]) -> None:
    locked, newest = (requests.get(site + path, timeout=30).links["next"]["url"] for site in sites)
    assert newest.replace(sites[1], sites[0]) == locked


@pytest.mark.parametrize(
    "path",
    [
        "services.json?_where=1",
        "services/none.json",
        "-/plugins",
        "-/schema",
        "-/config",
        "services/places.json?_sort=x",
    ],
)
def test_both_refuse_alike(path: str, sites: tuple[str, str]) -> None:
    locked, newest = (requests.get(site + path, timeout=30) for site in sites)
    assert locked.status_code == newest.status_code >= 400
