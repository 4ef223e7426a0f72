"""A release whose every text wants to break out of its page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from pipeline import build
from pipeline.core.progress import Progress
from pipeline.describe import read
from pipeline.describe.page import write
from pipeline.source.project import find
from tests.describe.page.test_origins import DISCREPANCIES, DOCUMENTS
from tests.projects import field, package, put, table

HOSTILE = '"><script>document.title="broken"</script><img src=x onerror=alert(1)> ]]> --> \u202eeno\u200b {{ 7 * 7 }}'
LINK = "javascript:alert(1)"


def hostile(folder: Path) -> Path:
    """The release, with its pages made anew once it says what changed."""
    codes = [{"value": "a", "label": HOSTILE}, {"value": "b", "label": f"{HOSTILE} 2"}]
    texts: dict[str, Any] = {"title": HOSTILE, "description": HOSTILE}
    tables = [
        table(
            "t",
            [
                field(HOSTILE, unit=HOSTILE, example=HOSTILE, constraints={"maxLength": 500}, **texts),
                field("kind", categories=codes),
                field("name"),
                field("lat", "number"),
                field("lon", "number"),
            ],
            location=["lat", "lon"],
            **texts,
        ),
        table("documents", [field(name) for name in DOCUMENTS], ["id"]),
        table("discrepancies", [field(name) for name in DISCREPANCIES]),
    ]
    charts = [
        {"name": "kinds", "table": "t", "field": "kind", **texts},
        {"name": "names", "table": "t", "field": "name", "by": "kind", **texts},
        {"name": "map", "type": "map", "table": "t", **texts},
        {
            "name": "columns",
            "type": "columns",
            "query": f"SELECT name AS label, 1 AS value, '{HOSTILE}' AS series FROM t",
            **texts,
        },
    ]
    files = {
        "t.csv": _csv(
            [HOSTILE, "kind", "name", "lat", "lon"], [HOSTILE, "a", HOSTILE, "59", "17"], ["", "b", "", "", ""]
        ),
        "documents.csv": _csv(DOCUMENTS, ["a", HOSTILE, HOSTILE, LINK, HOSTILE]),
        "discrepancies.csv": _csv(DISCREPANCIES, [HOSTILE, HOSTILE, HOSTILE, HOSTILE, "a", HOSTILE, "a"]),
    }
    package(
        folder,
        tables,
        files,
        charts=charts,
        keywords=[HOSTILE],
        contributors=[{"title": HOSTILE, "path": LINK, "roles": [HOSTILE, "creator"]}],
        sources=[{"title": HOSTILE, "path": 'https://x.example/"><script>'}, {"path": LINK}],
        licenses=[{"title": HOSTILE, "path": LINK}],
        homepage=LINK,
        version="1.0.0",
        created="2026-01-31T00:00:00Z",
        languages=["en", "sv"],
        spatial=[{"title": HOSTILE}],
        **texts,
    )
    release = build.release(find(folder), Progress(), major=True).folder
    changes = {"old": {"version": HOSTILE}, "changes": [{"table": HOSTILE, "en": HOSTILE, "sv": HOSTILE}]}
    put(release, {"changes.json": json.dumps(changes)})
    write(read(release))
    return release


def _csv(*rows: list[str]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()
