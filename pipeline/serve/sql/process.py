"""A query asked of a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.serve.gate import Gate
from pipeline.serve.priority import at_low_priority, stand_back
from pipeline.serve.sql import limits
from pipeline.serve.sql.child import TOO_BUSY, TOO_MUCH

ROOT = Path(__file__).parents[3]
"""The folder that `pipeline` is in: all that the process imports besides Python's own library."""

GRACE = 0.6
"""Seconds that a process may take beyond the time of its query, to start and to send."""

SOON = 0.8
"""Seconds after which a query of low priority has the lowest: with that from the start, short ones would hardly begin
where the processors have enough to do."""

APART = 0.5
"""Seconds for which a query has its place at least: to start a process costs more than most queries do."""

GATE = Gate(2, 8)
"""Queries that run at one time in a process of the server, and those that wait. More are refused."""

_running: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class Rows:
    """The answer to a query; `truncated` where there are more rows than were sent."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool


class Refused(Exception):
    """A query that has no answer: a status of HTTP and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def ask(database: Path, sql: str, parameters: dict[str, str]) -> Rows:
    """The rows of a query. Raises Refused where it has none, and gate.Busy where too many ask."""
    if len(sql) > limits.LONGEST:
        raise Refused(414, f"The query is longer than {limits.LONGEST} characters.")
    question = json.dumps({"database": str(database), "sql": sql, "parameters": parameters}).encode()
    told = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(_run(question, told))
    _running.add(running)
    running.add_done_callback(_running.discard)
    answer = await told
    if "error" in answer:
        raise Refused(answer["status"], answer["error"])
    return Rows(answer["columns"], answer["rows"], answer["truncated"])


async def _run(question: bytes, told: asyncio.Future[dict[str, Any]]) -> None:
    """Tells the answer when it is there, and gives up its place no sooner than others may have one."""
    try:
        async with GATE.passed():
            apart = asyncio.create_task(asyncio.sleep(APART))
            told.set_result(await _answer(question))
            await apart
    except Exception as error:
        if told.done():
            raise
        told.set_exception(error)


async def _answer(question: bytes) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *at_low_priority(),
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pipeline.serve.sql.child import main; main()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
        limit=2**20,
    )
    standing_back = asyncio.get_running_loop().call_later(SOON, stand_back, process.pid)
    try:
        async with asyncio.timeout(limits.SECONDS + GRACE):
            out, _ = await process.communicate(question)
    except TimeoutError:
        return {"error": TOO_BUSY, "status": 429}  # had it worked, it would have stopped itself, or the kernel it
    finally:
        standing_back.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:  # it was ended from without, by a limit
        return {"error": TOO_MUCH, "status": 400}
    return answer
