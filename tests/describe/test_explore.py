"""explore.html: the release's own database, questioned in a real browser from a plain static server."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

HEADERS = {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data:"}


class _Static(SimpleHTTPRequestHandler):
    """A plain server of files with a strict policy."""

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(services_release: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Static, directory=str(services_release))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/explore.html"
        server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if "//127.0.0.1:" not in request.url else None)
    yield page
    context.close()
    assert [each for each in said if not each.startswith(("data:", "blob:"))] == []


def test_a_table_has_the_rows_of_the_database(address: str, page: Page, services_release: Path) -> None:
    database = next(services_release.glob("*.sqlite"))
    with sqlite3.connect(database) as con:
        tables = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE name = 'solutions'")]
        rows = con.execute("SELECT id FROM solutions ORDER BY rowid").fetchall()
    assert tables == ["solutions"]
    page.goto(f"{address}#l=en&table=solutions")
    expect(page.locator("tbody tr")).to_have_count(len(rows))
    assert page.locator("tbody tr td:first-child").all_inner_texts() == [key for (key,) in rows]


def test_sql_that_is_wrong_is_answered_with_what_is_wrong(address: str, page: Page) -> None:
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
