"""A file that is too long to be read, in one line or packed, found without ever holding it in memory."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from pathlib import Path

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.package.inputs import MAX_BYTES
from pipeline.table.layout import MAX_LINE

CHUNK = 1 << 22
"""Bytes looked at in one go; a line within one chunk is short enough."""


def refuse_long_lines(path: Path) -> None:
    """Raises InvalidData for a line over `MAX_LINE` bytes, and for a gzip that unpacks to more than `MAX_BYTES`."""
    is_packed = path.suffix.lower() == ".gz"
    if not path.is_file() or (path.stat().st_size <= MAX_LINE and not is_packed):
        return
    offset, started, rows = 0, 0, 1
    # A broken archive is for the reader to name.
    with gzip.open(path) if is_packed else path.open("rb") as file, suppress(OSError, EOFError, zlib.error):
        while chunk := file.read(CHUNK):
            first = chunk.find(b"\n")
            if offset + (first if first >= 0 else len(chunk)) - started > MAX_LINE:
                rule = f"holds a line of more than {MAX_LINE:,} bytes"
                fix = "Look for a quote that never closes, or line ends that were lost."
                raise InvalidData(Problem(Kind.LONG_LINE, rule, fix, file=str(path), row=rows))
            if first >= 0:
                started = offset + chunk.rfind(b"\n") + 1
            rows += chunk.count(b"\n")
            offset += len(chunk)
            if is_packed and offset > MAX_BYTES:
                rule = f"unpacks to more than {MAX_BYTES:,} bytes"
                raise InvalidData(Problem(Kind.BAD_ARCHIVE, rule, "Split the table into several files.", str(path)))
