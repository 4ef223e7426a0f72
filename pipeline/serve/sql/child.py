"""The process that runs one query: a question as JSON comes in, an answer as JSON goes out, and it ends.

in:   {"database": path, "sql": text, "parameters": {name: text}}
out:  {"columns": [name], "rows": [[value]], "truncated": bool}   or   {"error": sentence, "status": number}
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import time
from typing import Any
from urllib.parse import quote

from pipeline.serve.sql import limits

TOO_LONG = f"The query took longer than {limits.SECONDS:g} seconds and was stopped."
TOO_MUCH = "The query needs more memory than a query may use."


def main() -> None:
    """Answers the question on standard input."""
    _confine()
    question = json.load(sys.stdin)
    try:
        answer = answered(question["database"], question["sql"], question["parameters"])
    except MemoryError:
        answer = {"error": TOO_MUCH, "status": 400}
    with contextlib.suppress(BrokenPipeError):
        json.dump(answer, sys.stdout, ensure_ascii=True)
        sys.stdout.flush()
    os._exit(0)


def _confine() -> None:
    """Gives up what a query does not need, for good; only Unix lets a process do that."""
    import resource

    for what, most in (
        (resource.RLIMIT_AS, limits.MEMORY),
        (resource.RLIMIT_CPU, limits.PROCESSOR_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(limits.NICENESS)


def answered(database: str, sql: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The rows that a query has, or the sentence why it has none."""
    con = _connected(database)
    try:
        cursor = con.execute(sql, parameters)
        if cursor.description is None:
            return {"error": "This is not a query.", "status": 400}
        rows, truncated = _taken(cursor)
        return {"columns": [column[0] for column in cursor.description], "rows": rows, "truncated": truncated}
    except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
        if str(error) == "interrupted" and time.process_time() < limits.AT_WORK:  # it waited for the processor
            return {"error": "", "status": 429}
        return {"error": _sentence(str(error)), "status": 400}
    finally:
        con.close()


def _connected(database: str) -> sqlite3.Connection:
    con = sqlite3.connect(f"file:{quote(database)}?mode=ro&immutable=1", uri=True, isolation_level=None)
    con.text_factory = lambda data: data.decode("utf-8", "replace")
    con.executescript(
        f"PRAGMA hard_heap_limit = {limits.HEAP}; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; "
        "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON"
    )
    for name, most in limits.LIMITS.items():
        con.setlimit(name, most)
    _open_virtual_tables(con)
    end, wall = time.process_time() + limits.SECONDS, time.monotonic() + limits.WALL_SECONDS
    con.set_progress_handler(lambda: time.process_time() > end or time.monotonic() > wall, limits.STEPS)
    con.set_authorizer(limits.authorized)
    return con


def _open_virtual_tables(con: sqlite3.Connection) -> None:
    """Lets virtual tables declare their columns, which the authorizer would take for the making of a table."""
    made = con.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'")
    names = [str(name).replace('"', '""') for (name,) in made]
    functions = [f"pragma_{name}('x')" for name in limits.PRAGMAS if name != "data_version"]
    for source in (*(f'"{name}"' for name in names), *functions, "json_each('[]')", "json_tree('[]')"):
        with contextlib.suppress(sqlite3.Error):
            con.execute(f"SELECT 1 FROM {source} LIMIT 0").fetchall()


def _taken(cursor: sqlite3.Cursor) -> tuple[list[list[Any]], bool]:
    """The rows that an answer has room for, and whether there are more."""
    rows: list[list[Any]] = []
    room = limits.ANSWER
    for row in cursor:
        values = [_as_json(value) for value in row]
        room -= sum(len(value) if isinstance(value, str) else 8 for value in values)
        if len(rows) == limits.ROWS or room < 0:
            return rows, True
        rows.append(values)
    return rows, False


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"x'{value[:1000].hex()}'"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return value


def _sentence(said: str) -> str:
    """What SQLite said, for a reader."""
    if said == "interrupted":
        return TOO_LONG
    if said == "not authorized" or "prohibited" in said:
        return f"SQLite refused: {said}. A query may read tables and call common functions."
    if "too big" in said or "out of memory" in said:
        return f"{TOO_MUCH} ({said})"
    return f"SQLite refused: {said.rstrip('.')}."
