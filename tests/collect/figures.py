"""A project whose one source takes several requests: figures from Kolada, in pages."""

from __future__ import annotations

import time
from pathlib import Path

from pipeline.source.project import Project
from tests.collect.servers import Asked, Reply
from tests.collect.servers.kolada import Kolada
from tests.projects import field, project, put, table

TOWNS = {f"{2400 + number}": f"Town {number}" for number in range(12)}
YEARS = range(2020, 2025)
PAGES = 6
"""Pages of figures, in one fetch of all of them."""

REQUESTS = PAGES + 1
"""And what Kolada says of the key figure."""

SOURCE = """\
publisher: Kolada
licence: CC0-1.0
rank: 5
documents:
  - id: figures
    url: https://example.org/figures
fetch:
  - id: figures
    reader: kolada
    url: {address}/v3
    document: figures
    cadence: 30
    ask: {{kpis: [N1], municipalities: [{towns}]}}
    tables:
      figures:
        from: data
        columns: {{municipality: municipality, period: period, value: value}}
    limits: {{per_second: 1000, seconds: 5}}
    expect:
      figures: {{least: 60, most: 60, keeps: [municipality, period]}}
"""


class Slow(Kolada):
    """Takes its time, so that there is a moment in the middle."""

    seconds = 0.0

    def answer(self, asked: Asked) -> Reply:
        time.sleep(self.seconds)
        return super().answer(asked)

    def publish(self, more: int) -> None:
        """Replaces every figure, and says so of the key figure."""
        self.period = str(2024 + more)
        self.figures = {key: value + 1 for key, value in self.figures.items()}


def kolada(seconds: float = 0.0) -> Slow:
    """A server with a figure for each town and year."""
    figures = {("N1", town, year): 100 + number for number, town in enumerate(TOWNS) for year in YEARS}
    made = Slow({"N1": "Figure"}, TOWNS, figures, per_page=10)
    made.seconds = seconds
    return made


def figures(folder: Path, address: str) -> Project:
    """A project that collects the figures of that server."""
    fields = [field("municipality"), field("period"), field("value", "number")]
    made = project(folder, [table("figures", fields, ["municipality", "period"])], {})
    towns = ", ".join(f'"{town}"' for town in TOWNS)
    put(folder, {"sources/kolada/source.yml": SOURCE.format(address=address, towns=towns)})
    return made
