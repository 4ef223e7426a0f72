"""How much work is taken on at one time; what comes on top is refused at once rather than kept waiting for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Busy(Exception):
    """As many wait as may wait."""


class Gate:
    """Lets `at_once` through and keeps `waiting` more in a queue. Raises Busy for the one after that."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self.inside = 0

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Within this a place is taken."""
        if self.inside >= self._room:
            raise Busy
        self.inside += 1
        try:
            async with self._free:
                yield
        finally:
            self.inside -= 1
