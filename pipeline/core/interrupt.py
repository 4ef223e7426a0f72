"""Ctrl-C ends a command within two seconds, also where a library is at work that does not listen.

Python tells its main thread of a signal only when a library gives control back. The system writes a byte to a pipe at
once; a thread waits for it, gives the command a moment to end by itself, and then ends the process.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EXIT_CODE = 130
"""What shells report of a program that Ctrl-C ended: 128 and the number of the signal."""

PATIENCE = 1.2
"""Seconds in which a command may end by itself."""

_unfinished: set[Path] = set()
_ending = threading.Lock()
"""Held by who ends the process, for whom the others wait."""


@contextmanager
def unfinished(path: Path) -> Iterator[None]:
    """Names a file or folder that must not stay if the command is ended before the block is left."""
    _unfinished.add(path)
    try:
        yield
    finally:
        _unfinished.discard(path)


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Ends the process with `EXIT_CODE` soon after Ctrl-C, whatever it does, and removes what is unfinished."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    here, there = socket.socketpair()
    there.setblocking(False)
    ended = threading.Event()
    before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(here, ended), daemon=True).start()
    try:
        yield
        ended.set()
    except Exception:
        ended.set()
        raise
    finally:  # after Ctrl-C the thread goes on: other threads may keep the process from its end
        with _ending:
            signal.set_wakeup_fd(before)
            there.close()


def _wait(here: socket.socket, ended: threading.Event) -> None:
    with here:
        while received := here.recv(1):
            if received[0] == signal.SIGINT and not ended.wait(PATIENCE):
                with _ending:
                    for path in list(_unfinished):
                        _remove(path)
                    os.write(2, b"Stopped.\n")
                    os._exit(EXIT_CODE)


def _remove(path: Path) -> None:
    """Removes a file, or a folder in which other threads may still be writing: where it was they find none."""
    with suppress(OSError):
        path.unlink()
        return
    aside = path.with_name(f"{path.name}-stopped")
    with suppress(OSError):
        path.rename(aside)
    for folder in (aside, path):
        shutil.rmtree(folder, ignore_errors=True)
