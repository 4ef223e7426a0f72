"""A map of a table's rows, with what stands where as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.core.files import read_json
from pipeline.describe.dataset import Dataset
from pipeline.describe.page.charts import Chart, title_of
from pipeline.describe.page.figures import NAMING, Figures
from pipeline.describe.page.language import PageWords
from pipeline.package.package import Resource
from pipeline.web import maps
from pipeline.web.maps import Area, Point, Shade
from pipeline.web.visible import visible


def chart(words: PageWords, figures: Figures, number: int) -> Chart | None:
    """The map in the language of the page; None where no row has coordinates."""
    dataset, asked = words.dataset, figures.asked
    assert asked.table is not None
    points, without = _points(dataset, asked.table)
    if not points:
        return None
    outline = _areas(dataset, asked.outline)
    counts = {str(label): value for label, _, value in figures.rows if label is not None}
    shaded = [
        (area, _shade(words, area, counts[area.code], max(counts.values())))
        for area in _areas(dataset, asked.areas)
        if area.code in counts
    ]
    anchor, title = f"chart-{number}", title_of(words, figures)
    picture = maps.svg_map(
        outline,
        [Point(point.longitude, point.latitude, visible(point.label)) for point in points],
        title=visible(title.value),
        description=words.text("chart.map", places=words.counted("places", len(points))),
        name=anchor,
        shaded=shaded,
    )
    rows = sorted((point.label, words.number(point.latitude, 4), words.number(point.longitude, 4)) for point in points)
    return Chart(
        anchor,
        title,
        words.said(asked.holder, "description"),
        picture,
        (),
        tuple(words.text(f"chart.{head}") for head in ("name", "latitude", "longitude")),
        tuple(rows),
        words.text("chart.without_place", rows=words.counted("rows", without)) if without else "",
    )


def _shade(words: PageWords, area: Area, value: float, most: float) -> Shade:
    return Shade(value / most, f"{area.name}: {words.number(value, 2)}")


def _areas(dataset: Dataset, shape: Resource | None) -> list[Area]:
    return maps.areas(Path(dataset.package.folder) / shape.paths[0]) if shape else []


def _points(dataset: Dataset, table: Resource) -> tuple[list[Point], int]:
    """The rows of a table that have coordinates, as its GeoJSON file holds them; and how many have none."""
    file = next((file for file in dataset.of_table(table) if file.ending == "geojson"), None)
    if file is None:
        return [], 0
    features = read_json(Path(dataset.package.folder) / file.path, file.path)["features"]
    found = []
    for feature in features:
        if feature["geometry"]:
            longitude, latitude = feature["geometry"]["coordinates"][:2]
            found.append(Point(longitude, latitude, _name(feature)))
    return found, len(features) - len(found)


def _name(feature: dict[str, Any]) -> str:
    properties = feature["properties"]
    return str(next((properties[name] for name in NAMING if properties.get(name)), feature.get("id", "")))
