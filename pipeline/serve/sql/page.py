"""The page for SQL, `/sv/-/sql`: a query of the reader's own, run in a process of its own; the same as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from datasette import Response

from pipeline.serve.pages.render import Visit
from pipeline.serve.request import Asked
from pipeline.serve.sql import limits
from pipeline.serve.sql.process import Refused, Rows, ask
from pipeline.web.words import Words

SHAPES = ("objects", "arrays", "array", "arrayfirst", "object")
"""What `_shape` can be, as Datasette has it; `object` needs a key, which a query has not."""


async def page(request: Any) -> Any:
    """The page, from sql.html, which gets `sql`, `columns`, `rows`, `truncated`, `asked`, `error`, `limits`."""
    asked: Asked = request.scope["servicebanken"]
    sql, answer, refused = await _answer(request, asked)
    context = {
        "sql": sql,
        "columns": answer.columns if answer else [],
        "rows": answer.rows if answer else [],
        "truncated": bool(answer and answer.truncated),
        "asked": answer is not None,
        "error": str(refused) if refused else None,
        "limits": {"rows": limits.ROWS, "seconds": limits.SECONDS, "characters": limits.LONGEST},
    }
    text = asked.site.page("sql.html", Visit(asked.address.rest, asked.query, asked.origin), **context)
    return Response.html(text, status=refused.status if refused else 200, headers=_headers(refused))


async def data(request: Any) -> Any:
    """The rows of `?sql=` as JSON, in the shapes that Datasette has, or as CSV."""
    sql, answer, refused = await _answer(request, request.scope["servicebanken"])
    shape = request.args.get("_shape") or "objects"
    if refused is None and not sql:
        refused = Refused(400, Words("en").text("refused.no_sql"))
    elif refused is None and shape not in SHAPES[:-1]:
        refused = Refused(400, Words("en").text("refused.value", name="_shape", value=shape[:60]))
    if refused is not None or answer is None:
        return _refusal(refused)
    headers = {"x-truncated": "true"} if answer.truncated else {}
    if request.url_vars["format"] == "csv":
        return Response(_csv(answer), headers=headers, content_type="text/csv; charset=utf-8")
    return _json(answer, shape, bool(request.args.get("_nl")), headers)


async def _answer(request: Any, asked: Asked) -> tuple[str, Rows | None, Refused | None]:
    """What is asked, its rows, and why there are none."""
    sql = request.args.get("sql", "").strip().rstrip(";")
    parameters = {name: request.args[name] for name in request.args if name != "sql" and not name.startswith("_")}
    if not sql:
        return sql, None, None
    try:
        return sql, await ask(asked.release.database, sql, parameters), None
    except Refused as refused:
        return sql, None, refused


def _headers(refused: Refused | None) -> dict[str, str]:
    return {"retry-after": str(refused.retry)} if refused and refused.retry else {}


def _refusal(refused: Refused | None) -> Response:
    told = refused or Refused(500, Words("en").text("refused.500"))
    body = {"ok": False, "status": told.status, "error": str(told), "title": None}
    return Response.json(body, status=told.status, headers=_headers(told))


def _json(answer: Rows, shape: str, lines: bool, headers: dict[str, str]) -> Response:
    objects = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    if shape == "array" and lines:
        text = "\n".join(json.dumps(each, ensure_ascii=False) for each in objects)
        return Response(text, headers=headers, content_type="text/plain; charset=utf-8")
    if shape == "array":
        return Response.json(objects, headers=headers)
    if shape == "arrayfirst":
        return Response.json([row[0] for row in answer.rows], headers=headers)
    rows = objects if shape == "objects" else answer.rows
    return Response.json(
        {"ok": True, "columns": answer.columns, "rows": rows, "truncated": answer.truncated}, headers=headers
    )


def _csv(answer: Rows) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)
    return text.getvalue()
