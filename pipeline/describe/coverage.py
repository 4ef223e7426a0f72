"""What time and what part of the world a package speaks of: its members `temporal` and `spatial`, which are our own.

"temporal": {"start": "2017-01-01", "end": "2020-12-31"}        either may be missing, or be a year or a month
"spatial": [{"title": "Sweden", "title@sv": "Sverige", "path": "http://…/country/SWE"}]
"spatial": {"type": "Polygon", "coordinates": …, "bbox": …}     GeoJSON (RFC 7946), as in Camtrap DP
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.describe.dataset import Dataset
from pipeline.package import about

DAY = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


@dataclass(frozen=True)
class Place:
    """A place with its titles by language and the address that stands for it, where it has one."""

    titles: Mapping[str, str]
    path: str | None


def period(dataset: Dataset) -> tuple[str | None, str | None]:
    """The first and the last day, month or year, each None where it is not said."""
    temporal = dataset.descriptor.get("temporal")
    if not isinstance(temporal, dict):
        return None, None
    start, end = about.text(temporal.get("start")), about.text(temporal.get("end"))
    return (
        start if start and DAY.fullmatch(start) else None,
        end if end and DAY.fullmatch(end) else None,
    )


def places(dataset: Dataset) -> list[Place]:
    """The places that are named."""
    spatial = dataset.descriptor.get("spatial")
    members = spatial if isinstance(spatial, list) else []
    found = [
        Place(dataset.texts(member, "title"), about.address(member.get("path")))
        for member in members
        if isinstance(member, dict)
    ]
    return [place for place in found if place.titles or place.path]


def bounds(dataset: Dataset) -> tuple[float, float, float, float] | None:
    """West, south, east, north of what `spatial` draws, in degrees (WGS 84); None where it draws nothing."""
    spatial = dataset.descriptor.get("spatial")
    if not isinstance(spatial, dict):
        return None
    points = list(_points(spatial.get("coordinates")))
    if not points:
        return None
    longitudes, latitudes = zip(*points, strict=True)
    west, south, east, north = min(longitudes), min(latitudes), max(longitudes), max(latitudes)
    return (west, south, east, north) if west >= -180 and east <= 180 and south >= -90 and north <= 90 else None


def _points(coordinates: Any) -> Iterator[tuple[float, float]]:
    """The positions in a GeoJSON geometry's coordinates, however deeply they are nested."""
    if not isinstance(coordinates, list):
        return
    if len(coordinates) >= 2 and all(type(number) in (int, float) for number in coordinates[:2]):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for member in coordinates:
        yield from _points(member)
