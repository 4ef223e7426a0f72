"""A process beside the one that answers: it makes the pages that cost much, and has a lower priority.

Threads of one process would not do: they share Python's lock, and a page of a thousand rows would hold up all short
ones. The two processes hold the same releases and talk over pairs of sockets, a page at a time on each:

    question   {"tag", "version", "language", "scope"}                as JSON, after four bytes with its length
    answer     {"status", "headers", "is_whole"}, and then the body   each after four bytes with its length

Status 0 means that the helper does not hold the same releases at the moment: a new one has just come. The helper ends
when the process ends that it helps. Where it has ended itself, the process does the work alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from pipeline.serve import timelimit
from pipeline.serve.answer import Header
from pipeline.serve.places import Place
from pipeline.serve.shelf import Library
from pipeline.serve.timelimit import Interruptions

AT_ONCE = 2
"""Pages that the helper makes at one time."""

NICE = 15
"""How much it stands back: it gets a thirtieth of the processor's time when others want all of it."""

BYTES = ("raw_path", "query_string")

Channel = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Page:
    """What the helper made; `is_whole` where no query was stopped meanwhile."""

    status: int
    headers: list[Header]
    body: bytes
    is_whole: bool


class Helper:
    """The helper as the process sees it that it helps."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._sockets = sockets
        self._free: asyncio.Queue[Channel] | None = None
        self._left = len(sockets)

    async def page(self, tag: str, place: Place, scope: Any) -> Page | None:
        """What Datasette answers there, or None where the helper cannot say. It is made to its end in any case."""
        if self._free is None:
            self._free = asyncio.Queue()
            for each in self._sockets:
                self._free.put_nowait(await asyncio.open_connection(sock=each))
        return await asyncio.shield(asyncio.ensure_future(self._asked(self._free, tag, place, scope)))

    async def _asked(self, free: asyncio.Queue[Channel], tag: str, place: Place, scope: Any) -> Page | None:
        if not self._left:
            return None
        reader, writer = await free.get()
        question = {"tag": tag, "version": place.version, "language": place.language, "scope": _as_json(scope)}
        try:
            await _send(writer, json.dumps(question).encode())
            told = json.loads(await _received(reader))
            body = await _received(reader)
        except (OSError, EOFError):
            self._left -= 1
            return None
        free.put_nowait((reader, writer))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told["headers"]]
        return Page(told["status"], headers, body, told["is_whole"]) if told["status"] else None


def started(library: Library, watch: Callable[[], Coroutine[Any, Any, None]], closed: socket.socket) -> Helper:
    """Starts the helper, which keeps its releases new by `watch` and does not listen at `closed`."""
    pairs = [socket.socketpair() for _ in range(AT_ONCE)]
    if not os.fork():
        try:
            for number in (signal.SIGINT, signal.SIGTERM):  # it ends with the process that it helps
                signal.signal(number, signal.SIG_IGN)
            closed.close()
            for ours, _ in pairs:
                ours.close()
            os.nice(NICE)
            timelimit.clock = time.thread_time  # it may have to wait for the processor, and a query is not to blame
            asyncio.run(_help(library, watch, [theirs for _, theirs in pairs]))
        finally:
            os._exit(0)
    for _, theirs in pairs:
        theirs.close()
    return Helper([ours for ours, _ in pairs])


async def _help(library: Library, watch: Callable[[], Coroutine[Any, Any, None]], sockets: list[socket.socket]) -> None:
    watching = asyncio.create_task(watch())
    await asyncio.gather(*(_answer_all(library, each) for each in sockets))
    watching.cancel()


async def _answer_all(library: Library, channel: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=channel)
    with contextlib.suppress(OSError, EOFError):
        while True:
            question = json.loads(await _received(reader))
            page = await _made(library, question)
            told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in page.headers]
            head = {"status": page.status, "headers": told, "is_whole": page.is_whole}
            await _send(writer, json.dumps(head).encode(), page.body)


async def _made(library: Library, question: Any) -> Page:
    started: dict[str, Any] = {"status": 0, "headers": []}
    parts: list[bytes] = []
    stopped = Interruptions.count

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(message.get("body", b""))

    with library.shelf.used() as shelf:
        if shelf.tag != question["tag"]:
            return Page(0, [], b"", False)
        instance = await shelf.instance(Place(question["version"], question["language"], ""))
        await instance.application(_as_scope(question["scope"]), receive, send)
    return Page(started["status"], list(started["headers"]), b"".join(parts), stopped == Interruptions.count)


def _as_json(scope: Any) -> dict[str, Any]:
    kept = ("type", "http_version", "method", "scheme", "path", "root_path")
    return (
        {name: scope[name] for name in kept}
        | {name: scope[name].decode("latin-1") for name in BYTES}
        | {"headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]}
    )


def _as_scope(told: dict[str, Any]) -> dict[str, Any]:
    return (
        told
        | {"asgi": {"version": "3.0"}, "client": None, "server": None}
        | {name: told[name].encode("latin-1") for name in BYTES}
        | {"headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told["headers"]]}
    )


async def _send(writer: asyncio.StreamWriter, *parts: bytes) -> None:
    for part in parts:
        writer.write(len(part).to_bytes(4, "big") + part)
    await writer.drain()


async def _received(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
