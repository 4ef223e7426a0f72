"""Charts of a selection: its rows by the values of a column, or by year; each is on the page, a file, and a page."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.core.quoting import identifier
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.columns import Column
from pipeline.serve.pages.facets import Facet, of_whole
from pipeline.serve.pages.selection import Selection
from pipeline.web import charts

BARS = 12
"""Bars of a chart at most."""

MOST_YEARS = 60
"""Years from first to last that are drawn; of more, only those with rows."""

PAINT = {"c0": "#2f7d66", "none": "#b3b8b4", "track": "#f1efe9", "aside": "#56615d"}
"""The colours of style.css, which a file of its own does not have."""


@dataclass(frozen=True)
class Chart:
    """Rows by value: name and title, the drawing and its height, label and figure and address of each bar; `missing`
    are rows without a value."""

    name: str
    title: str
    svg: Markup
    height: int
    figures: Sequence[tuple[str, int, str]]
    missing: int = 0
    has_more: bool = False


def of_facet(cells: Cells, selection: Selection, facet: Facet) -> Chart:
    """The chart of a facet that was counted."""
    values = [each for each in facet.values if not each.is_missing]
    figures = [(each.text, each.rows, each.href) for each in values[:BARS]]
    missing = sum(each.rows for each in facet.values if each.is_missing)
    return _chart(cells, selection, facet.column, figures, missing, facet.has_more or len(values) > BARS, False)


def _chart(
    cells: Cells,
    selection: Selection,
    column: Column,
    figures: Sequence[tuple[str, int, str]],
    missing: int,
    has_more: bool,
    is_time: bool,
) -> Chart:
    words = cells.dataset.words
    by = column.title[:1].lower() + column.title[1:]
    title = words.text("rows_by", table=selection.table.title, column=by)
    drawn = [charts.Bar(label, (float(rows),), words.number(rows)) for label, rows, _ in figures]
    about = ", ".join(f"{bar.label}: {bar.said}" for bar in drawn)
    name = f"by-{column.name}"
    if is_time:
        most = words.number(max(rows for _, rows, _ in figures))
        svg = charts.columns(name, title, about, drawn, most)
    else:
        svg = charts.bars(name, title, about, drawn)
    height = int((re.search(r'height="(\d+)"', svg) or ["", "0"])[1])
    return Chart(column.name, title, svg, height, figures, missing, has_more)


def of_years(con: sqlite3.Connection, cells: Cells, selection: Selection, wanted: str | None = None) -> Chart | None:
    """How many rows fall in each year, by the first column of dates that has any; years without are there too."""
    column, counted, missing = of_whole(
        cells, selection, "years", wanted or "", find=lambda: _counted_years(con, selection, wanted)
    )
    if column is None:
        return None
    years = sorted(counted)
    first, last = int(years[0]), int(years[-1])
    shown = [f"{year:04}" for year in range(first, last + 1)] if last - first < MOST_YEARS else years
    figures = [(year, counted.get(year, 0), selection.link(**{f"{column.name}__contains": year})) for year in shown]
    return _chart(cells, selection, column, figures, missing, False, True)


def _counted_years(
    con: sqlite3.Connection, selection: Selection, wanted: str | None
) -> tuple[Column | None, dict[str, int], int]:
    where, parameters = selection.where()
    for column in selection.table.columns:
        if not column.is_date or wanted not in (None, column.name):
            continue
        year = f"substr(replace({identifier(column.name)}, '../', ''), 1, 4)"
        counted = dict(
            con.execute(f"SELECT {year}, count(*) FROM {selection.table.rows}{where} GROUP BY 1", parameters).fetchall()
        )
        years = {str(year): rows for year, rows in counted.items() if year and str(year).isdigit()}
        if len(years) > 1:
            return column, years, sum(counted.values()) - sum(years.values())
    return None, {}, 0


def drawing(chart: Chart) -> Markup:
    """The drawing with the colours of the page's style, for a file that needs nothing else."""
    painted = re.sub(r' class="(\w+)"', lambda found: f' fill="{PAINT.get(found[1], "#2f7d66")}"', str(chart.svg))
    return Markup(painted.replace("<line ", '<line stroke="#dedbd2" '))
