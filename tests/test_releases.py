"""Which releases there are, here and where they are published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pipeline.package import ledger
from tests.command import DAY, invoke, servicebanken
from tests.projects import SOURCE, put
from tests.publish.releases import make, send
from tests.publish.zenodo_server import TOKEN, Zenodo, zenodo

SHOPS = "id,name,kind,opened,document\nx,Only Shop,staffed,2001,example-shops-page\n"


def listing(project: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the listing as data."""
    run = invoke("releases", "--json", "--quiet", "--project", project, *options)
    return run.code, json.loads(run.out)


def brief(releases: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    """Version, state, and whether it is the latest."""
    return [(release["version"], release["state"], release["latest"]) for release in releases]


def test_the_releases_are_listed_with_date_size_and_state_the_latest_first(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    assert servicebanken("release", "--major", "--quiet", "--project", built, env=DAY).code == 0
    put(built, {"build/releases/0.1.0/data/shops.csv": "id\n"})
    (built / "build/releases/9.9.9").symlink_to("1.0.0")
    put(built, {"build/releases/other/file": "", "build/releases/2.0": ""})
    run = invoke("releases", "--quiet", "--project", built)
    files = {
        version: [path.stat().st_size for path in (built / "build/releases" / version).rglob("*") if path.is_file()]
        for version in ("1.0.0", "0.1.0")
    }
    counts = {version: [str(len(sizes)), f"{sum(sizes):,}"] for version, sizes in files.items()}
    head, first, second = run.out.splitlines()
    assert head.split() == ["version", "created", "files", "bytes", "state"]
    assert first.split() == [
        *["1.0.0", "2026-01-31", *counts["1.0.0"], "whole", "latest", f"{built}/build/releases/1.0.0"]
    ]
    assert second.split() == [*["0.1.0", "2026-01-31", *counts["0.1.0"], "damaged", f"{built}/build/releases/0.1.0"]]
    assert run.code == 1, "one of them is damaged"


def test_a_draft_is_listed_as_one_and_a_recorded_release_also_when_its_folder_is_lost(built: Path) -> None:
    shutil.rmtree(built / "build/releases/0.1.0")
    put(built, {f"{SOURCE}/shops.csv": SHOPS})
    assert invoke("build", "--quiet", "--project", built).code == 0
    code, result = listing(built)
    assert (code, brief(result["releases"])) == (0, [("1.0.0-draft", "draft", True), ("0.1.0", "not here", False)])


def test_where_a_release_is_published_is_listed(built: Path) -> None:
    ledger.note_published(built / "build/releases.json", "0.1.0", "https://data.example.org/shops/0.1.0/")
    run = invoke("releases", "--quiet", "--project", built)
    assert run.out.endswith("/build/releases/0.1.0 https://data.example.org/shops/0.1.0/\n")


def test_which_is_the_latest_is_what_is_pointed_at(built: Path) -> None:
    (built / "build/releases/latest").unlink()
    code, result = listing(built)
    assert (code, brief(result["releases"])) == (0, [("0.1.0", "whole", False)])


def test_a_project_that_was_never_built_has_none(tmp_path: Path) -> None:
    assert invoke("init", tmp_path / "p").code == 0
    run = invoke("releases", "--quiet", "--project", tmp_path / "p")
    assert (run.code, run.out) == (0, "No releases yet. Make one with `servicebanken release`.\n")


def test_a_release_without_a_readable_descriptor_is_listed_all_the_same(built: Path) -> None:
    put(built, {"build/releases/0.1.0/datapackage.json": "[]"})
    code, result = listing(built)
    assert (code, brief(result["releases"])) == (1, [("0.1.0", "damaged", True)])
    assert result["releases"][0]["created"] is None


# -- published -------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with two published versions."""
    for version in ("1.0.0", "1.10.0"):
        send(make(tmp_path / version, version), tmp_path / "www")
    return tmp_path / "www"


def test_a_folder_is_read_and_what_went_bad_there_is_told(place: Path, built: Path) -> None:
    assert brief(listing(built, "--published", str(place))[1]["published"]) == [
        ("1.10.0", "whole", True),
        ("1.0.0", "whole", False),
    ]
    put(place, {"1.0.0/data/shops.csv": "id\n"})
    code, result = listing(built, "--published", str(place))
    assert (code, brief(result["published"])[1]) == (1, ("1.0.0", "damaged", False))
    run = invoke("releases", "--quiet", "--project", built, "--published", str(place))
    assert f"\nPublished at {place}:\nversion  " in run.out


def test_a_version_whose_list_of_checksums_was_replaced_with_its_files_is_damaged(place: Path, built: Path) -> None:
    from pipeline.package import manifest

    put(place, {"1.0.0/data/shops.csv": "id\n"})
    manifest.write(place / "1.0.0")
    assert brief(listing(built, "--published", str(place))[1]["published"])[1] == ("1.0.0", "damaged", False)


def test_a_place_with_nothing_has_nothing(built: Path, tmp_path: Path) -> None:
    code, result = listing(built, "--published", str(tmp_path / "nowhere"))
    assert (code, result["published"]) == (0, [])
    assert invoke("releases", "--quiet", "--project", built, "--published", str(tmp_path)).out.endswith("\nNothing.\n")


class Handler(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def web(place: Path) -> Iterator[str]:
    """The address of the folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(place))) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("path", ["", "/", "/latest.json"])
def test_an_address_is_asked_for_its_list(path: str, web: str, built: Path) -> None:
    code, result = listing(built, "--published", web + path)
    assert code == 0
    assert [(release["address"], release["state"]) for release in result["published"]] == [
        (f"{web}/1.10.0/", "unread"),
        (f"{web}/1.0.0/", "unread"),
    ]
    assert result["published"][1]["created"] == "2026-01-31T00:00:00Z"


@pytest.mark.parametrize(
    ("path", "code", "kind"), [("/1.0.0", 2, "not-fetched"), ("/bad", 1, "bad-descriptor"), ("/x", 2, "not-fetched")]
)
def test_an_address_without_a_list_is_refused(
    path: str, code: int, kind: str, web: str, place: Path, built: Path
) -> None:
    put(place, {"bad/latest.json": "[]"})
    run = invoke("releases", "--quiet", "--project", built, "--published", web + path)
    assert (run.code, run.out) == (code, "")
    assert run.err.endswith(f" [{kind}]\n")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zenodo]:
    """A server that speaks Zenodo's protocol."""
    monkeypatch.setenv("ZENODO_TOKEN", TOKEN)
    with zenodo() as running:
        yield running


def test_the_versions_of_a_record_are_listed_with_their_dois(server: Zenodo, built: Path, tmp_path: Path) -> None:
    send(make(tmp_path / "1.0.0", "1.0.0"), "zenodo-sandbox:", api=server.address, finish=True)
    (number,) = server.records
    send(make(tmp_path / "1.10.0", "1.10.0"), f"zenodo-sandbox:{number}", api=server.address, finish=True)
    code, result = listing(built, "--published", f"zenodo-sandbox:{number}", "--zenodo-api", server.address)
    assert code == 0
    assert brief(result["published"]) == [("1.10.0", "unread", True), ("1.0.0", "unread", False)]
    assert all(release["doi"].startswith("10.") for release in result["published"])
    assert all(release["bytes"] > 1000 and release["files"] > 3 for release in result["published"])


@pytest.mark.parametrize("record", ["", "999", "not a number"])
def test_a_record_that_is_not_there_is_named(record: str, server: Zenodo, built: Path) -> None:
    place = f"zenodo-sandbox:{record}"
    run = invoke("releases", "--quiet", "--project", built, "--published", place, "--zenodo-api", server.address)
    assert (run.code, run.out) == (2, "")
    assert run.err.endswith(" [bad-place]\n")


@pytest.mark.parametrize("place", ["ftp://example.org/", "s3:bucket", ""])
def test_what_is_no_place_is_refused(place: str, built: Path) -> None:
    run = invoke("releases", "--quiet", "--project", built, "--published", place)
    assert (run.code, run.out) == (2, "")
    assert "[bad-place]" in run.err
