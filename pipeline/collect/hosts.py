"""Turns at a host: one request at a time, no more a second than was agreed, none while it asked to be left alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class _Host:
    lock: Lock = field(default_factory=Lock)
    free_at: float = 0.0
    """On the monotonic clock: the wall clock may be set back."""


class Hosts:
    """The hosts of one run; fetches of different hosts run side by side, those of one host take turns."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._lock = Lock()

    @contextmanager
    def turn(self, host: str, per_second: float) -> Iterator[None]:
        """The host, for one request. Waits until it is free, and keeps it free for a while after."""
        entry = self._entry(host)
        with entry.lock:
            time.sleep(max(0.0, entry.free_at - time.monotonic()))
            entry.free_at = time.monotonic() + 1 / per_second
            yield

    def rest(self, host: str, seconds: float) -> None:
        """Leaves a host alone for some seconds from now on."""
        entry = self._entry(host)
        entry.free_at = max(entry.free_at, time.monotonic() + seconds)

    def _entry(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host())
