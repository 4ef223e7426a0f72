"""What the project's own source.yml ask for, collected from servers that behave as the services do, and built."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.collect.collect import collect
from pipeline.collect.jobs import Terms
from pipeline.core.http import Patience
from pipeline.core.progress import Progress
from pipeline.source.project import find
from tests.collect.servers.sweden import ROOT, Sweden, fetches, figure, population, sweden
from tests.command import invoke

Rows = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def country() -> Iterator[Sweden]:
    with sweden(years=2) as servers:
        yield servers


@pytest.fixture(scope="module")
def project(country: Sweden, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that was collected once."""
    root = tmp_path_factory.mktemp("project")
    for name in ("datapackage.json", "metadata.yml"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "sources", root / "sources", ignore=shutil.ignore_patterns("snapshots"))
    for path in root.glob("sources/*/source.yml"):
        path.write_text(country.source(path.read_text(encoding="utf-8")), encoding="utf-8")
    run = invoke("collect", "--project", root, "--json")
    assert run.code == 0, run.err
    assert {outcome["fetch"]: outcome["outcome"] for outcome in json.loads(run.out)} == dict.fromkeys(
        fetches(), "accepted"
    )
    return root


@pytest.fixture(scope="module")
def release(project: Path) -> Path:
    run = invoke("release", "--project", project)
    assert run.code == 0, run.err
    return project / "build/releases/latest"


def table(release: Path, name: str, *key: str) -> Rows:
    """The rows of a table by key, its parts joined by |."""
    with (release / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {"|".join(row[part] for part in key): row for row in csv.DictReader(file)}


def test_all_municipalities_and_counties_are_there_with_their_zeros(release: Path, country: Sweden) -> None:
    municipalities = table(release, "municipalities", "code")
    counties = table(release, "counties", "code")
    assert {code: row["name"] for code, row in municipalities.items() if code in country.municipalities} == {
        **country.municipalities
    }
    assert {code: row["name"] for code, row in counties.items()} == country.counties
    assert (len(municipalities), len(counties)) == (290, 21)
    assert municipalities["0482"]["county"] == "04"
    assert municipalities["0482"]["participant"] == "true"


def test_a_municipality_has_its_group_item_website_and_point(release: Path) -> None:
    row = table(release, "municipalities", "code")["2505"]
    assert row["group"]
    assert row["website"] == "https://2505.example.se/"
    assert row["wikidata"].startswith("Q")
    # Of its two points the first by text; the code of the past that another item carries made no row.
    assert (row["longitude"], row["latitude"]) < ("19.5", "65.9")
    assert "1683" not in table(release, "municipalities", "code")


def test_every_key_figure_of_every_municipality_and_year_is_there(release: Path, country: Sweden) -> None:
    found = table(release, "observations", "indicator", "municipality", "period")
    expected = {
        f"{kpi.lower()}|{code}|{year}": figure(kpi, code, year)
        for kpi in country.kpis
        for code in country.municipalities
        for year in (2024, 2025)
    }
    assert {key: float(found[key]["value"]) if found[key]["value"] else None for key in expected} == expected
    assert found["n07530|0482|2025"]["value"] == ""
    assert found["n07530|2505|2025"]["value"] == "0"


def test_population_comes_for_the_newest_years(release: Path) -> None:
    found = table(release, "observations", "indicator", "municipality", "period")
    years = [key.rpartition("|")[2] for key in found if key.startswith("population|0482|")]
    assert years == [str(year) for year in range(2009, 2026)]
    assert found["population|0482|2025"]["value"] == str(population("0482", 2025))
    assert found["population|0428|2022-07"]["value"] == "9045", "what a hand-written source states is still there"


def test_an_indicator_says_what_it_is_in_both_languages_and_in_which_unit(release: Path) -> None:
    indicators = table(release, "indicators", "id")
    fetched = [row for id, row in indicators.items() if id[1:].isdigit()]
    assert len(fetched) == 21
    assert all(row["title_sv"] and row["title_en"] and row["unit"] and row["definition_en"] for row in fetched)
    assert indicators["u01558"]["margin_of"] == "n00558"
    assert indicators["n07530"]["margin_of"] == ""
    assert {"title_en", "unit", "definition_en"} <= {*indicators["n07530"]["inferred"].split()}
    assert indicators["population-density"]["unit"] == "person_per_km2"


def test_a_figure_of_the_survey_comes_with_its_margin_of_error(release: Path) -> None:
    asked = """
        SELECT municipality, value, margin, unit_en
        FROM observations_overview
        WHERE indicator = 'n00558' AND municipality_code = '0581' AND period = '2024'
    """
    with closing(sqlite3.connect(release / "servicebanken.sqlite")) as database:
        rows = database.execute(asked).fetchall()
    expected = (figure("N00558", "0581", 2024), figure("U01558", "0581", 2024))
    assert rows == [("Norrköping", *expected, "per cent")]


def test_a_place_that_was_known_keeps_its_id_and_others_get_one(release: Path) -> None:
    places = table(release, "places", "id")
    assert places["moskosel"]["population"] == "50"
    assert places["moskosel"]["population_date"] == "2023"
    assert places["moskosel"]["inferred"].split() == ["latitude", "longitude", "coordinate_precision"]
    assert "moskosel-2505" not in places
    assert places["storuman"]["kind"] == "seat"
    assert places["ort-0-0428"]["kind"] == "locality"
    assert "annan-0180" not in places


def test_service_points_stand_alone_under_their_own_licence(release: Path) -> None:
    points = table(release, "service_points", "id", "kind", "municipality")
    assert len(points) == 11 * 11
    assert points["node-48200|grocery_shop|0482"]["name"] == "Handlarn"
    assert points["node-48201|fuel_station|0482"]["opening_hours"] == "24/7"
    descriptor = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    licences = {
        resource["name"]: [licence["name"] for licence in resource.get("licenses", [])]
        for resource in descriptor["resources"]
    }
    assert licences["service_points"] == ["ODbL-1.0"]
    assert licences["places"] == []
    with (release / "data/provenance.csv").open(encoding="utf-8", newline="") as file:
        cited = {row["table"] for row in csv.DictReader(file) if row["document"].startswith("openstreetmap")}
    assert cited <= {"service_points", "documents"}


def test_a_figure_can_be_followed_to_the_bytes_that_it_was_read_from(release: Path, project: Path) -> None:
    with (release / "data/provenance.csv").open(encoding="utf-8", newline="") as file:
        (trace,) = [row for row in csv.DictReader(file) if (row["key"], row["field"]) == ("n07530|0581|2024", "value")]
    path = project / f"sources/kolada/snapshots/kolada-service/{trace['snapshot']}.json"
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == trace["snapshot"]
    rows = [
        (value["kpi"], value["municipality"], value["period"], figure)
        for value in json.loads(content)["values"]
        for figure in value["values"]
    ]
    kpi, code, year, stated = rows[int(trace["row"]) - 1]
    assert (kpi, code, year, stated["value"]) == ("N07530", "0581", 2024, figure("N07530", "0581", 2024))


def test_the_publishers_of_what_was_collected_are_named(release: Path) -> None:
    descriptor = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    titles = {source["title"] for source in descriptor["sources"]}
    assert {"OpenStreetMap", "Wikidata"} <= titles
    documents = table(release, "documents", "id")
    assert documents["openstreetmap-service-points"]["licence"] == "ODbL-1.0"
    assert documents["scb-population-density"]["licence"] == "CC0-1.0"


def test_what_has_not_changed_takes_one_request_where_a_source_can_be_asked_so(project: Path, country: Sweden) -> None:
    before = {server: len(server.asked) for server in country.servers}
    run = invoke("collect", "--project", project, "--json")
    assert run.code == 0, run.err
    ended = {outcome["fetch"]: outcome["outcome"] for outcome in json.loads(run.out)}
    # Overpass is asked by POST, which cannot be conditional: it is left alone until its cadence has passed.
    assert ended.pop("openstreetmap-service-points") == "waiting"
    assert set(ended.values()) == {"unchanged"}
    asked = {type(server).__name__: server.asked[count:] for server, count in before.items()}
    # Two fetches of Kolada, three of SCB's database, two layers.
    counts = {name: len(requests) for name, requests in asked.items()}
    assert counts == {"Kolada": 2, "PxWeb": 3, "Wfs": 2, "Sparql": 1, "Overpass": 0}
    assert all("if-none-match" in request.headers for requests in asked.values() for request in requests)


# -- what the services do when something is wrong ------------------------------------------------------------------


def collected(project: Path, fetch: str) -> tuple[str, list[str]]:
    """The outcome of a fetch that is asked for whatever its cadence, and the rules that it broke."""
    terms = Terms(only=(fetch,), since="2100-01-01", patience=Patience(backoff=0.01))
    (outcome,) = collect(find(project), Progress(), terms)
    return outcome.outcome, [problem.rule for problem in outcome.problems]


def test_the_least_is_asked_to_see_whether_the_services_are_as_documented(project: Path, country: Sweden) -> None:
    before = [len(server.asked) for server in country.servers]
    run = invoke("collect", "--project", project, "--check", "--json")
    assert run.code == 0, run.err
    assert {outcome["outcome"] for outcome in json.loads(run.out)} == {"as documented"}
    asked = [len(server.asked) - count for server, count in zip(country.servers, before, strict=True)]
    assert asked == [4, 6, 2, 1, 1]


def test_a_query_service_that_asks_for_patience_gets_it(project: Path, country: Sweden) -> None:
    country.sparql.busy = 1
    assert collected(project, "wikidata-municipalities") == ("unchanged", [])


def test_a_figure_that_was_withdrawn_keeps_the_old_snapshot(project: Path, country: Sweden) -> None:
    kept = country.kolada.titles.pop("N07530"), country.kolada.figures
    country.kolada.figures = {key: value for key, value in kept[1].items() if key[0] != "N07530"}
    try:
        outcome, rules = collected(project, "kolada-service")
    finally:
        country.kolada.titles["N07530"], country.kolada.figures = kept
    assert outcome == "rejected"
    assert "the key figure N07530 was asked for and did not come" in rules
    assert any("observations.indicator" in rule and "n07530" in rule for rule in rules)


def test_a_map_service_that_ran_out_of_time_is_no_answer(project: Path, country: Sweden) -> None:
    country.overpass.remark = "runtime error: Query timed out"
    try:
        outcome, rules = collected(project, "openstreetmap-service-points")
    finally:
        country.overpass.remark = None
    assert outcome == "failed"
    assert "is not whole: runtime error: Query timed out" in rules[0]


def test_a_version_that_is_gone_is_named(project: Path) -> None:
    path = project / "sources/kolada/source.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("/v3\n    document: kolada-municipality", "/v2\n    document: kolada-municipality"))
    try:
        outcome, (rule,) = collected(project, "kolada-municipality-groups")
    finally:
        path.write_text(text)
    assert (outcome, "410 Gone" in rule) == ("failed", True)
