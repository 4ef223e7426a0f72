"""That a GeoJSON file has a feature for each row of the CSV: its cells, its key and its place."""

from __future__ import annotations

import json
from datetime import date
from itertools import zip_longest
from math import isfinite
from pathlib import Path
from typing import Any

from pipeline.core.errors import Problem
from pipeline.core.quoting import identifier
from pipeline.package.package import Package, Resource
from pipeline.verify.rows import SHOWN, Rows, problem

DECIMALS = 6
"""Decimals of a coordinate."""

Point = tuple[Any, Any]


def path_of(package: Package, table: Resource) -> Path:
    """Where the table's file is."""
    return package.folder / f"{table.stem}.geojson"


def check(rows: Rows, located: dict[str, Rows]) -> list[Problem]:
    """What the file has otherwise; `located` are the rows of all tables with a location, by name."""
    path = path_of(rows.package, rows.table)
    if not path.is_file():
        if not rows.count:
            return []
        return [problem(path.name, "is missing, and other tables have theirs")]
    try:
        features = json.loads(path.read_bytes())["features"]
        assert isinstance(features, list)
    except (ValueError, LookupError, TypeError, AssertionError) as error:
        return [problem(path.name, f"cannot be read: {error or 'it has no list of features'}")]
    found: list[Problem] = []
    points = _points(rows, located)
    for number, (values, feature) in enumerate(zip_longest(rows.values(), features), 1):
        if values is None or feature is None:
            return [*found, *rows.of_counts(path.name, len(features))]
        wanted = _feature(rows, values, points)
        if feature != wanted:
            found.append(_differing(rows, path.name, number, wanted, feature))
            if len(found) == SHOWN:
                break
    return found


def _points(rows: Rows, located: dict[str, Rows]) -> dict[str, Point]:
    """The place of each row that the table points at, by its key; empty where the rows have places themselves."""
    location = rows.table.descriptor["location"]
    if isinstance(location, list):
        return {}
    for fields, name, there in rows.table.foreign_keys:
        other = located.get(name)
        if fields == [location] and other is not None and isinstance(other.table.descriptor["location"], list):
            names = [*there, *other.table.descriptor["location"]]
            points: dict[str, Point] = {}
            for key, latitude, longitude in other.values(map(identifier, names)):
                points.setdefault(str(key), (latitude, longitude))
            return points
    return {}


def _feature(rows: Rows, values: tuple[Any, ...], points: dict[str, Point]) -> dict[str, Any]:
    location, cells = rows.table.descriptor["location"], dict(zip(rows.table.field_names, values, strict=True))
    point = tuple(cells[name] for name in location) if isinstance(location, list) else points.get(str(cells[location]))
    properties = {name: _json(value) for name, value in cells.items()}
    feature: dict[str, Any] = {"type": "Feature"}
    if len(rows.table.key) == 1:
        feature["id"] = properties.get(rows.table.key[0])
    return feature | {"geometry": _geometry(point), "properties": properties}


def _json(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value


def _geometry(point: tuple[Any, ...] | None) -> dict[str, Any] | None:
    try:
        latitude, longitude = (float(part) for part in point or (None, None))
    except (TypeError, ValueError):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # NaN is neither
        return None
    return {"type": "Point", "coordinates": [round(longitude, DECIMALS), round(latitude, DECIMALS)]}


def _differing(rows: Rows, name: str, number: int, wanted: dict[str, Any], feature: Any) -> Problem:
    held = feature if isinstance(feature, dict) else {}
    told = held.get("properties")
    properties = told if isinstance(told, dict) else {}
    for field in rows.table.field_names:
        if wanted["properties"].get(field) != properties.get(field):
            return rows.of_cell(name, number, field, wanted["properties"].get(field), properties.get(field))
    member = next((each for each in (*wanted, *held) if wanted.get(each) != held.get(each)), "type")
    return rows.of_cell(name, number, member, wanted.get(member), held.get(member))
