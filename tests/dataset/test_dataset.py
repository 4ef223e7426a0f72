"""What the dataset promises: who is in it, how much, where from, and where sources disagree."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.web.areas import areas
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
        ("documents", 560),
        ("solutions", 180),
        ("solution_services", 350),
        ("solution_statuses", 180),
        ("knowledge", 110),
        ("plan_goals", 50),
        ("outcomes", 90),
        ("figures", 300),
        ("statements", 550),
        ("organisations", 190),
        ("participations", 180),
        ("places", 200),
        ("events", 75),
        ("projects", 85),
        ("discrepancies", 30),
    ],
)
def test_a_table_holds_at_least_what_is_known(rows: Callable[[str], Rows], table: str, least: int) -> None:
    assert len(rows(table)) >= least


def test_solutions_and_plans_reach_over_the_country(rows: Callable[[str], Rows]) -> None:
    solutions = rows("solutions")
    county_of = {row["code"]: row["county"] for row in rows("municipalities")}
    places = {row["municipality"] for row in solutions} - {""}
    assert len(places) >= 90
    assert len({county_of[code] for code in places} | {row["county"] for row in solutions} - {""}) >= 20
    assert sum(bool(row["status"] and row["status_date"]) for row in solutions) >= 110
    assert sum(row["state"] != "not_found" for row in rows("plans")) >= 85
    regional = {row["county"] for row in rows("plans") if row["kind"] == "regional_service_programme"}
    assert len(regional) == 21, "a county without a programme has a row that says `not_found`"


def _tables(release: Path) -> list[dict[str, Any]]:
    """The descriptors of the release's tables."""
    resources = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    return [resource for resource in resources if "schema" in resource]


def _table(release: Path, name: str) -> dict[str, Any]:
    return next(table for table in _tables(release) if table["name"] == name)


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
        ("figures", "sis-municipalities", "value", {"11", "15"}),
        ("figures", "sis-regional-bodies", "value", {"4", "2"}),
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
        ("figures", "haradsback-inhabitants", "value", {"450", "550"}),
        ("solutions", "motesplats-haradsback", "opened", {"2021-09-11", "../2020-11"}),
        ("figures", "pilot-money", "value", {"210000000", "180000000"}),
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
    columns = ("county", "municipality", "place", "organisation", "project", "solution", "knowledge", "plan")
    wrong = [
        (table, row["id"])
        for table in ("outcomes", "figures", "statements")
        for row in rows(table)
        if (row["subject"] != "country" and not row[row["subject"]])
        or (row["subject"] == "country" and any(row.get(column) for column in columns))
    ]
    assert wrong == []


def test_whether_is_answered_by_true_or_false(release: Path, rows: Callable[[str], Rows]) -> None:
    fields = [(table["name"], each["name"]) for table in _tables(release) for each in table["schema"]["fields"]
              if each["type"] == "boolean"]  # fmt: skip
    assert {(name, row[field]) for name, field in fields for row in rows(name)} <= {
        (name, answer) for name, _ in fields for answer in ("true", "false")
    }


@pytest.mark.parametrize("table", ["outcomes", "figures", "plan_goals"])
def test_a_figure_has_a_unit_and_says_whether_it_is_exact(rows: Callable[[str], Rows], table: str) -> None:
    assert [row for row in rows(table) if row["value"] and not (row["unit"] and row["bound"])] == []


def test_an_amount_has_a_unit_and_says_whether_it_is_exact(rows: Callable[[str], Rows]) -> None:
    paid = [row for row in rows("solution_organisations") if row["amount"]]
    assert paid and [row for row in paid if not (row["amount_unit"] and row["amount_bound"])] == []
    assert [row["id"] for row in rows("projects") if bool(row["budget"]) != bool(row["budget_bound"])] == []


def test_all_municipalities_and_counties_are_there(release: Path, rows: Callable[[str], Rows]) -> None:
    municipalities = rows("municipalities")
    assert (len(municipalities), len(rows("counties"))) == (290, 21)
    assert [row for row in municipalities if not (row["county"] and row["group"] and row["participant"])] == []
    population = {
        row["municipality"]: int(row["value"])
        for row in rows("observations")
        if (row["indicator"], row["period"]) == ("population", "2024")
    }
    assert (len(population), sum(population.values())) == (290, 10_587_710)
    assert {area.code for area in areas(release / "files/municipality-boundaries.geojson")} == population.keys()


def _last_day(date: str) -> str:
    """The last day that an EDTF date may mean; "" for none, which is before all."""
    date = date.removeprefix("../")
    season = {"21": "05-31", "22": "08-31", "23": "11-30", "24": "12-31"}.get(date[5:]) if len(date) == 7 else None
    return f"{date[:4]}-{season}" if season else date + "-12-31"[len(date) - 4 :] if date else ""


def test_the_status_of_a_solution_is_the_latest_that_a_source_states(rows: Callable[[str], Rows]) -> None:
    stated: dict[str, list[tuple[str, str, str]]] = {}
    for row in rows("solution_statuses"):
        stated.setdefault(row["solution"], []).append((_last_day(row["date"]), row["status"], row["date"]))
    wrong = []
    for row in rows("solutions"):
        states = stated.get(row["id"], [])
        latest = {(status, date) for day, status, date in states if day == max(states)[0]}
        if (row["status"], row["status_date"]) not in (latest or {("", "")}):
            wrong.append((row["id"], row["status"], row["status_date"], latest))
    assert wrong == [], "state `status` and `status_date` in solutions.csv of the source of the latest row only"


def test_a_solution_has_its_municipality_or_is_in_several(rows: Callable[[str], Rows]) -> None:
    assert [row["id"] for row in rows("solutions") if not row["municipality"] and not row["county"]] == []


def test_every_item_of_the_toolbox_has_a_need_and_a_stage(rows: Callable[[str], Rows]) -> None:
    items = {row["id"] for row in rows("knowledge")}
    for table in ("knowledge_needs", "knowledge_stages"):
        assert items - {row["knowledge"] for row in rows(table)} == set(), table


def test_an_indicator_is_used_and_means_one_thing(rows: Callable[[str], Rows]) -> None:
    used = {row["indicator"] for table in ("outcomes", "figures", "observations") for row in rows(table)}
    indicators = rows("indicators")
    assert {row["id"] for row in indicators} - used == set()
    for language in ("sv", "en"):
        titles = [row[f"title_{language}"] for row in indicators]
        assert sorted(set(titles)) == sorted(titles)


def test_a_plan_of_a_county_or_municipality_says_whose_it_is(rows: Callable[[str], Rows]) -> None:
    where = {"municipal": "municipality", "regional": "county"}
    assert [row["id"] for row in rows("plans") if row["level"] in where and not row[where[row["level"]]]] == []


def test_a_plan_that_was_replaced_is_not_open(rows: Callable[[str], Rows]) -> None:
    plans = {row["id"]: row for row in rows("plans")}
    later = {row["replaces"] for row in plans.values() if row["state"] not in ("", "draft", "on_referral")} - {""}
    assert {plans[each]["state"] for each in later} <= {"superseded", "title_only"}
    assert [row["id"] for row in plans.values() if row["state"] == "in_force" and "" < row["valid_to"] < "2026"] == []


@pytest.mark.parametrize(
    ("date", "is_valid"),
    [("2020-02-29", True), ("2019-02-29", False), ("2020-02-31", False), ("2020-04-31", False), ("2020-22", True)],
)
def test_a_date_is_one_of_the_calendar(release: Path, date: str, is_valid: bool) -> None:
    fields = {field["name"]: field for field in _table(release, "solutions")["schema"]["fields"]}
    assert bool(re.fullmatch(fields["opened"]["constraints"]["pattern"], date)) is is_valid


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
