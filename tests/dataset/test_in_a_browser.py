"""The dataset in Datasette, opened in a real Chromium, and every ready-made question asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from playwright.sync_api import Page, sync_playwright

from tests.dataset.conftest import ROOT
from tests.serve.server import served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUERIES = yaml.safe_load((ROOT / "metadata.yml").read_text(encoding="utf-8"))["databases"]["servicebanken"]["queries"]
ASKED = {
    "services-offered": {"service": "library"},
    "servicepunkt-in-a-village-hall": {"place": "bygdegård"},
    "search-everything": {"q": "lanthandel"},
    "methods-and-where": {"kind": "tool"},
    "sources-of-a-row": {"table": "solutions", "key": "moskosel-servicepunkt"},
}


@pytest.fixture(scope="module")
def site(release: Path) -> Iterator[str]:
    with served(release) as address:
        yield address


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser.new_page()
        browser.close()


@pytest.mark.parametrize("name", list(QUERIES))
def test_a_ready_made_question_has_an_answer(site: str, name: str) -> None:
    answer = requests.get(f"{site}servicebanken/{name}.json", {"_shape": "array", **ASKED.get(name, {})}, timeout=20)
    assert answer.status_code == 200
    assert len(answer.json()) > 0


@pytest.mark.parametrize("name", list(QUERIES))
def test_a_ready_made_question_stands_in_both_languages(name: str) -> None:
    for member in ("title", "description"):
        assert QUERIES[name][member] != QUERIES[name][f"{member}@sv"]


def test_the_pages_open_without_a_fault_and_ask_no_other_host(site: str, page: Page) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(site) else faults.append(request.url))
    tables = ("servicebanken/solutions", "servicebanken/solutions_overview", "servicebanken/provenance")
    for path in ("", "servicebanken", *tables, *(f"servicebanken/{name}" for name in QUERIES)):
        answer = page.goto(site + path)
        assert answer is not None
        assert answer.status == 200
    assert faults == []


def test_the_sources_of_a_row_are_one_click_from_the_answer(site: str, page: Page) -> None:
    page.goto(f"{site}sv/servicebanken/solutions-by-municipality")
    page.get_by_role("link", name="Moskosel servicepunkt").first.click()
    assert page.get_by_role("heading", name="Källor").is_visible()
    assert page.get_by_role("link", name="Servicepunkten som gav nytändning").first.is_visible()


def test_a_disagreement_is_told_on_the_row(site: str, page: Page) -> None:
    page.goto(f"{site}sv/servicebanken/projects/service-i-samverkan")
    said = page.get_by_role("listitem").filter(has_text="Avslutades").all_inner_texts()
    assert any("2020-11" in text and "2020-02" in text for text in said)
