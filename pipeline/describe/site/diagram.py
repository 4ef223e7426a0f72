"""How the tables connect, as SVG: a box for each, a line for each foreign key from the table that has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from pipeline.describe.site.dictionary import Table
from pipeline.describe.site.layers import Layout, heights, layout
from pipeline.describe.site.words import Words
from pipeline.web.visible import cut

BOX = 30
"""Units of a box's height."""

NODE, BEND = BOX + 16, 12
"""Units that a box and a line that passes take from top to bottom."""

GAP, LINE, WIDEST = 30, 2.2, 90
"""Units between layers: without lines, for each line, and at most."""

LETTER, MARGIN, LABEL = 6.9, 20, 24
"""Units that a character takes on the average and a box beside its text; characters of a title that are shown."""


@dataclass(frozen=True)
class Diagram:
    """The picture with its style, and the tables that no key ties to another."""

    picture: Markup
    style: Markup
    alone: tuple[Table, ...]


def diagram(words: Words, tables: Sequence[Table]) -> Diagram | None:
    """The diagram of the tables in the language of the page; None where no key ties any two."""
    tied = [table for table in tables if table.linked or any(link.anchor != table.anchor for link in table.links)]
    if not tied:
        return None
    number = {table.anchor: at for at, table in enumerate(tied)}
    edges = [(number[table.anchor], number[link.anchor]) for table in tied for link in table.links]
    labels = [cut(table.title.value, LABEL) for table in tied]
    sheet = _Sheet(layout(len(tied), edges), [len(label) * LETTER + MARGIN for label in labels])
    picture = Markup(
        '<svg class="diagram" role="group" aria-labelledby="diagram-t diagram-d" viewBox="0 0 {0:.0f} {1:.0f}" '
        'width="{0:.0f}" height="{1:.0f}"><title id="diagram-t">{2}</title><desc id="diagram-d">{3}</desc>'
        '<g class="lines">{4}</g>{5}</svg>'
    ).format(
        sheet.width,
        sheet.height,
        words.t("How the tables connect", "Hur tabellerna hänger ihop"),
        words.t("The connections stand below as a list, too.", "Sambanden står också som lista nedanför."),
        Markup("").join(map(sheet.line, sheet.layout.paths)),
        Markup("").join(sheet.box(at, *named) for at, named in enumerate(zip(tied, labels, strict=True))),
    )
    return Diagram(picture, _style(len(tied)), tuple(table for table in tables if table.anchor not in number))


class _Sheet:
    """Where everything stands, in units from the left and from the top."""

    def __init__(self, placed: Layout, widths: Sequence[float]) -> None:
        self.layout = placed
        self.widths = widths
        self.down = heights(placed, NODE, BEND)
        self.height = max(self.down.values()) + NODE / 2
        self.sides: dict[int, tuple[float, float]] = {}
        left = 1.0
        for layer, lines in zip(placed.layers, _lines_after(placed), strict=True):
            right = left + max((widths[each] for each in layer if each < placed.count), default=0.0)
            self.sides |= dict.fromkeys(layer, (left, right))
            self.width = right + 1
            left = right + min(WIDEST, GAP + LINE * lines)

    def box(self, at: int, table: Table, label: str) -> Markup:
        """The box of a table, which leads to its place in the dictionary."""
        left, middle = self.sides[at][0], self.down[at]
        return Markup(
            '<a href="#{}" class="box-{}"><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="6"/>'
            '<text x="{:.1f}" y="{:.1f}">{}</text></a>'
        ).format(
            table.anchor,
            at,
            left,
            middle - BOX / 2,
            self.widths[at],
            BOX,
            left + self.widths[at] / 2,
            middle + 4.5,
            label,
        )

    def line(self, edge: tuple[int, int]) -> Markup:
        """A line from the right side of a box to the left side of another, which turns only between the layers.

        Where a cycle asks it goes from right to left.
        """
        path = self.layout.paths[edge]
        forward = self.sides[path[0]] < self.sides[path[-1]]
        leave, enter = (1, 0) if forward else (0, 1)
        start = self.sides[path[0]][0] + (self.widths[path[0]] if forward else 0)
        parts = [f"M{start:.1f} {self.down[path[0]]:.1f}"]
        for one, two in pairwise(path):
            here, there = self.sides[one][leave], self.sides[two][enter]
            up, down, middle = self.down[one], self.down[two], (here + there) / 2
            parts.append(f"H{here:.1f}C{middle:.1f} {up:.1f} {middle:.1f} {down:.1f} {there:.1f} {down:.1f}")
        if not forward:
            parts.append(f"H{self.sides[path[-1]][0] + self.widths[path[-1]]:.1f}")
        return Markup('<path class="of-{} of-{}" d="{}"/>').format(*edge, "".join(parts))


def _lines_after(placed: Layout) -> list[int]:
    """For each layer the number of lines from it to the next."""
    at = {each: number for number, layer in enumerate(placed.layers) for each in layer}
    steps = Counter(min(at[one], at[two]) for path in placed.paths.values() for one, two in pairwise(path))
    return [steps[number] for number in range(len(placed.layers))]


def _style(count: int) -> Markup:
    """Shows the lines of the box that is pointed at or has the focus, and fades the others."""
    return Markup("").join(
        Markup(
            ".diagram:has(.box-{0}:is(:hover,:focus-visible)) .lines path:not(.of-{0}){{opacity:.12}}"
            ".diagram:has(.box-{0}:is(:hover,:focus-visible)) .of-{0}{{stroke:var(--link);stroke-width:2}}"
        ).format(number)
        for number in range(count)
    )
