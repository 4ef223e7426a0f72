"""The addresses that are ours, and what answers at each."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from datasette import NotFound, Response
from datasette.database import QueryInterrupted
from datasette.utils import tilde_decode

from pipeline.serve import notices
from pipeline.serve.addresses import LANGUAGES, VERSION_TEXT
from pipeline.serve.answer import POLICY
from pipeline.serve.failures import page_error
from pipeline.serve.files import send_below
from pipeline.serve.openapi import openapi
from pipeline.serve.pages.render import Visit
from pipeline.serve.pages.views import Answer
from pipeline.serve.request import Asked
from pipeline.serve.sql import page as sql
from pipeline.web.templates import STATIC

FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
"""What the name of a file does without."""

VERSION = rf"(?:/(?P<version>{VERSION_TEXT}))?"
PAGE = rf"^{VERSION}/(?P<language>{'|'.join(LANGUAGES)})"
PART = r"[^/.]+"


async def _page(request: Any, datasette: Any) -> Any:
    """A page, file of rows or chart: run on a thread of the database's, with a connection."""
    asked: Asked = request.scope["servicebanken"]
    site = asked.site
    assert asked.shown is not None
    found = next(
        ((view, match) for route, view in site.routes() if (match := re.match(route, asked.address.rest))), None
    )
    if found is None:
        raise NotFound("There is no such page")
    view, match = found
    visit = Visit(asked.address.rest, asked.query, asked.origin)
    arguments = [_argument(name, text) for name, text in match.groupdict().items()]

    def run(con: sqlite3.Connection) -> Answer:
        return view(con, visit, *arguments)

    try:
        return _response(await datasette.get_database(asked.shown.name).execute_fn(run))
    except (QueryInterrupted, sqlite3.OperationalError) as error:
        if "interrupted" not in str(error) and not isinstance(error, QueryInterrupted):
            raise
        return page_error(asked, 503)


def _argument(name: str, text: str) -> Any:
    """The table of an address, the parts of a key, or an extension."""
    if name == "key":
        return [tilde_decode(part) for part in text.split(",")]
    return text if name == "ending" else tilde_decode(text)


def _response(answer: Answer) -> Response:
    if answer.location is not None:
        return Response.redirect(answer.location)
    headers = {}
    if answer.name is not None:
        headers["content-disposition"] = f'attachment; filename="{FILE_NAME.sub("_", answer.name)}"'
    if answer.may_be_framed:
        headers["content-security-policy"] = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    return Response(answer.body, status=answer.status, headers=headers, content_type=answer.media)


async def _file(scope: Any, send: Any) -> None:
    """A file of a release."""
    asked: Asked = scope["servicebanken"]
    await send_below(asked.release.folder, scope["url_route"]["kwargs"]["path"], scope, send)


async def _asset(scope: Any, send: Any) -> None:
    """A style sheet, script or picture; its address has a digest of all, so that it may be kept for ever."""
    await send_below(STATIC, scope["url_route"]["kwargs"]["path"], scope, send)


ROUTES: list[tuple[str, Any]] = [
    (rf"{PAGE}/-/sql$", sql.page),
    (rf"{PAGE}/feed\.xml$", notices.feed),
    (rf"{PAGE}/.*$", _page),
    (rf"^{VERSION}/{PART}/{PART}/-/(rows|chart)\.[a-z]+$", _page),
    (rf"^{VERSION}/-/sql\.(?P<format>json|csv)$", sql.data),
    (rf"^{VERSION}/openapi\.json$", openapi),
    (rf"^{VERSION}/files/(?P<path>.*)$", _file),
    (r"^/-/assets/[^/]+/(?P<path>.*)$", _asset),
    (r"^/robots\.txt$", notices.robots),
    (r"^/sitemap\.xml$", notices.sitemap),
    (r"^/\.well-known/security\.txt$", notices.security),
]
"""Regular expressions over the path, and what answers, for the release and language that the shield has found."""
