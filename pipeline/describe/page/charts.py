"""Charts and maps in the words of a page: a picture, a text that says what it shows, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline.core.files import read_json
from pipeline.describe.dataset import Dataset
from pipeline.describe.page.figures import NAMING, Figures, Labels
from pipeline.describe.page.language import PageWords, Text
from pipeline.package.package import Resource
from pipeline.web import charts, maps
from pipeline.web.areas import Area, areas
from pipeline.web.charts import Bar
from pipeline.web.maps import Point, Shade
from pipeline.web.visible import visible

MOST = 14
"""Bars that are drawn; the others are counted."""

SERIES = 6
"""Series that are told apart by colour; more are drawn as one."""

SAID = 3
"""Labels that the text alternative names."""


@dataclass(frozen=True)
class Drawn:
    """What is drawn: labels, and for each series its name and its figures."""

    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]

    @property
    def totals(self) -> tuple[float, ...]:
        """The sum of each label."""
        return tuple(sum(figures) for figures in zip(*(values for _, values in self.series), strict=True))


@dataclass(frozen=True)
class Chart:
    """A chart on a page. `legend` are the names of its series; empty where there is one."""

    anchor: str
    title: Text
    description: Text | None
    picture: Markup
    legend: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def chart(words: PageWords, figures: Figures, number: int) -> Chart | None:
    """The chart or map in the language of the page; None where there is nothing to draw."""
    if figures.asked.type == "map":
        return _map(words, figures, number)
    drawn, missing = table(words, figures)
    if not drawn.labels:
        return None
    anchor, title = f"chart-{number}", title_of(words, figures)
    shown = _shortened(drawn) if figures.asked.type == "bars" else drawn
    if len(shown.series) > SERIES:
        shown = Drawn(shown.labels, (("", shown.totals),))
    picture = _picture(words, figures, shown, anchor, visible(title.value), visible(_said(words, drawn)))
    names = tuple(name for name, _ in drawn.series)
    heads = (_head(words, figures), *(names if len(names) > 1 else (words.text("chart.number"),)))
    rows = zip(drawn.labels, *(values for _, values in drawn.series), strict=True)
    return Chart(
        anchor,
        title,
        words.said(figures.asked.holder, "description"),
        picture,
        tuple(name for name, _ in shown.series) if len(shown.series) > 1 else (),
        heads,
        tuple((label, *(words.number(value, 2) for value in values)) for label, *values in rows),
        _note(words, drawn, shown, missing),
    )


def _picture(words: PageWords, figures: Figures, shown: Drawn, name: str, title: str, description: str) -> Markup:
    """The chart as SVG."""
    drawn = [
        Bar(visible(label), tuple(values), words.number(total, 2))
        for label, total, values in zip(
            shown.labels, shown.totals, zip(*(values for _, values in shown.series), strict=True), strict=True
        )
    ]
    if figures.asked.type == "bars":
        return charts.bars(name, title, description, drawn)
    return charts.columns(name, title, description, drawn, words.number(max(shown.totals), 2))


def title_of(words: PageWords, figures: Figures) -> Text:
    """The title that the chart has, or one from those of its table and field."""
    asked = figures.asked
    said = words.said(asked.holder, "title")
    if said or asked.table is None:
        return said or Text(asked.name)
    title = words.title(asked.table.descriptor, asked.table.name)
    if asked.field is None:
        return title
    field = words.title(asked.table.fields[asked.table.field_names.index(asked.field)], asked.field)
    return Text(f"{title}: {field}", title.language)


def _head(words: PageWords, figures: Figures) -> str:
    asked = figures.asked
    if asked.table is None or asked.field is None:
        return words.text("chart.label")
    return str(words.title(asked.table.fields[asked.table.field_names.index(asked.field)], asked.field))


def table(words: PageWords, figures: Figures) -> tuple[Drawn, float]:
    """The figures as labels and series in the language of the page, and how many have no label."""
    cells: dict[str, dict[str, float]] = {}
    names: dict[str, str] = {}
    missing = 0.0
    for label, series, value in figures.rows:
        if label is None:
            missing += value
            continue
        names.setdefault(series, _text(words, figures.series, series) or words.text("chart.not_stated"))
        line = cells.setdefault(label, {})
        line[series] = line.get(series, 0) + value
    codes = [code for code in figures.series if code in names]
    order = codes + [series for series in names if series not in codes]
    listed = list(cells.items())
    if not figures.is_ordered:
        listed.sort(key=lambda item: -sum(item[1].values()))
    return (
        Drawn(
            tuple(_text(words, figures.labels, label) for label, _ in listed),
            tuple((names[series], tuple(line.get(series, 0) for _, line in listed)) for series in order),
        ),
        missing,
    )


def _text(words: PageWords, labels: Labels, value: str) -> str:
    """A value's label in the language of the page, or in the first that there is, or the value."""
    texts: Mapping[str, str] = labels.get(value, {})
    return texts.get(words.language) or next(iter(texts.values()), value)


def _shortened(drawn: Drawn) -> Drawn:
    """The first `MOST` labels."""
    return Drawn(drawn.labels[:MOST], tuple((name, values[:MOST]) for name, values in drawn.series))


def _said(words: PageWords, drawn: Drawn) -> str:
    """The text alternative: the greatest figures, and where all of them are."""
    ranked = sorted(zip(drawn.labels, drawn.totals, strict=True), key=lambda item: -item[1])
    named = ", ".join(f"{label} {words.number(total, 2)}" for label, total in ranked[:SAID])
    return words.text("chart.bars", most=named)


def _note(words: PageWords, drawn: Drawn, shown: Drawn, missing: float) -> str:
    """What the picture leaves out."""
    said = []
    if len(shown.labels) < len(drawn.labels):
        rest = drawn.totals[len(shown.labels) :]
        said.append(words.text("chart.rest", n=words.number(len(rest)), sum=words.number(sum(rest), 2)))
    if missing:
        said.append(words.text("chart.without_value", rows=words.counted("rows", round(missing))))
    return " ".join(said)


# -- maps --------------------------------------------------------------------------------------------------------------


def _map(words: PageWords, figures: Figures, number: int) -> Chart | None:
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
    return areas(Path(dataset.package.folder) / shape.paths[0]) if shape else []


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
