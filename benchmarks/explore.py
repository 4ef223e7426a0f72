"""What `explore.html` of a release takes in Chromium, from a plain server of files: what is wanted stands beside.

    python -m benchmarks.explore [RELEASE]

The first answer is the rows of a table, counted from the call of an empty browser until they are seen. What goes over
the wire is every file but the database, each compressed with gzip as servers of files do. A question is asked as a
reader's click asks it, from the call until its rows are there; every ready-made question of the release is, once to
warm up and five times more.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from playwright.sync_api import Browser, Response, sync_playwright

from tests.static import files_of

ASK = """async ([sql, parameters]) => {
  const { query } = await import(new URL("explore/release.js", location.href));
  const begun = performance.now();
  await query(sql, parameters);
  return performance.now() - begun;
}"""


def main() -> None:
    """Prints a line for each of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", nargs="?", type=Path, default=Path("build/releases/latest"))
    release: Path = parser.parse_args().release.resolve()
    chromium = shutil.which("chromium") or sys.exit("no Chromium is installed")
    with files_of(release) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seconds, files = zip(*(_first_answer(browser, f"{address}explore.html") for _ in range(5)), strict=True)
        print(f"first answer     {1000 * median(seconds):7.0f} ms   wanted: 1,500")
        wire = sum(len(gzip.compress(body)) for path, body in files[0].items() if ".sqlite" not in path)
        print(f"over the wire    {wire / 1000:7.0f} kB   wanted: 1,000 ({len(files[0]) - 1} files beside the database)")
        spent = _questions(browser, f"{address}explore.html", release)
        print(f"a question       {median(spent.values()):7.1f} ms   wanted: 50")
        slowest = max(spent, key=spent.__getitem__)
        print(f"the slowest      {spent[slowest]:7.1f} ms   {slowest}")
        browser.close()


def _first_answer(browser: Browser, page: str) -> tuple[float, dict[str, bytes]]:
    """Seconds until the rows of a table are seen, and every file that was sent."""
    context = browser.new_context(service_workers="block")
    tab = context.new_page()
    answers: list[Response] = []
    tab.on("response", lambda answer: answers.append(answer))
    begun = time.perf_counter()
    tab.goto(f"{page}#l=en&table=solutions")
    tab.locator("main table tbody tr").first.wait_for()
    seconds = time.perf_counter() - begun
    tab.locator("#cite").wait_for()
    files = {answer.url: answer.body() for answer in answers if answer.status == 200}
    context.close()
    return seconds, files


def _questions(browser: Browser, page: str, release: Path) -> dict[str, float]:
    """Milliseconds that each ready-made question takes."""
    stated = yaml.safe_load((release / "metadata.yml").read_text(encoding="utf-8"))
    (database,) = stated["databases"].values()
    tab = browser.new_page()
    tab.goto(page)
    tab.locator("#cite").wait_for()
    spent: dict[str, float] = {}
    for name, query in database["queries"].items():
        parameters = {each: told.get("example", "") for each, told in query.get("parameters", {}).items()}
        asked: list[Any] = [query["sql"], parameters]
        tab.evaluate(ASK, asked)
        spent[name] = median(tab.evaluate(ASK, asked) for _ in range(5))
    tab.close()
    return spent


if __name__ == "__main__":
    main()
