"""Several sources, one table: each cell is taken from the best-ranked document that states it.

Documents are ordered by rank, then by source name, then as source.yml lists them. `traces` keeps every statement:
whether it was taken, which documents agree with it, and which say something else.
"""

from __future__ import annotations

from pipeline.assemble.columns import (
    CITED,
    FROM,
    INFERRED,
    ROW,
    SNAPSHOT,
    cells_of,
    figure_or_text,
    followers_of,
    key_of,
    merged_relation,
    sql_list,
    stated_relation,
)
from pipeline.core.quoting import identifier, literal
from pipeline.package.package import Resource
from pipeline.table import duckdb

CREATE_TRACES = """
CREATE TABLE traces (
    "table" VARCHAR, key VARCHAR, field VARCHAR, "order" INTEGER, value VARCHAR, document VARCHAR,
    precedence INTEGER, inferred BOOLEAN, taken BOOLEAN, "position" INTEGER, file VARCHAR, row INTEGER,
    snapshot VARCHAR
)
"""

INSERT_TRACES = """
INSERT INTO traces
WITH cell AS (
    SELECT {key} AS key, "\tfield" AS field, "\tvalue" AS value, {cited} AS document,
           "\tprecedence" AS precedence,
           coalesce(list_contains(string_split({inferred}, ' '), "\tfield"), false) AS inferred,
           "{file}" AS file, "{row}" AS row, "{snapshot}" AS snapshot
    FROM (UNPIVOT {stated} ON {fields} INTO NAME "\tfield" VALUE "\tvalue")
    JOIN precedence ON "\tcited" = {cited}
), judged AS (
    SELECT *, {same} = first_value({same}) OVER best AS taken
    FROM cell
    WINDOW best AS (PARTITION BY key, field ORDER BY precedence)
)
SELECT {table}, key, field, list_position({order}, field), value, document, precedence, inferred, taken,
       row_number() OVER (PARTITION BY key, field, taken ORDER BY precedence), file, row, snapshot
FROM judged
"""

DROP_FOLLOWERS = """
UPDATE {stated} AS s
SET {emptied}
FROM (
    SELECT {keys}, arg_min({comparable}, "\tprecedence") FILTER ({followed} IS NOT NULL) AS "\ttaken"
    FROM {stated}
    JOIN precedence ON "\tcited" = {cited}
    GROUP BY {keys}
) AS t
WHERE {same_key} AND {comparable_s} IS DISTINCT FROM t."\ttaken"
"""

CREATE_MERGED = """
CREATE TABLE {merged} AS
SELECT {columns}
FROM {stated}
JOIN precedence ON "\tcited" = {cited}
GROUP BY {keys}
"""

SET_INFERRED = """
UPDATE {merged} AS m
SET {inferred} = t.names
FROM (
    SELECT key, string_agg(field, ' ' ORDER BY "order") AS names
    FROM (
        SELECT key, field, "order"
        FROM traces
        WHERE "table" = {table} AND taken AND "position" = 1 AND inferred
        UNION ALL
        SELECT {key} AS key, "\tpart", 0
        FROM (SELECT *, unnest({parts}) AS "\tpart" FROM {stated})
        GROUP BY ALL
        HAVING bool_and(coalesce(list_contains(string_split({inferred}, ' '), "\tpart"), false))
    )
    GROUP BY key
) AS t
WHERE {key} = t.key
"""

TRACE_INFERRED = """
INSERT INTO traces
SELECT {table}, {key}, '{inferred}', 0, min(m.{inferred}), arg_min(s.{cited}, "\tprecedence"), 1, true, true, 1,
       NULL, NULL, NULL
FROM {merged} AS m
JOIN {stated} AS s USING ({keys})
JOIN precedence ON "\tcited" = s.{cited}
WHERE m.{inferred} IS NOT NULL
GROUP BY {keys}
"""

TRACE_CITED = """
INSERT INTO traces
SELECT {table}, {key}, '{cited}', 0, {cited}, {cited}, 1, false, true, 1, NULL, NULL, NULL
FROM {merged}
"""


def drop_followers(con: duckdb.DuckDBPyConnection, table: Resource) -> None:
    """Leaves out cells that belong to a value which was not taken.

    A field that `follows` another says something of the other's value, such as its unit or the date when it held: it
    is taken from documents that state the value taken, never from one that states another.
    """
    for followed, followers in followers_of(table).items():
        column = identifier(followed)
        con.execute(
            DROP_FOLLOWERS.format(
                stated=stated_relation(table),
                emptied=", ".join(f"{identifier(name)} = NULL" for name in followers),
                keys=", ".join(identifier(name) for name in table.key),
                comparable=figure_or_text(column),
                comparable_s=figure_or_text(f"s.{column}"),
                followed=column,
                cited=CITED,
                same_key=" AND ".join(f"s.{identifier(name)} = t.{identifier(name)}" for name in table.key),
            )
        )


def sql_names(table: Resource) -> dict[str, str]:
    """What the statements above call the table, its relations and its columns."""
    return {
        "stated": stated_relation(table),
        "merged": merged_relation(table),
        "table": literal(table.name),
        "key": key_of(table),
        "keys": ", ".join(identifier(name) for name in table.key),
        "parts": sql_list(table.key),
        "cited": CITED,
        "inferred": INFERRED,
        "file": FROM,
        "row": ROW,
        "snapshot": SNAPSHOT,
    }


def merge(con: duckdb.DuckDBPyConnection, table: Resource) -> None:
    names = sql_names(table)
    columns = [_merged_column(name, table) for name in table.field_names]
    con.execute(CREATE_MERGED.format(columns=", ".join(columns), **names))
    cells = cells_of(table)
    if cells:
        fields = ", ".join(identifier(name) for name in cells)
        con.execute(INSERT_TRACES.format(fields=fields, order=sql_list(cells), same=_comparable(table), **names))
    if INFERRED in table.field_names:
        con.execute(SET_INFERRED.format(**names))
        con.execute(TRACE_INFERRED.format(**names))
    if CITED in table.field_names and CITED not in table.key:
        con.execute(TRACE_CITED.format(**names))


def _merged_column(name: str, table: Resource) -> str:
    column = identifier(name)
    if name in table.key:
        return f"{column} AS {column}"
    if name == INFERRED:
        return f"CAST(NULL AS VARCHAR) AS {column}"
    return f'arg_min({column}, "\tprecedence") FILTER ({column} IS NOT NULL) AS {column}'


def _comparable(table: Resource) -> str:
    """The form in which two sources' values are compared: figures as figures (60 and 60.0 agree), the rest as text."""
    figures = [
        literal(field["name"])
        for field in table.fields
        if field.get("type") in ("integer", "number") and field["name"] in cells_of(table)
    ]
    if not figures:
        return "value"
    return f"CASE WHEN field IN ({', '.join(figures)}) THEN {figure_or_text('value')} ELSE value END"
