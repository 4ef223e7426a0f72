"""HTTP as uvicorn speaks it, impatient with those who open a connection and do not ask.

uvicorn waits for ever for the first byte of a request and for the rest of one that has begun. Ten thousand such
connections would use up the files that a process may open.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 20.0
"""Seconds from the opening of a connection, or the first byte of a request, to the end of the request's head."""

SPARED = 300
"""Files that a process opens besides connections."""

MOST = 6_000
"""Connections at one time, where the system lets a process open that many files."""


def most_connections() -> int:
    """How many connections this process keeps open; raises what the system allows it first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARED
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST if soft == resource.RLIM_INFINITY else max(50, min(MOST, soft - SPARED))


class Protocol(H11Protocol):
    """A connection. Of too many, the one that has waited longest without asking is closed."""

    most = 500
    tell: Callable[[int], None] = staticmethod(lambda count: None)  # noqa: ARG005
    waiting: dict[Protocol, None] = {}  # noqa: RUF012  # one for all connections of the process, in order of age

    def connection_made(self, transport: Any) -> None:
        """The connection is open, and its time runs."""
        super().connection_made(transport)
        self.tell(len(self.connections))
        self._deadline: asyncio.TimerHandle | None = None
        self._wait()
        if len(self.connections) > self.most and Protocol.waiting:
            next(iter(Protocol.waiting))._give_up()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: the head of a request, or a part of it."""
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed."""
        self._rest()
        super().connection_lost(exc)
        self.tell(len(self.connections))

    def on_response_complete(self) -> None:
        """An answer is sent; an idle connection is uvicorn's to close, after its five seconds."""
        super().on_response_complete()
        self._rest()

    def _wait(self) -> None:
        Protocol.waiting[self] = None
        self._deadline = self.loop.call_later(PATIENCE, self._give_up)

    def _rest(self) -> None:
        Protocol.waiting.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._rest()
        self.transport.abort()
