"""Maps: the rows of a filter as points or shaded areas, and the place of one row with the outline that it lies in."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasette.utils import tilde_decode
from markupsafe import Markup

from pipeline.core.quoting import identifier
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.dataset import Table
from pipeline.serve.pages.selection import Selection
from pipeline.web.areas import Area, Position, around, holds, middle
from pipeline.web.maps import Point, Shade, svg_map

NOTHING = Markup("")

MOST_POINTS = 1000
"""Points of a map; a table with more is shown by its areas."""


@dataclass(frozen=True)
class Drawing:
    """A map, and what it does not show: of how many rows that are asked for, how many have no place on it."""

    svg: Markup
    shown: int
    missing: int
    is_shaded: bool

    @property
    def of(self) -> int:
        """The rows that are asked for."""
        return self.shown + self.missing


def of_selection(
    con: sqlite3.Connection, cells: Cells, selection: Selection, count: int, within: Area | None = None
) -> Drawing | None:
    """A map of the rows that are asked for, or of those `within` an area: points, in areas that are shaded by how many
    rows lie in them; None where nothing says where they lie. A map of a filter shows the parts that have its rows."""
    table, words, ground = selection.table, cells.dataset.words, cells.dataset.ground
    drawn, counts = _areas_of(cells, table)[1], by_area(con, cells, selection, within)[1]
    points = _points(con, cells, table, *selection.where()) if table.location is not None else []
    points = [] if len(points) > MOST_POINTS else points
    if within is not None:
        points = [each for each in points if holds(within, each.longitude, each.latitude)]
        ground = [within]
    elif selection.is_narrowed:
        places = [(each.longitude, each.latitude) for each in points] + [middle(drawn[code]) for code in counts]
        ground = [*around(ground, places)]
    if not points and not counts:
        return None
    shown = max(len(points), sum(counts.values()))
    said = [words.text("map_points", n=words.number(len(points)))] if points else []
    said += [words.text("map_areas", n=words.number(len(counts)))] if counts else []
    most = max(counts.values(), default=1)
    start, argument = cells.links.table(table.name), _area_argument(cells, table)
    shaded = [
        (
            drawn[code],
            Shade(
                rows / most if most > 1 else 0.6,
                f"{drawn[code].name}: {words.number(rows)}",
                f"{start}{selection.link(**{argument: code})}",
            ),
        )
        for code, rows in counts.items()
    ]
    svg = svg_map(
        ground,
        points,
        title=table.title,
        description=" ".join(said),
        name="places",
        shaded=shaded,
        cluster=lambda group: _leading(cells, table, group),
    )
    return Drawing(svg, shown, max(0, count - shown) if within is None else 0, bool(shaded))


def _area_argument(cells: Cells, table: Table) -> str:
    column = _areas_of(cells, table)[0]
    return table.by_name[column].argument if column else ""


def _leading(cells: Cells, table: Table, group: Sequence[Point]) -> str:
    """The rows that the points of a group stand for."""
    if len(table.key) != 1:
        return cells.links.table(table.name)
    keys = [tilde_decode(str(point.href).rpartition("/")[2]) for point in group]
    return cells.links.table(table.name, **{f"{table.key[0]}__in": json.dumps(keys, ensure_ascii=False)})


def _areas_of(cells: Cells, table: Table) -> tuple[str | None, Mapping[str, Area]]:
    """The column that says in which area a row lies, and the outlines: the smallest areas that there are."""
    areas = cells.dataset.areas
    found = [
        (column.name, areas[column.links[0]])
        for column in table.columns
        if column.links and column.links[0] in areas and column.links[1] in cells.dataset.tables[column.links[0]].key
    ]
    if table.name in areas and not table.is_view:
        found.append((table.key[0], areas[table.name]))
    return max(found, key=lambda each: len(each[1]), default=(None, {}))


def by_area(
    con: sqlite3.Connection, cells: Cells, selection: Selection, within: Area | None = None
) -> tuple[str | None, dict[str, int]]:
    """The column that says in which area a row lies, and how many of the rows that are asked for lie in each; only
    the areas whose middle is `within` one."""
    column, drawn = _areas_of(cells, selection.table)
    if column is None:
        return None, {}
    where, parameters = selection.where()
    name = identifier(column)
    sql = f"SELECT {name}, count(*) FROM {selection.table.rows}{where} GROUP BY {name}"
    counts = {str(code): rows for code, rows in con.execute(sql, parameters) if str(code) in drawn}
    if within is not None:
        counts = {code: rows for code, rows in counts.items() if holds(within, *middle(drawn[code]))}
    return column, counts


def _points(
    con: sqlite3.Connection, cells: Cells, table: Table, where: str, parameters: Mapping[str, Any]
) -> list[Point]:
    """The points of rows; of views only where they have coordinates themselves."""
    found = con.execute(_located_sql(cells, table, where), parameters).fetchall()
    points = []
    for row in found:
        latitude, longitude = row[0], row[1]
        if isinstance(latitude, int | float) and isinstance(longitude, int | float):
            href = cells.links.row(table.name, [row[name] for name in table.key]) if table.key else None
            points.append(Point(longitude, latitude, cells.name(table, row), href))
    return points


def _located_sql(cells: Cells, table: Table, where: str) -> str:
    rows = f"(SELECT * FROM {table.rows}{where} LIMIT {MOST_POINTS + 1}) AS t"
    if isinstance(table.location, tuple):
        latitude, longitude = (f"t.{identifier(name)}" for name in table.location)
        return f"SELECT {latitude}, {longitude}, t.* FROM {rows}"
    other, there = _other(cells, table)
    latitude, longitude = (f"o.{identifier(name)}" for name in other.location or ())
    return (
        f"SELECT {latitude}, {longitude}, t.* FROM {rows} "
        f"LEFT JOIN {identifier(other.name)} AS o ON o.{identifier(there)} = t.{identifier(str(table.location))}"
    )


def _other(cells: Cells, table: Table) -> tuple[Table, str]:
    """The table with the coordinates of a table's rows, and the column there that theirs leads to."""
    links = table.by_name[str(table.location)].links
    assert links is not None
    return cells.dataset.tables[links[0]], links[1]


def of_row(con: sqlite3.Connection, cells: Cells, table: Table, row: Mapping[str, Any]) -> Markup:
    """A map of where a row lies: its point, or those of rows that lie in it, in the outline of the area around."""
    areas = _areas_around(con, cells, table, row)
    points = _points_of(con, cells, table, row)
    if not points:
        return locator(cells, *_area_key(cells, areas)) if areas else NOTHING
    about = ", ".join(dict.fromkeys([*(area.name for area in areas), *(point.label for point in points[:20])]))
    return svg_map(areas, points, title=cells.name(table, row), description=about, name="place")


def _area_key(cells: Cells, areas: list[Area]) -> tuple[Table, str]:
    """The table and key of the row whose outline it is."""
    holder = next(name for name, drawn in cells.dataset.areas.items() if areas[0] in drawn.values())
    return cells.dataset.tables[holder], areas[0].code


def _points_of(con: sqlite3.Connection, cells: Cells, table: Table, row: Mapping[str, Any]) -> list[Point]:
    key = [row[name] for name in table.key]
    if table.location is not None and key:
        condition = " AND ".join(f"{identifier(name)} = ?" for name in table.key)
        sql = _located_sql(cells, table, f" WHERE {condition}")
        own = [(found[0], found[1]) for found in con.execute(sql, key).fetchall()]
        if own and None not in own[0]:
            return [Point(own[0][1], own[0][0], cells.name(table, row))]
    if len(key) != 1:
        return []
    points: list[Point] = []
    for other, column in cells.dataset.incoming(table.name):
        if other.location is not None and not other.is_view:
            points += _points(con, cells, other, f" WHERE {identifier(column)} = :key", {"key": key[0]})
    return points


def _areas_around(con: sqlite3.Connection, cells: Cells, table: Table, row: Mapping[str, Any]) -> list[Area]:
    """The outline of the row itself, or of the smallest area that it leads to, by way of its place too."""
    own = cells.dataset.areas.get(table.name)
    if own and len(table.key) == 1 and str(row[table.key[0]]) in own:
        return [own[str(row[table.key[0]])]]
    found = [
        drawn[str(row[column.name])]
        for column in table.columns
        if column.links and (drawn := cells.dataset.areas.get(column.links[0])) and str(row[column.name]) in drawn
    ]
    if found:
        return [min(found, key=lambda area: sum(len(ring) for ring in area.rings))] if len(found) > 1 else found
    if isinstance(table.location, str) and row[table.location] is not None:
        other, there = _other(cells, table)
        at = con.execute(
            f"SELECT * FROM {identifier(other.name)} WHERE {identifier(there)} = ?", [row[table.location]]
        ).fetchone()
        return _areas_around(con, cells, other, at) if at is not None and other.name != table.name else []
    return []


def locator(cells: Cells, table: Table, key: str) -> Markup:
    """A small map of the whole that shows where the area of a row is; empty where it has no outline."""
    area = cells.dataset.areas.get(table.name, {}).get(key)
    if area is None:
        return NOTHING
    name = f"where-{key}"
    shaded = [(area, Shade(1, area.name))]
    return svg_map(cells.dataset.ground, [], title=area.name, description=area.name, name=name, shaded=shaded)


def neighbours(cells: Cells, table: Table, key: str) -> list[str]:
    """The keys of the areas that have a stretch of outline in common with that of a row."""
    drawn = cells.dataset.areas.get(table.name, {})
    borders = cells.dataset.once(table.name, "borders", find=lambda: _borders(drawn))
    common = Counter(other for place in borders[1].get(key, ()) for other in borders[0][place] if other != key)
    return sorted(code for code, places in common.items() if places > 1)


def _borders(drawn: Mapping[str, Area]) -> tuple[dict[Position, set[str]], dict[str, set[Position]]]:
    """The areas at each position of an outline, and the positions of each area."""
    at: dict[Position, set[str]] = {}
    of: dict[str, set[Position]] = {}
    for code, area in drawn.items():
        of[code] = {(round(x, 4), round(y, 4)) for ring in area.rings for x, y in ring}
        for place in of[code]:
            at.setdefault(place, set()).add(code)
    return at, of
