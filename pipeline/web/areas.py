"""Areas: their outlines from GeoJSON, and which of them hold a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

from pipeline.core.files import read_json

Position = tuple[float, float]
"""Longitude and latitude, WGS 84, in degrees."""


@dataclass(frozen=True)
class Area:
    """An area: its code and name, and its outline as rings of positions."""

    code: str
    name: str
    rings: tuple[tuple[Position, ...], ...]


def areas(path: Path) -> list[Area]:
    """The polygons of a GeoJSON file (RFC 7946), with their `code` (or id) and `name`; all else is passed over.

    Raises InvalidData for a file that is no JSON.
    """
    content = read_json(path, path.name)
    features = content.get("features") if isinstance(content, dict) else None
    found = (_area(feature) for feature in features or [] if isinstance(feature, dict))
    return [area for area in found if area.rings]


def _area(feature: Mapping[str, Any]) -> Area:
    properties, geometry = feature.get("properties"), feature.get("geometry")
    properties = properties if isinstance(properties, dict) else {}
    try:
        rings = _rings(geometry) if isinstance(geometry, dict) else ()
    except (TypeError, ValueError, IndexError, KeyError):  # no geometry of RFC 7946
        rings = ()
    return Area(str(properties.get("code", feature.get("id", ""))), str(properties.get("name", "")), rings)


def _rings(geometry: Mapping[str, Any]) -> tuple[tuple[Position, ...], ...]:
    kind = geometry["type"]
    polygons = {"Polygon": [geometry["coordinates"]], "MultiPolygon": geometry["coordinates"]}.get(kind, [])
    return tuple(
        tuple((float(place[0]), float(place[1])) for place in ring if all(map(isfinite, place)))
        for polygon in polygons
        for ring in polygon
    )


def around(outline: Sequence[Area], places: Sequence[Position]) -> Sequence[Area]:
    """The areas of an outline that hold one of the places; the whole outline where none does."""
    return [area for area in outline if any(holds(area, *place) for place in places)] or outline


def middle(area: Area) -> Position:
    """The middle of the positions of an area's longest ring."""
    ring = max(area.rings, key=len)
    return sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)


def holds(area: Area, longitude: float, latitude: float) -> bool:
    """Whether the place lies in the area: a line from it to the east crosses its outline an odd number of times."""
    crossings = sum(
        (ay > latitude) != (by > latitude) and longitude < (bx - ax) * (latitude - ay) / (by - ay) + ax
        for ring in area.rings
        for (ax, ay), (bx, by) in pairwise(ring)
    )
    return crossings % 2 == 1
