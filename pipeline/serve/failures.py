"""Answers to requests that failed inside Datasette or a page."""

from __future__ import annotations

import re
import sqlite3
import traceback
from typing import Any

from datasette import Response
from datasette.database import QueryInterrupted
from datasette.views.base import DatasetteError
from markupsafe import Markup

from pipeline.serve.pages.render import Visit
from pipeline.serve.request import Asked
from pipeline.web.words import Words


def failure(request: Any, exception: Exception) -> Any:
    """A page in the reader's language, or JSON where data was asked for; None where it is not ours to answer."""
    asked: Asked | None = request.scope.get("servicebanken")
    if asked is None or asked.is_foreign:
        return None
    status = _status(exception)
    if status == 500 and asked.release.is_unchanged():
        traceback.print_exception(exception)
    return page_error(asked, status) if asked.is_page else _as_json(exception, status)


def page_error(asked: Asked, status: int, sentence: str | None = None, **values: Any) -> Response:
    """The page for an error, in the language of the address or of the browser; of the latest release where the one
    that is asked for is not there."""
    shown, version = asked.shown, asked.address.version
    site = asked.library.site(shown or asked.library.latest, asked.language, version if shown else None)
    message = site.dataset.words(sentence, **values) if sentence else None
    answer = site.error(status, Visit(asked.address.rest, "", asked.origin), message)
    return Response(answer.body, status=answer.status, content_type=answer.media)


def _status(exception: Exception) -> int:
    if isinstance(exception, PermissionError):
        return 403
    if isinstance(exception, QueryInterrupted) or "interrupted" in str(exception).casefold():
        return 503
    if isinstance(exception, sqlite3.OperationalError) and re.search("fts5|malformed JSON", str(exception)):
        return 400
    status = int(getattr(exception, "status", 500))
    # Datasette says so of what a request asks for, such as an order by `rowid`, and forgets the status.
    return 400 if isinstance(exception, DatasetteError) and status == 500 else status


def _as_json(exception: Exception, status: int) -> Response:
    """Datasette's own sentence, where it is one about the request."""
    said = next(iter(exception.args), None) or getattr(exception, "message", None)
    is_sentence = status in (400, 404) and isinstance(said, str) and not isinstance(said, Markup)
    sentence = said if is_sentence else Words("en").text(f"refused.{status if status in (403, 404, 503) else 500}")
    return Response.json({"ok": False, "status": status, "error": sentence, "title": None}, status=status)
