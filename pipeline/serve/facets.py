"""Facets of a whole table for programs, counted when the release was made and not for every answer.

Only the counting is ours: the shape of the answer, labels and links are those of Datasette's own class.
"""

from __future__ import annotations

from typing import Any

from datasette.facets import ArrayFacet, ColumnFacet, DateFacet
from datasette.utils import escape_sqlite

from pipeline.serve.library import library_of
from pipeline.serve.release import COUNTS

COUNTED = f"""
SELECT "value" AS value, "count" AS count FROM {COUNTS}
WHERE "table" = :table AND "column" = :column AND "value" IS NOT NULL
ORDER BY "count" DESC, "value" LIMIT :limit
"""


class CountedFacet(ColumnFacet):  # type: ignore[misc]  # Datasette has no types
    """Datasette's facet of a column, with the counts of the release where they are those of the whole table."""

    async def facet_results(self) -> Any:
        """The facets, and the names of those that took too long, as Datasette has them."""
        shown = library_of(self.ds).named(self.database)
        counted = shown.release.counted.get(self.table, frozenset()) if shown and self.table else frozenset()
        if not counted or not self.sql.rstrip().endswith(f"from {escape_sqlite(self.table)}"):
            return await super().facet_results()
        found: list[Any] = []
        late: list[Any] = []
        for config in self.get_configs():
            facet = _OneFacet(self, config, counted)
            results, timed_out = await facet.facet_results()
            found += results
            late += timed_out
        return found, late


class _OneFacet(ColumnFacet):  # type: ignore[misc]
    """A facet of one column, whose counting a Datasette does that knows the counts."""

    def __init__(self, facet: CountedFacet, config: Any, counted: frozenset[str]) -> None:
        super().__init__(facet.ds, facet.request, facet.database, facet.sql, facet.table, facet.params)
        self._configs = [config]
        column = config["config"].get("column") or config["config"].get("simple")
        if column in counted:
            values = {"table": facet.table, "column": column, "limit": facet.get_facet_size() + 1}
            self.ds = _Counted(facet.ds, values)

    def get_configs(self) -> Any:
        """The one column."""
        return self._configs


class _Counted:
    """A Datasette whose statements all read the counts of one column."""

    def __init__(self, datasette: Any, values: dict[str, Any]) -> None:
        self._datasette = datasette
        self._values = values

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datasette, name)

    async def execute(self, database: str, sql: str, params: Any = None, **options: Any) -> Any:  # noqa: ARG002
        """The counts, in place of what the statement would count."""
        return await self._datasette.execute(database, COUNTED, self._values, **options)


def facet_classes() -> list[Any]:
    """The kinds of facets that there are."""
    return [CountedFacet, DateFacet, ArrayFacet]
