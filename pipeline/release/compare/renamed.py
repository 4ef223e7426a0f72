"""Fields and tables that look renamed: gone under one name, and there under another with the same contents.

Nobody says that something was renamed, so this is a guess that is worded as one. It is large step either way; a good
guess spares the reader a field removed, a field added, and every row's values.
"""

from __future__ import annotations

from pipeline.core.quoting import identifier
from pipeline.package.package import Resource
from pipeline.table import duckdb

ALIKE = 0.9
"""The share of values that must be the same under both names."""

PAIRS = 400
"""Pairs of fields of one table that are looked at."""

BY_KEY = "SELECT {counts} FROM {old} AS o JOIN {new} AS n ON {same_key}"

BY_VALUE = """
SELECT (SELECT count(*) FROM (SELECT {one} FROM {old} INTERSECT ALL SELECT {two} FROM {new})),
       greatest((SELECT count(*) FROM {old}), (SELECT count(*) FROM {new}))
"""


def renamed_tables(gone: list[Resource], come: list[Resource]) -> dict[str, str]:
    """Tables of the same fields and key, each the only one of its kind on both sides: old name to new."""
    pairs = [(old, new) for old in gone for new in come if _form(old) == _form(new)]
    olds, news = [old.name for old, _ in pairs], [new.name for _, new in pairs]
    return {old.name: new.name for old, new in pairs if olds.count(old.name) == 1 and news.count(new.name) == 1}


def _form(table: Resource) -> tuple[object, ...]:
    return tuple((field["name"], field.get("type", "string")) for field in table.fields), tuple(table.key)


def renamed_fields(
    con: duckdb.DuckDBPyConnection, old: Resource, new: Resource, old_rows: str, new_rows: str
) -> dict[str, str]:
    """Fields with another name and, row by row, nearly the same values: old name to new.

    Rows are matched by the primary key. Where it is the key that has another name, or there is none, the field must
    stand in the same place and hold the same values all in all.
    """
    pairs = [
        (one["name"], two["name"])
        for one in old.fields
        for two in new.fields
        if one["name"] not in new.field_names and two["name"] not in old.field_names and _alike(one, two)
    ][:PAIRS]
    if not pairs:
        return {}
    if old.key and old.key == new.key:
        shares = _shares_by_key(con, pairs, old.key, old_rows, new_rows)
    else:
        pairs = [(one, two) for one, two in pairs if old.field_names.index(one) == new.field_names.index(two)]
        shares = [_share(con, one, two, old_rows, new_rows) for one, two in pairs]
    renamed: dict[str, str] = {}
    for share, (one, two) in sorted(zip(shares, pairs, strict=True), key=lambda found: -found[0]):
        if share >= ALIKE and one not in renamed and two not in renamed.values():
            renamed[one] = two
    return renamed


def _alike(one: dict[str, object], two: dict[str, object]) -> bool:
    return all(one.get(part) == two.get(part) for part in ("type", "format", "unit"))


def _shares_by_key(
    con: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]], key: list[str], old_rows: str, new_rows: str
) -> list[float]:
    counts = [
        f"count(*) FILTER (o.{one} <> '' AND o.{one} = n.{two}), count(*) FILTER (o.{one} <> '' OR n.{two} <> '')"
        for one, two in ((identifier(one), identifier(two)) for one, two in pairs)
    ]
    same_key = " AND ".join(f"o.{identifier(name)} = n.{identifier(name)}" for name in key)
    query = BY_KEY.format(counts=", ".join(counts), old=old_rows, new=new_rows, same_key=same_key)
    found = con.execute(query).fetchall()[0]
    return [same / filled if filled else 0.0 for same, filled in zip(found[::2], found[1::2], strict=True)]


def _share(con: duckdb.DuckDBPyConnection, one: str, two: str, old_rows: str, new_rows: str) -> float:
    query = BY_VALUE.format(one=identifier(one), two=identifier(two), old=old_rows, new=new_rows)
    same, rows = con.execute(query).fetchall()[0]
    return same / rows if rows else 0.0
