"""Pages in a real Chromium: whatever a package holds, nothing breaks out, and what is shown stays accessible."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.describe.page.hostile import HOSTILE, hostile
from tests.describe.validators import complaints, needs_java, needs_validators

PAGES = ("index.html", "index.sv.html")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile(tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize("name", PAGES)
def test_texts_are_shown_and_do_nothing(name: str, release: Path, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.goto((release / name).as_uri())
    assert page.title().startswith(HOSTILE[:40])
    assert page.locator("img, iframe, script:not([type='application/ld+json'])").count() == 0
    addresses = page.evaluate("[...document.querySelectorAll('a')].map(each => each.protocol)")
    assert set(addresses) <= {"file:", "https:"}
    assert asked == [(release / name).as_uri()]
    assert faults == []
    page.close()


@pytest.mark.parametrize(("name", "width", "scheme"), [("index.html", 360, "dark"), ("index.sv.html", 1280, "light")])
def test_the_page_is_accessible(name: str, width: int, scheme: str, release: Path, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto((release / name).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_without_scripts_all_is_there(release: Path, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((release / "index.html").as_uri())
    page.locator("#table-t > summary").click()
    assert page.get_by_text("at most 500 characters").is_visible()
    context.close()


@needs_validators
@needs_java
def test_the_pages_are_valid_html(release: Path) -> None:
    assert complaints("html", *(release / name for name in PAGES)) == []
