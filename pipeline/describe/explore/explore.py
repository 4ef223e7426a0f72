"""`explore.html` and what it needs: SQLite compiled for the browser, which opens the release's own database.

All that changes between releases is in the page: the tables and what they are called, the checksum of the database, the
ready-made questions of metadata.yml, and the words. No other host is asked, and a Content-Security-Policy allows the
page's own files and WebAssembly, nothing else.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from pipeline.core.edtf import is_edtf
from pipeline.core.quoting import identifier
from pipeline.core.yaml_files import LOADER
from pipeline.describe.dataset import Dataset, File
from pipeline.package import about
from pipeline.package.package import Resource
from pipeline.web import dates, templates
from pipeline.web.words import LANGUAGES, NAMES, Words, catalogue

PAGE = "explore.html"
FOLDER = "explore"
OFFLINE = "offline.js"
HERE = Path(__file__).parent
SECTION = "explore."
"""The part of the catalogue of words that only this page needs."""


def write(dataset: Dataset) -> None:
    """Writes the page and its files into the folder of the release that holds the dataset, if it has a database."""
    database = next((file for file in dataset.files if file.ending == "sqlite"), None)
    if database is None or database.sha256 is None:
        return
    folder = dataset.package.folder
    (folder / FOLDER).mkdir()
    for file in sorted((HERE / "static").iterdir()):
        # A service worker governs the addresses below its own folder.
        place = folder / f"{FOLDER}-{OFFLINE}" if file.name == OFFLINE else folder / FOLDER / file.name
        place.write_bytes(file.read_bytes())
    for name in ("style.css", "pages.css"):
        (folder / FOLDER / name).write_bytes((templates.STATIC / name).read_bytes())
    template = templates.environment(HERE / "templates").get_template(PAGE)
    page = template.render(
        title=dataset.text(dataset.descriptor, "title") or dataset.package.name,
        titles=dataset.texts(dataset.descriptor, "title"),
        pages=about.page_names("index", dataset.descriptor),
        words={language: Words(language) for language in LANGUAGES},
        others={here: [(code, NAMES[code], f"#l={code}") for code in LANGUAGES if code != here] for here in LANGUAGES},
        folder=FOLDER,
        config=_for_script(_config(dataset, database)),
    )
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")


def _config(dataset: Dataset, database: File) -> dict[str, Any]:
    folder = dataset.package.folder
    stated = _stated(folder / "metadata.yml", dataset.package.stem)
    outline = next((each.paths[0] for each in dataset.package.resources if each.format == "geojson"), None)
    with closing(sqlite3.connect(f"{(folder / database.path).as_uri()}?immutable=1", uri=True)) as con:
        return {
            **_texts(dataset.descriptor, "title", "description"),
            "name": dataset.package.name,
            "version": dataset.version,
            "citation": dataset.citation(),
            "database": database.path,
            "sha256": database.sha256,
            "size": database.size,
            "outline": outline,
            "tables": [*_tables(dataset, con, stated.get("tables", {})), *_views(dataset, con)],
            "dates": _dates(dataset, con),
            "questions": [_question(name, query) for name, query in stated.get("queries", {}).items() if _sql(query)],
            "words": {language: _words(language) for language in LANGUAGES},
        }


# -- tables --------------------------------------------------------------------------------------------------------


def _tables(dataset: Dataset, con: sqlite3.Connection, stated: Mapping[str, Any]) -> list[dict[str, Any]]:
    indexes = _indexes(con)
    return [
        {
            **_texts(table.descriptor, "title", "description"),
            "name": table.stem,
            "key": table.key,
            "label": _label(table, (stated.get(table.stem) or {}).get("label_column")),
            "index": indexes.get(table.stem),
            "location": table.descriptor.get("location"),
            "fields": [
                {
                    **_texts(field, "title"),
                    "name": field["name"],
                    "type": field.get("type"),
                    "categories": {
                        str(each.get("value")): _texts(each, "label")
                        for each in field.get("categories") or []
                        if isinstance(each, dict)
                    },
                    "to": _target(dataset, table, field["name"]),
                }
                for field in table.fields
            ],
        }
        for table in dataset.package.tables
    ]


def _views(dataset: Dataset, con: sqlite3.Connection) -> list[dict[str, Any]]:
    """The views of the database, as tables whose columns have the names of fields."""
    return [
        {
            **_texts(view, "title", "description"),
            "name": view["name"],
            "view": True,
            "key": [],
            "fields": [{"name": name} for _, name, *_ in con.execute(f"PRAGMA table_info({identifier(view['name'])})")],
        }
        for view in dataset.descriptor.get("views") or []
        if view.get("query") is not None
    ]


def _indexes(con: sqlite3.Connection) -> dict[str, str]:
    """The index for searching words of each table that has one."""
    found = con.execute("SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'").fetchall()
    contents = {name: re.search(r'content="((?:[^"]|"")+)"', sql) for name, sql in found}
    return {match[1].replace('""', '"'): name for name, match in contents.items() if match}


def _label(table: Resource, stated: str | None) -> str:
    """The column that names a row, by the rule of the served pages."""
    for wanted in filter(None, (stated, "name", "title", "label")):
        for name in table.field_names:
            if wanted in (name, name.rpartition("_")[0]):
                return name
    return [*table.key, *table.field_names][0]


def _target(dataset: Dataset, table: Resource, field: str) -> list[str] | None:
    """The table and field that a field alone refers to."""
    for fields, name, there in table.foreign_keys:
        target = dataset.package.table(name)
        if fields == [field] and target is not None:
            return [target.stem, there[0]]
    return None


def _dates(dataset: Dataset, con: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """Every date of the package that people say in other words than its code, in each language."""
    found: dict[str, dict[str, str]] = {}
    for table in dataset.package.tables:
        for field in table.fields:
            if is_edtf(field):
                column = identifier(field["name"])
                for (code,) in con.execute(f"SELECT DISTINCT {column} FROM {identifier(table.stem)}"):
                    said = {str(language): dates.spoken(Words(language), str(code)) for language in LANGUAGES}
                    if code and set(said.values()) != {code}:
                        found[code] = said
    return found


# -- questions and words -------------------------------------------------------------------------------------------


def _stated(file: Path, database: str) -> Mapping[str, Any]:
    """What metadata.yml says of the database; it was judged when the release was built."""
    content = yaml.load(file.read_text(encoding="utf-8"), LOADER) if file.is_file() else None
    stated: Mapping[str, Any] = (content or {}).get("databases", {}).get(database, {})
    return stated


def _question(name: str, query: Mapping[str, Any] | str) -> dict[str, Any]:
    query = query if isinstance(query, Mapping) else {"sql": query}
    parameters = query.get("parameters", {})
    return {
        "name": name,
        **_texts(query, "title", "description"),
        "sql": _sql(query),
        "params": [{"name": each, **parameters.get(each, {})} for each in query.get("params", parameters)],
        "columns": query.get("columns", {}),
    }


def _sql(query: Mapping[str, Any] | str) -> str:
    """The query of a question; empty where it has none, which is no question."""
    return str(query.get("sql") or "") if isinstance(query, Mapping) else query


def _words(language: str) -> dict[str, str]:
    """The words of every page and those of this one, by their key without the section."""
    said = catalogue(language).items()
    return {key.removeprefix(SECTION): text for key, text in said if "." not in key.removeprefix(SECTION)}


def _texts(holder: Mapping[str, Any], *members: str) -> dict[str, Any]:
    return {key: value for key, value in holder.items() if key.partition("@")[0] in members}


def _for_script(value: Mapping[str, Any]) -> Markup:
    """JSON as the content of a script element: no text of it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
