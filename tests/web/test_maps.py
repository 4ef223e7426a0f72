"""A map as SVG: what is drawn where, what is said of it, and that nothing breaks out of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.web.areas import Area, areas, around
from pipeline.web.maps import MOST_TALL, WIDTH, Point, Shade, svg_map

SVG = "{http://www.w3.org/2000/svg}"
SQUARE = ((10.0, 55.0), (20.0, 55.0), (20.0, 65.0), (10.0, 65.0), (10.0, 55.0))
LAND = Area("01", "Landet", (SQUARE,))
UPPSALA, LUND = Point(17.64, 59.86, "Uppsala", "#uppsala"), Point(13.19, 55.7, "Lund", "#lund")


def drawn(*points: Point, outline: tuple[Area, ...] = (LAND,), **members: object) -> ElementTree.Element:
    """The map as a parser of XML reads it."""
    text = str(svg_map(outline, points, **{"title": "Map", "description": "All of it", **members}))  # type: ignore[arg-type]
    return ElementTree.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def position(svg: ElementTree.Element, label: str) -> tuple[float, float]:
    """Where the point of a label is drawn."""
    for point in svg.iter():
        if point.get("class") == "point" and (point.findtext(f"{SVG}title") or "") == label:
            circle = next(point.iter(f"{SVG}circle"))
            return float(circle.get("cx", "")), float(circle.get("cy", ""))
    raise AssertionError(label)


def test_a_map_has_a_title_and_a_description() -> None:
    svg = drawn(UPPSALA, name="places")
    named = {part.get("id"): part.text for part in svg.iter() if part.get("id")}
    assert svg.get("aria-labelledby") == "places-t places-d"
    assert named == {"places-t": "Map", "places-d": "All of it"}


def test_north_is_up_and_east_is_right() -> None:
    svg = drawn(UPPSALA, LUND)
    (east, up), (west, down) = position(svg, "Uppsala"), position(svg, "Lund")
    assert west < east
    assert up < down


def test_a_degree_of_longitude_is_as_long_as_the_earth_has_it() -> None:
    svg = drawn(Point(14.0, 60.0, "a"), Point(16.0, 60.0, "b"), Point(15.0, 59.5, "c"), Point(15.0, 60.5, "d"))
    across = position(svg, "b")[0] - position(svg, "a")[0]
    down = position(svg, "c")[1] - position(svg, "d")[1]
    assert across / down == pytest.approx(2 * 0.5, rel=0.01)  # cos 60° is a half


def test_a_point_leads_where_it_says() -> None:
    links = [(link.get("href"), link.get("aria-label")) for link in drawn(UPPSALA, LUND).iter(f"{SVG}a")]
    assert links == [("#uppsala", "Uppsala"), ("#lund", "Lund")]


def test_points_at_one_place_are_one_with_their_count() -> None:
    svg = drawn(UPPSALA, UPPSALA, Point(17.64, 59.86, "Bokbussen", "#uppsala"))
    assert [link.get("aria-label") for link in svg.iter(f"{SVG}a")] == ["Uppsala, Bokbussen (3)"]


def test_a_label_covers_no_other() -> None:
    crowd = [Point(15 + at / 100, 60.0, f"Place {at}", f"#{at}") for at in range(10)]
    svg = drawn(*crowd)
    boxes = [
        (float(text.get("x", "")), float(text.get("y", "")))
        for text in svg.iter(f"{SVG}text")
        if text.get("class") == "label"
    ]
    assert 0 < len(boxes) < 10
    assert [link.findtext(f"{SVG}title") for link in svg.iter(f"{SVG}a")] == [f"Place {at}" for at in range(10)]


def test_a_shaded_area_says_what_it_stands_for() -> None:
    svg = drawn(shaded=[(LAND, Shade(0.5, "Landet: 7"))])
    shade = next(part for part in svg.iter() if part.get("class") == "shade")
    assert (shade.get("fill-opacity"), shade.findtext(f"{SVG}title")) == ("0.36", "Landet: 7")


def test_without_an_outline_the_points_stand_in_a_frame() -> None:
    svg = drawn(UPPSALA, LUND, outline=())
    assert [part.tag for part in svg.iter() if part.get("class") == "land"] == [f"{SVG}rect"]


def test_one_point_alone_is_a_map() -> None:
    assert position(drawn(UPPSALA, outline=()), "Uppsala")[0] == pytest.approx(WIDTH / 2, abs=1)


def test_nothing_to_draw_is_no_map() -> None:
    assert svg_map([], [], title="Map", description="") == ""


HOSTILE = '</svg><script>alert("1")</script>]]>&\u202e'


def test_text_from_data_stays_text() -> None:
    svg = drawn(
        Point(15.0, 60.0, HOSTILE[:20], '"><script>'),
        title=HOSTILE,
        shaded=[(Area("x", HOSTILE, (SQUARE,)), Shade(1, HOSTILE))],
    )
    assert not list(svg.iter("script")) + list(svg.iter(f"{SVG}script"))
    assert svg.findtext(f"{SVG}title") == HOSTILE
    assert next(svg.iter(f"{SVG}a")).get("href") == '"><script>'


places = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(st.lists(places, min_size=1, max_size=8))
def test_every_place_on_earth_fits_on_the_sheet(around: list[tuple[float, float]]) -> None:
    svg = drawn(*(Point(x, y, str(at), f"#{at}") for at, (x, y) in enumerate(around)), outline=())
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    assert width == WIDTH
    assert height <= WIDTH * MOST_TALL
    for circle in svg.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cx", "")) <= width
        assert 0 <= float(circle.get("cy", "")) <= height


def test_areas_are_read_from_geojson(tmp_path: Path) -> None:
    hole = [[12.0, 57.0], [13.0, 57.0], [13.0, 58.0], [12.0, 57.0]]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [SQUARE, hole]},
            "properties": {"code": "01", "name": "A"},
        },
        {
            "type": "Feature",
            "id": 7,
            "geometry": {"type": "MultiPolygon", "coordinates": [[SQUARE], [hole]]},
            "properties": None,
        },
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": "none"}, "properties": {}},
        {"type": "Feature", "geometry": None, "properties": {}},
        "no feature",
    ]
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    found = areas(path)
    assert [(area.code, area.name, len(area.rings)) for area in found] == [("01", "A", 2), ("7", "", 2)]
    assert found[0].rings[0] == SQUARE


def test_an_outline_is_drawn_in_few_bytes() -> None:
    coast = tuple((10 + at / 1000, 60 + (at % 2) / 10_000) for at in range(10_000))
    text = svg_map([Area("c", "Coast", ((*coast, (15.0, 65.0)),))], [], title="Map", description="")
    path = re.search(r' d="([^"]*)"', text)
    assert path
    assert len(path[1]) < 10_000


@pytest.mark.parametrize("place", [(15.0, 60.0), (11.0, 60.0), (30.0, 60.0), (15.0, 80.0)])
def test_an_outline_that_was_drawn_before_makes_the_same_map(place: tuple[float, float]) -> None:
    outline = [Area("a", "A", (((10.0, 55.0), (24.0, 55.0), (24.0, 69.0), (10.0, 69.0), (10.0, 55.0)),))]
    point = [Point(*place, "here")]
    first = svg_map(outline, point, title="t", description="d")
    assert svg_map(outline, [Point(16.0, 61.0, "there")], title="t", description="d") != first
    assert svg_map(outline, point, title="t", description="d") == first
    assert svg_map([*outline], point, title="t", description="d") == first


def test_labels_are_whole_and_those_without_room_wait_until_they_are_pointed_at() -> None:
    name = "Servicepunkt och mötesplats i den gamla bygdegården vid sjön"
    svg = drawn(*(Point(15 + at / 100, 60.0, f"{name} {at}", f"#{at}") for at in range(3)))
    said = [("".join(text.itertext()), text.get("class")) for text in svg.iter(f"{SVG}text")]
    assert [each.replace(" ", "") for each, _ in said] == [f"{name} {at}".replace(" ", "") for at in range(3)]
    assert "label late" in {kind for _, kind in said}


def test_points_that_would_cover_one_another_are_one_that_leads_to_all_of_them() -> None:
    crowd = [Point(15 + at / 1000, 60.0, str(at), f"#{at}") for at in range(3)]
    svg = drawn(*crowd, UPPSALA, cluster=lambda group: "#" + "-".join(each.label for each in group))
    links = [(link.get("href"), link.get("aria-label")) for link in svg.iter(f"{SVG}a")]
    assert links == [("#0-1-2", "0, 1, 2 (3)"), ("#uppsala", "Uppsala")]


def test_a_map_can_be_drawn_of_the_parts_that_hold_its_points() -> None:
    east = Area("02", "East", tuple(tuple((x + 10, y) for x, y in ring) for ring in LAND.rings))
    assert around([LAND, east], [(25.0, 60.0)]) == [east]
    assert around([LAND, east], [(50.0, 60.0)]) == [LAND, east]
