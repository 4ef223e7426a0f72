"""A report as light data: what frictionless's report says, without frictionless, which takes long to load.

`to_frictionless` makes the report of frictionless's own class when somebody asks for it, and `to_descriptor` what that
class would write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import frictionless


@dataclass(slots=True)
class Error:
    """One fault: `type` and `note` are frictionless's, the rest is what its class of that type has."""

    type: str
    note: str
    cells: list[str] | None = None
    row_number: int | None = None
    cell: str | None = None
    field_name: str | None = None
    field_number: int | None = None
    labels: list[str] | None = None
    row_numbers: list[int] | None = None
    label: str | None = None
    field_names: list[str] | None = None
    field_cells: list[str] | None = None
    reference_name: str | None = None
    reference_field_names: list[str] | None = None

    @classmethod
    def of(cls, error: frictionless.Error) -> Error:
        """The same as light data."""
        return cls(error.type, error.note, **{name: getattr(error, name, None) for name in MEMBERS})

    @property
    def message(self) -> str:
        """frictionless's sentence."""
        return self.to_frictionless().message

    def to_frictionless(self) -> frictionless.Error:
        """The same as an object of frictionless's class."""
        given = {name: value for name in MEMBERS if (value := getattr(self, name)) is not None}
        made: frictionless.Error = _class(self.type)(note=self.note, **given)
        return made


MEMBERS = [each.name for each in fields(Error)[2:]]


@cache
def _class(kind: str) -> Any:
    import frictionless
    from frictionless import errors

    class UniqueKeyError(errors.RowError):
        """Two rows have the same unique key (Table Schema, `uniqueKeys`)."""

        type = "unique-key"
        title = "Unique Key Error"
        description = "Values in the fields of a unique key should be unique for every row"
        template = 'Row at position "{rowNumber}" violates the unique key: {note}'

    known = {each.type: each for each in frictionless.Error.list_children()}
    return {**known, "unique-key": UniqueKeyError}.get(kind, frictionless.Error)


@dataclass
class Task:
    """What is said of one resource; `type` is `table`, or what kind of file it is. `stats` are frictionless's."""

    name: str
    place: str
    labels: list[str] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    errors: list[Error] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    type: str = "table"

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors

    def to_descriptor(self) -> dict[str, Any]:
        """What frictionless's task would write."""
        return {
            "name": self.name,
            "type": self.type,
            "valid": self.valid,
            "place": self.place,
            "labels": [str(label) for label in self.labels],
            "stats": {"errors": len(self.errors), "warnings": len(self.warnings), **self.stats},
            "warnings": list(self.warnings),
            "errors": [error.to_frictionless().to_descriptor() for error in self.errors],
        }


@dataclass
class Report:
    """The verdict on a package, or on several; `errors` are those of no resource, `seconds` how long it took."""

    tasks: list[Task] = field(default_factory=list)
    seconds: float = field(default=0, compare=False)
    errors: list[Error] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong anywhere."""
        return not self.errors and all(task.valid for task in self.tasks)

    @property
    def stats(self) -> dict[str, Any]:
        """The counts of tasks, errors and warnings, and the seconds."""
        return {
            "tasks": len(self.tasks),
            "errors": len(self.errors) + sum(len(task.errors) for task in self.tasks),
            "warnings": len(self.warnings),
            "seconds": round(self.seconds, 3),
        }

    @classmethod
    def of(cls, report: frictionless.Report) -> Report:
        """The same as light data."""
        tasks = [
            Task(
                task.name,
                task.place,
                list(task.labels),
                {name: value for name, value in task.stats.items() if name not in ("errors", "warnings")},
                list(map(Error.of, task.errors)),
                list(task.warnings),
                str(task.type),
            )
            for task in report.tasks
        ]
        seconds = float(report.stats["seconds"] or 0)
        return cls(tasks, seconds, list(map(Error.of, report.errors)), list(report.warnings))

    def to_descriptor(self) -> dict[str, Any]:
        """What frictionless's report would write."""
        return {
            "valid": self.valid,
            "stats": self.stats,
            "warnings": list(self.warnings),
            "errors": [error.to_frictionless().to_descriptor() for error in self.errors],
            "tasks": [task.to_descriptor() for task in self.tasks],
        }

    def to_frictionless(self) -> frictionless.Report:
        """The same as an object of frictionless's class."""
        import frictionless

        return frictionless.Report.from_descriptor(self.to_descriptor())


def merged(reports: Iterable[Report]) -> Report:
    """One report of several."""
    listed = list(reports)
    return Report(
        [task for report in listed for task in report.tasks],
        sum(report.seconds for report in listed),
        [error for report in listed for error in report.errors],
        [warning for report in listed for warning in report.warnings],
    )
