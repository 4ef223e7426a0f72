"""A session of Spark: what it needs is looked for before it is wanted, and each failure is one sentence."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.progress import Progress
from pipeline.spark.pieces import Piece

JAVA = 17
"""The oldest Java that Spark 4 runs on."""

SECONDS = 5
"""How long a master may take to answer."""

PATIENCE = 60
"""Seconds in which a cluster must give the first task to a worker."""

QUIET = {"spark.log.level": "ERROR", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
LOCAL = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.sql.shuffle.partitions": "8"}
"""What a session is set to, unless the user sets it otherwise: on this machine nothing listens to others."""


@contextmanager
def opened(master: str, conf: Mapping[str, str], progress: Progress) -> Iterator[Any]:
    """A session at `master` (`local[2]`, `spark://host:7077`) with the settings `conf`, which is stopped at the end.

    Raises CannotRun where pyspark or Java are missing, the master does not answer, or its workers lack what they need.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pyspark.sql import SparkSession
    except ImportError:
        raise _no_spark("pyspark is not installed", "Install it: pip install 'servicebanken[spark]'.") from None
    _check_java()
    _check_master(master)
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    builder = SparkSession.builder.master(master).appName("servicebanken")
    for name, value in {**QUIET, **(LOCAL if master.startswith("local") else {}), **conf}.items():
        builder = builder.config(name, value)
    with progress.step("start Spark"), failures():
        session = builder.getOrCreate()
    try:
        if not master.startswith("local"):
            check_workers(session)
        with told(session, progress):
            yield session
    finally:
        session.stop()


def settings(told: Sequence[str]) -> dict[str, str]:
    """Settings as a command gets them: `key=value` each. Raises CannotRun for one that is none."""
    for each in told:
        if not re.match(r"\S+=", each):
            raise CannotRun(Problem(Kind.BAD_OPTION, "is not a setting", "Write it as KEY=VALUE.", value=each))
    return dict(each.split("=", 1) for each in told)


def check_workers(session: Any) -> None:
    """Raises CannotRun where no worker takes a task, or one lacks this package or has another version of DuckDB."""
    ours, count = _versions(), session.sparkContext.defaultParallelism
    late = threading.Timer(PATIENCE, session.interruptAll)
    late.daemon = True
    late.start()
    try:
        with failures():
            found = session.range(0, count, 1, count).mapInArrow(_say_versions, "versions string").distinct().collect()
    except CannotRun:
        if late.finished.is_set():
            rule = f"has no worker that takes a task within {PATIENCE} seconds"
            raise _no_spark(rule, "Start workers, or ask for less memory and fewer cores.", _master(session)) from None
        raise
    finally:
        late.cancel()
    for (theirs,) in found:
        if theirs != ours:
            rule = f"has workers with {theirs}; this machine has {ours}"
            fix = "Install the same versions, and point PYSPARK_PYTHON at them on the workers."
            raise _no_spark(rule, fix, _master(session))


def _versions() -> str:
    from pipeline.table import duckdb

    return f"Python {sys.version_info[0]}.{sys.version_info[1]} and DuckDB {duckdb.__version__}"


def _say_versions(batches: Iterator[Any]) -> Iterator[Any]:
    import pyarrow

    for _ in batches:
        yield pyarrow.RecordBatch.from_pydict({"versions": [_versions()]})


def _master(session: Any) -> str:
    return str(session.sparkContext.master)


def _no_spark(rule: str, fix: str, value: str | None = None) -> CannotRun:
    return CannotRun(Problem(Kind.NO_SPARK, rule, fix, value=value))


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    fix = f"Install Java {JAVA} or newer, and set JAVA_HOME to its folder if there are several."
    if java is None:
        raise _no_spark(f"Java is not found{f' in {home}' if home else ''}, and Spark needs it", fix)
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    if found is None or int(found[1]) < JAVA:
        version = f"Java {found[1]}" if found else "no Java that tells its version"
        raise _no_spark(f"is {version}, and Spark needs {JAVA} or newer", fix, java)


def _check_master(master: str) -> None:
    """Asks a standalone master for a connection: Spark itself would try for a minute."""
    addresses = master.removeprefix("spark://").split(",") if master.startswith("spark://") else []
    for address in addresses:
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), SECONDS).close()
            return
        except (OSError, ValueError):
            continue
    if addresses:
        raise _no_spark("does not answer", "Check the address, and that the master runs.", master)


# -- failures and progress -------------------------------------------------------------------------------------------


@contextmanager
def failures(pieces: Sequence[Piece] = ()) -> Iterator[None]:
    """Turns what Spark raises into one sentence, with the piece whose task failed, if it is one of `pieces`."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark.", "py4j.")):
            raise
        told = str(error)
        causes = re.findall(r"^\s*((?:\w+\.)*\w*(?:Error|Exception): .+)$", told, re.M)
        cause = (causes[-1] if causes and "Traceback" in told else told.strip().splitlines()[0])[:300]
        found = re.search(r"Task (\d+) in stage", told)
        place = pieces[int(found[1])].place if found and int(found[1]) < len(pieces) else None
        fix = "See what the workers have logged; more memory for them, or smaller partitions, may help."
        raise CannotRun(Problem(Kind.SPARK_FAILED, f"could not be run by Spark: {cause}", fix, file=place)) from None


@contextmanager
def told(session: Any, progress: Progress) -> Iterator[None]:
    """Shows once a second how many tasks of the stages at work are done."""
    tracker, ended = session.sparkContext.statusTracker(), threading.Event()

    def tell() -> None:
        while not ended.wait(1):
            stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
            for stage in (each for each in stages if each is not None):
                what = f"tasks of {stage.name.split(' at ')[0]} (stage {stage.stageId})"
                progress.advance(stage.numCompletedTasks, stage.numTasks, what)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()
