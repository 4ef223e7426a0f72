from __future__ import annotations

import re
from urllib.parse import unquote_plus

import pytest

from pipeline.serve.pages import facets
from pipeline.serve.pages.matching import matching
from pipeline.serve.pages.selection import MOST_FILTERS, swedish
from tests.command import servicebanken
from tests.projects import field, package, table
from tests.serve.pages.conftest import Reader, names, reader

SWEDISH = ["Aneby", "Borås", "Ekerö", "Zinkgruvan", "åmål", "Åre", "Äppelbo", "älvdalen", "Örebro"]


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A table without a key's label, sixty rows long, with letters that sort differently, and with evil texts."""
    folder = tmp_path_factory.mktemp("towns")
    rows = [*SWEDISH, *(f"Town {number:02}" for number in range(51))]
    lines = "".join(f"t{at},{name},{at % 7 or ''}\n" for at, name in enumerate(rows))
    fields = [field("id"), field("name"), field("size", "integer", unit="person")]
    package(folder, [table("towns", fields, ["id"])], {"towns.csv": f"id,name,size\n{lines}"})
    assert servicebanken("release", "--quiet", "--project", folder).code == 0
    return reader(folder / "build/releases/latest", "sv")


def test_a_table_shows_labels_instead_of_codes_and_names_instead_of_keys(swede: Reader, briton: Reader) -> None:
    page = str(swede.table("solutions").body)
    assert '<a href="/sv/services/places/alvdalen">Älvdalen</a>' in page
    assert ">mobil</td>" in page
    assert ">mobile</td>" in str(briton.table("solutions").body)
    assert names(swede.table("solutions", _sort="id"))[0] == "Bokbussen i Älvdalen"
    assert names(briton.table("solutions", _sort="id"))[0] == "The library bus"


def test_facets_count_and_lead_to_the_filter_and_back(swede: Reader) -> None:
    page = str(swede.table("solutions").body)
    assert re.search(r'href="\?kind=fixed" rel="nofollow">fast</a> <span class="count">2</span>', page)
    narrowed = str(swede.table("solutions", kind="fixed").body)
    assert len(names(swede.table("solutions", kind="fixed"))) == 2
    assert re.search(r'href="\?" rel="nofollow" class="chosen" aria-current="true">fast', narrowed)
    assert "2 rader</strong> av 3" in narrowed


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"kind": "mobile"}, 1),
        ({"kind__not": "mobile"}, 2),
        ({"name_sv__contains": "får"}, 2),
        ({"people__gt": "100"}, 1),
        ({"place__isblank": "1"}, 1),
        ({"_search": "får"}, 2),
        ({"_search": "far"}, 2),
        ({"_search": "i bokbussen"}, 1),
        ({"_search": "zzz bokbussen"}, 1),
        ({"_search": "bokbusen"}, 1),
        ({"_search": "zzz"}, 0),
        ({"_search": "bokb"}, 1),
        ({"_search": '"här får"'}, 1),
        ({"_search": '" OR * NEAR('}, 0),
    ],
)
def test_filters_and_words_narrow_the_rows_down(arguments: dict[str, str], found: int, swede: Reader) -> None:
    answer = swede.table("solutions", **arguments)
    assert (answer.status, len(names(answer))) == (200, found)


@pytest.mark.parametrize(
    "arguments",
    [
        {"nothing": "1"},
        {"_sort": "nothing"},
        {"_facet": "nothing"},
        {"_size": "0"},
        {"_size": "1001"},
        {"_size": "٣"},
        {"_next": "a,b,c"},
        {"_search": "a" * 401},
        {"kind__exact": "a" * 401},
    ],
)
def test_an_address_that_asks_what_is_not_there_is_answered_with_a_sentence(
    arguments: dict[str, str], swede: Reader
) -> None:
    answer = swede.table("solutions", **arguments)
    assert answer.status == 400
    assert re.search(r'<p class="lead">[^<]+</p>', str(answer.body))


def test_no_more_filters_than_thirty(swede: Reader) -> None:
    many = {f"{column}__not": "x" for column in ("id", "kind", "place", "people", "share")}
    operations = ("contains", "startswith", "endswith", "gt", "lt", "gte", "lte")
    many |= {f"{column}__{operation}": "1" for column in ("id", "kind", "place", "people") for operation in operations}
    assert len(many) > MOST_FILTERS
    assert swede.table("solutions", **many).status == 400


def test_texts_are_sorted_as_swedish_sorts_them(towns: Reader) -> None:
    first = names(towns.table("towns", _sort="name", _size="60"))
    assert [name for name in first if name in SWEDISH] == [
        "Aneby", "Borås", "Ekerö", "Zinkgruvan", "åmål", "Åre", "älvdalen", "Äppelbo", "Örebro",
    ]  # fmt: skip
    assert names(towns.table("towns", _sort_desc="name", _size="60")) == first[::-1]
    assert tuple(towns.con.execute(f"SELECT {swedish('?')}", ["ÅÄÖåäöÉ"]).fetchone()) == ("{|}{|}e",)


@pytest.mark.parametrize(
    "order", [{}, {"_sort": "name"}, {"_sort_desc": "name"}, {"_sort": "size"}, {"_sort_desc": "size"}]
)
def test_page_after_page_every_row_comes_once(order: dict[str, str], towns: Reader) -> None:
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = towns.table("towns", _size="11", **order, **after)
        seen += names(page)
        found = re.search(r'rel="next" href="[^"]*_next=([^"&]*)"', str(page.body))
        if not found:
            break
        after = {"_next": unquote_plus(found[1])}
    assert (len(seen), len(set(seen))) == (60, 60)


def test_the_form_that_adds_a_filter_leads_to_its_address(swede: Reader) -> None:
    form = {"_filter_column": "people", "_filter_op": "gte", "_filter_value": "5", "kind": "fixed"}
    assert swede.table("solutions", **form).location == "/sv/services/solutions?kind=fixed&people__gte=5"
    form = {"_filter_column": "place", "_filter_op": "isblank", "_filter_value": ""}
    assert swede.table("solutions", **form).location == "/sv/services/solutions?place__isblank=1"
    form = {"_filter_column": "", "_filter_op": "exact", "_filter_value": "x"}
    assert swede.table("solutions", **form).location == "/sv/services/solutions?"


def test_a_map_shows_the_rows_of_the_filter(swede: Reader) -> None:
    page = str(swede.table("solutions").body)
    assert '<a class="point" href="/sv/services/solutions/bokbussen" aria-label="Bokbussen i Älvdalen">' in page
    assert (
        "bokbussen"
        not in str(swede.table("solutions", kind="fixed").body).partition('id="map"')[2].partition("</svg>")[0]
    )


def test_what_is_no_table_is_a_page_that_says_so(swede: Reader) -> None:
    assert swede.table("nothing").status == 404
    assert "Sidan finns inte" in str(swede.table("nothing").body)
    assert swede.table("solutions_fts").status == 404


EVIL = '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    "argument", ["kind", "name_sv__contains", "_search", "_sort", "_next", "_facet", "_size", "x", EVIL]
)
def test_what_an_address_says_is_shown_and_not_run(argument: str, swede: Reader) -> None:
    assert "<script>alert" not in str(swede.table("solutions", **{argument: EVIL}).body)
    assert 'href="javascript:' not in str(swede.table("solutions", **{argument: "javascript:alert(1)"}).body)


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("bok buss", '"bok"* "buss"*'),
        ('"god dag" hej', '"god dag" "hej"*'),
        ("", '""'),
        ('"', '""'),
        ("a OR b", '"a"* "OR"* "b"*'),
    ],
)
def test_words_are_looked_for_by_their_beginning(words: str, match: str) -> None:
    assert matching(words) == match


def test_what_was_counted_of_a_whole_table_stays_what_it_was_beside_filters(swede: Reader) -> None:
    def counts(**asked: str) -> list[str]:
        return re.findall(r'class="count">([^<]*)<', str(swede.table("solutions", **asked).body))

    before = counts()
    assert counts(kind="fixed") != before
    assert counts(_sort="id") == before
    assert "_sort=id&amp;kind=" in str(swede.table("solutions", _sort="id").body)


def test_a_count_that_takes_too_long_is_left_out_and_the_page_says_so(
    swede: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object) -> None:
        swede.con.set_progress_handler(lambda: 1, 1)
        swede.con.execute("SELECT count(*) FROM provenance").fetchone()

    monkeypatch.setattr(facets, "_known", late)
    answer = swede.table("solutions", id__notblank="1")  # what is counted of a whole table is remembered
    assert answer.status == 200
    assert len(names(answer)) == 3
    assert "Räkningen tog för lång tid." in str(answer.body)
