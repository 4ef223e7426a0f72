"""`explore.html` and what it needs: SQLite compiled for the browser, which opens the release's own database.

All that changes between releases is in the page: names, the checksum of the database, the ready-made questions of
metadata.yml and the words. Tables, fields and codes are read by the browser from `datapackage.json`. No other host is
asked, and a Content-Security-Policy allows the page's own files and WebAssembly, nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from pipeline.core.edtf import is_edtf
from pipeline.core.quoting import identifier
from pipeline.describe.dataset import Dataset
from pipeline.package import about
from pipeline.table.relation import connect, raw
from pipeline.web import dates, templates
from pipeline.web.words import LANGUAGES, Words, catalogue

PAGE = "explore.html"
FOLDER = "explore"
OFFLINE = "explore-offline.js"
HERE = Path(__file__).parent
SECTION = "explore."
"""The part of the catalogue of words that the page has with it."""


def write(dataset: Dataset) -> None:
    """Writes the page and its files into the folder of the release that holds the dataset, if it has a database."""
    database = next((file for file in dataset.files if file.ending == "sqlite"), None)
    if database is None or database.sha256 is None:
        return
    folder = dataset.package.folder
    (folder / FOLDER).mkdir()
    for file in sorted((HERE / "static").iterdir()):
        place = folder / OFFLINE if file.name == "offline.js" else folder / FOLDER / file.name
        place.write_bytes(file.read_bytes())
    template = templates.environment(HERE / "templates").get_template(PAGE)
    words = {language: catalogue(language) for language in LANGUAGES}
    page = template.render(
        title=dataset.text(dataset.descriptor, "title") or dataset.package.name,
        words=words,
        section=SECTION,
        folder=FOLDER,
        config=_for_script(_config(dataset, database.path, database.sha256)),
    )
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")


def _config(dataset: Dataset, database: str, sha256: str) -> dict[str, Any]:
    stated = _stated(dataset.package.folder / "metadata.yml", dataset.package.stem)
    return {
        **_texts(dataset.descriptor, "title", "description"),
        "name": dataset.package.name,
        "version": dataset.version,
        "citation": dataset.citation(),
        "database": database,
        "sha256": sha256,
        "pages": about.page_names("index", dataset.descriptor),
        "labels": {
            name: table["label_column"]
            for name, table in stated.get("tables", {}).items()
            if isinstance(table, dict) and "label_column" in table
        },
        "dates": _dates(dataset),
        "questions": [_question(name, query) for name, query in stated.get("queries", {}).items() if _sql(query)],
        "words": {
            language: {
                key.removeprefix(SECTION): text for key, text in catalogue(language).items() if key.startswith(SECTION)
            }
            for language in LANGUAGES
        },
    }


def _dates(dataset: Dataset) -> dict[str, dict[str, str]]:
    """Every date of the package that people say in other words than its code, in each language."""
    found: dict[str, dict[str, str]] = {}
    for code in _codes(dataset):
        said = {str(language): dates.spoken(Words(language), code) for language in LANGUAGES}
        if set(said.values()) != {code}:
            found[code] = said
    return found


def _codes(dataset: Dataset) -> list[str]:
    """The distinct texts of all fields that hold EDTF dates."""
    found: set[str] = set()
    with connect() as con:
        for table in dataset.package.tables:
            columns = [identifier(field["name"]) for field in table.fields if is_edtf(field)]
            if columns:
                relation = raw(con, dataset.package, table, f"dates of {table.name}")
                for column in columns:
                    found |= {text for (text,) in con.execute(f"SELECT DISTINCT {column} FROM {relation}").fetchall()}
    return sorted(found - {"", None})


def _stated(file: Path, database: str) -> Mapping[str, Any]:
    """What metadata.yml says of the database; it was judged when the release was built."""
    content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
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


def _texts(holder: Mapping[str, Any], *members: str) -> dict[str, Any]:
    return {key: value for key, value in holder.items() if key.partition("@")[0] in members}


def _for_script(value: Mapping[str, Any]) -> Markup:
    """JSON as the content of a script element: no text of it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
