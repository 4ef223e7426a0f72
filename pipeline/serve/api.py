"""`/openapi.json`: the description of the API of a release."""

from __future__ import annotations

import json
from typing import Any

from datasette import Response

from pipeline.serve.addresses import prefix
from pipeline.serve.library import library_of
from pipeline.serve.metadata import metadata
from pipeline.serve.openapi import description
from pipeline.serve.request import Asked


async def openapi(request: Any, datasette: Any) -> Any:
    """The description, in English."""
    asked: Asked = request.scope["servicebanken"]
    library = library_of(datasette)
    assert asked.shown is not None
    release = asked.shown.release
    file = library.options.metadata or release.folder / "metadata.yml"
    questions = metadata(release.package, file, "en")["databases"].get(release.stem, {}).get("queries") or {}
    begin = library.path(prefix(asked.address.version, None)).rstrip("/")
    told = description(release.package, release.version, begin, questions)
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return Response(text, content_type="application/json; charset=utf-8")
