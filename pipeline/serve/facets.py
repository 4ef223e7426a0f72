"""Facets of a whole table for programs, counted when the release was made and not for every answer.

Datasette counts them each time. Here the statement with which it does is answered from the release's own counts, and
all else, the shape of the answer too, is Datasette's.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from datasette.facets import ColumnFacet
from datasette.utils import escape_sqlite

from pipeline.serve.release import COUNTS

COUNTING = re.compile(
    r"\s*select (?P<column>.+?) as value, count\(\*\) as count from \((?P<rows>.*)\)"
    r"\s*where .* limit (?P<limit>\d+)\s*",
    re.DOTALL,
)
"""Datasette's statement (`datasette.facets.ColumnFacet.facet_results`), the same in 0.65 and in 1.0."""

COUNTED = f"""
SELECT "value" AS value, "count" AS count FROM {COUNTS}
WHERE "table" = :table AND "column" = :column AND "value" IS NOT NULL
ORDER BY "count" DESC, "value" LIMIT :limit
"""


class _Known:
    """A Datasette that knows the counts of a whole table."""

    def __init__(self, datasette: Any, table: str, columns: list[str]) -> None:
        self._datasette = datasette
        self._table = table
        self._columns = {escape_sqlite(column): column for column in columns}
        self._whole = re.compile(rf"\s*select .* from {re.escape(escape_sqlite(table))}\s*", re.DOTALL)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datasette, name)

    async def execute(self, database: str, sql: str, params: Any = None, **options: Any) -> Any:
        """The rows of a statement."""
        asked = COUNTING.fullmatch(sql)
        if asked and asked["column"] in self._columns and self._whole.fullmatch(asked["rows"]):
            column, limit = self._columns[asked["column"]], int(asked["limit"])
            told = {"table": self._table, "column": column, "limit": limit}
            try:
                found = await self._datasette.execute(database, COUNTED, told, log_sql_errors=False, **options)
            except sqlite3.OperationalError:  # a release that an earlier program made has no counts
                found = ()
            if len(found):
                return found
        return await self._datasette.execute(database, sql, params, **options)


_counted_now = ColumnFacet.facet_results


async def _facet_results(facet: Any) -> Any:
    if not facet.table:
        return await _counted_now(facet)
    told = [each["config"] for each in facet.get_configs()]
    datasette = facet.ds
    facet.ds = _Known(datasette, facet.table, [each.get("column") or each["simple"] for each in told])
    try:
        return await _counted_now(facet)
    finally:
        facet.ds = datasette


ColumnFacet.facet_results = _facet_results
