"""In the answers of queries: a cell of the column `record`, such as `solutions/moskosel`, links to that row."""

from __future__ import annotations

from typing import Any

from datasette import hookimpl
from datasette.utils import tilde_encode
from markupsafe import Markup

COLUMN = "record"


@hookimpl
def render_cell(value: Any, column: str, database: str, datasette: Any) -> Markup | None:
    """The link, or None for every other cell."""
    if column != COLUMN or not isinstance(value, str) or "/" not in value:
        return None
    table, _, key = value.partition("/")
    path = ",".join(tilde_encode(part) for part in key.split(","))
    return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, table, path), key)
