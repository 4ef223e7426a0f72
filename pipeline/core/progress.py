"""One reporter of progress: a line that moves on a terminal, a line per step in a pipe, JSON lines on request.

Progress goes to stderr; stdout is for results.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Literal, TextIO

Style = Literal["terminal", "lines", "json", "quiet"]


class Progress:
    """Tells what is being done and how far it has come."""

    def __init__(self, style: Style = "quiet", stream: TextIO | None = None) -> None:
        self.style = style
        self.stream = stream or sys.stderr
        self._name = ""
        self._told = ""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step of the work, such as `assemble`; announced, and timed when it ends. It may have steps within."""
        outer, self._name = self._name, name
        started = time.monotonic()
        with self._alive(name, started):
            yield
        self._name = outer
        seconds = time.monotonic() - started
        if self.style == "terminal":
            self._line(f"{name} {seconds:.1f} s", end="\n")
        elif self.style == "lines":
            print(f"{name} {seconds:.1f} s", file=self.stream)
        elif self.style == "json":
            self._json(step=name, seconds=round(seconds, 3))

    def advance(self, done: int, total: int, what: str) -> None:
        """Within a step: `done` of `total`, now at `what`."""
        if self.style == "terminal":
            self._told = f"{self._name} {done}/{total} {what}"
            self._line(self._told)
        elif self.style == "json":
            self._json(step=self._name, done=done, total=total, what=what)

    @contextmanager
    def _alive(self, name: str, started: float) -> Iterator[None]:
        """Shows on a terminal, once a second, that a step is at work; steps that are within another show for both."""
        if self.style != "terminal":
            yield
            return
        self._line(f"{name} …")
        self._told = name
        ended = Event()

        def tick() -> None:
            while not ended.wait(1):
                if self._name == name:
                    self._line(f"{self._told} {time.monotonic() - started:.0f} s")

        ticker = Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            ended.set()
            ticker.join()

    def say(self, sentence: str) -> None:
        """A sentence for the person who waits."""
        if self.style == "json":
            self._json(message=sentence)
        elif self.style != "quiet":
            self._line(sentence, end="\n") if self.style == "terminal" else print(sentence, file=self.stream)

    def _line(self, text: str, end: str = "") -> None:
        print(f"\r\x1b[2K{text}", end=end, file=self.stream, flush=True)

    def _json(self, **record: object) -> None:
        print(json.dumps(record, ensure_ascii=False), file=self.stream, flush=True)
