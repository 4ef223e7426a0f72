"""A table that Spark reads: tasks screen it and judge its suspects (`spark_tasks`), Spark keeps what they found.

Spark's own aggregates and joins compare the keys. The driver sees counts, and errors up to the limit.
"""

from __future__ import annotations

import json
import operator
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import reduce
from heapq import merge
from itertools import accumulate, islice, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pipeline.report.verdict import Error
from pipeline.spark.pieces import hashes
from pipeline.table.layout import Layout
from pipeline.validate.scanned_table import FIRST
from pipeline.validate.spark_tasks import SHIFT, Fill, Judge, Screen, errors_of, number_of
from pipeline.validate.table import Reads

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql import DataFrame, SparkSession

    from pipeline.validate.row import RowJudge

WAVE = 2_000
"""Suspects that are judged before it is asked whether the limit is reached; each wave after is twice as large."""

TOGETHER = 100_000
"""Rows that the driver takes in one go."""

SOON = 10**9
"""Bytes of parts that this machine reads for the report to have their hashes, unless the descriptor wants them."""

MANY = 10**9
"""Errors of a report without a limit."""

BROADCAST = 1_000_000
"""Rows of a table that each task has whole where a foreign key points at it."""


@dataclass
class SparkTable:
    """A table as `Screen` gives it, which Spark keeps: `screened` has no summaries."""

    session: SparkSession
    screen: Screen
    screened: DataFrame
    told: list[dict[str, Any]]
    looking: Future[dict[str, Any]] | None
    first: int = 2
    failures: Sequence[Error] = ()
    filled: DataFrame | None = None
    kept: list[DataFrame] = field(default_factory=list)
    is_complete: bool = False

    def __post_init__(self) -> None:
        self.fields = self.screen.fields
        self.count = sum(each["count"] for each in self.told)
        self.suspects = sum(each["suspects"] for each in self.told)
        before = accumulate((each["count"] for each in self.told), initial=0)
        self.offsets = [offset + self.first - FIRST for offset in before]

    @property
    def stats(self) -> dict[str, Any]:
        """The size and the hash of the file, where it is one."""
        return self.looking.result() if self.looking else {}

    def hashes_of_parts(self, files: Sequence[Layout], *, is_stated: bool) -> tuple[str, str, int] | tuple[()]:
        """MD5, SHA-256 and size of parts together, where the descriptor states one of them or they are soon read."""
        is_soon = sum(each.path.stat().st_size for each in files) <= SOON
        return hashes(files) if is_stated or is_soon else ()

    @property
    def unknown(self) -> int:
        """In how many rows the value of a key is not certain."""
        return sum(each["unknown"] for each in self.told)

    def number(self, id_: int) -> int:
        """The number of a row in the table."""
        return number_of(id_, self.offsets)

    def complete(self, read: Reads) -> bool:
        """Reads the values of keys in suspect rows, in tasks; False where Spark cannot compare them."""
        if self.is_complete or not self.unknown:
            return True
        gaps = " OR ".join(f"v{position} IS NULL" for position in self.screen.key_fields)
        unknown = self.screened.where(f"NOT certain AND ({gaps})")
        filled = unknown.mapInArrow(Fill(self.screen, read), self.screen.columns).persist()
        self.kept.append(filled)
        if filled.where("NOT certain").limit(1).count():
            return False
        self.filled = self.screened.where(f"certain OR NOT ({gaps})").unionAll(filled)
        self.is_complete = True
        return True

    def release(self) -> None:
        """Spark need not keep what it holds any longer."""
        for each in self.kept:
            each.unpersist()

    # -- keys --

    @property
    def _keyed(self) -> DataFrame:
        return self.screened if self.filled is None else self.filled

    def missing(self, key: Sequence[int], *, every: bool, limit: int) -> list[int]:
        """The first rows in which every part of the key is missing, or else some are and others not."""
        from pyspark.sql import functions as F

        if not self.unknown and not any(each["keys"][str(position)][3] for each in self.told for position in key):
            return []
        gaps = [F.col(f"v{position}").isNull() for position in key]
        all_gaps, some = _all(gaps), _any(gaps)
        found = self._keyed.where(all_gaps if every else some & ~all_gaps).select("id")
        return [self.number(id_) for (id_,) in _first(found, limit)]

    def repeated(self, key: Sequence[int], *, whole: bool, limit: int) -> dict[int, int]:
        """The first rows whose key is that of an earlier row, which is the value."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        if len(key) == 1 and self._ascends(key[0]):
            return {}
        names = [f"v{position}" for position in key]
        present = [F.col(name).isNotNull() for name in names]
        keyed = self._keyed.where(_all(present) if whole else _any(present)).select("id", *names)
        twice = keyed.groupBy(*names).agg(F.count("*").alias("times")).where("times > 1").drop("times").persist()
        self.kept.append(twice)
        if twice.isEmpty():
            return {}
        same = _all([keyed[name].eqNullSafe(twice[name]) for name in names])
        before = F.lag("id").over(Window.partitionBy(*names).orderBy("id")).alias("before")
        found = keyed.join(twice, same, "left_semi").select("id", before).where("before IS NOT NULL")
        return {self.number(id_): self.number(other) for id_, other in _first(found, limit)}

    def _ascends(self, position: int) -> bool:
        """Whether each value of a field is greater than the one before, so that none is repeated."""
        told = [each["keys"][str(position)] for each in self.told if each["count"]]
        ends = [(least, most) for _, least, most, _ in told if least is not None]
        return (
            not self.unknown
            and all(each[0] and not each[3] for each in told)
            and all(most < least for (_, most), (least, _) in pairwise(ends))
        )

    def unmatched(
        self, key: Sequence[int], parent: SparkTable, there: Sequence[int | None], *, limit: int
    ) -> list[int]:
        """The first rows whose key no row of the parent has."""
        from pyspark.sql import functions as F

        here = [f"v{position}" for position in key]
        child = self._keyed.where(_any([F.col(name).isNotNull() for name in here])).select("id", *here)
        known = parent._keyed.select(*(F.col(f"v{at}").alias(f"p{number}") for number, at in enumerate(there)))
        if parent.count <= BROADCAST:
            known = F.broadcast(known.distinct())
        pairs = [(child[name], known[f"p{number}"]) for number, name in enumerate(here)]
        same = _all([a == b if len(pairs) == 1 else a.eqNullSafe(b) for a, b in pairs])
        found = child.join(known, same, "left_anti").select("id")
        return [self.number(id_) for (id_,) in _first(found, limit)]

    def can_match(self, key: Sequence[int], parent: Any, there: Sequence[int | None]) -> bool:
        """Whether the values of both sides are of kinds that Spark compares, and both are Spark's."""
        kinds = [self.fields[position].kind for position in key]
        return (
            isinstance(parent, SparkTable)
            and None not in there
            and kinds == [parent.fields[at].kind for at in there if at is not None]
        )

    # -- rows --

    def judged(self, judge: RowJudge, limit: int) -> Iterator[list[Error]]:
        """The errors of the rows that have any, in order; tasks judge the suspects, in waves that grow."""
        apart = ((number, judge.errors((number, cells, []))) for number, cells in self._marked(judge.marked))
        for _, errors in merge(self._suspects_judged(judge, limit), apart, key=itemgetter(0)):
            yield errors

    def _suspects_judged(self, judge: RowJudge, limit: int) -> Iterator[tuple[int, list[Error]]]:
        wave, start = WAVE, 0
        totals = list(accumulate((each["suspects"] for each in self.told), initial=0))
        while start < len(self.told):
            end = max(start + 1, bisect_right(totals, totals[start] + wave) - 1)
            if totals[end] > totals[start]:
                where = f"NOT certain AND id >= {start << SHIFT} AND id < {end << SHIFT}"
                task = Judge(judge, self.offsets)
                found = self.screened.where(where).mapInArrow(task, "id long, errors string")
                for number, errors in _first(found, limit or MANY):
                    yield number, errors_of(json.loads(errors))
            start, wave = end, wave * 2

    def _marked(self, marked: set[int]) -> Iterator[tuple[int, list[str]]]:
        """The rows of these numbers that are certain but for a key, from the file itself."""
        of_piece: dict[int, list[int]] = {}
        for number in sorted(marked):
            piece = bisect_right(self.offsets, number - FIRST) - 1
            of_piece.setdefault(piece, []).append(number - self.offsets[piece])
        if not of_piece:
            return
        screen = self.screen

        def fetch(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
            for batch in batches:
                for number in batch["id"].to_pylist():
                    yield from screen.texts(wanted[number], of_piece[wanted[number]])

        wanted = list(of_piece)
        found = self.session.range(0, len(wanted), 1, len(wanted)).mapInArrow(fetch, "id long, cells array<string>")
        for id_, cells in found.orderBy("id").toLocalIterator():
            yield self.number(id_), cells

    def rank(self, number: int) -> int:
        """How many rows there are up to the one of that number."""
        return number - self.first + 1


def _first(found: DataFrame, limit: int) -> Iterator[Any]:
    """The first rows by `id`; of many, the driver has one partition at a time."""
    in_order = found.orderBy("id")
    return iter(in_order.limit(limit).collect()) if limit <= TOGETHER else islice(in_order.toLocalIterator(), limit)


def _all(conditions: Sequence[Any]) -> Any:
    return reduce(operator.and_, conditions)


def _any(conditions: Sequence[Any]) -> Any:
    return reduce(operator.or_, conditions)
