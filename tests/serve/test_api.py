"""The API is what its description says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from tests.serve.server import served


@pytest.fixture(scope="module")
def site(services_release: Path) -> Iterator[str]:
    with served(services_release) as address:
        yield address


@pytest.fixture(scope="module")
def told(site: str) -> Any:
    answer = requests.get(f"{site}openapi.json", timeout=20)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    return answer.json()


def test_the_description_names_every_table_and_question(told: Any) -> None:
    assert told["openapi"] == "3.1.0"
    assert told["servers"] == [{"url": "/"}]
    assert {
        "/services/places.json",
        "/services/{table}.csv",
        "/services/places/{id}.json",
        "/services/solution_services/{solution},{service}.json",
        "/services/by-kind.json",
        "/-/sql.json",
    } <= set(told["paths"])
    identifiers = [operation["get"]["operationId"] for operation in told["paths"].values()]
    assert len(identifiers) == len(set(identifiers))


def test_the_description_of_a_large_package_is_small(site: str) -> None:
    assert len(requests.get(f"{site}openapi.json", timeout=20).content) < 20_000


def test_the_description_of_one_release_stands_at_its_version(site: str) -> None:
    told = requests.get(f"{site}1.0.0/openapi.json", timeout=20).json()
    assert told["servers"] == [{"url": "/1.0.0"}]
    assert told["info"]["version"] == "1.0.0"


def _parameters(told: Any, operation: Any) -> list[Any]:
    """The parameters of an operation, those too that are described once for all."""
    known = told["components"]["parameters"]
    return [known[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in operation["parameters"]]


def test_every_address_answers_as_it_is_described(told: Any, site: str) -> None:
    values = {"id": "idre", "solution": "bokbussen", "service": "library", "sql": "SELECT 1 AS one"}
    asked = 0
    for path, methods in told["paths"].items():
        if "{id}" in path and "places" not in path:
            continue
        operation = methods["get"]
        parameters = {
            parameter["name"]: parameter["schema"].get("const", values.get(parameter["name"], ""))
            for parameter in _parameters(told, operation)
            if parameter.get("required") and parameter["in"] == "query"
        }
        path = path.replace("{table}/-/rows.{format}", "places/-/rows.csv").replace("{table}.csv", "places.csv")
        if "{document}" in path or "{table}" in path or "{field}" in path:
            continue
        answer = requests.get(site.rstrip("/") + path.format(**values), parameters, timeout=20)
        assert answer.status_code == 200, (path, answer.text)
        good = operation["responses"]["200"]
        good = told["components"]["responses"][good["$ref"].rpartition("/")[2]] if "$ref" in good else good
        media, content = next(iter(good["content"].items()))
        assert answer.headers["content-type"] == media or media == "application/json"
        if media == "application/json":
            jsonschema.validate(answer.json(), content["schema"] | {"components": told["components"]})
        asked += 1
    assert asked > 12


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("services/none.json?_shape=array", 404),
        ("services/places/none.json?_shape=array", 404),
        ("services/places.json?_shape=array&_size=0x", 400),
        ("services/places.json?_shape=array&_sort=none", 400),
        ("services/places.json?_shape=array&_sort_desc=none", 400),
        ("services/places.json?_shape=array&none=1", 400),
        ("services/places.csv?none=1", 400),
        ("services/places.csv?_stream=on&=1", 400),
        ("services/places.json?_shape=array&name__none=1", 400),
        ("services/places.json?_shape=array&_through=x", 400),
        ("services/places.json?_shape=array&_through=%7B%7D", 400),
        ("services/places.json?_shape=array&_timelimit=x", 400),
        ("services/places.json?_shape=array&id__in=%5B", 400),
        ("services/none.csv", 404),
        ("services/places/R%C2%94%25%2F.json?_shape=array", 404),
        ("-/sql.json?_shape=array&sql=DROP", 400),
    ],
)
def test_a_refusal_is_as_it_is_described(path: str, status: int, told: Any, site: str) -> None:
    answer = requests.get(site + path, timeout=20)
    assert answer.status_code == status
    jsonschema.validate(answer.json(), told["components"]["schemas"]["Error"])


@pytest.mark.parametrize("nothing", ["", "%22", "+", "%20%22"])
def test_a_search_for_nothing_finds_everything(nothing: str, site: str) -> None:
    address = f"{site}services/solutions.json?_shape=array"
    every = requests.get(address, timeout=20).json()
    assert requests.get(f"{address}&_search={nothing}&_size=10", timeout=20).json() == every


def test_a_filter_that_datasette_has_still_works(site: str) -> None:
    through = '{"table":"solutions","column":"id","value":"bokbussen"}'
    for query in ("id__in=idre", 'id__in=["idre"]', "name__endswith=re", "_timelimit=900&id=idre"):
        rows = requests.get(f"{site}services/places.json?_shape=array&{query}", timeout=20).json()
        assert [row["id"] for row in rows] == ["idre"]
    rows = requests.get(f"{site}services/places.json", {"_shape": "array", "_through": through}, timeout=20).json()
    assert [row["id"] for row in rows] == ["alvdalen"]


def test_a_key_in_percent_encoding_is_found(site: str) -> None:
    answer = requests.get(f"{site}services/solution_services/bokbussen,%6Cibrary.json?_shape=array", timeout=20)
    assert [row["service"] for row in answer.json()] == ["library"]


@pytest.mark.parametrize("path", ["services/places.json", "services/places.csv", "1.0.0/files/places.geojson"])
def test_pages_of_other_sites_may_read(path: str, site: str) -> None:
    answer = requests.get(site + path, headers={"Origin": "https://other.example"}, timeout=20)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    asked = requests.options(site + path, headers={"Access-Control-Request-Method": "GET"}, timeout=20)
    assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, "*")


def test_without_cors_they_may_not(services_release: Path) -> None:
    with served(services_release, "--no-cors") as address:
        assert "Access-Control-Allow-Origin" not in requests.get(f"{address}services/places.json", timeout=20).headers
