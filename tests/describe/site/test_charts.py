"""Charts: what a package asks for, or its schema suggests, with the figures behind each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.build import build
from pipeline.describe.site import figures
from pipeline.errors import InvalidData
from pipeline.progress import Progress
from pipeline.project import find
from tests.describe.site.html import Page
from tests.projects import field, package, put, reference, table

KINDS = [{"value": "a", "label": "shop", "label@sv": "butik"}, {"value": "b", "label": "bus", "label@sv": "buss"}]
SHAPES = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "0482", "name": "Flen"}, '
    '"geometry": {"type": "Polygon", "coordinates": [[[16, 59], [17, 59], [17, 60], [16, 59]]]}}]}'
)


def released(folder: Path, charts: Any = None) -> Page:
    """The page of a release of shops in towns, with the charts that are asked for."""
    number = {"type": "number"}
    tables = [
        table("towns", [field("code"), field("name")], ["code"]),
        table(
            "shops",
            [
                field("id"),
                field("kind", categories=KINDS),
                field("town"),
                field("year", "year"),
                field("lat", **number),
                field("lon", **number),
            ],
            ["id"],
            foreignKeys=[reference("town", "towns", "code")],
            location=["lat", "lon"],
            title="Shops",
        ),
        {"name": "shapes", "path": "shapes.geojson"},
    ]
    rows = ["1,a,0482,2017,59.1,16.5", "2,a,0482,2019,,", "3,b,,2019,,", "4,,0583,,,"]
    files = {
        "towns.csv": "code,name\n0482,Flen\n0583,Motala\n",
        "shops.csv": "id,kind,town,year,lat,lon\n" + "\n".join(rows) + "\n",
    }
    put(folder, {"shapes.geojson": SHAPES})
    more = {} if charts is None else {"charts": charts}
    package(folder, tables, files, languages=["en", "sv"], **more)
    release = build(find(folder), Progress()).folder
    return Page((release / "index.html").read_text(encoding="utf-8"))


def of_shops(**members: Any) -> dict[str, Any]:
    return {"name": "shops", "title": "Shops", "table": "shops", **members}


def test_rows_are_counted_by_code_and_those_without_one_are_told(tmp_path: Path) -> None:
    said = released(tmp_path, [of_shops(field="kind")]).text
    assert "Bar chart. Most: shop 2, bus 1. All figures stand in the table below." in said
    assert "1 row without a value. Figures: Shops kind Number shop 2 bus 1" in said


def test_labels_are_in_the_language_of_the_page(tmp_path: Path) -> None:
    released(tmp_path, [of_shops(field="kind", **{"title@sv": "Butiker"})])
    swedish = Page((tmp_path / "build/releases/latest/index.sv.html").read_text(encoding="utf-8")).text
    assert "1 rad utan värde. Siffror: Butiker kind Antal butik 2 buss 1" in swedish


def test_a_code_that_points_at_a_table_has_its_name(tmp_path: Path) -> None:
    said = released(tmp_path, [of_shops(field="town")]).text
    assert "town Number Flen 2 Motala 1" in said


def test_counts_are_told_apart_by_a_second_field(tmp_path: Path) -> None:
    page = released(tmp_path, [of_shops(field="town", by="kind")])
    assert "town shop not stated Flen 2 0 Motala 0 1" in page.text
    colours = [value for value in page.values("class") if value.startswith("color-")]
    assert set(colours) == {"color-0", "color-1"}


def test_a_query_reads_the_release(tmp_path: Path) -> None:
    query = ["SELECT year AS label, count(*) AS value, 'all' AS series, 'alla' AS series_sv", "FROM shops GROUP BY 1"]
    said = released(tmp_path, [{"name": "y", "title": "Years", "type": "columns", "query": query}]).text
    assert "1 row without a value. Figures: Years Label Number 2017 1 2019 2" in said


def test_a_map_shows_points_on_outlines_with_shaded_areas(tmp_path: Path) -> None:
    page = released(tmp_path, [of_shops(type="map", field="town", outline="shapes", areas="shapes")])
    assert "Map with 1 place. All stand in the table below." in page.text
    assert "3 rows without coordinates. Figures: Shops Name Latitude Longitude 1 59.1000 16.5000" in page.text
    assert "Flen: 2" in page.text


def test_without_being_asked_a_map_and_the_code_lists_are_drawn(tmp_path: Path) -> None:
    said = released(tmp_path).text
    assert "Figures: Shops Name Latitude" in said
    assert "Figures: Shops: kind kind Number shop 2 bus 1" in said


def test_an_empty_list_asks_for_no_chart(tmp_path: Path) -> None:
    assert "chart" not in released(tmp_path, []).values("class")


def test_charts_in_somebody_elses_form_are_passed_over(tmp_path: Path) -> None:
    assert "chart" not in released(tmp_path, [{"specType": "vega", "spec": {}}, 7]).values("class")


def test_of_many_bars_the_longest_are_drawn_and_all_are_listed(tmp_path: Path) -> None:
    rows = "".join(f"{number},k{number % 20}\n" for number in range(30))
    chart = {"name": "k", "table": "t", "field": "kind"}
    package(tmp_path, [table("t", [field("id"), field("kind")])], {"t.csv": f"id,kind\n{rows}"}, charts=[chart])
    release = build(find(tmp_path), Progress()).folder
    page = Page((release / "index.html").read_text(encoding="utf-8"))
    assert "And 6 more, 6 together." in page.text
    assert len(re.findall(r"\bk[0-9]+ [12]\b", page.text.partition("Figures")[2].partition("Download")[0])) == 20


def test_what_the_library_writes_beside_the_picture_is_left_out(tmp_path: Path) -> None:
    released(tmp_path, [of_shops(field="kind")])
    text = (tmp_path / "build/releases/latest/index.html").read_text(encoding="utf-8")
    for part in ("pygal", "<!--", "xmlns", "window."):
        assert part not in text


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (of_shops(table="shop", field="kind"), "of a table that is not there"),
        (of_shops(field="sort"), "whose `field` is no field of the table"),
        (of_shops(field="kind", by="sort"), "whose `by` is no field of the table"),
        (of_shops(), "without a `field`"),
        (of_shops(field="kind", type="pie"), "of no type that is known"),
        (of_shops(table="towns", type="map"), "its table has no `location`"),
        (of_shops(type="map", outline="towns"), "whose `outline` is no resource of GeoJSON"),
        ({"name": "q", "query": 7}, "whose `query` is no text"),
        ({"name": "q", "query": "SELECT 1"}, "lacks a column `label` or `value`"),
        ({"name": "q", "query": "SELECT 1 AS label, 'x' AS value"}, "that is no number from 0 up"),
        ({"name": "q", "query": "SELECT * FROM nowhere"}, "is refused by SQLite: no such table: nowhere"),
        ({"name": "q", "query": "DELETE FROM shops"}, "is refused by SQLite: not authorized"),
        ({"name": "q", "query": "ATTACH 'x' AS y"}, "is refused by SQLite: not authorized"),
    ],
)
def test_a_chart_that_cannot_be_made_is_named(chart: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as error:
        released(tmp_path, [chart])
    assert said in str(error.value)
    assert f"'{chart['name']}'" in str(error.value)


def test_a_query_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "SECONDS", 0.2)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    endless = f"{numbers} SELECT i AS label, 1 AS value FROM n WHERE i < 0"
    with pytest.raises(InvalidData, match="takes too long"):
        released(tmp_path, [{"name": "q", "query": endless}])
