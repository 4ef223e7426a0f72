"""Files of delimited text cut into pieces of whole rows, each of which a task reads like a small file of its own.

A file is cut at line ends. Which of them stand within quotes is known from the number of quotes before them: a task
counts those of each range first. That holds for RFC 4180; the task that reads a piece finds quotes of another kind.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, cast

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import os_errors
from pipeline.table.layout import MAX_LINE, Layout

LEAST = 8_000_000
"""Bytes below which a file is not cut further, unless the session asks for smaller partitions."""

CHUNK = 1 << 22
"""Bytes whose quotes are counted in one go."""

ASCII = ("utf-8", "utf-8-sig", "ascii", "iso8859", "iso-8859", "latin", "cp125", "windows-125", "cp850", "mac")
"""Encodings, by how their names begin, in which the bytes of line ends and quotes are nothing else."""


@dataclass(frozen=True)
class Piece:
    """The rows of a file that begin after the first line end from `start` on, up to that from `end` on.

    `is_inside`: whether each of the two stands within quotes. None stands for the file's beginning, with its header,
    and for its end; `head` is the header.
    """

    layout: Layout
    start: int | None = None
    end: int | None = None
    is_inside: tuple[bool, bool] = (False, False)
    head: bytes = b""

    @property
    def place(self) -> str:
        """The file, and the bytes of it, as messages name them."""
        if self.start is None and self.end is None:
            return str(self.layout.path)
        return f"{self.layout.path} (bytes {self.start or 0:,} to {self.end or 'the end'})"

    def read(self, folder: Path, width: int) -> tuple[Layout, bool]:
        """The piece as a file in `folder`, below a header of so many labels and in UTF-8; and whether it has quotes.

        Raises UnicodeDecodeError where a byte is not in the file's encoding, OSError where it cannot be read.
        """
        content, head = self._bytes(), self.head if self.start is not None else b""
        if not self.layout.header:
            end = b"\r\n" if b"\r\n" in content[:MAX_LINE] else b"\n"
            head = self.layout.delimiter.join(["c"] * width).encode() + end
        encoding = self.layout.encoding
        if encoding not in ("utf-8", "ascii"):
            # A byte order mark would stand before the header; what comes after it is the same text in UTF-8.
            content, head = (part.decode(encoding).encode() for part in (content, head))
            encoding = "utf-8"
        path = folder / "piece.csv"
        path.write_bytes(head + content)
        quote = self.layout.quote.encode()
        return replace(self.layout, path=path, encoding=encoding), bool(quote) and quote in content

    def _bytes(self) -> bytes:
        with _opened(self.layout.path) as file:
            quote = self.layout.quote.encode()
            first = 0 if self.start is None else _next_row(file, self.start, self.is_inside[0], quote)
            last = None if self.end is None else _next_row(file, self.end, self.is_inside[1], quote)
            file.seek(first)
            content: bytes = file.read() if last is None else file.read(max(0, last - first))
            return content


def is_packed(layout: Layout) -> bool:
    """Whether the file is packed with gzip."""
    return layout.path.suffix.lower() == ".gz"


def is_divisible(layout: Layout, head: bytes) -> bool:
    """Whether rows end with LF outside quotes, and a task can begin anywhere in the file."""
    if is_packed(layout) or b"\r" in head.rstrip(b"\r\n"):
        return False
    return bool(layout.quote) and layout.encoding.lower().replace("_", "-").startswith(ASCII)


def pieces(session: Any, layouts: Sequence[Layout]) -> list[Piece]:
    """The pieces of the files, in order; files that are not divisible are one each.

    Raises InvalidData for a part that cannot be read, or whose header is not that of the first.
    """
    heads = _heads(layouts)
    size = _size(session, layouts)
    ranges = [
        (number, start, start + size)
        for number, each in enumerate(layouts)
        for start in (range(0, each.path.stat().st_size, size) if is_divisible(each, heads[number]) else ())
    ]
    counts = _quotes(session, layouts, ranges) if len(ranges) > len(layouts) else [0] * len(ranges)
    found = []
    for number, (layout, head) in enumerate(zip(layouts, heads, strict=True)):
        own = [count for (file, _, _), count in zip(ranges, counts, strict=True) if file == number]
        inside = [bool(count % 2) for count in accumulate(own, initial=0)]
        starts: list[int | None] = [None, *(size * index for index in range(1, len(own)))]
        for index, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True)):
            found.append(Piece(layout, start, end, (inside[index], inside[min(index + 1, len(own))]), head))
    return found


def whole(layouts: Sequence[Layout]) -> list[Piece]:
    """Each file as one piece."""
    return [Piece(each, head=head) for each, head in zip(layouts, _heads(layouts), strict=True)]


def hashes(layouts: Sequence[Layout]) -> tuple[str, str, int]:
    """MD5, SHA-256 and size of parts as one file, as frictionless has it: below the header of the first."""
    md5, sha256, size = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    for number, layout in enumerate(layouts):
        with _opened(layout.path) as file:
            if number and layout.header:
                file.readline()
            while chunk := file.read(CHUNK):
                md5.update(chunk)
                sha256.update(chunk)
                size += len(chunk)
    return md5.hexdigest(), sha256.hexdigest(), size


def _size(session: Any, layouts: Sequence[Layout]) -> int:
    """Bytes of a piece: some for each core, and no more than the session reads as one partition of any file."""
    told = str(session.conf.get("spark.sql.files.maxPartitionBytes")).lower().rstrip("b")
    most = int(told.rstrip("kmg")) * {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}.get(told[-1], 1)
    total = sum(each.path.stat().st_size for each in layouts)
    cores = int(session.sparkContext.defaultParallelism)
    return max(1, min(most, max(LEAST, total // (3 * cores))))


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _heads(layouts: Sequence[Layout]) -> list[bytes]:
    """The bytes of the header of each part."""
    heads = [_head(each) for each in layouts]
    first, *others = [_labels(head, each) for head, each in zip(heads, layouts, strict=True)]
    for layout, labels in zip(layouts[1:], others, strict=True):
        if labels != first:
            rule = f"is a part with the columns {', '.join(labels)}; the first part has {', '.join(first)}"
            fix = "Write the same columns in every part, each below the same header."
            raise InvalidData(Problem(Kind.INVALID_TABLE, rule, fix, file=str(layout.path)))
    return heads


def _head(layout: Layout) -> bytes:
    with os_errors(str(layout.path)):
        try:
            with _opened(layout.path) as file:
                end = _next_row(file, 0, False, layout.quote.encode()) if layout.header else 0
                file.seek(0)
                head: bytes = file.read(end)
                return head
        except (gzip.BadGzipFile, EOFError) as error:
            rule = f"is not a gzip file that can be read: {error}"
            raise InvalidData(Problem(Kind.INVALID_TABLE, rule, "Make it again.", file=str(layout.path))) from None


def _labels(head: bytes, layout: Layout) -> list[str]:
    text = head.decode(layout.encoding, "replace").removeprefix("\ufeff")
    return next(csv.reader(io.StringIO(text, newline=""), dialect=layout.dialect), [])


def _next_row(file: BinaryIO, offset: int, is_inside: bool, quote: bytes) -> int:
    """Where a row begins after the first line end from `offset` on that stands outside quotes."""
    file.seek(offset)
    while line := file.readline(MAX_LINE):
        offset += len(line)
        if quote and line.count(quote) % 2:
            is_inside = not is_inside
        if not is_inside and line.endswith(b"\n"):
            break
    return offset


def _quotes(session: Any, layouts: Sequence[Layout], ranges: Sequence[tuple[int, int, int]]) -> list[int]:
    """The number of quotes in each range of bytes, counted by tasks."""

    def count(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        for batch in batches:
            numbers = batch["id"].to_pylist()
            found = [_count(layouts[ranges[each][0]], *ranges[each][1:]) for each in numbers]
            yield pyarrow.RecordBatch.from_pydict({"id": numbers, "quotes": found})

    total = len(ranges)
    rows = session.range(0, total, 1, total).mapInArrow(count, "id long, quotes long").collect()
    return [quotes for _, quotes in sorted(tuple(row) for row in rows)]


def _count(layout: Layout, start: int, end: int) -> int:
    quote, found = layout.quote.encode(), 0
    with layout.path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK, end - start))):
            found += chunk.count(quote)
            start += len(chunk)
    return found
