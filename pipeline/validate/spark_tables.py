"""The tables of a validation that Spark reads; `Tables` has those that Python and DuckDB read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import InvalidData
from pipeline.core.progress import Progress
from pipeline.spark.pieces import Piece, is_packed, pieces, whole
from pipeline.table.layout import Layout
from pipeline.validate.scanned_table import can_scan
from pipeline.validate.source import Source, Tables
from pipeline.validate.spark_table import Screen, SparkTable, problem

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkTables(Tables):
    """Tables whose rows tasks of a session read."""

    def __init__(
        self,
        stack: ExitStack,
        pointed_at: Iterable[tuple[str, Sequence[str]]],
        session: SparkSession,
        progress: Progress,
    ) -> None:
        super().__init__(stack, pointed_at)
        self.session = session
        self.progress = progress

    def look_beside(self, sources: Iterable[Source]) -> None:
        """Tasks look at the bytes that they read."""

    def _scan(self, source: Source) -> Any:
        keyed = self.key_fields(source)
        if not source.is_text or not source.files or not can_scan(source.fields, keyed):
            return None
        found = self._read(source, pieces(self.session, source.files), keyed)
        if found is not None and not all(each["is_regular"] for each in found.told):
            self.progress.say(f"{source.name} has quotes amid cells: each of its files is read by one task.")
            found = self._read(source, whole(source.files), keyed)
        return found

    def _read(self, source: Source, cut: Sequence[Piece], keyed: Sequence[int]) -> SparkTable | None:
        """The table as tasks read it, a piece each; None where only frictionless can say what is wrong with it."""
        screen = Screen(cut, source.fields, keyed, source.refused or _refuse)
        rows = self.session.range(0, len(cut), 1, len(cut)).mapInArrow(screen, screen.columns).persist()
        self._stack.callback(rows.unpersist)
        summaries = rows.where("certain IS NULL").select("id", "cells").collect()
        told = [json.loads(cells[0]) for _, cells in sorted(summaries)]
        for each in told:
            if "problem" in each:
                raise InvalidData(problem(each["problem"]))
            if "unread" in each:
                self.progress.say(f"{each['path']}: {each['unread']}. {source.name} is read on this machine.")
                return None
        first = 2 if source.files[0].header else 1
        return SparkTable(
            self.session, screen, rows.where("certain IS NOT NULL"), told, self._hashes(source.files), first
        )

    def _hashes(self, files: Sequence[Layout]) -> Future[dict[str, Any]] | None:
        """What the report says of the bytes of a file, which this machine reads beside the tasks."""
        if len(files) > 1 or is_packed(files[0]):
            return None
        beside = ThreadPoolExecutor(1)
        self._stack.callback(beside.shutdown, wait=False, cancel_futures=True)
        return beside.submit(_hash, files[0])


def _hash(file: Layout) -> dict[str, Any]:
    with file.path.open("rb") as opened:
        return {"sha256": hashlib.file_digest(opened, "sha256").hexdigest(), "bytes": file.path.stat().st_size}


def _refuse(_position: int, texts: list[str]) -> list[str]:
    return texts
