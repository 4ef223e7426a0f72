"""What programs get as facets: the counts of the release, in Datasette's own words."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from datasette.facets import ColumnFacet

from pipeline.serve import facets

ASKED = "/services/solutions.json?_extra=facet_results&_facet=kind"


def _facets(database: Path, address: str) -> Any:
    async def asked() -> Any:
        made = Datasette([], immutables=[str(database)], settings={"suggest_facets": False})
        await made.invoke_startup()
        answer = (await made.client.get(address)).json()
        return answer["facet_results"]

    return asyncio.run(asked())


def _counts(found: Any) -> dict[str, int]:
    return {each["value"]: each["count"] for each in found.get("results", found)["kind"]["results"]}


@pytest.mark.parametrize(
    "more",
    [
        "",
        "&_facet_size=1",
        "&_facet=people&_sort=id&_size=1",
        "&kind=fixed",
        "&_next=servicepunkten",
        "&id__notblank=1",
    ],
)
def test_facets_are_alike_whether_counted_before_or_now(
    more: str, services_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = services_release / "services.sqlite"
    before = _facets(database, ASKED + more)
    monkeypatch.setattr(facets.CountedFacet, "facet_results", ColumnFacet.facet_results)
    assert _facets(database, ASKED + more) == before


def test_only_what_was_counted_of_a_whole_table_is_looked_up(services_release: Path, tmp_path: Path) -> None:
    database = shutil.copytree(services_release, tmp_path / "release") / "services.sqlite"
    with sqlite3.connect(database) as con:
        con.execute("""UPDATE _counts SET "count" = "count" + 100 WHERE "column" = 'kind'""")
    con.close()
    assert _counts(_facets(database, ASKED)) == {"fixed": 102, "mobile": 101}
    assert _counts(_facets(database, ASKED + "&_search=library")) == {"mobile": 1}
    assert _counts(_facets(database, ASKED + "&id__notblank=1")) == {"fixed": 2, "mobile": 1}


def test_a_release_without_counts_is_counted_now(services_release: Path, tmp_path: Path) -> None:
    database = shutil.copytree(services_release, tmp_path / "release") / "services.sqlite"
    with sqlite3.connect(database) as con:
        con.execute("DROP TABLE _counts")
    con.close()
    assert _counts(_facets(database, ASKED)) == {"fixed": 2, "mobile": 1}
