"""What has been answered is kept in memory, and the same question asked twice at once is answered once.

A release does not change, so an answer holds as long as the shelf that it came from. The memory is bounded: what was
asked for longest ago goes first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipeline.serve.answer import Answer

MOST = 24_000_000
"""Bytes of all answers that are kept by a process."""

LARGEST = 400_000
"""Bytes of an answer that is kept."""


class Kept:
    """Answers by the ETag of what was asked."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._size = 0
        self._asked: dict[str, asyncio.Event] = {}

    def get(self, key: str) -> Answer | None:
        """The answer, if it is there."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: str, answer: Answer) -> None:
        """Keeps the answer, unless it is too large."""
        if answer.size > LARGEST or key in self._answers:
            return
        self._answers[key] = answer
        self._size += answer.size
        while self._size > MOST:
            self._size -= self._answers.popitem(last=False)[1].size

    def clear(self) -> None:
        """Forgets all."""
        self._answers.clear()
        self._size = 0

    @asynccontextmanager
    async def asked(self, key: str) -> AsyncIterator[Answer | None]:
        """Within this the question is being asked; who asks it meanwhile waits, and gets the answer if it was kept."""
        before = self._asked.get(key)
        if before is not None:
            await before.wait()
            if (answer := self.get(key)) is not None:
                yield answer
                return
        done = asyncio.Event()
        self._asked.setdefault(key, done)
        try:
            yield self.get(key)
        finally:
            done.set()
            if self._asked.get(key) is done:
                del self._asked[key]
