from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InvalidData, Kind
from pipeline.core.progress import Progress
from pipeline.package.package import load
from pipeline.release import release
from tests.projects import field, package, table


def _strict(text: str) -> Any:
    """The value of a JSON text, which must not hold NaN or Infinity (RFC 8259)."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


def test_places_are_points(services_release: Path) -> None:
    assert _strict((services_release / "places.geojson").read_text(encoding="utf-8")) == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "alvdalen",
                "geometry": {"type": "Point", "coordinates": [14.03945, 61.22776]},
                "properties": {"id": "alvdalen", "name": "Älvdalen", "latitude": 61.22776, "longitude": 14.03945},
            },
            {
                "type": "Feature",
                "id": "idre",
                "geometry": {"type": "Point", "coordinates": [12.7195, 61.85868]},
                "properties": {"id": "idre", "name": "Idre", "latitude": 61.8586801, "longitude": 12.7194999},
            },
        ],
    }


def test_a_row_lies_where_the_place_lies_that_it_refers_to_and_without_one_nowhere(services_release: Path) -> None:
    features = _strict((services_release / "solutions.geojson").read_text(encoding="utf-8"))["features"]
    assert [(feature["id"], feature["geometry"]) for feature in features] == [
        ("bokbussen", {"type": "Point", "coordinates": [14.03945, 61.22776]}),
        ("servicepunkten", {"type": "Point", "coordinates": [12.7195, 61.85868]}),
        ("vagen", None),
    ]
    assert features[1]["properties"] == {
        "id": "servicepunkten",
        "name_sv": 'Servicepunkten "Får & Ull"',
        "name_en": "The service point",
        "place": "idre",
        "kind": "fixed",
        "opened": "2019-02-28",
        "staffed": True,
        "people": 1200,
        "share": 12.25,
    }


POINTS = [field("id"), field("lat", "number"), field("lon", "number"), field("name")]


def _geojson(folder: Path, location: object, rows: str) -> Any:
    package(folder, [table("points", POINTS, ["id"], location=location)], {"points.csv": f"id,lat,lon,name\n{rows}"})
    released = release(load(folder), folder / "build/releases", Progress(), {})
    return _strict((released.folder / "points.geojson").read_text(encoding="utf-8"))


def test_a_table_without_rows_has_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _geojson(tmp_path, ["lat", "lon"], "")


def test_half_a_point_is_no_point(tmp_path: Path) -> None:
    (feature,) = _geojson(tmp_path, ["lat", "lon"], "a,61.5,,x\n")["features"]
    assert (feature["geometry"], feature["properties"]) == (None, {"id": "a", "lat": 61.5, "lon": None, "name": "x"})


def test_a_coordinate_that_is_no_number_makes_no_broken_json(tmp_path: Path) -> None:
    (feature,) = _geojson(tmp_path, ["lat", "lon"], "a,NaN,INF,x\n")["features"]
    assert feature["geometry"] is None


@pytest.mark.parametrize("location", ["name", "nothing", ["lat"], ["lat", "nothing"], ["name", "id"], 5, [[], {}]])
def test_a_location_that_leads_to_no_coordinates_is_refused(location: object, tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        _geojson(tmp_path, location, "a,1,2,x\n")
    assert caught.value.problems[0].kind == Kind.BAD_DESCRIPTOR
    assert "'points'" in caught.value.problems[0].rule


def test_a_position_that_is_not_on_the_earth_is_no_point_and_is_told(tmp_path: Path) -> None:
    fields = [field("id"), field("lat", "number"), field("lon", "number")]
    rows = "id,lat,lon\na,16.5,59.1\nb,159.3,17\n"
    package(tmp_path, [table("t", fields, ["id"], location=["lat", "lon"])], {"t.csv": rows})
    told = io.StringIO()
    released = release(load(tmp_path), tmp_path / "build/releases", Progress("lines", told), {})
    features = _strict((released.folder / "t.geojson").read_text(encoding="utf-8"))["features"]
    assert [feature["geometry"] is None for feature in features] == [False, True]
    assert "t: 1 row has a latitude beyond ±90" in told.getvalue()


def test_every_feature_has_the_same_properties(services_release: Path) -> None:
    features = _strict((services_release / "solutions.geojson").read_text(encoding="utf-8"))["features"]
    assert len({tuple(feature["properties"]) for feature in features}) == 1
