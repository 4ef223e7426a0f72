from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.command import servicebanken
from tests.projects import field, package, table
from tests.serve.pages.conftest import Reader, reader


def _facts(page: str) -> dict[str, str]:
    found = re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", page, re.S)
    return {title: re.sub(r"<sup.*?</sup>|<[^>]+>|[ \n]+", " ", fact).strip(" ") for title, fact in found}


def test_a_row_reads_like_a_page(swede: Reader) -> None:
    page = str(swede.row("solutions", "servicepunkten").body)
    assert "<h1>Servicepunkten &#34;Får &amp; Ull&#34;</h1>" in page
    facts = _facts(page)
    assert facts["Place"] == "Idre"
    assert facts["Kind"] == "fast"
    assert facts["Staffed"] == "Ja"
    assert facts["People"] == "1\u00a0200\u00a0persons"
    assert facts["Share"] == "12,25"
    assert list(facts)[-1] == "Id"


def test_rows_that_lead_to_it_are_listed_under_their_table(swede: Reader) -> None:
    page = str(swede.row("solutions", "bokbussen").body)
    group = page[page.index('class="related"') :].partition("</section>")[0]
    assert re.findall(r'<a href="([^"]*)">([^<]*)</a>', group) == [
        ("/sv/services/solution_services/bokbussen,library", "library"),
        ("/sv/services/solution_services/bokbussen,wifi", "wifi"),
    ]
    assert "Böcker, tidningar" in group
    place = str(swede.row("places", "idre").body)
    assert '<a href="/sv/services/solutions/servicepunkten">' in place


def test_a_row_is_named_and_read_in_the_language_of_the_page(briton: Reader) -> None:
    assert "<h1>The library bus</h1>" in str(briton.row("solutions", "bokbussen").body)


def test_its_place_is_on_a_map(swede: Reader) -> None:
    assert 'id="place-t">Bokbussen i Älvdalen</title>' in str(swede.row("solutions", "bokbussen").body)
    assert 'id="place-t"' not in str(swede.row("solutions", "vagen").body)


@pytest.mark.parametrize("key", [["nothing"], ["bokbussen", "x"], [""], ["'"]])
def test_a_row_that_is_not_there_is_a_page_that_says_so(key: list[str], swede: Reader) -> None:
    assert swede.row("solutions", *key).status == 404
    assert swede.row("solutions_overview", *key).status == 404


def test_a_cell_with_a_script_is_shown_and_not_run(swede: Reader) -> None:
    for page in (swede.row("solution_services", "servicepunkten", "post"), swede.row("solutions", "servicepunkten")):
        assert "<script>alert" not in str(page.body)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in str(swede.row("solution_services", "servicepunkten", "post").body)


def test_the_page_says_how_to_cite_it_and_the_switch_keeps_the_place(swede: Reader) -> None:
    page = str(swede.row("solutions", "bokbussen").body)
    assert "https://data.example/sv/solutions/bokbussen" in page
    assert 'class="language" href="/en/solutions/bokbussen" hreflang="en"' in page


def test_a_search_marks_what_it_found(swede: Reader) -> None:
    page = str(swede.search("bok").body)
    assert '<a href="/sv/services/solutions/bokbussen"><mark>Bok</mark>bussen i Älvdalen</a>' in page
    assert "<mark>Böcker</mark>" not in page
    assert "far</mark>" in str(swede.search("far").body)
    assert "<mark>Far" not in str(swede.search("får").body)


@pytest.mark.parametrize("words", ["", '"', "*", "zzz", "<script>alert(1)</script>", 'a" OR "b', "(", "^", "\x02"])
def test_a_search_without_hits_is_a_page_too(words: str, swede: Reader) -> None:
    answer = swede.search(words)
    assert answer.status == 200
    assert "<script>alert" not in str(answer.body)


def test_a_search_that_is_too_long_is_refused(swede: Reader) -> None:
    assert swede.search("a" * 401).status == 400


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The second release of some towns: one was renamed, and one is gone."""
    folder = tmp_path_factory.mktemp("towns")
    towns = table("towns", [field("id"), field("name", title="Name")], ["id"])
    for rows in ("a,Aneby\nb,Bor\nc,Cederby\n", "a,Aneby\nb,Borås\n"):
        package(folder, [towns], {"towns.csv": f"id,name\n{rows}"})
        assert servicebanken("release", "--major", "--quiet", "--project", folder).code == 0
    found = reader(folder / "build/releases/latest", "sv")
    yield found
    found.con.close()


def test_a_row_tells_what_releases_changed(later: Reader) -> None:
    page = str(later.row("towns", "b").body)
    assert re.search(r'<section id="history">.*ändrad Name: <del>Bor</del> → <ins>Borås</ins>', page, re.S)
    assert 'id="history"' not in str(later.row("towns", "a").body)


def test_a_row_that_is_gone_says_since_when(later: Reader) -> None:
    answer = later.row("towns", "c")
    assert answer.status == 404
    assert re.search(r"Raden togs bort i version \d+\.\d+\.\d+", str(answer.body))


def test_the_page_on_the_data_lists_the_releases_and_what_they_changed(later: Reader) -> None:
    page = str(later.about().body)
    assert len(re.findall(r"<li><strong>", page.partition('class="releases"')[2])) == 2
