"""What the relations and columns are called in which a table's rows are gathered and merged.

Two columns have a meaning of their own. `document` in a source's CSV cites the document of the row; a table that has
such a field gets the best document of the row. `inferred` names the columns of the row whose value was concluded, not
read; a table that has such a field gets the names of its inferred cells.
"""

from __future__ import annotations

from pipeline.core.quoting import identifier, literal
from pipeline.package.package import Resource

DOCUMENTS, PROVENANCE, DISCREPANCIES = "documents", "provenance", "discrepancies"
CITED, INFERRED = "document", "inferred"

FROM, ROW, SOURCE, SNAPSHOT = "\tfile", "\trow", "\tsource", "\tsnapshot"
"""Where a row was stated. Names with a tab cannot clash with a field's."""


def columns_of(table: Resource) -> list[str]:
    return list(dict.fromkeys([*table.field_names, CITED, INFERRED]))


def stated_relation(table: Resource) -> str:
    return identifier(f"stated {table.stem}")


def merged_relation(table: Resource) -> str:
    return identifier(f"merged {table.stem}")


def key_of(table: Resource) -> str:
    """The key as one text, joined by | as in provenance.csv; NULL when a part is missing."""
    return " || '|' || ".join(identifier(name) for name in table.key) or "NULL"


def sql_list(fields: list[str]) -> str:
    """The names of fields as an SQL list of texts."""
    return f"[{', '.join(literal(name) for name in fields)}]"


def cells_of(table: Resource) -> list[str]:
    """The fields that sources state: all but the key and the two columns with a meaning of their own."""
    return [name for name in table.field_names if name not in (*table.key, CITED, INFERRED)]


def followers_of(table: Resource) -> dict[str, list[str]]:
    """The fields that say something of another field's value, by that field."""
    followers: dict[str, list[str]] = {}
    for field in table.fields:
        if field.get("follows") in cells_of(table) and field["name"] in cells_of(table):
            followers.setdefault(field["follows"], []).append(field["name"])
    return followers


def figure_or_text(column: str) -> str:
    """A figure in one form; beyond 15 signs a double would lose digits, and the text itself is compared."""
    figure = f"CASE WHEN length({column}) <= 15 THEN TRY_CAST({column} AS DOUBLE) END"
    return f"coalesce(CAST({figure} AS VARCHAR), {column})"
