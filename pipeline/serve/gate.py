"""How much work is taken on at one time; what comes on top is refused at once rather than kept waiting for long."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Busy(Exception):
    """As many wait as may wait."""


class Gate:
    """Lets `at_once` through and keeps `waiting` more. Raises Busy for the one after that.

    A place that becomes free goes to those who wait in turn: one client that asks for much waits for itself. Of one
    client `each` are let in at most, where that is said.
    """

    def __init__(self, at_once: int, waiting: int, each: int | None = None) -> None:
        self._free = at_once
        self._room = at_once + waiting
        self._each = each
        self._turns: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._of: Counter[str] = Counter()
        self.inside = 0

    @asynccontextmanager
    async def passed(self, client: str = "") -> AsyncIterator[None]:
        """Within this a place is taken."""
        if self.inside >= self._room or (self._each is not None and self._of[client] >= self._each):
            raise Busy
        self.inside += 1
        self._of[client] += 1
        try:
            await self._take(client)
            try:
                yield
            finally:
                self._give()
        finally:
            self.inside -= 1
            self._of[client] -= 1
            self._of += Counter()  # forgets who is not inside any more

    async def _take(self, client: str) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._turns.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        while self._turns:
            client, turns = self._turns.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._turns[client] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
