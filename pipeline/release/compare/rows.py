"""Which rows of a table were added, removed or changed: by primary key, or as multisets of whole rows.

Everything happens in DuckDB, which spills to disk what does not fit into the memory that the comparison may have. Each
table is read once and joined once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.core.quoting import identifier, literal
from pipeline.package.package import Resource
from pipeline.release.compare.change import ADDED, CHANGED, LOST, REMOVED, Row
from pipeline.release.compare.values import differ
from pipeline.table import duckdb

BATCH = 10_000
"""Rows that are in Python's hands at a time."""

BY_KEY = f"""
CREATE OR REPLACE TABLE {{target}} AS
SELECT CASE WHEN o."\told" IS NULL THEN '{ADDED}' WHEN n."\tnew" IS NULL THEN '{REMOVED}'
            WHEN {{differs}} THEN '{CHANGED}' ELSE '{LOST}' END AS change,
       1 AS times, {{cells}}
FROM (SELECT *, true AS "\told" FROM {{old}}) AS o
FULL JOIN (SELECT *, true AS "\tnew" FROM {{new}}) AS n ON {{same_key}}
WHERE o."\told" IS NULL OR n."\tnew" IS NULL OR {{differs}} OR {{loses}}
"""

BY_ROW = f"""
SELECT CASE WHEN balance > 0 THEN '{ADDED}' ELSE '{REMOVED}' END AS change,
       abs(balance) AS times, {{cells}}
FROM (
    SELECT {{names}}, sum(side) AS balance
    FROM (SELECT {{old_fields}}, -1 AS side FROM {{old}} UNION ALL SELECT {{new_fields}}, 1 AS side FROM {{new}})
    WHERE hash({{names}}) % {{parts}} = {{part}}
    GROUP BY {{names}}
    HAVING sum(side) <> 0
)
"""

ROWS_AT_A_TIME = 4_000_000
"""Whole rows that are grouped at a time: DuckDB holds more than its limit while it groups long ones."""

NOT_UNIQUE = "SELECT 1 FROM {rows} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"


@dataclass(frozen=True)
class Sides:
    """A table before and now, with its rows in two relations of text; `renamed` are fields by their old names."""

    old: Resource
    new: Resource
    old_rows: str
    new_rows: str
    renamed: Mapping[str, str]

    @property
    def shared(self) -> list[tuple[str, str]]:
        """The fields that both have, as (old name, new name), in the new order."""
        before = {self.renamed.get(name, name): name for name in self.old.field_names}
        return [(before[name], name) for name in self.new.field_names if name in before]

    @property
    def key(self) -> list[tuple[str, str]]:
        """The primary key, as (old name, new name), where both have the same one; else empty."""
        key = [(name, self.renamed.get(name, name)) for name in self.old.key]
        return key if key and [name for _, name in key] == self.new.key else []


@dataclass(frozen=True)
class RowChanges:
    """The rows of a table that differ, in the relation `relation`, and how many in each way.

    `key` are the names of the primary key's fields, empty where rows were compared whole.
    """

    table: str
    key: tuple[str, ...]
    old_fields: tuple[str, ...]
    new_fields: tuple[str, ...]
    shared: tuple[tuple[str, str], ...]
    relation: str
    added: int
    removed: int
    changed: int
    lost: int

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.lost)

    @property
    def gone(self) -> list[str]:
        """The fields that were removed."""
        kept = {old for old, _ in self.shared}
        return [name for name in self.old_fields if name not in kept]


def row_changes(
    con: duckdb.DuckDBPyConnection, sides: Sides, target: str, tolerance: float | None = None
) -> RowChanges | None:
    """Compares the rows of a table and keeps those that differ in the new relation `target`.

    None where the two have no field in common. A key that is not unique on one side tells no rows apart: then, as
    without a key, rows are compared whole, and exactly.
    """
    if not sides.shared:
        return None
    key = sides.key
    if (
        key
        and _is_unique(con, sides.old_rows, [name for name, _ in key])
        and _is_unique(con, sides.new_rows, sides.new.key)
    ):
        con.execute(_by_key(sides, key, target, tolerance))
        fields = (tuple(sides.old.field_names), tuple(sides.new.field_names))
        names = tuple(sides.new.key)
    else:
        _by_row(con, sides, target)
        fields = (tuple(old for old, _ in sides.shared), tuple(new for _, new in sides.shared))
        names = ()
    counted = con.execute(f"SELECT change, sum(times)::BIGINT FROM {target} GROUP BY change").fetchall()
    counts = dict(counted)
    return RowChanges(
        sides.new.name,
        names,
        *fields,
        tuple(sides.shared),
        target,
        counts.get(ADDED, 0),
        counts.get(REMOVED, 0),
        counts.get(CHANGED, 0),
        counts.get(LOST, 0),
    )


def _is_unique(con: duckdb.DuckDBPyConnection, rows: str, key: list[str]) -> bool:
    return not con.execute(NOT_UNIQUE.format(rows=rows, key=", ".join(map(identifier, key)))).fetchall()


def _by_key(sides: Sides, key: list[tuple[str, str]], target: str, tolerance: float | None) -> str:
    before = {field["name"]: field for field in sides.old.fields}
    now = {field["name"]: field for field in sides.new.fields}
    compared = [pair for pair in sides.shared if pair not in key]
    conditions = [
        differ(f"o.{identifier(old)}", f"n.{identifier(new)}", before[old], now[new], tolerance)
        for old, new in compared
    ]
    kept = {old for old, _ in sides.shared}
    lost = [f"o.{identifier(name)} <> ''" for name in sides.old.field_names if name not in kept]
    cells = [f"o.{identifier(name)} AS {_old(place)}" for place, name in enumerate(sides.old.field_names)]
    cells += [f"n.{identifier(name)} AS {_new(place)}" for place, name in enumerate(sides.new.field_names)]
    marks = dict(zip(compared, conditions, strict=True))
    cells += [f"{marks.get(pair, 'false')} AS {_mark(place)}" for place, pair in enumerate(sides.shared)]
    return BY_KEY.format(
        target=target,
        cells=", ".join(cells),
        old=sides.old_rows,
        new=sides.new_rows,
        same_key=" AND ".join(f"o.{identifier(old)} = n.{identifier(new)}" for old, new in key),
        differs=f"({' OR '.join(conditions) or 'false'})",
        loses=f"({' OR '.join(lost) or 'false'})",
    )


def _by_row(con: duckdb.DuckDBPyConnection, sides: Sides, target: str) -> None:
    """Fills `target` part by part; rows that are the same have the same hash, so they are in the same part."""
    counts = [con.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0] for rows in (sides.old_rows, sides.new_rows)]
    parts = 1 + sum(counts) // ROWS_AT_A_TIME
    con.execute(f"CREATE OR REPLACE TABLE {target} AS {_part(sides, 0, parts)}")
    for part in range(1, parts):
        con.execute(f"INSERT INTO {target} {_part(sides, part, parts)}")


def _part(sides: Sides, part: int, parts: int) -> str:
    places = range(len(sides.shared))
    return BY_ROW.format(
        part=part,
        parts=parts,
        cells=", ".join(f"c{place} AS {side(place)}" for side in (_old, _new) for place in places),
        names=", ".join(f"c{place}" for place in places),
        old=sides.old_rows,
        new=sides.new_rows,
        old_fields=", ".join(f"{identifier(old)} AS c{place}" for place, (old, _) in enumerate(sides.shared)),
        new_fields=", ".join(f"{identifier(new)} AS c{place}" for place, (_, new) in enumerate(sides.shared)),
    )


def _old(place: int) -> str:
    return f"o{place}"


def _new(place: int) -> str:
    return f"n{place}"


def _mark(place: int) -> str:
    return f"d{place}"


# -- the rows, one by one ------------------------------------------------------------------------------------------


def rows(
    con: duckdb.DuckDBPyConnection, found: RowChanges, change: str | None = None, limit: int | None = None
) -> Iterator[Row]:
    """The rows that differ, by key, or those that differ whole by their cells; at most `limit`, of one `change`."""
    where = f" WHERE change = {literal(change)}" if change else ""
    most = f" LIMIT {limit}" if limit is not None else ""
    cursor = con.cursor()
    cursor.execute(f"SELECT * FROM {found.relation}{where} ORDER BY {_order(found)}{most}")
    sent = 0
    while batch := cursor.fetchmany(BATCH):
        for values in batch:
            row = _row(found, values)
            for _ in range(values[1]):
                if sent == limit:
                    return
                yield row
                sent += 1


def _order(found: RowChanges) -> str:
    """By key, whole numbers in their order; rows compared whole by their cells."""
    names = found.key or found.new_fields
    before = {new: old for old, new in found.shared}
    terms = []
    for name in names:
        cell = f"coalesce({_new(found.new_fields.index(name))}, {_old(found.old_fields.index(before[name]))})"
        terms += [f"TRY_CAST({cell} AS DOUBLE)", cell] if found.key else [cell]
    return ", ".join([*terms, "change"])


def _row(found: RowChanges, values: tuple[object, ...]) -> Row:
    change = str(values[0])
    middle = 2 + len(found.old_fields)
    end = middle + len(found.new_fields)
    old = dict(zip(found.old_fields, map(_text, values[2:middle]), strict=True))
    new = dict(zip(found.new_fields, map(_text, values[middle:end]), strict=True))
    before = {name: was for was, name in found.shared}
    if change == ADDED:
        return Row(change, tuple(new[name] for name in found.key), {}, new)
    if change == REMOVED:
        return Row(change, tuple(old[before[name]] for name in found.key), old, {})
    differing = [pair for pair, mark in zip(found.shared, values[end:], strict=True) if mark]
    lost = {name: old[name] for name in found.gone if old[name]}
    return Row(
        change,
        tuple(new[name] for name in found.key),
        {now: old[was] for was, now in differing} | lost,
        {now: new[now] for _, now in differing},
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)
