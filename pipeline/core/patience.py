"""What a server did not give, and how long one goes on asking for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class NotFetched(Exception):
    """An address that did not give what was asked for; `rule` completes "The address …".

    `passing` where asking again may help; `status` of the answer, if there was one; `wait` seconds that the server
    asked to be left alone for; `nowhere` where the host, or the proxy before it, is not found.
    """

    rule: str
    passing: bool = False
    status: int | None = None
    wait: float | None = None
    nowhere: bool = False

    def __str__(self) -> str:
        return self.rule


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, retries, seconds before the second, and the longest wait that is granted.

    `silence` stands above what a request says: seconds without a byte.
    """

    connect: float = 10
    silence: float | None = None
    retries: int = 3
    backoff: float = 1
    longest_wait: float = 120

    def persist(self, attempt: Callable[[], T], rest: Callable[[float], None] = time.sleep) -> T:
        """What an attempt gives; made again after a `rest` while the NotFetched that it raises may pass."""
        from urllib3.util.retry import Retry

        retries = Retry(
            self.retries, backoff_factor=self.backoff, backoff_jitter=self.backoff / 4, allowed_methods=None
        )
        while True:
            try:
                return attempt()
            except NotFetched as error:
                if not error.passing or retries.total == 0 or (error.wait or 0) > self.longest_wait:
                    raise
                retries = retries.increment(error=error)
                rest(error.wait if error.wait is not None else retries.get_backoff_time())
