"""A map as SVG: areas as outlines, points as links, drawn without scripts, tiles or requests.

Colours are `currentColor` in several strengths, so that a map looks right on any ground; a style sheet may say more
by the classes `map`, `land`, `shade`, `point` and `label`. Texts that come from data are escaped here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asinh, atan2, cos, log1p, radians, sin, sqrt, tan
from textwrap import wrap

from markupsafe import Markup, escape

from pipeline.web.areas import Area, Position, middle

WIDTH = 360
"""Units of a map's width; as pixels, what the narrowest screens have."""

MOST_TALL = 2.4
"""Height over width that a map never exceeds."""

NARROW = 60
"""Degrees of longitude up to which a map is in the transverse Mercator projection, which keeps shapes."""

LEAST = 1e-3
"""Radians that a map shows at least: about six kilometres."""


@dataclass(frozen=True)
class Point:
    """What stands at a position: what to write beside it, where it leads, and how many things it stands for."""

    longitude: float
    latitude: float
    label: str
    href: str | None = None
    count: int = 1


@dataclass(frozen=True)
class Shade:
    """How strongly an area is coloured, from 0 to 1, what that says, and where it leads."""

    strength: float
    label: str
    href: str | None = None


def svg_map(
    outline: Sequence[Area],
    points: Sequence[Point],
    *,
    title: str,
    description: str,
    name: str = "map",
    shaded: Sequence[tuple[Area, Shade]] = (),
    width: int = WIDTH,
    cluster: Callable[[Sequence[Point]], str] | None = None,
) -> Markup:
    """The map as an `<svg>` element, `width` units wide; `name` begins its ids, so that a page can hold several.

    `title` and `description` are its text alternative. Points that would cover one another are drawn as one with
    their number, which leads where `cluster` says, given the points. Labels are whole; one that would cover another
    shows on hover and focus. Without an outline the points stand in a frame. `href` is the caller's word: it is
    escaped, and not judged. Nothing to draw gives an empty text.
    """
    places = _merged(points)
    drawn = _drawn(outline, [area for area, _ in shaded], [(each.longitude, each.latitude) for each in places], width)
    if drawn is None:
        return Markup("")
    sheet, land = drawn
    parts = [
        Markup('<svg class="map" role="group" aria-labelledby="{0}-t {0}-d" viewBox="0 0 {1} {2}" width="{1}" ').format(
            name, width, sheet.height
        ),
        Markup('height="{}">').format(sheet.height),
        Markup('<title id="{0}-t">{1}</title><desc id="{0}-d">{2}</desc>').format(name, title, description),
        land,
        *(_shade(area, shade, sheet) for area, shade in shaded),
        *_points(_clusters(places, sheet, cluster) if cluster else places, sheet),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


_LANDS: dict[tuple[int, int], tuple[Sequence[Area], _Sheet, Markup]] = {}
"""The last outlines that were drawn, by their identity and the map's width; a page draws the same one every time."""

MOST_LANDS = 16


def _drawn(
    outline: Sequence[Area], shaded: Sequence[Area], places: list[Position], width: int
) -> tuple[_Sheet, Markup] | None:
    """The sheet that holds the outline and all else, and the outline drawn on it; None where there is nothing."""
    known = _LANDS.get((id(outline), width))
    if known is None or known[0] is not outline:
        around = _positions(outline)
        if not around:
            others = _positions(shaded) + places
            return (_Sheet(others, width), _land(outline, _Sheet(others, width))) if others else None
        sheet = _Sheet(around, width)
        known = (outline, sheet, _land(outline, sheet))
        if len(_LANDS) >= MOST_LANDS:
            _LANDS.clear()
        _LANDS[id(outline), width] = known
    if all(map(known[1].holds_all, shaded)) and all(known[1].holds(*place) for place in places):
        return known[1:]
    sheet = _Sheet(_positions(outline) + _positions(shaded) + places, width)
    return sheet, _land(outline, sheet)


def _positions(drawn: Sequence[Area]) -> list[Position]:
    return [place for area in drawn for ring in area.rings for place in ring]


def _merged(points: Iterable[Point]) -> list[Point]:
    """One point for each position and link, from north to south: those below cover those above."""
    found: dict[tuple[float, float, str | None], Point] = {}
    for point in points:
        at = (point.longitude, point.latitude, point.href)
        before = found.get(at)
        if before is None:
            found[at] = point
        else:
            label = before.label if point.label in before.label.split(", ") else f"{before.label}, {point.label}"
            found[at] = Point(*at[:2], label, point.href, before.count + point.count)
    return sorted(found.values(), key=lambda point: (-point.latitude, point.longitude, point.label))


# -- the sheet: degrees to units ---------------------------------------------------------------------------------------


class _Sheet:
    """Places positions on a sheet of a width, so that all of them fit within a margin."""

    MARGIN = 14

    def __init__(self, around: Sequence[Position], width: int) -> None:
        west, east = min(x for x, _ in around), max(x for x, _ in around)
        south, north = min(y for _, y in around), max(y for _, y in around)
        self._project = _projection(west, east, south, north)
        self._degrees = (west, east, south, north)
        flat = [self._project(x, y) for x, y in around]
        left, right = min(x for x, _ in flat), max(x for x, _ in flat)
        bottom, top = min(y for _, y in flat), max(y for _, y in flat)
        self._flat = (left, right, bottom, top)
        across, down = max(right - left, LEAST), max(top - bottom, LEAST)
        self._middle = ((left + right) / 2, (bottom + top) / 2)
        self._scale = (width - 2 * self.MARGIN) / max(across, down / MOST_TALL)
        self.width = width
        self.height = round(down * self._scale) + 2 * self.MARGIN
        self.paths: dict[int, tuple[Area, str]] = {}
        """What was drawn on the sheet, by the identity of the area."""
        self._held: dict[int, tuple[Area, bool]] = {}

    def holds(self, longitude: float, latitude: float) -> bool:
        """Whether the sheet would be the same if that position had been among those it was made for."""
        west, east, south, north = self._degrees
        if not (west <= longitude <= east and south <= latitude <= north):
            return False
        left, right, bottom, top = self._flat
        x, y = self._project(longitude, latitude)
        return left <= x <= right and bottom <= y <= top

    def holds_all(self, area: Area) -> bool:
        """Whether it holds every position of the area."""
        known = self._held.get(id(area))
        if known is None or known[0] is not area:
            known = (area, all(self.holds(*place) for ring in area.rings for place in ring))
            self._held[id(area)] = known
        return known[1]

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Units from the left and from the top."""
        x, y = self._project(longitude, latitude)
        across, down = (x - self._middle[0]) * self._scale, (self._middle[1] - y) * self._scale
        return self.width / 2 + across, self.height / 2 + down


def _projection(west: float, east: float, south: float, north: float) -> Callable[[float, float], tuple[float, float]]:
    """Transverse Mercator on the sphere about the middle meridian (Snyder 1987, equations 8-1 and 8-3); beyond
    `NARROW` equirectangular about the middle parallel."""
    middle = radians((west + east) / 2)
    if east - west > NARROW:
        width = cos(radians((south + north) / 2))
        return lambda x, y: (radians(x) * width, radians(y))

    def transverse(longitude: float, latitude: float) -> tuple[float, float]:
        away, up = radians(longitude) - middle, radians(max(-89.9, min(89.9, latitude)))
        return asinh(cos(up) * sin(away) / sqrt(1 - (cos(up) * sin(away)) ** 2)), atan2(tan(up), cos(away))

    return transverse


# -- what is drawn -----------------------------------------------------------------------------------------------------


def _land(outline: Sequence[Area], sheet: _Sheet) -> Markup:
    if not outline:
        frame = Markup('<rect class="land" x=".5" y=".5" width="{}" height="{}" rx="6" fill="none" ')
        return frame.format(sheet.width - 1, sheet.height - 1) + Markup('stroke="currentColor" stroke-opacity=".3"/>')
    paths = Markup("").join(Markup('<path d="{}"/>').format(_path(area, sheet)) for area in outline)
    style = 'fill="currentColor" fill-opacity=".08" stroke="currentColor" stroke-opacity=".3" stroke-width=".6"'
    return Markup(f'<g class="land" {style} stroke-linejoin="round">{{}}</g>').format(paths)


def _shade(area: Area, shade: Shade, sheet: _Sheet) -> Markup:
    drawn = Markup(
        '<path class="shade" d="{}" fill="currentColor" fill-opacity="{}" stroke="currentColor" stroke-opacity=".5" '
        'stroke-width=".8" stroke-linejoin="round"><title>{}</title></path>'
    ).format(_path(area, sheet), round(0.12 + 0.48 * max(0.0, min(1.0, shade.strength)), 2), shade.label)
    if shade.href is None:
        return drawn
    label = _text(shade.label, *sheet.place(*middle(area)), 0, sheet, " late")
    return Markup('<a class="area" href="{0}" aria-label="{1}">{2}{3}</a>').format(
        shade.href, shade.label, drawn, label
    )


def _path(area: Area, sheet: _Sheet) -> str:
    """The rings in tenths of a unit, each point relative to the one before; what falls on that point is left out."""
    known = sheet.paths.get(id(area))
    if known is not None:
        return known[1]
    parts = []
    for ring in area.rings:
        steps: list[tuple[int, int]] = []
        for longitude, latitude in ring:
            x, y = sheet.place(longitude, latitude)
            at = (round(x * 10), round(y * 10))
            if not steps or abs(at[0] - steps[-1][0]) + abs(at[1] - steps[-1][1]) > CLOSE:
                steps.append(at)
        if len(steps) > 2:
            first = steps[0]
            moves = (_move(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(steps))
            parts.append(f"M{first[0] / 10:g} {first[1] / 10:g}l{' '.join(moves)}z")
    sheet.paths[id(area)] = (area, path := "".join(parts))
    return path


CLOSE = 4
"""Tenths of a unit that no eye tells apart."""


def _move(x: int, y: int) -> str:
    return f"{x / 10:g} {y / 10:g}"


def _clusters(points: Sequence[Point], sheet: _Sheet, leads: Callable[[Sequence[Point]], str]) -> list[Point]:
    """The points, of which those that lie within `NEAR` of the first of them are one."""
    groups: list[tuple[float, float, list[Point]]] = []
    for point in points:
        x, y = sheet.place(point.longitude, point.latitude)
        near = next((group for group in groups if (group[0] - x) ** 2 + (group[1] - y) ** 2 < NEAR**2), None)
        if near is None:
            groups.append((x, y, [point]))
        else:
            near[2].append(point)
    return [
        group[0]
        if len(group) == 1
        else Point(
            group[0].longitude,
            group[0].latitude,
            ", ".join(each.label for each in group),
            leads(group),
            sum(each.count for each in group),
        )
        for _, _, group in groups
    ]


NEAR = 9
"""Units between points that can still be told apart and touched."""


def _points(points: Sequence[Point], sheet: _Sheet) -> list[Markup]:
    """The points with their labels: those that would cover a point or another label wait until they are pointed at."""
    discs = [(*sheet.place(point.longitude, point.latitude), _radius(point)) for point in points]
    taken = [(x - r, y - r, x + r, y + r) for x, y, r in discs]
    drawn = []
    for point, (x, y, r) in zip(points, discs, strict=True):
        said = f"{point.label} ({point.count})" if point.count > 1 else point.label
        disc = (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="currentColor" fill-opacity=".75"/>'
            f'<circle class="reach" cx="{x:.1f}" cy="{y:.1f}" r="12" fill="none" pointer-events="all"/>'
        )
        if point.count > 1 and "," in point.label:
            disc += f'<text class="number" x="{x:.1f}" y="{y + 3:.1f}">{point.count}</text>'
        inner = f"<title>{escape(said)}</title>{disc}{_label(point, x, y, r, taken, sheet)}"
        if point.href is None:
            drawn.append(Markup(f'<g class="point">{inner}</g>'))
        else:
            href = escape(point.href)
            drawn.append(Markup(f'<a class="point" href="{href}" aria-label="{escape(said)}">{inner}</a>'))
    return drawn


def _radius(point: Point) -> float:
    """Grows with the count, slowly: 4 for one, about 6 for ten."""
    return 3 + 1.45 * log1p(point.count)


LETTER = 5.6
"""Units that a character of a label takes at most, on the average, at 11 units of height."""

LONGEST = 40
"""Characters of a line of a label; a longer label has several."""


def _label(
    point: Point, x: float, y: float, r: float, taken: list[tuple[float, float, float, float]], sheet: _Sheet
) -> Markup:
    wide = len(point.label) * LETTER
    for left, anchor in ((x + r + 3, "start"), (x - r - 3 - wide, "end")):
        box = (left, y - 6, left + wide, y + 6)
        fits = point.count == 1 and left >= 0 and left + wide <= sheet.width
        if fits and not any(_overlap(box, other) for other in taken):
            taken.append(box)
            return _line([point.label], left if anchor == "start" else left + wide, y + 3.8, anchor)
    return _text(point.label, x, y, r, sheet, " late")


def _text(label: str, x: float, y: float, r: float, sheet: _Sheet, kind: str) -> Markup:
    """A label beside a place, whole and on the sheet, in as many lines as it needs."""
    lines = wrap(label, LONGEST) or [""]
    wide = max(map(len, lines)) * LETTER
    left = max(2.0, min(x + r + 3, sheet.width - wide - 2))
    top = max(10.0, min(y + 3.8, sheet.height - 13.0 * (len(lines) - 1) - 4))
    return _line(lines, left, top, "start", kind)


def _line(lines: Sequence[str], x: float, y: float, anchor: str, kind: str = "") -> Markup:
    parts = (
        Markup('<tspan x="{}" dy="{}">{}</tspan>').format(f"{x:.1f}", 13 if at else 0, line)
        for at, line in enumerate(lines)
    )
    shown = Markup("").join(parts) if len(lines) > 1 else escape(lines[0])
    return Markup(
        f'<text class="label{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="11" '
        'fill="currentColor">{}</text>'
    ).format(shown)


def _overlap(one: tuple[float, float, float, float], two: tuple[float, float, float, float]) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
