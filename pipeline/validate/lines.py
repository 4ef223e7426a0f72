"""A line that is too long to be read, found without ever holding one in memory."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.table.layout import MAX_LINE

CHUNK = 1 << 22
"""Bytes looked at in one go; a line within one chunk is short enough."""


def refuse_long_lines(path: Path) -> None:
    """Raises InvalidData for a line over `MAX_LINE` bytes."""
    if not path.is_file() or path.stat().st_size <= MAX_LINE:
        return
    started, offset = 0, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            first = chunk.find(b"\n")
            end = offset + (first if first >= 0 else len(chunk))
            if end - started > MAX_LINE:
                raise InvalidData(
                    Problem(
                        Kind.LONG_LINE,
                        f"holds a line of more than {MAX_LINE:,} bytes",
                        "Look for a quote that never closes, or line ends that were lost.",
                        file=str(path),
                        row=_lines_before(path, started) + 1,
                    )
                )
            if first >= 0:
                started = offset + chunk.rfind(b"\n") + 1
            offset += len(chunk)


def _lines_before(path: Path, end: int) -> int:
    """The lines in the first `end` bytes."""
    count = 0
    with path.open("rb") as file:
        while end > 0 and (chunk := file.read(min(CHUNK, end))):
            count += chunk.count(b"\n")
            end -= len(chunk)
    return count
