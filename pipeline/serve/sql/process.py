"""A query asked of a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from pipeline.serve.sql import limits
from pipeline.serve.sql.child import TOO_LONG, TOO_MUCH
from pipeline.web.words import Words

ROOT = Path(__file__).parents[3]
"""The folder that `pipeline` is in: all that the process imports besides Python's own library."""

GRACE = 0.6
"""Seconds that a process may take beyond the time of its query, to start and to send."""

AT_ONCE = 2
WAITING = 8
"""Queries that run at one time in a process of the server, and those that wait. More are refused."""

RETRY_SECONDS = (2, 5, 15, 40)
"""What a client is told to wait that is refused, by how many were refused in a row."""


@dataclass(frozen=True)
class Rows:
    """The answer to a query; `truncated` where there are more rows than were sent."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool


class Refused(Exception):
    """A query that has no answer: a status of HTTP, a sentence, and seconds after which to ask again, or 0."""

    def __init__(self, status: int, sentence: str, retry: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry = retry


class _Queue:
    """Who runs and who waits, in one event loop."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(AT_ONCE)
        self.inside = 0
        self.refused = 0


_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()


ONLY_UNIX = (
    "This system cannot confine a process, so SQL is off. Ask in explore.html of the release, or on Linux or macOS."
)


async def ask(database: Path, sql: str, parameters: dict[str, str]) -> Rows:
    """The rows of a query. Raises Refused where it has none."""
    if os.name != "posix":
        raise Refused(501, ONLY_UNIX)
    if len(sql) > limits.LONGEST:
        raise Refused(414, f"The query is longer than {limits.LONGEST} characters.")
    queue = _queues.setdefault(asyncio.get_running_loop(), _Queue())
    if queue.inside >= AT_ONCE + WAITING:
        raise _busy(queue)
    queue.inside += 1
    try:
        async with queue.places:
            question = json.dumps({"database": str(database), "sql": sql, "parameters": parameters}).encode()
            answer = await _answer(question)
    finally:
        queue.inside -= 1
    if answer.get("status") == 429:
        raise _busy(queue)
    queue.refused = 0
    if "error" in answer:
        raise Refused(answer["status"], answer["error"])
    return Rows(answer["columns"], answer["rows"], answer["truncated"])


def _busy(queue: _Queue) -> Refused:
    seconds = RETRY_SECONDS[min(queue.refused // 4, len(RETRY_SECONDS) - 1)]
    queue.refused += 1
    return Refused(429, Words("en").text("refused.busy", seconds=seconds), seconds)


async def _answer(question: bytes) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
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
    used = 0.0
    try:
        async with asyncio.timeout(limits.WALL_SECONDS + GRACE):
            out, _ = await process.communicate(question)
    except TimeoutError:
        used = _processor_seconds(process.pid)
        return {"error": TOO_LONG, "status": 400} if used > limits.AT_WORK else {"status": 429}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:  # it was ended from without, by a limit: of time (SIGXCPU, SIGKILL) or of memory
        too_long = process.returncode in (-24, -9)
        return {"error": TOO_LONG if too_long else TOO_MUCH, "status": 400}
    return answer


def _processor_seconds(pid: int) -> float:
    """The time of the processor that a process has had; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
