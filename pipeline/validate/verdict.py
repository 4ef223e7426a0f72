"""The report on tables without a fault, as frictionless would have it; it needs nothing of frictionless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import frictionless


class Task(Protocol):
    """What frictionless's `ReportTask` and a clean one have in common."""

    @property
    def name(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def valid(self) -> bool: ...
    @property
    def stats(self) -> Mapping[str, Any]: ...
    @property
    def warnings(self) -> list[str]: ...
    @property
    def errors(self) -> list[frictionless.Error]: ...


class Report(Protocol):
    """What frictionless's `Report` and a clean one have in common."""

    @property
    def valid(self) -> bool: ...
    @property
    def stats(self) -> Mapping[str, Any]: ...
    @property
    def warnings(self) -> list[str]: ...
    @property
    def errors(self) -> list[frictionless.Error]: ...
    @property
    def tasks(self) -> Sequence[Task]: ...
    def to_descriptor(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class CleanTask:
    """What frictionless's `ReportTask` says of a table without errors or warnings; `stats` as it has them."""

    name: str
    place: str
    labels: list[str]
    stats: dict[str, Any]
    type: ClassVar[str] = "table"
    valid: ClassVar[bool] = True
    errors: ClassVar[list[frictionless.Error]] = []
    warnings: ClassVar[list[str]] = []

    def to_descriptor(self) -> dict[str, Any]:
        """The descriptor of frictionless's task."""
        return {
            "name": self.name,
            "type": self.type,
            "valid": True,
            "place": self.place,
            "labels": list(self.labels),
            "stats": {"errors": 0, "warnings": 0, **self.stats},
            "warnings": [],
            "errors": [],
        }


@dataclass(frozen=True)
class CleanReport:
    """What frictionless's `Report` says where every table is clean; `seconds` is how long it took."""

    tasks: list[CleanTask]
    seconds: float = field(compare=False)
    valid: ClassVar[bool] = True
    errors: ClassVar[list[frictionless.Error]] = []
    warnings: ClassVar[list[str]] = []

    @property
    def stats(self) -> dict[str, Any]:
        """The counts of tasks, errors and warnings, and the seconds."""
        return {"tasks": len(self.tasks), "errors": 0, "warnings": 0, "seconds": round(self.seconds, 3)}

    def to_descriptor(self) -> dict[str, Any]:
        """The descriptor of frictionless's report."""
        return {
            "valid": True,
            "stats": self.stats,
            "warnings": [],
            "errors": [],
            "tasks": [task.to_descriptor() for task in self.tasks],
        }


def as_frictionless(report: Report) -> frictionless.Report:
    """The report as an object of frictionless's own class."""
    import frictionless

    if isinstance(report, frictionless.Report):
        return report
    assert isinstance(report, CleanReport)
    return frictionless.Report.from_validation(
        time=report.seconds, tasks=[task_as_frictionless(task) for task in report.tasks]
    )


def task_as_frictionless(task: CleanTask) -> frictionless.ReportTask:
    """The task as an object of frictionless's own class."""
    import frictionless

    return frictionless.ReportTask(
        valid=True,
        name=task.name,
        type=task.type,
        place=task.place,
        labels=task.labels,
        stats={"errors": 0, "warnings": 0, **task.stats},  # type: ignore[typeddict-item]
        errors=[],
        warnings=[],
    )
