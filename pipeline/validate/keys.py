"""Keys as SQL on typed values: unique fields, primary, unique and foreign keys, found on the row where frictionless
reports them.

A key's relation has the columns `row` and k1 … kn, its values in DuckDB's types; a cell that is missing or invalid is
NULL, as it is None for frictionless.
"""

from __future__ import annotations

from pipeline.table import duckdb

REPEATED = """
SELECT row, before
FROM (
    SELECT row, lag(row) OVER (PARTITION BY {parts} ORDER BY row) AS before
    FROM {relation}
    WHERE {present}
)
WHERE before IS NOT NULL
ORDER BY row
LIMIT {limit}
"""

ASCENDS = """
SELECT count(*) <= 1 + count(*) FILTER (WHERE key > before)
FROM (SELECT {key} AS key, lag({key}) OVER () AS before FROM {relation} WHERE {present})
"""
"""Whether each key is greater than the one before: then none is repeated, in whatever order DuckDB takes the rows."""

HAS_REPEATED = "SELECT count(*) <> count(DISTINCT {key}) FROM {relation} WHERE {present}"


def repeated(
    con: duckdb.DuckDBPyConnection, relation: str, parts: list[str], *, whole: bool, limit: int
) -> dict[int, int]:
    """The first `limit` rows whose key stands in an earlier row, and the last such row.

    `whole`: a row with any part missing is exempt (unique keys); otherwise only one with all parts missing is
    (primary keys, as frictionless has it).
    """
    present = f" {'AND' if whole else 'OR'} ".join(f"{part} IS NOT NULL" for part in parts)
    names = ", ".join(parts)
    key = f"row({names})" if len(parts) > 1 else names
    ascends, has_repeated = (
        query.format(key=key, relation=relation, present=present) for query in (ASCENDS, HAS_REPEATED)
    )
    if con.execute(ascends).fetchall()[0][0] or not con.execute(has_repeated).fetchall()[0][0]:
        return {}
    found = con.execute(REPEATED.format(parts=names, relation=relation, present=present, limit=limit)).fetchall()
    return dict(found)


MISSING = "SELECT row FROM {relation} WHERE {missing} ORDER BY row LIMIT {limit}"


def missing(con: duckdb.DuckDBPyConnection, relation: str, parts: list[str], *, every: bool, limit: int) -> list[int]:
    """The first `limit` rows in which every part of the key is missing, or else some but not all are."""
    all_parts = " AND ".join(f"{part} IS NULL" for part in parts)
    some = " OR ".join(f"{part} IS NULL" for part in parts)
    condition = all_parts if every else f"({some}) AND NOT ({all_parts})"
    query = MISSING.format(relation=relation, missing=condition, limit=limit)
    return [row for (row,) in con.execute(query).fetchall()]


HAS_UNMATCHED = """
SELECT 1
FROM (SELECT DISTINCT {parts} FROM {relation} AS child WHERE {present}) AS child
WHERE NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE {same})
LIMIT 1
"""

UNMATCHED = """
SELECT row
FROM {relation} AS child
WHERE ({present}) AND NOT EXISTS (
    SELECT 1 FROM {parent} AS parent WHERE {same}
)
ORDER BY row
LIMIT {limit}
"""


def unmatched(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    parts: list[str],
    parent: str,
    parent_parts: list[str],
    limit: int,
) -> list[int]:
    """The first `limit` rows whose key no row of `parent` has; a row with all parts missing is exempt."""
    present = " OR ".join(f"child.{part} IS NOT NULL" for part in parts)
    if len(parts) == 1:
        same = f"parent.{parent_parts[0]} = child.{parts[0]}"
    else:
        pairs = zip(parts, parent_parts, strict=True)
        same = " AND ".join(f"parent.{there} IS NOT DISTINCT FROM child.{here}" for here, there in pairs)
    terms = {"relation": relation, "parts": ", ".join(parts), "parent": parent, "present": present, "same": same}
    if not con.execute(HAS_UNMATCHED.format(**terms)).fetchall():
        return []
    return [row for (row,) in con.execute(UNMATCHED.format(**terms, limit=limit)).fetchall()]
