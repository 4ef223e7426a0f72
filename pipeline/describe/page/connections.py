"""How tables connect: the core tables drawn in a ring with a line for each link. The page lists all links beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import cos, pi, sin

from markupsafe import Markup

from pipeline.describe.page.dictionary import Table
from pipeline.describe.page.language import PageWords
from pipeline.web.visible import cut

CORE = 7
"""Tables that are drawn: those with the most links."""

WIDTH, HEIGHT = 720, 400
BOX_WIDTH, BOX_HEIGHT = 184, 40
LABEL = 24
"""Characters of a title that fit into a box."""


def core(tables: Sequence[Table]) -> list[Table]:
    """The tables with the most links from and to others, in the package's order; none where none is linked."""
    links = Counter({table.name: len(table.links) + len(table.linked) for table in tables})
    chosen = {name for name, count in links.most_common(CORE) if count}
    return [table for table in tables if table.name in chosen]


def picture(words: PageWords, tables: Sequence[Table]) -> Markup:
    """The core tables as an `<svg>` element; empty where no table is linked."""
    drawn = core(tables)
    if len(drawn) < 2:
        return Markup("")
    places = {table.name: _place(number, len(drawn)) for number, table in enumerate(drawn)}
    lines = [
        _line(places[table.name], places[link.name])
        for table in drawn
        for link in table.links
        if link.name in places and link.name != table.name
    ]
    boxes = [_box(table, *places[table.name]) for table in drawn]
    head = Markup(
        '<svg class="connections" role="group" aria-labelledby="connections-t" viewBox="0 0 {} {}">'
        '<title id="connections-t">{}</title><defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" '
        'markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0l8 4-8 4z"/></marker></defs>'
    ).format(WIDTH, HEIGHT, words.text("release.connections_core"))
    return head + Markup("").join([*lines, *boxes]) + Markup("</svg>")


def _place(number: int, of: int) -> tuple[float, float]:
    """The middle of a box: all stand on an ellipse, the first at the top."""
    angle = 2 * pi * number / of - pi / 2
    across, down = (WIDTH - BOX_WIDTH) / 2 - 4, (HEIGHT - BOX_HEIGHT) / 2 - 4
    return WIDTH / 2 + across * cos(angle), HEIGHT / 2 + down * sin(angle)


def _line(start: tuple[float, float], end: tuple[float, float]) -> Markup:
    """A line from the edge of one box to that of another."""
    (x1, y1), (x2, y2) = _edge(start, end), _edge(end, start)
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" marker-end="url(#arrow)"/>').format(
        x1, y1, x2, y2
    )


def _edge(of: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Where a line between the middles of two boxes leaves the first."""
    across, down = towards[0] - of[0], towards[1] - of[1]
    part = min(
        BOX_WIDTH / 2 / abs(across) if across else float("inf"), BOX_HEIGHT / 2 / abs(down) if down else float("inf")
    )
    return of[0] + part * across, of[1] + part * down


def _box(table: Table, x: float, y: float) -> Markup:
    title = cut(str(table.title), LABEL)
    return Markup(
        '<a href="#{}"><rect x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="8"/>'
        '<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text></a>'
    ).format(table.anchor, x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2, BOX_WIDTH, BOX_HEIGHT, x, y + 4.5, title)
