"""Packages and metadata by somebody who means harm, or who did not think: whatever they say is text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.command import servicebanken
from tests.projects import field, package, put, reference, table
from tests.serve.pages.conftest import Reader, reader

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
RUNS = "javascript:alert(1)"

QUESTION = json.dumps(
    {
        "databases": {
            "towns": {
                "queries": {
                    "q": {
                        "title": EVIL,
                        "description": EVIL,
                        "sql": "SELECT name, web, 'towns/' || id AS record FROM towns WHERE name <> :x",
                        "params": ["x"],
                        "parameters": {"x": {"title": EVIL, "example": EVIL, "of": EVIL}},
                        "columns": {"name": {"title": EVIL}},
                    }
                },
                "tables": {"towns": {"facets": ["kind"], "label_column": "name", "title": EVIL, "description": EVIL}},
            }
        },
        "title": EVIL,
        "description": EVIL,
        "license": EVIL,
        "license_url": RUNS,
        "source_url": RUNS,
    }
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("evil")
    codes = [{"value": "a", "label": EVIL, "label@sv": EVIL}]
    towns = table(
        "towns",
        [
            field("id", title=EVIL, description=EVIL, unit=EVIL),
            field("name", title=EVIL),
            field("kind", title=EVIL, categories=codes, constraints={"enum": ["a"]}),
            field("web", "string", format="uri"),
            field("part", title=EVIL),
            field("latitude", "number"),
            field("longitude", "number", unit=EVIL),
        ],
        ["id"],
        title=EVIL,
        description=EVIL,
        foreignKeys=[reference("part", "")],
        location=["latitude", "longitude"],
    )
    quoted = EVIL.replace('"', '""')
    rows = f'x,"{quoted}",a,{RUNS},,60,15\n"{quoted}","{quoted}",a,"https://example.org/""onclick=""alert(1)",x,61,16\n'
    package(
        folder,
        [towns],
        {"towns.csv": f"id,name,kind,web,part,latitude,longitude\n{rows}", "metadata.yml": QUESTION},
        title=EVIL,
        description=EVIL,
        homepage=RUNS,
        licenses=[{"name": "x", "title": EVIL, "path": "licence.txt"}],
        contributors=[{"title": EVIL, "path": "https://example.org/"}],
        sources=[{"title": EVIL, "path": "https://example.org/"}],
    )
    put(folder, {"licence.txt": "none"})
    run = servicebanken("release", "--quiet", "--project", folder)
    if run.code:
        run = servicebanken("release", "--quiet", "--project", folder)
    assert run.code == 0, run.err
    found = reader(folder / "build/releases/latest", "sv")
    yield found
    found.con.close()


class _Read(HTMLParser):
    """Reads a page as a browser does, and keeps what it would run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        ours = tag == "script" and (
            told.get("src", "").startswith("/-/assets/") or told == {"type": "application/ld+json"}
        )
        addresses = [told.get(name, "").strip().lower() for name in ("href", "src", "action", "xlink:href")]
        if (tag in ("script", "img", "iframe", "object", "style", "base") and not ours) or any(
            name.startswith("on") or name == "style" for name in told
        ):
            self.runs.append(f"{tag} {told}")
        self.runs += [each for each in addresses if each.startswith(("javascript:", "data:", "vbscript:"))]


def _is_harmless(page: Any) -> None:
    reading = _Read()
    reading.feed(str(page))
    assert reading.runs == []


@pytest.mark.parametrize("key", ["x", EVIL])
def test_a_row_is_harmless(key: str, site: Reader) -> None:
    answer = site.row("towns", key)
    assert answer.status == 200
    _is_harmless(answer.body)


@pytest.mark.parametrize(
    "arguments", [{}, {"name__not": EVIL}, {"_search": "alert"}, {"kind": "a"}, {"kind": EVIL}, {EVIL: "x"}]
)
def test_a_table_is_harmless(arguments: dict[str, str], site: Reader) -> None:
    _is_harmless(site.table("towns", **arguments).body)


def test_questions_search_and_the_other_pages_are_harmless(site: Reader) -> None:
    for answer in (
        site.table("q"),
        site.table("q", x=EVIL),
        site.search("alert"),
        site.search(EVIL),
        site.about(),
        site.start(),
    ):
        assert answer.status == 200
        _is_harmless(answer.body)
    _is_harmless(site.table(EVIL).body)


@pytest.mark.parametrize(
    "told",
    [
        {"facets": ["nothing", 5]},
        {"facets": "kind"},
        {"label_column": 5},
        {"sort": "nothing"},
        {"size": "many"},
        {"size": -1},
        {"title": ["a"]},
    ],
)
def test_metadata_that_makes_no_sense_still_gives_a_page(told: dict[str, Any], tmp_path: Path) -> None:
    towns = table("towns", [field("id"), field("name")], ["id"])
    metadata = json.dumps({"databases": {"towns": {"tables": {"towns": told}, "queries": {"q": "SELECT 1", "r": {}}}}})
    package(tmp_path, [towns], {"towns.csv": "id,name\na,A\n", "metadata.yml": metadata})
    assert servicebanken("release", "--quiet", "--project", tmp_path).code == 0
    found = reader(tmp_path / "build/releases/latest", "en")
    assert found.table("towns").status == 200
    assert found.row("towns", "a").status == 200
    assert found.table("q").status == 200
    assert found.table("r").status in (400, 404)
    found.con.close()
