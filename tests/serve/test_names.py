"""A package whose tables and fields are called what SQLite, FTS5, Datasette and this server call their own."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
import requests
from datasette.utils import tilde_encode

from pipeline.core.names import stems
from tests.command import servicebanken
from tests.projects import field, package, table
from tests.serve.server import served

SQLITE = ["rank", "rowid", "oid", "select", "order", "group", "match", "content", "words_fts", "docid", "table"]
DATASETTE = ["_size", "_sort", "_search", "_next", "_facet", "_shape", "_where", "_labels", "_filter_column", "_col"]
OURS = ["_region", "_counts", "_columns", "_chart", "sv", "en", "-", "data", "row", "value", "count", "q", "record"]
MORE = ["a__exact", "name__in", "kind__nothing", "a b", "a.b", "a/b", "å", "%2F", 'a"b', "'", "sql", ":search", "$null"]
FIELDS = [*SQLITE, *DATASETTE, *OURS, *MORE]

TABLES = ["-", "sv", "en", "files", "data", "row", "rows", "select", "match", "content", "rank", "rowid", "_counts",
          "sql", "openapi", "search", "table", "static", "query", "_memory"]  # fmt: skip
STEMS = stems(TABLES)
"""What the tables are called in addresses: all as they are but `_counts`, which is `__counts`."""


def _csv(names: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([names, *rows])
    return text.getvalue()


def _words(name: str, fields: list[str]) -> tuple[dict[str, Any], str]:
    """A table whose fields hold `one…`, `two…` and `two…` with their number, and its file."""
    described = table(name, [field("id"), *(field(each) for each in fields)], ["id"])
    described["path"] = f"t{name.encode().hex()}.csv"
    rows = [[key, *(f"{word}x{number}" for number in range(len(fields)))] for key, word in KEYS.items()]
    return described, _csv(["id", *fields], rows)


KEYS = {"1": "one", "2": "two", "3": "two"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the package is served: `words` has all fields, `hidden` no name left for SQLite's number of a row, `free`
    no key, `b` nothing to search in but `rank`, and a table is called each of TABLES."""
    folder = tmp_path_factory.mktemp("names")
    made = [_words("words", FIELDS), _words("hidden", ["rowid", "oid", "_rowid_", "n"]), _words("b", ["rank"])]
    made += [_words(name, [name, "n"]) for name in TABLES]
    free = table("free", [field("rowid"), field("rank"), field("n")])
    made.append((free, _csv(["rowid", "rank", "n"], [["7", "first", "pear"], ["7", "second", "fig"]])))
    package(folder, [each for each, _ in made], {each["path"]: text for each, text in made}, name="own")
    run = servicebanken("release", "--quiet", "--project", folder)
    assert run.code == 0, run.err
    with served("--project", folder) as address:
        yield f"{address}"


def _json(address: str) -> Any:
    answer = requests.get(address, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _ids(site: str, name: str, query: str) -> list[str]:
    """The keys that JSON, a file of JSON and a file of CSV have for a filter, which are the same."""
    start = f"{site}own/{tilde_encode(name)}"
    found = [row["id"] for row in _json(f"{start}/-/rows.json?{query}")]
    if query.startswith("_search__"):  # Datasette takes it for its own search in the column `_exact`
        assert requests.get(f"{start}.json?_shape=array&{query}", timeout=20).status_code == 400
    else:
        assert [row["id"] for row in _json(f"{start}.json?_shape=array&{query}")] == found
    sent = requests.get(f"{start}/-/rows.csv?{query}", timeout=20).content.decode("utf-8-sig")
    assert [row["id"] for row in csv.DictReader(io.StringIO(sent))] == found
    page = requests.get(f"{site}en/own/{tilde_encode(name)}?{query}", timeout=20)
    assert page.status_code == 200, page.text
    rows = re.findall(rf'href="/en/own/{re.escape(tilde_encode(name))}/([^"/?.]+)"', page.text)
    assert [*dict.fromkeys(rows)] == found, page.url
    return found


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_filtered_sorted_searched_and_counted_whatever_it_is_called(name: str, site: str) -> None:
    number, asked = FIELDS.index(name), quote(name, safe="")
    assert _ids(site, "words", f"{asked}__exact=twox{number}") == ["2", "3"]
    assert _ids(site, "words", f"{asked}__startswith=one") == ["1"]
    assert _ids(site, "words", f"_sort_desc={asked}")[-1] == "1"
    assert _ids(site, "words", f"_search=onex{number}") == ["1"]
    page = requests.get(f"{site}en/own/words?_facet={asked}", timeout=20).text
    links = {unescape(link) for link in re.findall(r'href="(\?[^"]*)" rel="nofollow"', page)}
    wanted = [link for link in links if link.endswith(f"=twox{number}")]
    assert len(wanted) == 1, links
    assert _ids(site, "words", wanted[0].removeprefix("?").replace(f"_facet={quote(name)}&", "")) == ["2", "3"]
    told = _json(f"{site}own/words.json?_facet={asked}&_extra=facet_results")["facet_results"]
    counted = told.get("results", told)[name]["results"]
    assert {each["value"]: each["count"] for each in counted} == {f"onex{number}": 1, f"twox{number}": 2}


@pytest.mark.parametrize("name", STEMS)
def test_a_table_has_pages_data_and_rows_whatever_it_is_called(name: str, site: str) -> None:
    asked = quote(TABLES[STEMS.index(name)], safe="")
    assert _ids(site, name, "") == ["1", "2", "3"]
    assert _ids(site, name, f"{asked}__exact=twox0") == ["2", "3"]
    for address in (f"own/{tilde_encode(name)}.json", f"own/{tilde_encode(name)}/-/rows.json"):
        assert requests.get(f"{site}{address}?__none__exact=x", timeout=20).status_code == 400
    assert _ids(site, name, "_search=onex1") == ["1"]
    assert _ids(site, name, "_search=onex0") == ["1"]
    row = requests.get(f"{site}en/own/{tilde_encode(name)}/2", timeout=20)
    assert (row.status_code, "twox0" in row.text) == (200, True)
    assert [each["id"] for each in _json(f"{site}own/{tilde_encode(name)}/2.json?_shape=array")] == ["2"]
    short = requests.get(f"{site}own/{tilde_encode(name)}", timeout=20)
    assert short.url == f"{site}sv/own/{tilde_encode(name)}"


def test_a_search_that_cannot_be_made_is_refused_and_the_rest_works(site: str) -> None:
    assert _ids(site, "hidden", "rowid=twox0") == ["2", "3"]
    for address in ("own/hidden.json?_search=onex3", "own/hidden/-/rows.csv?_search=onex3", "en/own/hidden?_search=a"):
        assert requests.get(site + address, timeout=20).status_code == 400
    assert requests.get(f"{site}en/-/search?q=onex3", timeout=20).status_code == 200


def test_a_field_that_fts5_keeps_for_itself_is_searched_where_it_is_the_only_text(site: str) -> None:
    assert _ids(site, "b", "_search=onex0") == ["1"]
    assert "onex0" in requests.get(f"{site}en/-/search?q=onex0", timeout=20).text


def test_rows_without_a_key_have_addresses_of_their_own_though_a_field_is_called_rowid(site: str) -> None:
    page = requests.get(f"{site}en/own/free", timeout=20).text
    links = [*dict.fromkeys(re.findall(r'href="(/en/own/free/[^"?.]+)"', page))]
    found = [requests.get(site.rstrip("/") + link, timeout=20).text for link in links]
    assert ["pear" in text for text in found] == [True, False] or not links
    lines = requests.get(f"{site}own/free.csv?_stream=on", timeout=20).text.splitlines()
    assert len(lines) == 3
    assert [row["n"] for row in _json(f"{site}own/free.json?_shape=array&_search=second")] == ["fig"]
    assert [row["n"] for row in _json(f"{site}own/free.json?_shape=array&_sort_desc=n")] == ["pear", "fig"]


def test_the_description_of_such_a_package_is_whole(site: str) -> None:
    told = _json(f"{site}openapi.json")
    assert {f"/own/{tilde_encode(name)}.json" for name in STEMS} <= set(told["paths"])
    assert len(json.dumps(told)) < 200_000
