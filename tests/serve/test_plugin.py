"""The plugin in plain Datasette, and other people's plugins in `servicebanken serve`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import requests
from datasette.app import Datasette

from tests.projects import put
from tests.serve.server import serving

ANOTHER = """
from datasette import Response, hookimpl


@hookimpl
def register_routes():
    async def answer(request):
        return Response.json({"method": request.method})

    return [(r"^/-/another$", answer)]
"""


def _asked(database: Path, *paths: str) -> list[Any]:
    async def ask() -> list[Any]:
        made = Datasette([str(database)])
        await made.invoke_startup()
        return [await made.client.get(path) for path in paths]

    return asyncio.run(ask())


def test_plain_datasette_shows_the_pages_of_a_database_that_lies_in_its_release(services_release: Path) -> None:
    paths = ("/", "/en/services/solutions", "/services/solutions.json?_shape=array&_size=1", "/-/plugins.json")
    start, page, data, plugins = _asked(services_release / "services.sqlite", *paths)
    assert (start.status_code, start.headers["location"]) == (302, "/sv/")
    assert page.status_code == 200
    assert '<html lang="en">' in page.text
    assert data.json()[0]["id"] == "bokbussen"
    assert plugins.status_code == 200  # what is closed is closed by `servicebanken serve` alone


def test_plain_datasette_shows_a_database_without_its_release_as_it_does_without_us(
    services_release: Path, tmp_path: Path
) -> None:
    database = tmp_path / "other.sqlite"
    database.write_bytes((services_release / "services.sqlite").read_bytes())
    start, page = _asked(database, "/", "/other/solutions")
    assert (start.status_code, page.status_code) == (200, 200)
    assert "Powered by" in page.text


def test_a_plugin_of_the_operator_answers_at_its_address_and_settings_hold(
    services_release: Path, tmp_path: Path
) -> None:
    put(tmp_path, {"plugins/another.py": ANOTHER, "files/a.txt": "a"})
    options = ("--plugins-dir", tmp_path / "plugins", "--static", f"more:{tmp_path / 'files'}")
    with serving(services_release, *options, "--setting", "default_page_size", "1") as server:
        assert requests.get(f"{server.address}-/another", timeout=20).json() == {"method": "GET"}
        assert requests.get(f"{server.address}more/a.txt", timeout=20).text == "a"
        assert len(requests.get(f"{server.address}services/places.json?_shape=array", timeout=20).json()) == 1
        assert requests.get(f"{server.address}-/plugins.json", timeout=20).status_code == 404


def test_datasettes_own_pages_are_shown_where_they_are_asked_for(services_release: Path, tmp_path: Path) -> None:
    put(tmp_path, {"metadata.yml": "plugins:\n  servicebanken:\n    datasette_pages: true\n"})
    with serving(services_release, "-m", tmp_path / "metadata.yml") as server:
        page = requests.get(f"{server.address}services/solutions", timeout=20, allow_redirects=False)
        assert page.status_code == 200
        assert "Content-Security-Policy" not in page.headers
        ours = requests.get(f"{server.address}en/services/solutions", timeout=20)
        assert "default-src 'none'" in ours.headers["Content-Security-Policy"]
