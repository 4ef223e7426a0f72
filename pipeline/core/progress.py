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


BAR = 20
"""Characters of a bar."""

SILENT = 2
"""Seconds after which a step in a pipe says that it is at work; then after twice as many, so that a log is short."""


class Progress:
    """Tells what is being done, how far it has come, and how long it may take."""

    def __init__(self, style: Style = "quiet", stream: TextIO | None = None) -> None:
        self.style = style
        self.stream = stream or sys.stderr
        self._name = ""
        self._at = ""
        self._share = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step of the work, such as `assemble`; announced, and timed when it ends. It may have steps within."""
        outer = self._name, self._at, self._share
        self._name, self._at, self._share = name, "", 0.0
        started = time.monotonic()
        with self._alive(name, started):
            yield
        self._name, self._at, self._share = outer
        seconds = time.monotonic() - started
        if self.style == "terminal":
            self._line(f"{name} {seconds:.1f} s", end="\n")
        elif self.style == "lines":
            print(f"{name} {seconds:.1f} s", file=self.stream)
        elif self.style == "json":
            self._json(step=name, seconds=round(seconds, 3))

    def advance(self, done: int, total: int, what: str) -> None:
        """Within a step: now at `what`, which is number `done` of `total`."""
        self._at, self._share = f"{done}/{total} {what}", (done - 1) / total
        if self.style == "terminal":
            self._line(f"{self._name} {self._at}")
        elif self.style == "json":
            self._json(step=self._name, done=done, total=total, what=what)

    @contextmanager
    def _alive(self, name: str, started: float) -> Iterator[None]:
        """Says that a step is at work: on a terminal once a second, in a pipe now and then; a step within another
        speaks for both."""
        if self.style not in ("terminal", "lines"):
            yield
            return
        if self.style == "terminal":
            self._line(f"{name} …")
        ended = Event()

        def tick() -> None:
            wait = 1.0 if self.style == "terminal" else SILENT
            while not ended.wait(wait):
                if self._name != name:
                    continue
                told = self._told(time.monotonic() - started)
                if self.style == "terminal":
                    self._line(told)
                else:
                    print(told, file=self.stream, flush=True)
                    wait *= 2

        ticker = Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            ended.set()
            ticker.join()

    def _told(self, seconds: float) -> str:
        """The step, a bar where it is known how much there is to do, and the time that it has taken and may still."""
        filled = round(BAR * self._share)
        bar = f" {'█' * filled}{'░' * (BAR - filled)}" if self._at and self.style == "terminal" else ""
        left = seconds * (1 - self._share) / self._share if self._share else 0
        rest = f", about {left:.0f} s left" if left >= 1 else ""
        return f"{self._name}{bar}{f' {self._at}' if self._at else ''} {seconds:.0f} s{rest}"

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
