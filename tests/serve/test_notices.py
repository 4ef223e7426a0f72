"""What programs look for at addresses that are the same everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests

from pipeline.package.package import load
from pipeline.serve.openapi import description
from tests.serve.server import served

ATOM = "{http://www.w3.org/2005/Atom}"
ROOT = Path(__file__).parents[2]
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(scope="module")
def site(services_release: Path) -> Iterator[str]:
    with served(services_release) as address:
        yield address


def _get(site: str, path: str) -> requests.Response:
    answer = requests.get(site + path, timeout=20)
    assert answer.status_code == 200
    return answer


def test_search_engines_are_led_to_the_map_and_away_from_sql_and_earlier_releases(site: str) -> None:
    lines = _get(site, "robots.txt").text.splitlines()
    assert {"User-agent: *", "Disallow: /-/", "Disallow: /sv/-/sql", "Disallow: /1.0.0/"} <= set(lines)
    assert f"Sitemap: {site}sitemap.xml" in lines


def test_the_map_has_every_page_in_both_languages_and_each_answers(site: str) -> None:
    answer = _get(site, "sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    pages = ElementTree.fromstring(answer.content).findall(f"{MAP}url")
    addresses = [page.findtext(f"{MAP}loc") or "" for page in pages]
    assert {f"{site}sv/", f"{site}en/services/solutions", f"{site}sv/services/by-kind"} <= set(addresses)
    for page in pages:
        links = {link.get("hreflang"): link.get("href") for link in page if link.get("rel") == "alternate"}
        assert set(links) == {"sv", "en"}
    assert {requests.get(address, timeout=20).status_code for address in addresses[:8]} == {200}


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_feed_has_the_releases(language: str, site: str) -> None:
    feed = ElementTree.fromstring(_get(site, f"{language}/feed.xml").content)
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [f"{site}1.0.0/{language}/"]
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    page = _get(site, f"{language}/").text
    assert f'href="/{language}/feed.xml"' in page


def test_who_finds_a_hole_is_told_whom_to_write_to_for_half_a_year(site: str) -> None:
    told = dict(line.split(": ", 1) for line in _get(site, ".well-known/security.txt").text.splitlines())
    assert told["Contact"].startswith(("mailto:", "http"))
    assert datetime.now(UTC) < datetime.fromisoformat(told["Expires"]) < datetime.now(UTC) + timedelta(days=366)


def test_pages_elsewhere_may_ask_with_the_headers_that_the_docs_advise(site: str) -> None:
    wanted = {"Origin": "https://x.example", "Access-Control-Request-Headers": "if-none-match, range"}
    answer = requests.options(f"{site}services/places.json", headers=wanted, timeout=20)
    assert answer.status_code == 204
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"if-none-match", "range"} <= set(allowed)


@pytest.mark.parametrize(
    ("query", "nearest"),
    [("_facett=kind", "_facet"), ("_sizee=1", "_size"), ("kindd=x", "kind"), ("kind__contain=x", "contains")],
)
def test_a_slip_is_answered_with_the_nearest_name(query: str, nearest: str, site: str) -> None:
    answer = requests.get(f"{site}services/solutions.json?{query}", timeout=20)
    assert answer.status_code == 400
    assert f"{nearest}`?" in answer.json()["error"]


def test_the_description_of_a_large_package_has_less_than_sixty_kilobytes() -> None:
    told = description(load(ROOT), "1.0.0", "", {f"question-{n}": {"title": "A question"} for n in range(20)})
    assert len([path for path in told["paths"] if path.count("/") == 2]) > 20
    assert len(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()) < 60_000
