"""The pages that belong to a Datasette, and the visit that a request of it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.package.package import DESCRIPTOR
from pipeline.serve.instance import CONFIGURATION
from pipeline.serve.pages.links import Links
from pipeline.serve.pages.reading import read
from pipeline.serve.pages.render import Place, Visit
from pipeline.serve.pages.views import Site


def site_of(datasette: Any) -> Site | None:
    """The release beside the instance's database; read once, and kept on the instance."""
    kept = getattr(datasette, "_pages", None)
    if kept is None:
        kept = datasette._pages = (_read(datasette),)
    return kept[0]


def _read(datasette: Any) -> Site | None:
    paths = [Path(database.path) for database in datasette.databases.values() if database.path]
    folder = next((path.parent for path in paths if (path.parent / DESCRIPTOR).is_file()), None)
    if folder is None:
        return None
    told = datasette.plugin_config(CONFIGURATION)
    dataset = read(folder, told["language"])
    place = Place(
        told["language"],
        Links(told["site"], told["root"], told["files"], told["assets"], dataset.name),
        told["languages"],
        told["releases"],
        told["latest"],
    )
    return Site(dataset, place, int(datasette.setting("sql_time_limit_ms")))


def visit_of(request: Any) -> Visit:
    """What a request asks for."""
    return Visit(request.path, request.query_string, f"{request.scheme}://{request.host}")
