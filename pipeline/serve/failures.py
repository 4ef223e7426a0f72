"""Answers to requests that failed inside Datasette or a page."""

from __future__ import annotations

import sqlite3
import traceback
from typing import Any

from datasette import Response
from datasette.database import QueryInterrupted
from markupsafe import Markup

from pipeline.serve.library import library_of
from pipeline.serve.pages.render import Visit
from pipeline.serve.request import Asked
from pipeline.web.words import Words


def failure(datasette: Any, request: Any, exception: Exception) -> Any:
    """A page in the reader's language, or JSON where data was asked for; None where it is not ours to answer."""
    asked: Asked | None = request.scope.get("servicebanken")
    if asked is None or asked.is_foreign:
        return None
    status = _status(exception)
    if status == 500 and (asked.shown is None or asked.shown.release.is_unchanged()):
        traceback.print_exception(exception)
    return page_error(datasette, asked, status) if asked.is_page else _as_json(exception, status)


def page_error(datasette: Any, asked: Asked, status: int, message: Any = None) -> Response:
    """The page for an error, in the language of the address or of the browser."""
    shown = asked.shown
    assert shown is not None
    site = library_of(datasette).site(shown, asked.language, asked.address.version)
    answer = site.error(status, Visit(asked.address.rest, "", asked.origin), message)
    return Response(answer.body, status=answer.status, content_type=answer.media)


def _status(exception: Exception) -> int:
    if isinstance(exception, PermissionError):
        return 403
    if isinstance(exception, QueryInterrupted) or "interrupted" in str(exception).casefold():
        return 503
    if isinstance(exception, sqlite3.OperationalError) and "fts5" in str(exception):
        return 400
    return int(getattr(exception, "status", 500))


def _as_json(exception: Exception, status: int) -> Response:
    """Datasette's own sentence, where it is one about the request."""
    said = next(iter(exception.args), None) or getattr(exception, "message", None)
    is_sentence = status in (400, 404) and isinstance(said, str) and not isinstance(said, Markup)
    sentence = said if is_sentence else Words("en").text(f"refused.{status if status in (403, 404, 503) else 500}")
    return Response.json({"ok": False, "status": status, "error": sentence, "title": None}, status=status)
