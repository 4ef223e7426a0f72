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
from pipeline.spark.session import failures
from pipeline.table.layout import Layout
from pipeline.validate.scanned_table import can_scan
from pipeline.validate.source import Source, Tables
from pipeline.validate.spark_table import SparkTable
from pipeline.validate.spark_tasks import Screen, problem

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
        self._odd: dict[str, SparkTable] = {}

    def look_beside(self, sources: Iterable[Source]) -> None:
        """Tasks look at the bytes that they read."""

    def _scan(self, source: Source) -> Any:
        keyed = self.key_fields(source)
        if not source.is_text or not source.files or not can_scan(source.fields, keyed):
            return None
        found = self._odd.pop(source.name, None)
        if found is not None:
            return found
        found = self._read(source, pieces(self.session, source.files), keyed)
        is_odd = found is not None and any(each["has_quotes"] and not each["is_plain"] for each in found.told)
        if found is not None and is_odd and len(found.told) > len(source.files):
            self.progress.say(f"{source.name} has quotes amid cells: each of its files is read by one task.")
            found = self._read(source, whole(source.files), keyed)
        if found is not None and source.reads is None and not all(each["is_plain"] for each in found.told):
            self._odd[source.name] = found  # as on one machine, frictionless opens what DuckDB alone does not read
            return None
        return found

    def _read(self, source: Source, cut: Sequence[Piece], keyed: Sequence[int]) -> SparkTable | None:
        """The table as tasks read it, a piece each; None where only frictionless can say what is wrong with it."""
        screen = Screen(cut, source.fields, keyed, source.refused or _refuse)
        rows = self.session.range(0, len(cut), 1, len(cut)).mapInArrow(screen, screen.columns).persist()
        self._stack.callback(rows.unpersist)
        with failures(cut):
            summaries = rows.where("certain IS NULL").select("id", "cells").collect()
        told = [json.loads(cells[0]) for _, cells in sorted(summaries)]
        for each in told:
            if "problem" in each:
                raise InvalidData(problem(each["problem"]))
            if "unread" in each:
                self.progress.say(f"{each['path']}: {each['unread']}. {source.name} is read on this machine.")
                return None
        self.progress.say(
            f"{source.name}: {sum(each['count'] for each in told):,} rows in {len(cut):,} pieces, "
            f"{sum(each['suspects'] for each in told):,} of them to be judged"
        )
        first = 2 if source.files[0].header else 1
        screened = rows.where("certain IS NOT NULL")
        table = SparkTable(self.session, screen, screened, told, self._hashes(source.files), first)
        self._stack.callback(table.release)
        return table

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
