"""Where a GeoJSON geometry (RFC 7946) is: one point for it."""

from __future__ import annotations

from typing import Any

from pipeline.source.readers import BadAnswer

Point = tuple[float, float]
"""Longitude and latitude, degrees."""


def centre(geometry: Any) -> Point | None:
    """The point itself, or the centre of gravity of the largest polygon, its holes left aside; None without geometry.

    It is computed in degrees, which for a locality errs by less than a metre. Raises BadAnswer for another geometry,
    and for coordinates that are no degrees, as those of SWEREF 99 TM.
    """
    if geometry is None:
        return None
    try:
        kind, coordinates = geometry["type"], geometry["coordinates"]
        if kind == "Point":
            return _checked((float(coordinates[0]), float(coordinates[1])))
        polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}[kind]
        rings = [[_checked((float(x), float(y))) for x, y, *_ in polygon[0]] for polygon in polygons if polygon[0]]
    except (KeyError, TypeError, ValueError, IndexError):
        raise BadAnswer("has a geometry that is neither a point nor a polygon") from None
    return max((_gravity(ring) for ring in rings), key=lambda found: found[0], default=(0.0, None))[1]


def _gravity(ring: list[Point]) -> tuple[float, Point]:
    """The area of a closed ring, in square degrees, and its centre of gravity (the shoelace formula)."""
    # From the first corner on: products of the coordinates themselves would drown the small differences.
    left, low = ring[0]
    corners = [(x - left, y - low) for x, y in ring]
    area = moment_x = moment_y = 0.0
    for (x, y), (next_x, next_y) in zip(corners, corners[1:] + corners[:1], strict=True):
        cross = x * next_y - next_x * y
        area += cross / 2
        moment_x += (x + next_x) * cross / 6
        moment_y += (y + next_y) * cross / 6
    if area == 0:
        return 0.0, (left, low)
    return abs(area), (left + moment_x / area, low + moment_y / area)


def _checked(point: Point) -> Point:
    if not (-180 <= point[0] <= 180 and -90 <= point[1] <= 90):
        raise BadAnswer(f"has coordinates outside the range of degrees: {point[0]:g} {point[1]:g}")
    return point
