"""`/openapi.json`: the description of the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datasette import Response, hookimpl

from pipeline.package.package import DESCRIPTOR, load
from pipeline.serve.instance import CONFIGURATION
from pipeline.serve.metadata import metadata
from pipeline.serve.openapi import description
from pipeline.serve.places import parse


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """The one address."""

    async def answer() -> Any:
        folder = next(
            Path(database.path).parent
            for database in datasette.databases.values()
            if database.path and (Path(database.path).parent / DESCRIPTOR).is_file()
        )
        package = load(folder)
        told = datasette.plugin_config(CONFIGURATION)
        questions = metadata(package, folder / "metadata.yml", told["language"])["databases"][package.stem]
        version = parse(told["root"]).version
        return Response.json(description(package, told, version, questions.get("queries", {})))

    return [(r"^/openapi\.json$", answer)]
