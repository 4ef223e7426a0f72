"""Charts: what a package asks for, or its schema suggests, with the figures behind each."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import build
from pipeline.core.errors import InvalidData
from pipeline.core.progress import Progress
from pipeline.describe import read
from pipeline.describe.page import figures, write
from pipeline.source.project import find
from tests.describe.page.html import Page
from tests.projects import change, field, package, put, reference, table

KINDS = [{"value": "a", "label": "shop", "label@sv": "butik"}, {"value": "b", "label": "bus", "label@sv": "buss"}]
SHAPES = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "0482", "name": "Flen"}, '
    '"geometry": {"type": "Polygon", "coordinates": [[[16, 59], [17, 59], [17, 60], [16, 59]]]}}]}'
)


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of shops in towns, released."""
    folder = tmp_path_factory.mktemp("shops")
    fields = [
        field("id"),
        field("kind", categories=KINDS),
        field("town"),
        field("year", "year"),
        field("lat", "number"),
        field("lon", "number"),
    ]
    towns = reference("town", "towns", "code")
    tables = [
        table("towns", [field("code"), field("name")], ["code"]),
        table("shops", fields, ["id"], foreignKeys=[towns], location=["lat", "lon"], title="Shops"),
        {"name": "shapes", "path": "shapes.geojson"},
    ]
    rows = ["1,a,0482,2017,59.1,16.5", "2,a,0482,2019,,", "3,b,,2019,,", "4,,0583,,,"]
    files = {
        "towns.csv": "code,name\n0482,Flen\n0583,Motala\n",
        "shops.csv": "id,kind,town,year,lat,lon\n" + "\n".join(rows) + "\n",
    }
    put(folder, {"shapes.geojson": SHAPES})
    package(folder, tables, files, languages=["en", "sv"])
    build.release(find(folder), Progress(), major=True)
    return folder


@pytest.fixture
def released(shops: Path, tmp_path: Path) -> Callable[..., Page]:
    """Makes the page of the release anew, with the charts that are asked for."""

    def make(charts: Any = None, name: str = "index.html") -> Page:
        copy = Path(shutil.copytree(shops / "build/releases/1.0.0", tmp_path / "release"))
        if charts is not None:
            change(copy / "datapackage.json", lambda descriptor: descriptor.update(charts=charts))
        write(read(copy))
        return Page((copy / name).read_text(encoding="utf-8"))

    return make


def of_shops(**members: Any) -> dict[str, Any]:
    return {"name": "shops", "title": "Shops", "table": "shops", **members}


def test_rows_are_counted_by_code_and_those_without_one_are_told(released: Callable[..., Page]) -> None:
    said = released([of_shops(field="kind")]).text
    assert "Bar chart. Highest: shop 2, bus 1. The table below has all the figures." in said
    assert "1 row without a value. Figures: Shops kind Number shop 2 bus 1" in said


def test_labels_are_in_the_language_of_the_page(released: Callable[..., Page]) -> None:
    swedish = released([of_shops(field="kind", **{"title@sv": "Butiker"})], "index.sv.html").text
    assert "1 rad utan värde. Siffror: Butiker kind Antal butik 2 buss 1" in swedish


def test_a_code_that_points_at_a_table_has_its_name(released: Callable[..., Page]) -> None:
    said = released([of_shops(field="town")]).text
    assert "town Number Flen 2 Motala 1" in said


def test_counts_are_told_apart_by_a_second_field(released: Callable[..., Page]) -> None:
    page = released([of_shops(field="town", by="kind")])
    assert "town shop not stated Flen 2 0 Motala 0 1" in page.text
    assert {value for value in page.values("class") if value in ("c0", "c1", "c2")} == {"c0", "c1"}


def test_a_query_reads_the_release(released: Callable[..., Page]) -> None:
    query = ["SELECT year AS label, count(*) AS value, 'all' AS series, 'alla' AS series_sv", "FROM shops GROUP BY 1"]
    said = released([{"name": "y", "title": "Years", "type": "columns", "query": query}]).text
    assert "1 row without a value. Figures: Years Label Number 2017 1 2019 2" in said


def test_a_map_shows_points_on_outlines_with_shaded_areas(released: Callable[..., Page]) -> None:
    page = released([of_shops(type="map", field="town", outline="shapes", areas="shapes")])
    assert "Map with 1 place. The table below lists all of them." in page.text
    assert "3 rows without coordinates. Figures: Shops Name Latitude Longitude 1 59.1 16.5" in page.text
    assert "Flen: 2" in page.text


def test_without_being_asked_a_map_and_the_code_lists_are_drawn(released: Callable[..., Page]) -> None:
    said = released().text
    assert "Figures: Shops Name Latitude" in said
    assert "Figures: Shops: kind kind Number shop 2 bus 1" in said


def test_an_empty_list_asks_for_no_chart(released: Callable[..., Page]) -> None:
    assert "chart" not in released([]).values("class")


def test_charts_in_somebody_elses_form_are_passed_over(released: Callable[..., Page]) -> None:
    assert "chart" not in released([{"specType": "vega", "spec": {}}, 7]).values("class")


def test_of_many_bars_the_longest_are_drawn_and_all_are_listed(tmp_path: Path) -> None:
    rows = "".join(f"{number},k{number % 20}\n" for number in range(30))
    chart = {"name": "k", "table": "t", "field": "kind"}
    package(tmp_path, [table("t", [field("id"), field("kind")])], {"t.csv": f"id,kind\n{rows}"}, charts=[chart])
    release = build.release(find(tmp_path), Progress(), major=True).folder
    page = Page((release / "index.html").read_text(encoding="utf-8"))
    assert "And 6 more, 6 in total." in page.text
    assert len(re.findall(r"\bk[0-9]+ [12]\b", page.text.partition("Figures")[2].partition("Download")[0])) == 20


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (of_shops(table="shop", field="kind"), "of a table that is not there"),
        (of_shops(field="sort"), "whose `field` is not a field of the table"),
        (of_shops(field="kind", by="sort"), "whose `by` is not a field of the table"),
        (of_shops(), "without a `field`"),
        (of_shops(field="kind", type="pie"), "of an unknown type"),
        (of_shops(table="towns", type="map"), "its table has no `location`"),
        (of_shops(type="map", outline="towns"), "whose `outline` is not a GeoJSON resource"),
        ({"name": "q", "query": 7}, "whose `query` is not text"),
        ({"name": "q", "query": "SELECT 1"}, "lacks a column `label` or `value`"),
        ({"name": "q", "query": "SELECT 1 AS label, 'x' AS value"}, "that is not a number of 0 or more"),
        ({"name": "q", "query": "SELECT * FROM nowhere"}, "is refused by SQLite: no such table: nowhere"),
        ({"name": "q", "query": "DELETE FROM shops"}, "is refused by SQLite: not authorized"),
        ({"name": "q", "query": "ATTACH 'x' AS y"}, "is refused by SQLite: not authorized"),
    ],
)
def test_a_chart_that_cannot_be_made_is_named(chart: dict[str, Any], said: str, released: Callable[..., Page]) -> None:
    with pytest.raises(InvalidData) as error:
        released([chart])
    assert said in str(error.value)
    assert f"'{chart['name']}'" in str(error.value)


def test_a_chart_that_cannot_be_made_stops_the_release(tmp_path: Path) -> None:
    package(tmp_path, [table("t", [field("a")])], {"t.csv": "a\n"}, charts=[{"name": "c", "table": "u", "field": "a"}])
    with pytest.raises(InvalidData, match="is a chart of a table that is not there"):
        build.release(find(tmp_path), Progress(), major=True)
    assert not (tmp_path / "build/releases/1.0.0").exists()


def test_a_query_without_end_is_stopped(released: Callable[..., Page], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SECONDS", 0.2)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    endless = f"{numbers} SELECT i AS label, 1 AS value FROM n WHERE i < 0"
    with pytest.raises(InvalidData, match="takes too long"):
        released([{"name": "q", "query": endless}])
