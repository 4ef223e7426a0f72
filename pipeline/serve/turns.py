"""Connections shared out among processes that listen at one socket: the one that has the fewest takes the next.

The kernel gives a connection to whoever is first to ask. On a busy machine that is often the same process many times
in a row, and its readers wait for each other while another process has nothing to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import socket
from dataclasses import dataclass
from typing import Any

import uvicorn

from pipeline.serve.protocol import Protocol

PAUSE = 0.001
"""Seconds between two looks whether another process has taken a connection that is its turn."""

PATIENCE = 20
"""Looks after which a connection is taken all the same: the other process is too busy to."""

FULL = 0.1
"""Seconds until the next connection is taken where the system has no room for one."""


class Turns:
    """How many connections each of `count` processes has, in memory that they share once they are forked."""

    def __init__(self, count: int) -> None:
        self._open = memoryview(mmap.mmap(-1, 8 * count)).cast("q")

    def of(self, number: int) -> Turn:
        """The place of one process, which begins without connections."""
        self._open[number] = 0
        return Turn(self._open, number)


@dataclass(frozen=True)
class Turn:
    """One process's place among those that share connections."""

    open: memoryview
    number: int

    def tell(self, count: int) -> None:
        """Tells the others how many connections the process has."""
        self.open[self.number] = count

    @property
    def is_now(self) -> bool:
        """Whether no other process has fewer."""
        return self.open[self.number] <= min(self.open)

    async def come(self) -> None:
        """Waits for the process's turn, but not for long."""
        for _ in range(PATIENCE):
            if self.is_now:
                return
            await asyncio.sleep(PAUSE)


class Server(uvicorn.Server):
    """uvicorn, taking connections from listening sockets when it is its turn."""

    def __init__(self, config: uvicorn.Config, turn: Turn) -> None:
        super().__init__(config)
        self._turn = turn
        self._taking: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to answer at the sockets."""
        await super().startup([])
        Protocol.tell = self._turn.tell
        self._taking = [asyncio.create_task(self._take(each)) for each in sockets or []]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes no more connections, and ends when those that there are have been answered."""
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)
        await super().shutdown(sockets)

    async def _take(self, listening: socket.socket) -> None:
        listening.setblocking(False)
        while True:
            await _readable(listening)
            await self._turn.come()
            try:
                connection, _ = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):  # another process was first, or the reader has gone
                continue
            except OSError:
                await asyncio.sleep(FULL)
                continue
            connection.setblocking(False)
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> Protocol:
        state: Any = self.lifespan.state
        return Protocol(config=self.config, server_state=self.server_state, app_state=state)


async def _readable(listening: socket.socket) -> None:
    """Returns when a connection waits."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(listening, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(listening)
