"""A session of Spark for tests; they are skipped where pyspark or Java are not installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.progress import Progress
from pipeline.package.package import Package
from pipeline.spark.session import opened
from pipeline.validate import Terms, validate


@cache
def why_not() -> str | None:
    """Why there is no Spark here."""
    try:
        import pyspark
    except ImportError:
        return "pyspark is not installed: make .venv/spark"
    assert pyspark
    return None if shutil.which("java") else "Java is not installed"


QUICK = {
    "spark.sql.files.maxPartitionBytes": "300b",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""Small partitions, and nothing that pays only where there are many rows: compiled plans, for one."""


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A session on two cores, which reads 300 bytes as one partition."""
    if why_not():
        pytest.skip(str(why_not()))
    with opened("local[2]", QUICK, Progress()) as made:
        yield made


def assert_same_report(package: Path | Package, session: Any, limit: int = 1000) -> dict[str, Any]:
    """Asserts that Spark's report is that of one machine, but for the seconds; and gives it."""
    alone = described(package, Terms(limit_errors=limit))
    assert described(package, Terms(limit_errors=limit), session) == alone
    return alone


def described(package: Path | Package, terms: Terms, session: Any = None) -> dict[str, Any]:
    """The report without how long it took."""
    report = validate(package, terms, spark=session).to_descriptor()
    for each in (report, *report["tasks"]):
        each["stats"].pop("seconds")
    return report
