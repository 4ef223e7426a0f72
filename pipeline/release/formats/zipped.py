"""ZIP files: equal contents give equal bytes, deflated on all processors.

A member is deflated in blocks of a fixed size, each apart, with the end of the block before it as its dictionary; they
are joined to one stream, which every program reads. How many processors there are does not show in it.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can hold."""

MODE = 0o100644 << 16
UNIX = 3

LEVEL = 5
"""Two thirds of the time of zlib's own choice, 6; one or two hundredths more bytes."""

BLOCK = 1 << 20
WINDOW = 1 << 15
"""Bytes that are deflated at a time, and how far back deflate looks (RFC 1951)."""


class Zip:
    """A ZIP file that is written member by member."""

    def __init__(self, path: Path) -> None:
        """Begins the file at `path`."""
        self._archive = zipfile.ZipFile(path, "w")
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)

    def __enter__(self) -> Zip:
        """The file itself; it ends with the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the file."""
        with self._pool:
            self._archive.close()

    def add(self, name: str, content: Iterable[bytes], most: int, is_deflated: bool = True) -> None:
        """Adds a member of at most `most` bytes; `is_deflated` is false for what does not become smaller."""
        member = zipfile.ZipInfo(name, EPOCH)
        member.create_system = UNIX
        member.external_attr = MODE
        member.compress_type = zipfile.ZIP_DEFLATED if is_deflated else zipfile.ZIP_STORED
        member.file_size = most
        with self._archive.open(member, "w") as target:
            if is_deflated:
                target._compressor = _Deflate(self._pool)  # type: ignore[attr-defined]
            for chunk in content:
                target.write(chunk)


class _Deflate:
    """What zipfile takes for its compressor: the stream of a member, of which blocks are in work ahead."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._ahead = 2 * (os.cpu_count() or 1)
        self._rest = bytearray()
        self._window = b""
        self._begun: deque[Future[bytes]] = deque()

    def compress(self, chunk: bytes) -> bytes:
        """Takes more of the member, and gives what is ready of the stream."""
        self._rest += chunk
        ready = []
        # The last block is known at the end only.
        while len(self._rest) > BLOCK:
            self._begin(bytes(self._rest[:BLOCK]), zlib.Z_SYNC_FLUSH)
            del self._rest[:BLOCK]
            if len(self._begun) > self._ahead:
                ready.append(self._begun.popleft().result())
        return b"".join(ready)

    def flush(self) -> bytes:
        """The rest of the stream."""
        self._begin(bytes(self._rest), zlib.Z_FINISH)
        return b"".join(block.result() for block in self._begun)

    def _begin(self, block: bytes, end: int) -> None:
        self._begun.append(self._pool.submit(_deflated, block, self._window, end))
        self._window = block[-WINDOW:]


def _deflated(block: bytes, window: bytes, end: int) -> bytes:
    """A block of a raw stream, after `window`."""
    stream = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=window)
    return stream.compress(block) + stream.flush(end)
