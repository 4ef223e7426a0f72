"""The page of a release, opened from disk in Chromium, against a page that holds one word.

    python -m benchmarks.page [RELEASE]

Milliseconds until it is loaded, as the browser itself tells; the least of ten visits, each in a new window.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.measure import ROOT

VISITS = 10
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
WORD = '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>x</title><p>word</p></html>'


def main(release: str = str(ROOT / "build/releases/latest")) -> None:
    """Prints a line per page: bytes, milliseconds, and the ratio to the page of one word."""
    pages = sorted(Path(release).glob("index*.html"))
    if not pages:
        sys.exit(f"{release} has no page: name a release, or make one with `servicebanken build`.")
    arguments = ["--no-sandbox", "--disable-background-networking"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        word = Path(folder) / "word.html"
        word.write_text(WORD, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        peer = _least(browser, word)
        print(f"{'':16} {'bytes':>8} {'ms':>6} x one word")
        for page in [*pages, word]:
            taken = peer if page is word else _least(browser, page)
            print(f"{page.name:16} {page.stat().st_size:8,} {taken:6.0f} {taken / peer:6.1f}")
        browser.close()


def _least(browser: Browser, page: Path) -> float:
    taken = []
    for _ in range(VISITS):
        window = browser.new_page()
        window.goto(page.resolve().as_uri())
        taken.append(float(window.evaluate(LOADED)))
        window.close()
    return min(taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
