"""explore.html with the project's own data: the rows that Datasette gives, for those who see, and those who do not."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import axe_playwright_python
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.dataset.conftest import ROOT
from tests.static import files_of

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
QUERIES = yaml.safe_load((ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["servicebanken"]["queries"]
CONTRACT = json.loads((ROOT / "datapackage.json").read_text(encoding="utf-8"))
TABLES = [resource["name"] for resource in CONTRACT["resources"] if "schema" in resource]
VIEWS = [view["name"] for view in CONTRACT["views"]]
FIFTY = [
    *(f'SELECT * FROM "{name}" ORDER BY rowid LIMIT 100' for name in TABLES),
    *(f'SELECT * FROM "{name}" LIMIT 50' for name in VIEWS),
    "SELECT kind, count(*) AS n FROM solutions GROUP BY kind ORDER BY n DESC, kind",
    "SELECT name FROM solutions WHERE rowid IN (SELECT rowid FROM solutions_fts WHERE solutions_fts MATCH 'får*')",
    "SELECT upper(name), lower(name), length(name), hex(name) FROM municipalities WHERE name LIKE '%ö%' ORDER BY code",
    "SELECT m.name, count(s.id) FROM municipalities AS m JOIN solutions AS s ON s.municipality = m.code GROUP BY 1",
    "SELECT id, row_number() OVER (PARTITION BY kind ORDER BY id) FROM solutions ORDER BY id",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) SELECT i, i * i, i / 7.0 FROM n",
    "SELECT json_group_array(code) FROM counties",
    "SELECT date('2026-12-01', '+1 month'), round(2.5), 1e300, -0.0, NULL, 9007199254740991",
    "SELECT round(avg(latitude), 9), min(longitude), round(total(latitude), 6) FROM places",
    'SELECT "table", count(DISTINCT document) FROM provenance GROUP BY 1 ORDER BY 1',
    "SELECT name FROM places ORDER BY name DESC LIMIT 10 OFFSET 5",
    "SELECT printf('%05d|%.2f|%s', 42, 3.14159, 'å'), substr('Åmål', 2, 2), instr('Åmål', 'l'), quote('it''s')",
]
PLACES: list[dict[str, str]] = [
    {},
    {"table": "solutions", "f": "kind~exact~service_point"},
    {"row": "solutions/moskosel-servicepunkt"},
    {"table": "solutions", "view": "chart"},
    {"table": "solutions", "view": "map"},
    {"question": "services-offered", "p.service": "library"},
    {"q": "lanthandel"},
    {"sql": "SELECT kind, count(*) AS n FROM solutions GROUP BY 1"},
]


@pytest.fixture(scope="module")
def site(release: Path) -> Iterator[str]:
    with files_of(release) as address:
        yield f"{address}explore.html"


@contextmanager
def datasette(release: Path, log: Path) -> Iterator[str]:
    """The address of the release's database in a Datasette that anybody could start."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "datasette",
        "serve",
        release / "servicebanken.sqlite",
        "--port",
        "0",
    ]
    settings: list[str | Path] = ["--metadata", release / "metadata.yml", "--setting", "max_returned_rows", "10000"]
    with log.open("w") as told, subprocess.Popen([*command, *settings], stdout=told, stderr=told) as process:
        try:
            deadline = time.monotonic() + 60
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8"))):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"{found[0]}/servicebanken"
        finally:
            process.terminate()


def answer(address: str, path: str, parameters: dict[str, str]) -> Any:
    with urllib.request.urlopen(
        f"{address}{path}.json?{urlencode({'_shape': 'arrays', **parameters})}", timeout=20
    ) as response:
        told = json.load(response)
    return told["columns"], told["rows"]


def asked(page: Page, sql: str, parameters: dict[str, str]) -> Any:
    """What explore.html's own database answers."""
    script = """async ([sql, parameters]) => {
      const { query } = await import(new URL("explore/release.js", location.href));
      const { columns, rows } = await query(sql, parameters);
      return [columns, rows];
    }"""
    return page.evaluate(script, [sql, parameters])


@pytest.fixture(scope="module")
def opened(browser: Browser, site: str) -> Page:
    page = browser.new_page()
    page.goto(site)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def test_every_question_and_fifty_queries_have_the_rows_that_datasette_gives(
    opened: Page, release: Path, tmp_path: Path
) -> None:
    assert len(FIFTY) >= 50
    with datasette(release, tmp_path / "log") as address:
        for name, query in QUERIES.items():
            parameters = {each: told.get("example", "") for each, told in query.get("parameters", {}).items()}
            there = answer(address, f"/{name}", parameters)
            assert tuple(asked(opened, query["sql"], parameters)) == there, name
            assert there[1], name
        for sql in FIFTY:
            assert tuple(asked(opened, sql, {})) == answer(address, "", {"sql": sql}), sql


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1280, "light", "sv"), (360, "dark", "en"), (320, "light", "sv")]
)
def test_axe_finds_nothing_and_nothing_sticks_out(
    width: int, scheme: Literal["light", "dark"], language: str, browser: Browser, site: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for place in PLACES if width == 1280 else PLACES[:5:2]:
        page.goto(f"{site}?{width}#{urlencode({'l': language, **place})}")
        expect(page.locator("#cite")).to_be_visible()
        page.evaluate(AXE)
        found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == [], place
        assert page.evaluate("document.documentElement.scrollWidth") == width, place
    page.close()


def test_without_a_mouse_one_searches_and_reads_a_row(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}#l=en")
    expect(page.locator("#cite")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("searchbox").focus()
    page.keyboard.type("moskosel")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Moskosel servicepunkt (Navet)").first
    expect(link).to_be_visible()
    for _ in range(40):
        if link.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Moskosel servicepunkt (Navet)")
    page.close()


def test_on_paper_there_are_rows_and_no_buttons(browser: Browser, site: str) -> None:
    page = browser.new_page()
    page.goto(f"{site}#l=sv&table=solutions")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("tbody tr").first).to_be_visible()
    for name in ("searchbox", "button", "navigation"):
        expect(page.get_by_role(name).first).to_be_hidden()
    page.close()


NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
CONFIGURATION = """\
user root; daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{ include /etc/nginx/mime.types; access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {release}; }} }}
"""


@pytest.mark.skipif(NGINX is None, reason="no nginx is installed")
def test_nginx_needs_no_setting_to_show_it(browser: Browser, release: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = CONFIGURATION.format(folder=tmp_path, release=release, port=port)
    (tmp_path / "nginx.conf").write_text(text, encoding="utf-8")
    assert NGINX is not None
    with subprocess.Popen([NGINX, "-c", tmp_path / "nginx.conf", "-p", tmp_path]) as process:
        page = browser.new_page()
        deadline = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
            time.sleep(0.02)
        page.goto(f"http://127.0.0.1:{port}/explore.html#l=sv&table=counties")
        expect(page.locator("tbody tr")).to_have_count(21)
        page.close()
        process.terminate()
