"""A page made for people, collected through its map of selectors, as far as its robots.txt allows."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collect.servers.pages import Pages
from tests.command import Run, invoke
from tests.projects import example, put

SOURCE = """\
publisher: A municipality
licence: unstated
rank: 20
documents:
  - id: page
    url: https://example.org/servicepunkter
fetch:
  - id: page
    reader: html
    url: {url}/servicepunkter
    document: page
    cadence: 30
    ask:
      rows: li.point
      cells: {{name: h2, kind: .kind, opened: time@datetime?}}
      next: a[rel=next]
      pages: "3"
    tables:
      shops:
        columns:
          id: {{column: name, slug: yes}}
          name: name
          kind: {{column: kind, codes: {{Bemannad: staffed, Obemannad: unmanned}}}}
          opened: opened
    limits: {{per_second: 100, seconds: 5}}
"""


def point(name: str, kind: str, opened: str = "") -> str:
    return f"<li class=point><h2>{name}</h2><p class=kind>{kind}</p>{opened}"


@pytest.fixture
def server() -> Iterator[Pages]:
    first = point("Östra Ämtervik", "Bemannad", "<time datetime=2019>våren 2019</time>")
    pages: dict[str, str | bytes] = {
        "/robots.txt": "User-agent: *\nDisallow: /admin\n",
        "/servicepunkter": f'<!doctype html><ul>{first}</ul><a rel=next href="/servicepunkter/2">Nästa</a>',
        "/servicepunkter/2": f"<!doctype html><ul>{point('Läppe', 'Obemannad')}</ul>",
    }
    with Pages(pages) as server:
        yield server


@pytest.fixture
def project(server: Pages, tmp_path: Path) -> Path:
    return put(example(tmp_path), {"sources/municipality/source.yml": SOURCE.format(url=server.url)})


def collect(project: Path) -> Run:
    return invoke("collect", "--project", project, "--json")


def test_pages_become_rows_of_a_release(project: Path, server: Pages) -> None:
    run = collect(project)
    assert run.code == 0, run.err
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/servicepunkter", "/servicepunkter/2"]
    built = invoke("release", "--project", project)
    assert built.code == 0, built.err
    with (project / "build/releases/latest/data/shops.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: (row["name"], row["kind"], row["opened"]) for row in csv.DictReader(file)}
    assert rows["ostra-amtervik"] == ("Östra Ämtervik", "staffed", "2019")
    assert rows["lappe"] == ("Läppe", "unmanned", "")


def test_what_robots_txt_does_not_allow_is_not_asked_for(project: Path, server: Pages) -> None:
    server.pages["/robots.txt"] = "User-agent: *\nDisallow: /servicepunkter/\n"
    (outcome,) = json.loads(collect(project).out)
    assert outcome["outcome"] == "failed"
    assert "robots.txt" in outcome["problems"][0]["rule"]
    assert [asked.path for asked in server.asked] == ["/robots.txt", "/servicepunkter"]


def test_a_page_that_was_rebuilt_keeps_what_was_accepted(project: Path, server: Pages) -> None:
    assert collect(project).code == 0
    server.pages["/servicepunkter"] = "<!doctype html><h1>Ny webbplats</h1>"
    (outcome,) = json.loads(collect(project).out)
    assert outcome["outcome"] == "rejected"
    assert "has nothing at 'li.point'" in outcome["problems"][0]["rule"]
    assert invoke("release", "--project", project).code == 0
