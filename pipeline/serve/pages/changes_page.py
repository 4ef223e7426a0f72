"""Two releases compared: what was added, removed and corrected from one to the other."""

from __future__ import annotations

import sqlite3
from typing import Any
from urllib.parse import parse_qs

from pipeline.package.history import names
from pipeline.serve.pages.cells import Cells
from pipeline.serve.pages.evidence import about_cells, change

MOST = 500
"""Differences that the page shows; the table of changes has all."""


def context(con: sqlite3.Connection, cells: Cells, query: str) -> dict[str, Any] | None:
    """What the template needs: from the release before the latest to the latest unless the address says others."""
    called = names(cells.dataset.package)
    table = cells.dataset.tables.get(called.changes)
    if table is None:
        return None
    releases = [
        str(version) for (version,) in con.execute(called.sql("SELECT version FROM {releases} ORDER BY number"))
    ]
    told = parse_qs(query)
    after = told.get("to", [releases[-1]])[0]
    before = told.get("from", [releases[max(0, releases.index(after) - 1)] if after in releases else ""])[0]
    if before not in releases or after not in releases:
        return None
    between = releases[releases.index(before) + 1 : releases.index(after) + 1]
    marks = ", ".join("?" for _ in between)
    rows = con.execute(
        called.sql(f"SELECT * FROM {{changes}} WHERE release IN ({marks}) ORDER BY line LIMIT {MOST + 1}"), between
    ).fetchall()
    shown = about_cells(con, cells, table.columns, rows[:MOST])
    lines = [
        {name: shown[name][at] for name in ("table", "key", "field", "old", "new")}
        | {"release": row["release"], "change": change(cells, row["change"])}
        for at, row in enumerate(rows[:MOST])
    ]
    return {
        "releases": releases[::-1],
        "before": before,
        "after": after,
        "lines": lines,
        "has_more": len(rows) > MOST,
        "all_changes": table.name,
    }
