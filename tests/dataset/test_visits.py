"""How the pages are judged: an officer, a journalist and a researcher do what they came for, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.dataset.test_in_a_browser import AXE, DESK, PHONE, site, visit

__all__ = ["site", "visit"]  # the same server and windows

NARROWEST = 320  # what 1280 pixels are at 400 %


def pages_of(pdf: bytes) -> int:
    """How many sheets a PDF has."""
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("visit", [(PHONE, False), (DESK, False)], indirect=True, ids=["phone", "desk"])
def test_an_officer_finds_service_points_like_theirs_who_pays_and_prints_it(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/")
    visit.locator("main a[href$='/servicepunkt-in-a-village-hall']").click()
    visit.get_by_label("Lokal", exact=True).select_option(label="i en butik")
    visit.get_by_role("button", name="Fråga").click()
    visit.locator("table.rows tbody th a").first.click()
    expect(visit.locator(".badge")).to_be_visible()
    visit.goto(f"{site}sv/servicebanken/solutions/moskosel-servicepunkt")
    expect(visit.locator(".badge")).to_have_text(re.compile(r"\(.*\d{4}\)"))  # never without its date
    expect(visit.get_by_role("heading", name="finansiär", exact=True)).to_be_visible()
    visit.emulate_media(media="print")
    expect(visit.get_by_role("searchbox")).to_be_hidden()
    expect(visit.get_by_text("Arvidsjaurs kommun").first).to_be_visible()


def test_my_municipality_prints_on_two_pages_and_the_toolbox_as_a_leaflet(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/-/pages/my-municipality?row=Motala")
    expect(visit.get_by_role("heading", level=1)).to_have_text("Motala")
    assert pages_of(visit.pdf(format="A4")) <= 2
    visit.goto(f"{site}sv/-/pages/toolbox?need=fuel")
    visit.emulate_media(media="print")
    expect(visit.locator("nav").first).to_be_hidden()
    assert visit.locator("article.card").count() > 0
    assert pages_of(visit.pdf(format="A4")) <= 4


def test_a_journalist_takes_a_chart_with_its_source_into_an_article(visit: Page, site: str) -> None:
    visit.goto(f"{site}en/servicebanken/solutions")
    chart = visit.locator("#charts figure", has_text="kind").first
    chart.locator("summary").click()
    with visit.expect_download() as started:
        chart.get_by_role("link", name="SVG").click()
    assert "<svg" in Path(started.value.path()).read_text(encoding="utf-8")
    snippet = chart.get_by_role("textbox").input_value()
    embedded = re.search(r'src="([^"]+)"', snippet)
    assert embedded
    answer = requests.get(embedded[1], timeout=20)
    assert "frame-ancestors 'none'" not in answer.headers["content-security-policy"]
    assert "Servicebanken as open data" in answer.text


def test_a_researcher_gets_the_rows_behind_a_story_and_the_citation(visit: Page, site: str) -> None:
    visit.goto(f"{site}en/-/pages/what-did-we-learn")
    visit.locator("article.story a").first.click()
    expect(visit.locator("table.rows")).to_be_visible()
    expect(visit.locator("#citation")).to_contain_text("version 1.0.0")
    answer = requests.get(f"{site}en/-/about", timeout=20).text
    for file in re.findall(r'href="(/[^"]+/files/(?:index|report|catalog)[^"]*)"', answer):
        assert requests.get(f"{site.rstrip('/')}{file}", timeout=20).status_code == 200
    assert "catalog/schema-org.jsonld" in answer


def test_the_release_page_and_the_report_are_styled(visit: Page, site: str) -> None:
    for name in ("Utgåvan som sida", "Valideringsrapport"):
        visit.goto(f"{site}sv/-/about")
        visit.get_by_role("link", name=name).click()
        assert visit.evaluate("getComputedStyle(document.querySelector('main')).paddingTop") != "0px"


def test_the_toolbox_leads_from_a_need_to_plans_and_money(visit: Page, site: str) -> None:
    visit.goto(f"{site}en/-/pages/toolbox")
    visit.locator("ul.cards a").last.click()
    for asked in ("Plans that go with it", "Who paid"):
        answer = visit.locator(".answers", has_text=asked).first
        expect(answer.locator("li a").first).to_be_visible()


def test_a_map_comes_nearer_and_its_crowds_lead_to_their_rows(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/")
    everywhere = visit.locator(".map a.point").count()
    crowd = visit.locator(".map a.point[href*='id__in']").first
    wanted = int((crowd.get_attribute("aria-label") or "").rpartition("(")[2].rstrip(")"))
    visit.goto(f"{site.rstrip('/')}{crowd.get_attribute('href')}")
    assert visit.locator("table.rows tbody tr").count() == wanted
    visit.goto(f"{site}sv/")
    visit.get_by_label("Titta närmare på").select_option(label="Norrbottens län")
    visit.get_by_role("button", name="Visa").click()
    assert 0 < visit.locator(".map a.point").count() < everywhere


def test_a_map_says_names_to_those_who_use_the_keyboard(visit: Page, site: str) -> None:
    visit.goto(f"{site}en/")
    area = visit.locator(".map a.area").first
    expect(area.locator("text")).to_be_hidden()
    area.focus()
    expect(area.locator("text")).to_be_visible()
    assert (area.get_attribute("aria-label") or "") in area.locator("text").text_content() or ""  # type: ignore[operator]
    visit.keyboard.press("Enter")
    expect(visit.get_by_role("list", name="Filters")).to_be_visible()


@pytest.mark.parametrize("visit", [(PHONE, False)], indirect=True)
def test_on_a_phone_every_stop_of_the_keyboard_can_be_seen_and_rows_can_be_sorted(visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/servicebanken/solutions?_size=5")
    for _ in range(40):
        visit.keyboard.press("Tab")
        seen = visit.evaluate(
            "(({width, height}) => width > 1 && height > 1)(document.activeElement.getBoundingClientRect())"
        )
        assert seen, visit.evaluate("document.activeElement.outerHTML")
    visit.get_by_label("Sortera efter").select_option(label="Kommun")
    visit.get_by_role("button", name="Sortera").click()
    expect(visit).to_have_url(re.compile("_sort=municipality"))


@pytest.mark.parametrize("visit", [(NARROWEST, False)], indirect=True)
@pytest.mark.parametrize(
    "page",
    ["", "?area=25", "-/pages/toolbox?need=care", "-/pages/my-municipality?row=Motala&row=Krokom", "-/changes",
     "-/pages/what-did-we-learn", "servicebanken/who-funded", "servicebanken/solutions/moskosel-servicepunkt"],
)  # fmt: skip
def test_at_400_percent_nothing_sticks_out_and_axe_finds_nothing(page: str, visit: Page, site: str) -> None:
    visit.goto(f"{site}sv/{page}")
    assert visit.evaluate("document.documentElement.scrollWidth") == NARROWEST
    visit.evaluate(AXE)
    found = visit.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []


def test_every_page_says_what_it_is_to_search_engines_and_where_its_other_language_is(site: str) -> None:
    for page in ("", "servicebanken/solutions", "servicebanken/plans", "-/pages/toolbox", "-/about"):
        text = requests.get(f"{site}en/{page}", timeout=20).text
        assert text.count("application/ld+json") == 1
        assert re.findall(r'rel="alternate" hreflang="([\w-]+)"', text) == ["sv", "en", "x-default"]
