"""The pages for people, in the place of Datasette's own; data (`.json`, `.csv`) stays with Datasette."""

from __future__ import annotations

import re
import sqlite3
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import Response, hookimpl
from datasette.database import QueryInterrupted
from datasette.utils import tilde_decode

from pipeline.serve.pages.of import site_of, visit_of
from pipeline.serve.pages.views import Answer, Site

NAME = re.compile(r"[^A-Za-z0-9._-]+")
"""What the name of a file does without."""


View = Callable[..., Answer]


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    """The addresses of the pages of the release that the instance serves; none where its database is no release's."""
    site = site_of(datasette)
    if site is None:
        return []
    return [(pattern, _view(datasette, site, view)) for pattern, view in site.routes()]


@hookimpl
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """A page in the reader's language for what went wrong, where a page was asked for."""
    site = site_of(datasette)
    if site is None or not _is_page(request):
        return None
    status = getattr(exception, "status", 500)
    if status == 500:
        traceback.print_exception(exception)
    return _response(site.error(status, visit_of(request)))


@hookimpl
def forbidden(datasette: Any, request: Any) -> Any:
    """The same for what is not allowed; as data where data was asked for."""
    site = site_of(datasette)
    if site is None:
        return None
    if _is_page(request):
        return _response(site.error(403, visit_of(request)))
    return Response.json({"ok": False, "error": str(site.dataset.words("error_403")), "status": 403}, status=403)


def _view(datasette: Any, site: Site, view: View) -> Callable[[Any], Awaitable[Response]]:
    """The view as a route: it runs on a thread of the database's, with a connection."""

    async def answer(request: Any) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response.text("Method not allowed", status=405)
        visit = visit_of(request)
        arguments = _arguments(request.url_vars)

        def run(con: sqlite3.Connection) -> Answer:
            return view(con, visit, *arguments)

        try:
            return _response(await datasette.get_database(site.dataset.name).execute_fn(run))
        except (QueryInterrupted, sqlite3.OperationalError) as error:
            if "interrupted" not in str(error) and not isinstance(error, QueryInterrupted):
                raise
            return _response(site.error(503, visit))

    return answer


def _arguments(named: dict[str, str]) -> list[Any]:
    """The table of an address, and the parts of its key."""
    arguments: list[Any] = [tilde_decode(named["table"])] if "table" in named else []
    if "key" in named:
        arguments.append([tilde_decode(part) for part in named["key"].split(",")])
    if "ending" in named:
        arguments.append(named["ending"])
    return arguments


def _response(answer: Answer) -> Response:
    if answer.location is not None:
        return Response.redirect(answer.location)
    headers = {}
    if answer.name is not None:
        headers["content-disposition"] = f'attachment; filename="{NAME.sub("_", answer.name)}"'
    return Response(answer.body, status=answer.status, headers=headers, content_type=answer.media)


def _is_page(request: Any) -> bool:
    return "." not in str(request.path).rpartition("/")[2]
