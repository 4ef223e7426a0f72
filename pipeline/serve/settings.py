"""How Datasette is set up for a release that anybody may read."""

from __future__ import annotations

SETTINGS: dict[str, int | bool | str] = {
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "num_sql_threads": 3,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 1000,
    "suggest_facets": False,
    "default_facet_size": 30,
    "truncate_cells_html": 300,
    "allow_download": False,
    "default_allow_sql": False,
    "max_csv_mb": 0,
    "default_cache_ttl": 300,
}
"""Datasette's settings.

Suggested facets are the slowest part of a page and free SQL the most dangerous; canned queries run without it. The
database is downloaded as a file of the release, and a CSV of a filter is never cut: Datasette would end it with a
sentence and status 200.
"""
