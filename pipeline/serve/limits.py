"""What a request may ask for at most: enough for any page, not enough to keep a server busy."""

from __future__ import annotations

from urllib.parse import unquote_plus

from pipeline.serve.answer import Answer, refusal

LONGEST_PATH = 2_000
LONGEST_QUERY = 4_000
"""Bytes of a query string, as it comes. Free SQL may be longer: see `pipeline.serve.sql`."""

LONGEST_SQL = 12_000
"""Bytes of a query string that brings SQL."""

MOST_PARAMETERS = 60
MOST_FACETS = 8

NEVER = {
    "_where": "Conditions in SQL are not taken here. The page for SQL is /-/sql.",
    "_trace": "Queries are not shown here.",
    "_searchmode": "Words are searched for as they are written; there is no other mode.",
}
"""Parameters of Datasette that are refused, with what is said."""


def refused(path: str, query: str, brings_sql: bool) -> Answer | None:
    """The refusal of a request that asks for too much, or None."""
    if len(path) > LONGEST_PATH or len(query) > (LONGEST_SQL if brings_sql else LONGEST_QUERY):
        return refusal(414, "The address is too long.")
    if "%00" in path or "%00" in query:
        return refusal(400, "The address holds a character that is none.")
    names = [unquote_plus(part.partition("=")[0]) for part in query.split("&") if part]
    if len(names) > MOST_PARAMETERS:
        return refusal(400, f"The address has more than {MOST_PARAMETERS} parameters.")
    if sum(name.startswith("_facet") and name != "_facet_size" for name in names) > MOST_FACETS:
        return refusal(400, f"More than {MOST_FACETS} facets are not counted at once.")
    return next((refusal(400, NEVER[name]) for name in names if name in NEVER), None)
