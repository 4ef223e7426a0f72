"""What the dataset promises: who is in it, how much, where from, and where sources disagree."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.web.maps import areas
from tests.dataset.conftest import ROOT, Rows

SHARED = ROOT.parent / "shared" / "research"

ELEVEN = {
    "0428": "Vingåker",
    "0482": "Flen",
    "0581": "Norrköping",
    "0583": "Motala",
    "0765": "Älmhult",
    "0781": "Ljungby",
    "2039": "Älvdalen",
    "2085": "Ludvika",
    "2421": "Storuman",
    "2482": "Skellefteå",
    "2505": "Arvidsjaur",
}


def test_the_eleven_municipalities_are_there_with_their_codes(rows: Callable[[str], Rows]) -> None:
    found = {row["code"]: row["name"] for row in rows("municipalities") if row["participant"] == "true"}
    assert found == ELEVEN


@pytest.mark.parametrize(
    ("table", "least"),
    [
        ("documents", 120),
        ("solutions", 12),
        ("solution_services", 25),
        ("knowledge", 25),
        ("plans", 8),
        ("plan_goals", 10),
        ("outcomes", 25),
        ("organisations", 25),
        ("participations", 20),
        ("places", 20),
        ("events", 10),
        ("projects", 5),
        ("discrepancies", 12),
    ],
)
def test_a_table_holds_at_least_what_is_known(rows: Callable[[str], Rows], table: str, least: int) -> None:
    assert len(rows(table)) >= least


def _tables(release: Path) -> list[dict[str, Any]]:
    """The descriptors of the release's tables."""
    resources = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    return [resource for resource in resources if "schema" in resource]


def test_every_municipality_of_the_project_has_its_boundary(release: Path, rows: Callable[[str], Rows]) -> None:
    drawn = {area.code for area in areas(release / "files/municipality-boundaries.geojson")}
    assert {row["code"] for row in rows("municipalities") if row["participant"] == "true"} <= drawn


def test_the_boundaries_of_the_counties_are_small_enough_for_a_page(release: Path) -> None:
    path = release / "files/county-boundaries.geojson"
    assert len(areas(path)) == 21
    assert path.stat().st_size < 100_000


def test_every_cell_can_be_traced_to_a_document(release: Path, rows: Callable[[str], Rows]) -> None:
    traced = {(row["table"], row["key"], row["field"]) for row in rows("provenance")}
    documents = {row["id"] for row in rows("documents")}
    untraced = []
    for resource in _tables(release):
        table, key = resource["name"], resource["schema"]["primaryKey"]
        if table in ("provenance", "discrepancies"):
            continue
        for row in rows(table):
            name = "|".join(row[part] for part in key)
            untraced += [
                (table, name, field)
                for field, value in row.items()
                if value and field not in key and (table, name, field) not in traced
            ]
    assert untraced == []
    assert {row["document"] for row in rows("provenance")} <= documents


def test_every_line_of_provenance_speaks_of_a_cell_that_is_there(release: Path, rows: Callable[[str], Rows]) -> None:
    keys = {resource["name"]: resource["schema"]["primaryKey"] for resource in _tables(release)}
    cells = {
        (table, "|".join(row[part] for part in key), field)
        for table, key in keys.items()
        if table not in ("provenance", "discrepancies")
        for row in rows(table)
        for field, value in row.items()
        if value
    }
    assert {(row["table"], row["key"], row["field"]) for row in rows("provenance")} - cells == set()


@pytest.mark.parametrize(
    ("table", "key", "field", "values"),
    [
        ("projects", "service-i-samverkan", "ended", {"2020-02", "2020-11"}),
        ("outcomes", "sis-municipalities", "value", {"11", "15"}),
        ("outcomes", "sis-regional-bodies", "value", {"4", "2"}),
        (
            "participations",
            "service-i-samverkan|region-sormland|partner",
            "listing",
            {"will_collaborate", "not_listed"},
        ),
        (
            "participations",
            "service-i-samverkan|region-kronoberg|partner",
            "listing",
            {"will_collaborate", "not_listed"},
        ),
        ("events", "servicebanken-launch", "date", {"2020-10-05", "2020-22", "2020-23"}),
        ("plans", "storuman-serviceplan", "valid_to", {"2022", "2020"}),
        ("events", "moskosel-move", "date", {"2020-07", "2020-22"}),
        ("outcomes", "moskosel-move-distance", "value", {"4", "3"}),
        ("outcomes", "haradsback-inhabitants", "value", {"450", "550"}),
        ("solutions", "motesplats-haradsback", "opened", {"2021-09-11", "../2020-11"}),
        ("outcomes", "pilot-money", "value", {"210000000", "180000000"}),
        ("events", "nornas-meeting", "weekday", {"tuesday", "thursday"}),
        ("events", "spridningskonferens", "status", {"held", "planned"}),
    ],
)
def test_where_sources_disagree_both_values_are_kept(
    rows: Callable[[str], Rows], table: str, key: str, field: str, values: set[str]
) -> None:
    found = {
        value
        for row in rows("discrepancies")
        if (row["table"], row["key"], row["field"]) == (table, key, field)
        for value in (row["value_taken"], row["value_not_taken"])
    }
    assert found == values


def test_sources_do_not_disagree_about_words(rows: Callable[[str], Rows]) -> None:
    texts = [row for row in rows("discrepancies") if row["field"].endswith(("_sv", "_en"))]
    assert texts == [], "two documents state the same text: say it once, or in two rows of `statements`"


def test_the_subject_of_a_row_is_the_column_that_is_filled(rows: Callable[[str], Rows]) -> None:
    columns = ("municipality", "place", "organisation", "project", "solution", "knowledge", "plan")
    wrong = [
        (table, row["id"])
        for table in ("outcomes", "statements")
        for row in rows(table)
        if (row["subject"] != "country" and not row[row["subject"]])
        or (row["subject"] == "country" and any(row[column] for column in columns))
    ]
    assert wrong == []


def test_a_figure_has_a_unit(rows: Callable[[str], Rows]) -> None:
    assert [row["id"] for row in rows("outcomes") if row["value"] and not row["unit"]] == []
    assert [row["plan"] for row in rows("plan_goals") if row["value"] and not row["unit"]] == []


def test_free_text_stands_in_both_languages(release: Path, rows: Callable[[str], Rows]) -> None:
    lonely = []
    for resource in _tables(release):
        names = [field["name"] for field in resource["schema"]["fields"]]
        for name in names:
            other = name.removesuffix("_sv") + "_en"
            if name.endswith("_sv") and other in names:
                lonely += [
                    (resource["name"], row) for row in rows(resource["name"]) if bool(row[name]) != bool(row[other])
                ]
    assert lonely == []


def test_no_cell_holds_an_e_mail_address_or_a_telephone_number(rows: Callable[[str], Rows], release: Path) -> None:
    private = re.compile(r"[\w.]+@[\w.]+\.\w+|\b0\d{1,3}[- ]\d{2,3}[- ]?\d{2}[- ]?\d{2}\b")
    tables = [path.stem for path in (release / "data").glob("*.csv")]
    found = [
        (table, value) for table in tables for row in rows(table) for value in row.values() if private.search(value)
    ]
    assert found == []


def test_every_document_of_the_research_is_cited(rows: Callable[[str], Rows]) -> None:
    if not SHARED.is_dir():
        pytest.skip("the research notes are not beside this checkout")
    with (SHARED / "facts.csv").open(encoding="utf-8", newline="") as file:
        stated = {row["source_url"] for row in csv.DictReader(file)}
    documents = {row["url"]: row["id"] for row in rows("documents")}
    cited = {row["document"] for row in rows("provenance") if row["table"] != "documents"}
    assert stated - documents.keys() == set()
    assert {url for url in stated if documents[url] not in cited} == set()


def test_every_place_of_the_research_has_its_point(rows: Callable[[str], Rows]) -> None:
    if not SHARED.is_dir():
        pytest.skip("the research notes are not beside this checkout")
    points = {(row["name"], row["municipality"]): row for row in rows("places")}
    with (SHARED / "places.csv").open(encoding="utf-8", newline="") as file:
        for place in csv.DictReader(file):
            row = points[place["place"], place["municipality_code"]]
            assert (float(row["latitude"]), float(row["longitude"])) == (
                float(place["latitude"]),
                float(place["longitude"]),
            )
            assert row["population"] == place["population"]
