"""What each source holds, in numbers."""

from __future__ import annotations

from typing import Any

from pipeline.assemble.collected import collected
from pipeline.assemble.sheet import read
from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.source.project import Project
from pipeline.source.source import read_all


def summary(project: Project) -> list[dict[str, Any]]:
    """For each source: its name, publisher, licence, rank, documents, rows, rows per table, and newest snapshot.

    `snapshot` is the day (UTC) of the source's newest accepted snapshot, or None for a source that has none.
    """
    if not project.has_sources:
        raise CannotRun(
            Problem(
                Kind.NO_PROJECT,
                "has no folder sources/: its tables are finished, not assembled",
                "Add sources/<publisher>/source.yml, or run `servicebanken build` as it is.",
                file=str(project.root),
            )
        )
    summaries = []
    for source in read_all(project.sources, project.root):
        tables = {path.stem: len(read(path, str(path.relative_to(project.root))).rows) for path in source.tables}
        found = collected([source], project.root)
        for (_, table), sheets in found.sheets.items():
            tables[table] = tables.get(table, 0) + sum(len(sheet.rows) for sheet in sheets)
        summaries.append(
            {
                "source": source.name,
                "publisher": source.publisher,
                "licence": source.licence,
                "rank": source.rank,
                "documents": len(source.documents),
                "rows": sum(tables.values()),
                "tables": tables,
                "snapshot": max(filter(None, found.accessed.values()), default=None),
            }
        )
    return summaries
