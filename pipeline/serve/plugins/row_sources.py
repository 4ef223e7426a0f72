"""On a row's page: the document that states each value, and where sources disagree."""

from __future__ import annotations

from typing import Any

from datasette import hookimpl
from datasette.utils import urlsafe_components

SOURCES = """
SELECT p.field, p.position, p.inferred, d.id, d.publisher, d.url, coalesce(d.title, '') AS title
FROM provenance AS p
JOIN documents AS d ON d.id = p.document
WHERE p."table" = :table AND p.key = :key
ORDER BY p.rowid
"""

DISAGREEMENTS = """
SELECT s.field, s.value_taken, s.value_not_taken, d.id, d.publisher, d.url
FROM discrepancies AS s
JOIN documents AS d ON d.id = s.document_not_taken
WHERE s."table" = :table AND s.key = :key
ORDER BY s.rowid
"""


@hookimpl
def extra_template_vars(view_name: str, request: Any, datasette: Any, database: str, table: str) -> Any:
    """`row_sources` and `row_disagreements` for row.html; empty where the release has no provenance."""
    if view_name != "row":
        return {}

    async def find() -> dict[str, Any]:
        source = datasette.get_database(database)
        names = {"provenance", "documents", "discrepancies"}
        if not names <= set(await source.table_names()):
            return {}
        parameters = {"table": table, "key": "|".join(urlsafe_components(request.url_vars["pks"]))}
        return {
            "row_sources": (await source.execute(SOURCES, parameters)).rows,
            "row_disagreements": (await source.execute(DISAGREEMENTS, parameters)).rows,
        }

    return find
