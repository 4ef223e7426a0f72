"""What each source holds, in numbers."""

from __future__ import annotations

from typing import Any

from pipeline.assemble.sheet import read
from pipeline.errors import CannotRun, Kind, Problem
from pipeline.project import Project
from pipeline.sources import read_all


def summary(project: Project) -> list[dict[str, Any]]:
    """For each source: its name, publisher, licence, rank, documents, rows, rows per table, and newest snapshot.

    `snapshot` is the date (UTC) in the name of the newest file in the source's `snapshots/`, or None for a source
    that is not fetched.
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
        snapshots = sorted(path.name for path in (source.folder / "snapshots").glob("*"))
        summaries.append(
            {
                "source": source.name,
                "publisher": source.publisher,
                "licence": source.licence,
                "rank": source.rank,
                "documents": len(source.documents),
                "rows": sum(tables.values()),
                "tables": tables,
                "snapshot": snapshots[-1] if snapshots else None,
            }
        )
    return summaries
