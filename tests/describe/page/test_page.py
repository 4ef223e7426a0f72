"""The page of a release: what it says, in both languages, and that nothing in a package breaks out of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pandas
import pytest

from pipeline import build
from pipeline.core.progress import Progress
from pipeline.source.project import find
from tests.describe.page.hostile import hostile
from tests.describe.page.html import Page
from tests.describe.test_describe import ABOUT
from tests.projects import field, package, reference, table

PAGES = ("index.html", "index.sv.html")


def towns(folder: Path, **members: Any) -> Path:
    """A release of a package of two tables, one of which points at the other; its folder."""
    kinds = [
        {"value": "a", "label": "seat", "label@sv": "centralort"},
        {"value": "b", "label": "village", "label@sv": "by"},
    ]
    tables = [
        table("counties", [field("code"), field("name")], ["code"], title="Counties", **{"title@sv": "Län"}),
        table(
            "towns",
            [
                field("code"),
                field("county"),
                field("kind", categories=kinds, constraints={"enum": ["a", "b"]}),
                field("people", "integer", unit="person", description="Who lives there.", constraints={"minimum": 0}),
            ],
            ["code"],
            foreignKeys=[reference("county", "counties", "code")],
        ),
    ]
    files = {
        "counties.csv": "code,name\n04,Södermanland\n",
        "towns.csv": "code,county,kind,people\n0482,04,a,7\n0483,04,b,\n0484,,a,7\n",
    }
    package(folder, tables, files, **{**ABOUT, **members})
    return build.release(find(folder), Progress(), major=True).folder


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return towns(tmp_path_factory.mktemp("towns"))


def page_of(release: Path, name: str = "index.html") -> Page:
    return Page((release / name).read_text(encoding="utf-8"))


# -- what it says ------------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_data_are(release: Path) -> None:
    said = page_of(release).text
    for part in (
        "Dataset · version 1.0.0 · 31 January 2026",
        "Towns What towns there are.",
        "Tables 2 Rows 4 Fields 6 Licence CC-BY-4.0",
        "Example (2026). Towns (version 1.0.0, 2026-01-31).",
    ):
        assert part in said


def test_each_language_has_its_page(release: Path) -> None:
    english, swedish = (page_of(release, name) for name in PAGES)
    assert (english.values("lang")[0], swedish.values("lang")[0]) == ("en", "sv")
    assert "Orter Vilka orter det finns." in swedish.text
    assert "Tabeller 2 Rader 4 Fält 6 Licens" in swedish.text
    assert not {"rows", "fields", "Download", "Cite", "filled", "key"} & set(swedish.text.split())
    assert "index.sv.html" in english.values("href")
    assert "index.html" in swedish.values("href")


def test_a_text_in_another_language_than_the_page_says_so(release: Path) -> None:
    swedish = (release / "index.sv.html").read_text(encoding="utf-8")
    assert '<span lang="en">Who lives there.</span>' in swedish


def test_the_dictionary_counts_what_is_filled_and_what_differs(release: Path) -> None:
    said = page_of(release).text
    assert "people integer, person 67% filled (2), 1 different Who lives there. at least 0" in said
    assert "county string → Counties 67%" in said
    assert "2 codes a seat b village" in said
    assert "Referred to by towns" in said


def test_every_link_leads_to_a_file_of_the_release_or_a_place_on_the_page(release: Path) -> None:
    for name in PAGES:
        page = page_of(release, name)
        ids = page.values("id")
        assert len(ids) == len(set(ids))
        for href in page.values("href"):
            if href.startswith("#"):
                assert href[1:] in ids
            elif not href.startswith(("https://", "data:")):
                assert (release / unquote(href.partition("#")[0])).is_file(), href


def test_nothing_is_asked_of_another_host(release: Path) -> None:
    for name in PAGES:
        text = (release / name).read_text(encoding="utf-8")
        assert not re.search(r"\ssrc=|@import|url\((?!#)", text)
        assert "default-src 'none'" in text


def test_checksums_and_sizes_are_those_of_the_files(release: Path) -> None:
    sums = dict(line.split("  ")[::-1] for line in (release / "SHA256SUMS").read_text().splitlines())
    said = page_of(release).text
    for path in ("data/towns.csv", "data/towns.parquet", "towns.sqlite"):
        assert f"{path} {sums[path]}" in said
    size = (release / "data/towns.csv").stat().st_size
    assert f"CSV (towns) {size}\u00a0B".replace("\u00a0", " ") in said.replace("\u00a0", " ")


def test_search_engines_find_the_dataset_in_the_page(release: Path) -> None:
    text = (release / "index.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert found
    assert json.loads(found[1])["name"] == "Towns"


# -- the snippets are tried --------------------------------------------------------------------------------------------


def snippet(release: Path, name: str) -> str:
    text = (release / "index.html").read_text(encoding="utf-8")
    found = re.search(rf'aria-label="{name}"><code>(.*?)</code>', text, re.DOTALL)
    assert found
    return found[1].replace("&#34;", '"').replace("&#39;", "'").replace("&lt;", "<")


def test_the_pandas_snippet_keeps_codes_as_text(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(release)
    code = snippet(release, "pandas")
    csv_line = [line for line in code.split("\n") if "read_parquet" not in line]
    names: dict[str, Any] = {}
    exec("\n".join(csv_line), names)
    assert isinstance(names["table"], pandas.DataFrame)
    assert names["table"]["code"].tolist() == ["04"]


def test_the_duckdb_snippet_runs(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(release)
    with duckdb.connect() as con:
        assert con.execute(snippet(release, "DuckDB")).fetchall() == [("04", "Södermanland")]


def test_the_sql_snippet_runs(release: Path) -> None:
    import sqlite3

    with sqlite3.connect(release / "towns.sqlite") as con:
        assert con.execute(snippet(release, "SQL")).fetchall() == [("04", "Södermanland")]


# -- whatever the package holds ----------------------------------------------------------------------------------------


def test_texts_do_not_break_out(tmp_path: Path) -> None:
    release = hostile(tmp_path)
    for name in PAGES:
        text = (release / name).read_text(encoding="utf-8")
        page = Page(text)
        assert "img" not in page.tags()
        assert [attributes for tag, attributes in page.elements if tag == "script"] == [{"type": "application/ld+json"}]
        assert "\u202e" not in text
        assert "\u200b" not in text
        assert "{{ 7 * 7 }}" in page.text
        assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert not [href for href in page.values("href") if href.lower().startswith("javascript")]
        assert "⟨U+202E⟩" in page.text


def test_a_package_that_says_next_to_nothing_has_a_page(tmp_path: Path) -> None:
    project = package(tmp_path, [table("t", [field("a")])], {"t.csv": "a\n"})
    release = build.release(find(project), Progress(), major=True).folder
    assert "t 0 rows, 1 field" in page_of(release).text


def test_the_bytes_do_not_hang_on_the_hash_seed(release: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.describe import read\n"
        "from pipeline.describe.page import LANGUAGES\n"
        "from pipeline.describe.page.page import gather, render\n"
        "contents = gather(read(Path(sys.argv[1]), archive='x.zip'))\n"
        "for language in LANGUAGES: print(render(contents, language))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, release],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_the_page_draws_the_tables_with_the_most_links_and_lists_all_links(release: Path) -> None:
    page = page_of(release)
    assert page.text.count("towns → Counties") == 1
    drawn = [attributes for tag, attributes in page.elements if attributes.get("marker-end")]
    assert len(drawn) == 1


def test_the_swedish_page_cites_the_swedish_title(release: Path) -> None:
    assert "Example (2026). Orter (version 1.0.0, 2026-01-31)." in page_of(release, "index.sv.html").text
