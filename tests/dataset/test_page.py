"""The page of the real release in a real Chromium: accessible, complete in itself, small and quick, in print, too."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.describe.page.html import Page as Parsed
from tests.describe.validators import complaints, needs_java, needs_validators

PAGES = ("index.html", "index.sv.html")
LOOKS = [("index.html", 1280, "light"), ("index.sv.html", 360, "dark")]
"""Every language, width and scheme: axe takes seconds for each."""


UNFOLD = """
for (const place of ["#about", "#charts figure", "#download", "#connections", "#table-solutions"])
  for (const each of document.querySelectorAll(`${place} details, details${place}`)) each.open = true
"""
"""Of what is folded, one of each kind; all of it would take axe minutes."""

Scheme = Literal["light", "dark"]
SHOWN = "each => each.checkVisibility()"


def opened(browser: Browser, file: Path, width: int = 1280, scheme: Scheme = "light") -> Page:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize(("name", "width", "scheme"), LOOKS)
def test_the_page_is_accessible(name: str, width: int, scheme: Scheme, release: Path, browser: Browser) -> None:
    page = opened(browser, release / name, width, scheme)
    page.evaluate(UNFOLD)
    found = Axe().run(page)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_asked_of_elsewhere_and_nothing_fails(name: str, release: Path, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((release / name).as_uri())
    assert asked == [(release / name).as_uri()]
    assert faults == []
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_small(name: str, release: Path) -> None:
    assert (release / name).stat().st_size < 1_000_000


@needs_validators
@needs_java
def test_the_page_is_valid_html(release: Path) -> None:
    assert complaints("html", *(release / name for name in PAGES)) == []


def test_a_chart_shows_every_row_of_its_table(release: Path) -> None:
    said = Parsed((release / "index.html").read_text(encoding="utf-8")).text
    with (release / "data/solutions.csv").open(encoding="utf-8", newline="") as file:
        kinds = Counter(row["kind"] for row in csv.DictReader(file))
    assert f"service point (servicepunkt) {kinds['service_point']}" in said
    assert re.search(r"2017( \d+){5} 2018( \d+){5} 2019", said)
    assert "Flen" in said


def test_a_link_of_the_diagram_opens_the_table_in_the_dictionary(release: Path, browser: Browser) -> None:
    page = opened(browser, release / "index.html")
    assert not page.get_by_text("The solution's name.").is_visible()
    page.locator(".connections a", has_text="Service solutions").click()
    page.locator("#table-solutions > summary").click()
    assert page.get_by_text("The solution's name.").is_visible()
    page.context.close()


def test_in_print_what_is_folded_is_unfolded_on_white(release: Path, browser: Browser) -> None:
    page = opened(browser, release / "index.html", scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.get_by_text("The solution's name.").evaluate(SHOWN)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.context.close()
