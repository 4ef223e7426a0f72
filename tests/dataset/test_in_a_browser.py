"""The dataset's pages in a real Chromium: the visits of those that they are for, from the start page to an answer."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
import requests
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.dataset.conftest import ROOT
from tests.serve.server import served

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
QUERIES = yaml.safe_load((ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["servicebanken"]["queries"]
ASKED = {
    name: {parameter: told.get("example", "") for parameter, told in query.get("parameters", {}).items()}
    for name, query in QUERIES.items()
}
DESK, PHONE = 1280, 360


@pytest.fixture(scope="module")
def site(release: Path) -> Iterator[str]:
    with served(release) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a window as wide as the parameter says; nothing goes wrong on it, and it asks no other host."""
    width, dark = getattr(request, "param", (DESK, False))
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light")
    page = context.new_page()
    page.set_default_timeout(20_000)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(site) else faults.append(asked.url))
    yield page
    assert faults == []
    context.close()


# -- the questions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(QUERIES))
def test_a_ready_made_question_has_an_answer(site: str, name: str) -> None:
    answer = requests.get(f"{site}servicebanken/{name}.json", {"_shape": "array", **ASKED[name]}, timeout=20)
    assert answer.status_code == 200
    assert len(answer.json()) > 0
    assert len(requests.get(f"{site}servicebanken/{name}/-/rows.json", ASKED[name], timeout=20).json()) > 0


@pytest.mark.parametrize("name", list(QUERIES))
def test_a_ready_made_question_is_a_page_in_both_languages(site: str, name: str) -> None:
    for language, member in (("sv", "title@sv"), ("en", "title")):
        answer = requests.get(f"{site}{language}/servicebanken/{name}", ASKED[name], timeout=20)
        assert answer.status_code == 200
        assert f"<h1>{QUERIES[name][member]}</h1>" in answer.text
    assert QUERIES[name]["title"] != QUERIES[name]["title@sv"]


# -- visits ------------------------------------------------------------------------------------------------------------


def test_a_researcher_finds_a_table_narrows_it_down_and_takes_it_home(visit: Page, site: str, tmp_path: Path) -> None:
    visit.goto(f"{site}en/")
    visit.get_by_role("link", name=re.compile("^Service solutions")).click()
    expect(visit.get_by_role("heading", level=1)).to_have_text("Service solutions")
    visit.get_by_role("complementary").get_by_role("link", name="service point (servicepunkt)", exact=True).click()
    expect(visit.get_by_role("status")).to_contain_text(re.compile(r"^\d+ rows of \d+$"))
    shown = visit.locator("table.rows tbody tr").count()
    with visit.expect_download() as started:
        visit.get_by_role("link", name="CSV", exact=True).click()
    started.value.save_as(tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"service_point"}
    assert len(rows) == shown
    expect(visit.locator("#snippet-1")).to_contain_text("kind=service_point")
    visit.get_by_role("link", name="About the data").click()
    expect(visit.locator("#citation")).to_contain_text("Servicebanken as open data (version 1.0.0, ")


@pytest.mark.parametrize("visit", [(PHONE, False)], indirect=True)
def test_a_municipal_officer_asks_on_a_phone_who_has_a_library(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/")
    visit.get_by_role("link", name=re.compile("^Vem erbjuder en viss tjänst")).click()
    visit.get_by_label("Tjänst", exact=True).select_option(label="bibliotek")
    visit.get_by_role("button", name="Fråga").click()
    visit.get_by_role("link", name="Mötesplats Häradsbäck").click()
    expect(visit.get_by_role("heading", level=1)).to_have_text("Mötesplats Häradsbäck")
    expect(visit.get_by_role("link", name="Älmhult").first).to_be_visible()
    expect(visit.locator("figure.map svg")).to_be_visible()
    assert visit.evaluate("document.documentElement.scrollWidth") == PHONE


@pytest.mark.parametrize("visit", [(PHONE, False)], indirect=True)
def test_on_a_phone_rows_come_before_filters_and_filters_open_at_a_touch(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/servicebanken/solutions")
    kind = visit.get_by_role("complementary").get_by_role("link", name="mötesplats")
    expect(kind).to_be_hidden()
    visit.get_by_text("Filtrera", exact=True).first.click()
    kind.click()
    expect(visit.get_by_role("list", name="Valda filter")).to_contain_text("Typ är mötesplats")
    visit.get_by_role("link", name="Typ är mötesplats (ta bort)").click()
    expect(visit.get_by_role("status")).to_have_text(re.compile(r"^\d{2,} rader$"))


def test_a_maintainer_sees_where_sources_disagree_and_who_says_what(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/servicebanken/where-sources-disagree")
    visit.get_by_role("link", name="Service i samverkan", exact=True).first.click()
    said = visit.locator("#disagreements li").all_inner_texts()
    assert any("november 2020" in text and "februari 2020" in text for text in said)
    assert visit.locator("#sources li").count() > 1
    visit.get_by_role("link", name="English").click()
    expect(visit.get_by_role("heading", name="Where sources disagree")).to_be_visible()
    assert visit.url == f"{site}en/servicebanken/projects/service-i-samverkan"


def test_the_sources_of_a_row_are_one_click_from_the_answer(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/servicebanken/solutions-by-municipality")
    visit.get_by_role("link", name="Moskosel servicepunkt").click()
    expect(visit.get_by_role("link", name="Servicepunkten som gav nytändning", exact=True).first).to_be_visible()


@pytest.mark.parametrize(("words", "hits"), [("får", True), ("lanthandel", True), ("qwerty", False)])
def test_a_search_shows_what_it_found(words: str, hits: bool, visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/")
    visit.get_by_role("searchbox").fill(words)
    visit.keyboard.press("Enter")
    expect(visit.get_by_role("status")).to_contain_text("träff")
    assert (visit.locator("main mark").count() > 0) is hits
    assert all(text.casefold().startswith(words) for text in visit.locator("main mark").all_inner_texts())


def test_without_a_mouse_one_gets_from_the_start_to_a_row(visit: Page, site: str) -> None:
    visit.goto(f"{site}en/")
    visit.keyboard.press("Tab")
    expect(visit.get_by_role("link", name="Skip to content")).to_be_focused()
    visit.keyboard.press("Enter")
    for _ in range(4):  # the three numbers come first
        visit.keyboard.press("Tab")
    expect(visit.get_by_role("searchbox")).to_be_focused()
    visit.keyboard.type("moskosel")
    visit.keyboard.press("Enter")
    link = visit.get_by_role("link", name="Moskosel servicepunkt (Navet)")
    expect(link).to_be_visible()
    for _ in range(40):
        if link.evaluate("link => link === document.activeElement"):
            break
        visit.keyboard.press("Tab")
    assert visit.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    visit.keyboard.press("Enter")
    expect(visit.get_by_role("heading", level=1)).to_have_text("Moskosel servicepunkt (Navet)")


def test_help_on_a_column_opens_and_closes(visit: Page, site: str) -> None:
    visit.goto(f"{site}en/servicebanken/solutions")
    visit.get_by_role("button", name="About the column Kind").click()
    expect(visit.locator("[popover]:popover-open")).to_contain_text("The main kind of solution.")
    visit.keyboard.press("Escape")
    expect(visit.locator("[popover]:popover-open")).to_have_count(0)


# -- every kind of page, to those who cannot see it --------------------------------------------------------------------

KINDS = {
    "start": "",
    "tables": "servicebanken",
    "table": "servicebanken/solutions?kind=service_point",
    "view": "servicebanken/services_overview?_size=10",
    "row": "servicebanken/solutions/moskosel-servicepunkt",
    "place": "servicebanken/places/moskosel",
    "question": "servicebanken/services-offered?service=library",
    "search": "-/search?q=lanthandel",
    "about": "-/about",
}


@pytest.mark.parametrize(
    ("visit", "language"),
    [((DESK, False), "sv"), ((PHONE, True), "en")],
    indirect=["visit"],
    ids=["desk", "phone"],
)
@pytest.mark.parametrize("kind", list(KINDS))
def test_axe_finds_nothing_and_nothing_sticks_out(kind: str, language: str, visit: Page, site: str) -> None:
    answer = visit.goto(f"{site}{language}/{KINDS[kind]}")
    assert answer is not None
    assert answer.status == 200
    visit.evaluate(AXE)
    found = visit.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
    assert visit.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
