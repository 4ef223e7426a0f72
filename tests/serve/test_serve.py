"""A real Datasette, started by the command and asked over loopback."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.command import servicebanken, start
from tests.projects import SOURCE, field, package, put, table, tree
from tests.serve.server import served


@pytest.fixture(scope="module")
def site(services_release: Path) -> Iterator[str]:
    with served(services_release) as address:
        yield address


def _get(site: str, path: str, **parameters: Any) -> requests.Response:
    return requests.get(site + path, params=parameters, timeout=20)


def _rows(site: str, path: str, **parameters: Any) -> Any:
    answer = _get(site, path, **{"_shape": "array", **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_start_page_shows_the_title_and_the_licence(site: str) -> None:
    for language, title in (("sv", "Tjänster"), ("en", "Services")):
        page = _get(site, f"{language}/").text
        assert title in page
        assert "https://creativecommons.org/licenses/by/4.0/" in page


def test_the_database_page_lists_tables_views_and_canned_queries(site: str) -> None:
    page = _get(site, "sv/services").text
    for name in ("places", "solutions", "solution_services", "documents", "provenance", "discrepancies"):
        assert f'href="/sv/services/{name}"' in page
    assert 'href="/sv/services/solutions_overview"' in page
    assert "Lösningar av ett slag" in page
    assert "Solutions of a kind" in _get(site, "en/services").text


def test_a_table_is_answered_with_its_rows(site: str) -> None:
    assert _rows(site, "services/places.json") == [
        {"id": "alvdalen", "name": "Älvdalen", "latitude": 61.22776, "longitude": 14.03945},
        {"id": "idre", "name": "Idre", "latitude": 61.8586801, "longitude": 12.7194999},
    ]


def test_a_table_is_searched_in_both_languages_with_swedish_letters(site: str) -> None:
    for words, found in (("får", ["servicepunkten", "vagen"]), ("far", []), ("library", ["bokbussen"])):
        rows = _rows(site, "services/solutions.json", _search=words)
        assert [row["id"] for row in rows] == found


def test_a_table_has_the_facets_that_are_declared(site: str) -> None:
    # Where facets stand differs in Datasette 1.0, which wants to be asked for them, too.
    told = _get(site, "services/solutions.json", _extra="facet_results").json()["facet_results"]
    results = told.get("results", told)["kind"]["results"]
    assert {result["value"]: result["count"] for result in results} == {"fixed": 2, "mobile": 1}


def test_a_canned_query_answers_with_its_parameter(site: str) -> None:
    assert _rows(site, "services/by-kind.json", kind="fixed") == [
        {"id": "servicepunkten", "name_sv": 'Servicepunkten "Får & Ull"'},
        {"id": "vagen", "name_sv": "Här får alla plats"},
    ]
    assert _rows(site, "services/with-place.json") == [
        {"solution": "bokbussen", "place": "Älvdalen"},
        {"solution": "servicepunkten", "place": "Idre"},
        {"solution": "vagen", "place": None},
    ]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(method: str, site: str) -> None:
    assert requests.request(method, f"{site}services/places?_size=no", json={}, timeout=20).status_code == 405
    assert len(_rows(site, "services/places.json")) == 2


def test_a_rows_page_names_the_sources_of_each_value(site: str) -> None:
    page = _get(site, "services/solutions/bokbussen").text
    sources = page[page.index('id="sources"') :]
    assert re.findall(r'<li id="source-(\d+)"><a href="([^"]*)">([^<]*)</a>', sources) == [
        ("1", "/sv/services/documents/page-one", "page-one")
    ]
    facts = re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", page, re.S)
    assert [title for title, fact in facts if 'href="#source-1"' in fact] == [
        title for title, _ in facts if title != "Id"
    ]
    assert 'href="https://example.org/page-one"' in sources


def test_a_row_with_a_key_of_two_parts_has_its_sources_as_well(site: str) -> None:
    page = _get(site, "services/solution_services/bokbussen,library").text
    assert 'id="sources"' in page
    assert "/sv/services/documents/page-one" in page[page.index('id="sources"') :]


def test_a_cell_with_html_is_shown_and_not_run(site: str) -> None:
    for path in ("services/solution_services", "services/solution_services/servicepunkten,post"):
        page = _get(site, path).text
        assert "<script>alert(1)</script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_row_of_which_sources_disagree_says_so(built_example: Path) -> None:
    with served("--project", built_example) as address:
        page = _get(address, "example/shops/north-village").text
        text = page[page.index('id="disagreements"') :]
        for part in ("Öppnade", "1998", "1999", 'href="/sv/example/documents/example-shops-list"'):
            assert part in text
        assert 'id="disagreements"' not in _get(address, "example/shops/south-village").text


def test_the_database_can_be_downloaded_whole(site: str, services_release: Path, tmp_path: Path) -> None:
    answer = _get(site, "services.db")
    assert answer.content == (services_release / "services.sqlite").read_bytes()
    (tmp_path / "copy.sqlite").write_bytes(answer.content)
    con = sqlite3.connect(tmp_path / "copy.sqlite")
    assert con.execute("SELECT count(*) FROM solutions").fetchone() == (3,)
    con.close()


def test_a_table_can_be_downloaded_as_csv_whole(site: str) -> None:
    answer = _get(site, "services/places.csv", _stream="on")
    assert answer.text.splitlines()[-1].endswith("idre,Idre,61.8586801,12.7194999")


def test_other_pages_may_ask(site: str) -> None:
    assert _get(site, "services/places.json").headers["access-control-allow-origin"] == "*"


def test_serving_leaves_the_release_as_it_was(services_release: Path, tmp_path: Path) -> None:
    release = Path(shutil.copytree(services_release, tmp_path / "release"))
    before = tree(release)
    with served(release) as address:
        assert _get(address, "services/solutions").status_code == 200
    assert tree(release) == before


def test_without_a_release_the_projects_latest_is_served(built: Path) -> None:
    put(built, {f"{SOURCE}/shops.csv": "id,name,kind,document\nx,Only Shop,staffed,example-shops-page\n"})
    assert servicebanken("release", "--major", "--quiet", "--project", built).code == 0
    with served(cwd=built) as address:
        assert [row["name"] for row in _rows(address, "example/shops.json")] == ["Only Shop"]


def test_a_package_without_provenance_is_served_too(tmp_path: Path) -> None:
    from tests.projects import field, package, table

    package(tmp_path, [table("towns", [field("id"), field("name")], ["id"])], {"towns.csv": "id,name\n0482,Flen\n"})
    assert servicebanken("release", "--quiet", "--project", tmp_path).code == 0
    with served("--project", tmp_path) as address:
        assert _get(address, "towns/towns/0482").status_code == 200
        assert _rows(address, "towns/towns.json") == [{"id": "0482", "name": "Flen"}]


def test_the_address_that_is_announced_answers_at_once_and_ctrl_c_is_a_good_end(services_release: Path) -> None:
    with start("serve", "--port", "0", services_release) as process:
        try:
            assert process.stderr is not None
            announced = process.stderr.readline()
            address = announced.split()[4]
            assert announced == f"Datasette shows {services_release} at {address}  (Ctrl-C ends it)\n"
            assert requests.get(f"{address}services/places.json", timeout=20).status_code == 200
            process.send_signal(signal.SIGINT)
            out, rest = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, out, rest.strip()) == (0, "", "")


# -- what cannot be served -------------------------------------------------------------------------------------------


def test_a_project_without_a_release_says_how_to_make_one(tmp_path: Path) -> None:
    assert servicebanken("init", tmp_path / "project").code == 0
    run = servicebanken("serve", "--project", tmp_path / "project")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: {tmp_path}/project/build/releases/latest: does not exist. Make a release with `servicebanken build`, "
        "or name the folder of one. [no-release]\n"
    )


def test_a_folder_that_is_no_release_is_refused_in_one_message(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "id\n", "b.csv": "id\n"})
    run = servicebanken("serve", tmp_path)
    assert (run.code in (1, 2), run.out, run.err.count("\n")) == (True, "", 1)
    assert run.err.startswith(f"error: {tmp_path}: ")


def test_a_release_that_was_changed_is_not_served(services_release: Path, tmp_path: Path) -> None:
    release = Path(shutil.copytree(services_release, tmp_path / "release"))
    put(release, {"data/places.csv": "id\n"})
    run = servicebanken("serve", release)
    assert (run.code, run.out) == (1, "")
    assert run.err == (
        f"error: {release}/data/places.csv: has other bytes than SHA256SUMS says. A release is never changed: delete "
        "its folder and build it again, or fetch it again. [damaged-release]\n"
    )


def test_a_package_whose_name_is_no_address_is_refused(tmp_path: Path) -> None:
    folder = package(tmp_path, [table("towns", [field("id")], ["id"])], {"towns.csv": "id\nidre\n"}, name="sv")
    assert servicebanken("release", "--project", folder).code == 0
    run = servicebanken("serve", "--project", folder)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: {folder}/build/releases/1.0.0: 'sv' is the name of the package, but the server needs addresses that "
        "begin with it. Give the package another `name` in datapackage.json and build it again. [no-address]\n"
    )


def test_a_port_that_is_taken_is_named_and_so_is_one_that_is_free(services_release: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        run = servicebanken("serve", services_release, "--port", str(port))
    assert (run.code, run.out) == (2, "")
    assert re.fullmatch(
        rf"error: '127\.0\.0\.1:{port}' cannot be listened on: Address already in use\. "
        r"Use --port \d+, which is free, or stop what uses it\. \[port-taken\]\n",
        run.err,
    )


@pytest.mark.parametrize(("option", "value"), [("--port", "70000"), ("--port", "-1"), ("--host", "nowhere.invalid")])
def test_an_address_that_does_not_exist_is_named(option: str, value: str, services_release: Path) -> None:
    run = servicebanken("serve", services_release, option, value)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert value in run.err
    assert run.err.endswith("[port-taken]\n")
