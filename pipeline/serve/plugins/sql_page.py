"""The page for SQL, `/-/sql`: a query of the reader's own, run in a process of its own; the same as JSON and CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from datasette import Response, hookimpl

from pipeline.serve.gate import Busy
from pipeline.serve.pages.of import site_of, visit_of
from pipeline.serve.sql import limits
from pipeline.serve.sql.process import Refused, Rows, ask

RETRY = {"retry-after": "3"}
TOO_MANY = "Too many ask at the moment. Ask again in a few seconds."


@hookimpl
def register_routes() -> list[tuple[str, Any]]:
    """`/-/sql`, `/-/sql.json` and `/-/sql.csv`."""
    return [(r"^/-/sql(\.(?P<format>json|csv))?$", page)]


async def page(request: Any, datasette: Any) -> Any:
    """The answer to `?sql=`; `:name` in it stands for the parameter of that name."""
    sql = request.args.get("sql", "").strip().rstrip(";")
    parameters = {name: request.args[name] for name in request.args if name != "sql" and not name.startswith("_")}
    answer: Rows | None = None
    status, error, headers = 200, None, {}
    try:
        if sql:
            answer = await ask(_database(datasette), sql, parameters)
    except Refused as refused:
        status, error = refused.status, str(refused)
    except Busy:
        status, error, headers = 429, TOO_MANY, RETRY
    form = request.url_vars["format"]
    if form is None:
        return await _shown(request, datasette, sql, answer, error, status, headers)
    if answer is None:
        told = {"ok": False, "status": status if error else 400, "error": error or "There is no `sql` to run."}
        return Response.json(told, status=told["status"], headers=headers)
    return _as_json(request, answer) if form == "json" else _as_csv(answer)


def _database(datasette: Any) -> Path:
    return next(Path(each.path) for each in datasette.databases.values() if each.path and not each.is_memory)


async def _shown(
    request: Any, datasette: Any, sql: str, answer: Rows | None, error: str | None, status: int, headers: dict[str, str]
) -> Any:
    """The page, from sql.html, which gets `sql`, `columns`, `rows`, `truncated`, `error`, `limits`."""
    context = {
        "sql": sql,
        "columns": answer.columns if answer else [],
        "rows": answer.rows if answer else [],
        "truncated": bool(answer and answer.truncated),
        "asked": answer is not None,
        "error": error,
        "limits": {"rows": limits.ROWS, "seconds": limits.SECONDS, "characters": limits.LONGEST},
    }
    pages = site_of(datasette)
    if pages is None:
        return Response.text("There are no pages of this database.", status=404)
    text = pages.page("sql.html", visit_of(request), **context)
    return Response.html(text, status=status, headers=headers)


def _as_json(request: Any, answer: Rows) -> Any:
    """The rows as objects, as `_shape=array` of a table has them; more of the same where that is not asked for."""
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    headers = {"x-truncated": "true"} if answer.truncated else {}
    if request.args.get("_shape") == "array":
        return Response.json(rows, headers=headers)
    return Response.json({"ok": True, "columns": answer.columns, "rows": rows, "truncated": answer.truncated})


def _as_csv(answer: Rows) -> Any:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)
    headers = {"x-truncated": "true"} if answer.truncated else {}
    return Response(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)
