"""What a place shows beside its versions: a feed, a map of the site, and redirects to the latest version."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.publish.releases import make, send

BASE = "https://data.example.org/shops"
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
HOSTILE = "Shops ]]> <script>alert(1)</script> & \u202e\u0001"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A place that has published two versions, and whose address is known."""
    place = tmp_path / "www"
    publisher = [{"title": "Example Municipality", "roles": ["creator", "publisher"]}]
    for version, created in (("1.0.0", "2026-01-31T00:00:00Z"), ("1.1.0", "2026-02-28T12:30:00Z")):
        about: dict[str, Any] = {"baseUrl": BASE, "created": created, "title": HOSTILE, "contributors": publisher}
        send(make(tmp_path / version, version, **about), place)
    return place


def test_the_feed_has_an_entry_a_version(place: Path) -> None:
    feed = ElementTree.parse(place / "feed.xml").getroot()
    assert feed.tag == f"{ATOM}feed"
    assert feed.findtext(f"{ATOM}id") == f"{BASE}/"
    assert feed.findtext(f"{ATOM}updated") == "2026-02-28T12:30:00Z"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Example Municipality"
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [f"{BASE}/1.1.0/", f"{BASE}/1.0.0/"]
    for entry in entries:
        assert (entry.findtext(f"{ATOM}title") or "").startswith(HOSTILE.replace("\u0001", "\ufffd"))
        for link in entry.findall(f"{ATOM}link"):
            assert (place / link.attrib["href"].removeprefix(f"{BASE}/")).is_file()
    assert 'type="application/atom+xml" href="feed.xml"' in (place / "index.html").read_text(encoding="utf-8")


def test_the_map_of_the_site_has_an_address_a_version(place: Path) -> None:
    urls = ElementTree.parse(place / "sitemap.xml").getroot().findall(f"{SITEMAP}url")
    assert [(url.findtext(f"{SITEMAP}loc"), url.findtext(f"{SITEMAP}lastmod")) for url in urls] == [
        (f"{BASE}/", "2026-02-28"),
        (f"{BASE}/1.1.0/", "2026-02-28"),
        (f"{BASE}/1.0.0/", "2026-01-31"),
    ]


def test_redirects_lead_to_the_latest_version(place: Path) -> None:
    assert (place / "_redirects").read_text(encoding="utf-8") == "/shops/latest/* /shops/1.1.0/:splat 307\n"
    page = (place / "latest/index.html").read_text(encoding="utf-8")
    assert '<meta http-equiv="refresh" content="0; url=../1.1.0/">' in page
    assert f'<link rel="canonical" href="{BASE}/1.1.0/">' in page
    pattern, target = re.findall(r'"(.*?)"', (place / ".htaccess").read_text(encoding="utf-8"))
    moved = re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", target), "/shops/latest/data/shops.csv")
    assert moved == "/shops/1.1.0/data/shops.csv"


def test_what_is_published_later_keeps_what_is_known(place: Path, tmp_path: Path) -> None:
    send(make(tmp_path / "old", "0.9.0"), place)
    pointer = json.loads((place / "latest.json").read_text(encoding="utf-8"))
    assert (pointer["baseUrl"], pointer["publisher"]) == (f"{BASE}/", "Example Municipality")
    assert len(ElementTree.parse(place / "feed.xml").getroot().findall(f"{ATOM}entry")) == 3


def test_without_an_address_there_is_no_feed(tmp_path: Path) -> None:
    send(make(tmp_path / "release"), tmp_path / "www")
    assert not (tmp_path / "www/feed.xml").exists()
    assert "feed.xml" not in (tmp_path / "www/index.html").read_text(encoding="utf-8")
