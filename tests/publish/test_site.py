"""What publishing leaves is a website: read in a browser from a plain server, and from a bucket."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, expect

from tests.command import servicebanken
from tests.projects import SOLUTIONS, put, services
from tests.publish.releases import send
from tests.static import files_of

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has published two releases of one project."""
    folder = services(tmp_path_factory.mktemp("site") / "project").root
    place = folder.parent / "www"
    for words in ("Bokbussen i Älvdalen", "Bokbussen i Idre"):
        put(folder, {"sources/region/solutions.csv": SOLUTIONS.replace("Bokbussen i Älvdalen", words)})
        run = servicebanken("release", "--project", folder)
        assert run.code == 0, run.err
        send(folder / "build/releases/latest", place)
    return place


@pytest.mark.parametrize(("width", "language"), [(1280, "sv"), (360, "en"), (320, "sv")])
def test_the_start_page_leads_to_every_page_of_every_release(
    width: int, language: str, place: Path, browser: Browser
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    with files_of(place) as address:
        page.goto(address)
        page.evaluate(AXE)
        found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        latest, earlier = page.locator("section.version").all()
        said = {"sv": ["Om datan", "Utforska", "Rapport från kontrollen", "Vad som ändrats"]}.get(
            language, ["About the data", "Explore", "Report of the checks", "What changed"]
        )
        assert latest.locator(f"ul[lang={language}] a").all_inner_texts() == said
        assert earlier.locator(f"ul[lang={language}] a").all_inner_texts() == said[:3]
        for href in {link.get_attribute("href") or "" for link in page.locator("a").all()} - {"#main"}:
            assert (place / href.partition("#")[0]).is_file(), href
        link = latest.get_by_role("link", name=said[1])
        for _ in range(30):
            if link.evaluate("link => link === document.activeElement"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Services")
        assert page.evaluate("document.documentElement.lang") == language
        page.goto(address)
        page.locator("section.version").first.get_by_role("link", name=said[3]).click()
        expect(page.locator("#changes")).to_contain_text("1.0.0")
    page.close()
