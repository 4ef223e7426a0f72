"""explore.html: the release's own database, questioned in a real browser from a plain static server."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.describe.explore import explore
from tests.static import files_of

OURS = ("explore.js", "answers.js", "release.js", "worker.js", "offline.js")


@pytest.fixture(scope="module")
def address(services_release: Path) -> Iterator[str]:
    with files_of(services_release) as address:
        yield f"{address}explore.html"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing goes wrong, and which asks no other host."""
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url) if "//127.0.0.1:" not in request.url else None)
    yield page
    context.close()
    assert [each for each in faults if not each.startswith(("data:", "blob:"))] == []


def test_our_own_javascript_is_at_most_600_lines_that_a_person_can_read() -> None:
    texts = [(explore.HERE / "static" / name).read_text(encoding="utf-8") for name in OURS]
    lines = [line for text in texts for line in text.splitlines()]
    assert len([line for line in lines if line.strip() and not re.match(r"\s*(//|/\*\*)", line)]) <= 600
    assert max(map(len, lines)) <= 145


def test_a_table_has_the_rows_of_the_database(address: str, page: Page, services_release: Path) -> None:
    with sqlite3.connect(next(services_release.glob("*.sqlite"))) as con:
        rows = con.execute("SELECT id FROM solutions ORDER BY rowid").fetchall()
    page.goto(f"{address}#l=en&table=solutions")
    expect(page.locator("tbody tr")).to_have_count(len(rows))
    assert page.locator("tbody tr > :first-child").all_inner_texts() == [key for (key,) in rows]


def test_filters_and_sorting_are_in_the_address_and_can_be_taken_away(address: str, page: Page) -> None:
    page.goto(f"{address}#l=en&table=solutions")
    page.get_by_text("Add a filter").click()
    page.get_by_label("Column").select_option("kind")
    page.get_by_label("Value").fill("fixed")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="people").click()
    expect(page.locator("tbody tr > :first-child").first).to_have_text("servicepunkten")
    assert page.url.endswith("#l=en&table=solutions&f=kind%7Eexact%7Efixed&sort=people")
    page.get_by_role("link", name="kind is fixed").click()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_a_row_leads_to_its_source_and_to_what_refers_to_it(address: str, page: Page) -> None:
    page.goto(f"{address}#l=sv&row=solutions/bokbussen")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bokbussen i Älvdalen")
    assert page.get_by_role("link", name="Älvdalen", exact=True).get_attribute("href") == "#l=sv&row=places%2Falvdalen"
    page.get_by_role("button", name="Källa 1").first.click()
    expect(page.locator("#source-1")).to_be_focused()
    expect(page.locator("section.related li")).to_have_text(["library", "wifi"])


def test_a_question_has_a_form_a_map_and_a_file_for_excel(address: str, page: Page, tmp_path: Path) -> None:
    page.goto(f"{address}#l=sv&question=by-kind&p.kind=fixed")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.goto(f"{address}#l=sv&table=solutions&view=map")
    expect(page.locator("svg.map a.point")).to_have_count(2)
    with page.expect_download() as started:
        page.get_by_role("button", name="CSV för Excel").click()
    started.value.save_as(tmp_path / "rows.csv")
    header, *rows = (tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines()
    assert header == "id;Name;place;kind;opened;staffed;people;share"
    assert rows[1] == 'servicepunkten;"Servicepunkten ""Får & Ull""";idre;fast;2019-02-28;Ja;1200;12,25'


def test_sql_completes_names_and_an_error_says_what_is_wrong(address: str, page: Page) -> None:
    page.goto(f"{address}#l=en&sql=")
    page.get_by_label("The query").press_sequentially("SELECT count(*) AS n FROM soluti")
    page.get_by_role("button", name="solutions", exact=True).click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("tbody td")).to_have_text(["3"])
    page.goto(f"{address}#l=en&sql={quote('SELEC 1')}")
    expect(page.get_by_role("alert")).to_contain_text("syntax error")


def test_the_page_opens_without_a_network_after_the_first_time(address: str, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}#l=en&table=solutions")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    context.set_offline(True)
    page.reload()
    expect(page.locator("tbody tr").first).to_be_visible()
    context.close()


def test_a_database_over_50_mb_is_offered_as_a_file_and_opened_when_wanted(
    services_release: Path, page: Page, tmp_path: Path
) -> None:
    release = shutil.copytree(services_release, tmp_path / "release")
    text, found = re.subn(r'"size":\d+', '"size":50000001', (release / "explore.html").read_text(encoding="utf-8"))
    assert found == 1
    (release / "explore.html").write_text(text, encoding="utf-8")
    with files_of(release) as address:
        page.goto(f"{address}explore.html#l=en&table=solutions")
        expect(page.get_by_text("The database of this release is 50 MB")).to_be_visible()
        assert page.get_by_role("link", name="Download (SQLite, 50 MB)").get_attribute("href") == "services.sqlite"
        page.get_by_role("button", name="Open it here").click()
        expect(page.locator("tbody tr")).to_have_count(3)


def test_a_database_that_was_damaged_on_the_way_is_not_shown(
    services_release: Path, page: Page, tmp_path: Path
) -> None:
    release = shutil.copytree(services_release, tmp_path / "release")
    content = (release / "services.sqlite").read_bytes()
    (release / "services.sqlite").write_bytes(content[:-1] + b"x")
    with files_of(release) as address:
        page.goto(f"{address}explore.html#l=en")
        expect(page.get_by_role("alert")).to_contain_text("is damaged")


def test_opened_as_a_file_the_page_says_how_to_open_it(services_release: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((services_release / "explore.html").as_uri())
    expect(page.get_by_text("Browsers do not let a page that is opened as a file")).to_be_visible()
    expect(page.get_by_text("python -m http.server").first).to_be_visible()
    page.close()
