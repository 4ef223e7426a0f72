"""What Datasette is told about a release: titles, licence, sort order, facets, questions.

0.65 asks plugins for it all the time, by the hook `get_metadata`; 1.0 is told once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from pipeline.serve.metadata import metadata
from pipeline.serve.release import COUNTS, Release

CONFIGURED = frozenset(["sort", "sort_desc", "size", "facets", "facet_size", "label_column", "fts_pk", "hidden"])
"""What of a table Datasette 1.0 takes from its configuration, and not from its metadata."""

QUESTION = ("sql", "title", "description", "params", "hide_sql", "fragment")
"""What Datasette is told of a question; the rest is for pages."""

_told: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def told(datasette: Any) -> dict[str, Any]:
    """All that a Datasette has been told, in the form of a metadata.json."""
    return _told.get(datasette, {})


async def describe(datasette: Any, release: Release, name: str, file: Path | None) -> None:
    """Tells Datasette of a release whose database has a name; `file` is a metadata.yml in place of the release's."""
    content = metadata(release.package, file or release.folder / "metadata.yml")
    here = content.pop("databases").get(release.stem, {})
    tables = here["tables"] = _tables(release, here.get("tables") or {})
    here["queries"] = {key: _question(each) for key, each in (here.get("queries") or {}).items()}
    if not hasattr(datasette, "set_database_metadata"):
        before = _told.get(datasette, {})
        _told[datasette] = {**content, "databases": {**before.get("databases", {}), name: here}}
        return
    for key in ("title", "description", "license", "license_url", "source", "source_url"):
        if content.get(key) and not (await datasette.get_instance_metadata()).get(key):
            await datasette.set_instance_metadata(key, content[key])
    configured = datasette.config.setdefault("databases", {}).setdefault(name, {}).setdefault("tables", {})
    for table, about in tables.items():
        known = await datasette.get_resource_metadata(name, table)
        for key, value in about.items():
            if key in CONFIGURED:
                configured.setdefault(table, {}).setdefault(key, value)
            elif isinstance(value, str) and key not in known:
                await datasette.set_resource_metadata(name, table, key, value)
        for column, text in about.get("columns", {}).items():
            await datasette.set_column_metadata(name, table, column, "description", text)
    for key, question in here["queries"].items():
        if await datasette.get_query(name, key) is None:
            await datasette.add_query(
                name,
                key,
                question["sql"],
                title=question.get("title"),
                description=question.get("description"),
                parameters=question.get("params"),
                is_trusted=True,
            )


def _tables(release: Release, tables: dict[str, Any]) -> dict[str, Any]:
    """The tables, without what the release does not have, and with what Datasette must know of its indexes."""
    found = {name: dict(about) for name, about in tables.items() if isinstance(about, dict) and name in release.columns}
    if release.counted:
        found.setdefault(COUNTS, {})["hidden"] = True
    for name in release.searchable:
        if number := release.hidden_row_number(name):
            found.setdefault(name, {})["fts_pk"] = number
    return found


def _question(question: Any) -> dict[str, Any]:
    return (
        {key: question[key] for key in QUESTION if key in question} if isinstance(question, dict) else {"sql": question}
    )
