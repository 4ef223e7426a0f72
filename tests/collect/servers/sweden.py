"""All five services, with a made-up Sweden: the codes are real, the names beyond the dataset's own and all figures not.

Each figure follows from its keys, so that a test can say what it must be.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.source.fetch import Fetch
from pipeline.source.source import read_all
from tests.collect.servers import Server
from tests.collect.servers.kolada import Kolada
from tests.collect.servers.overpass import Overpass
from tests.collect.servers.pxweb import PxWeb
from tests.collect.servers.sparql import Sparql
from tests.collect.servers.wfs import Wfs

ROOT = Path(__file__).parents[3]
HOSTS = (
    "https://api.kolada.se",
    "https://statistikdatabasen.scb.se",
    "https://geodata.scb.se",
    "https://query.wikidata.org",
    "https://overpass-api.de",
)
"""Where the services are, in the order of `Sweden.servers`."""


@dataclass(frozen=True)
class Sweden:
    """The servers, and the codes and names that they know."""

    kolada: Kolada
    pxweb: PxWeb
    wfs: Wfs
    sparql: Sparql
    overpass: Overpass
    municipalities: dict[str, str]
    counties: dict[str, str]
    kpis: list[str]

    @property
    def servers(self) -> tuple[Server, ...]:
        return self.kolada, self.pxweb, self.wfs, self.sparql, self.overpass

    def source(self, text: str) -> str:
        """A source.yml that asks these servers, as fast as a test wants."""
        head, fetch, asked = text.partition("\nfetch:\n")
        for host, server in zip(HOSTS, self.servers, strict=True):
            asked = asked.replace(f"url: {host}/", f"url: {server.url}/")
        return head + fetch + re.sub(r"per_second: [0-9.]+", "per_second: 300", asked)


def fetches() -> dict[str, Fetch]:
    """What the project's sources ask for."""
    return {fetch.id: fetch for source in read_all(ROOT / "sources", ROOT) for fetch in source.fetches}


@contextmanager
def sweden(years: int) -> Iterator[Sweden]:
    """The servers, running; key figures for so many years up to 2025."""
    asked = fetches()
    codes = list(asked["wikidata-municipalities"].tables[0].where["code"])
    names, counties = _names("municipalities"), _names("counties")
    places = {code: names.get(code, f"Kommun {code}") for code in codes}
    regions = {code: counties.get(code, f"Län {code}") for code in sorted({code[:2] for code in codes})}
    kpis = list(asked["kolada-service"].ask["kpis"])
    eleven = list(asked["openstreetmap-service-points"].ask["areas"])
    groups = list(asked["kolada-municipality-groups"].ask["groups"])
    shared = [(id, f"{id} (ovägt medel)", list(places)[place :: len(groups)]) for place, id in enumerate(groups)]
    periods = [2026 - back for back in range(years, 0, -1)]
    figures = {(kpi, code, year): figure(kpi, code, year) for kpi in kpis for code in places for year in periods}
    with ExitStack() as running:
        start = running.enter_context
        yield Sweden(
            start(Kolada({kpi: f"Nyckeltal {kpi}" for kpi in kpis}, places, figures, shared)),
            start(_pxweb(places, regions)),
            start(Wfs(_layers(eleven))),
            start(Sparql(["item", "code", "coord", "website"], list(_items(places)))),
            start(Overpass({code: _elements(int(code)) for code in eleven})),
            places,
            regions,
            kpis,
        )


def figure(kpi: str, code: str, year: int) -> float | int | None:
    """A key figure: never published for 0482 in the last year, 0 for 2505 in it."""
    if year == 2025 and code in ("0482", "2505"):
        return None if code == "0482" else 0
    return (int(kpi[1:]) + int(code) + year) % 1000 / 10


def population(code: str, year: int) -> int:
    return int(code) * 10 + year


def _names(table: str) -> dict[str, str]:
    """The names by code that hand-written sources state."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "sources").glob(f"*/{table}.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {row["code"]: row["name"] for row in csv.DictReader(file) if row.get("name")}
    return found


def _pxweb(places: dict[str, str], regions: dict[str, str]) -> PxWeb:
    periods = {str(year): str(year) for year in range(1991, 2026)}
    contents = {"BE0101U1": "Invånare per kvkm", "BE0101U2": "Folkmängd", "BE0101U3": "Landareal"}
    cells = {
        (code, "1+2", content, year): population(code, int(year))
        for code in places
        for content in contents
        for year in periods
    }
    variables = {
        "Region": {"00": "Riket", **regions, **places},
        "Kon": {"1": "män", "2": "kvinnor", "1+2": "totalt"},
        "ContentsCode": contents,
        "Tid": periods,
    }
    lists = {"vs_RegionKommun07": places, "vs_RegionLän07": regions}
    server = PxWeb("TAB628", variables, cells, lists)
    server.config |= {"maxCallsPerTimeWindow": 0, "timeWindow": 0}
    return server


def _layers(codes: list[str]) -> dict[str, list[dict[str, Any]]]:
    def feature(layer: str, name: str, code: str, number: int) -> dict[str, Any]:
        west, south = 15 + number / 100, 58 + number / 100
        ring = [[west, south], [west + 0.02, south], [west + 0.02, south + 0.01], [west, south + 0.01], [west, south]]
        geometry = {"type": "MultiPolygon", "coordinates": [[ring]]}
        properties = {layer: name, "kommun": code, "bef": 50 + number, "ar": "2023"}
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    named = [("Moskosel", "2505"), ("Malmköping", "0482"), ("Storuman", "2421")]
    localities = [(f"Ort {number}", codes[number % len(codes)]) for number in range(60)]
    small = [(f"By {number}", codes[number % len(codes)]) for number in range(30)]
    return {
        "stat:Tatorter_2023": [feature("tatort", *place, n) for n, place in enumerate(named + localities)],
        "stat:Smaorter_2023": [feature("smaort", *place, n) for n, place in enumerate([*small, ("Annan", "0180")])],
    }


def _items(places: dict[str, str]) -> Iterator[list[str | None]]:
    for number, code in enumerate(places, 1):
        item = f"http://www.wikidata.org/entity/Q{number}"
        yield [item, code, f"Point({12 + number / 100} {56 + number / 100})", f"https://{code}.example.se/"]
        if code == "1496":
            yield [item, "1683", f"Point({12 + number / 100} {56 + number / 100})", None]
        if code == "2505":
            yield [item, code, "Point(19.5 65.9)", f"https://{code}.example.se/"]


def _elements(code: int) -> list[dict[str, Any]]:
    tags = [
        {"shop": "convenience", "name": "Handlarn"},
        {"amenity": "fuel", "brand": "Macken", "opening_hours": "24/7"},
        {"amenity": "pharmacy"},
        *({"amenity": "charging_station"} for _ in range(8)),
        {"amenity": "bench"},
    ]
    return [
        {"type": "node", "id": code * 100 + number, "lat": 59.5 + number / 1000, "lon": 16.25, "tags": of}
        for number, of in enumerate(tags)
    ]
