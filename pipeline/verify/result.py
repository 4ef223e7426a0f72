"""What came of verifying a release."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipeline.core.errors import Problem

State = Literal["ok", "failed", "skipped"]

Found = tuple[str, list[Problem]]
"""What a check looked at, in words, and what is wrong with it."""


@dataclass(frozen=True)
class Check:
    """One check: its name, how it ended, and what it looked at or why it did not."""

    name: str
    state: State
    note: str


@dataclass(frozen=True)
class Verified:
    """A release, as it was named, and whether it is what it was made as."""

    release: str
    name: str | None
    version: str | None
    files: int
    bytes: int
    checks: tuple[Check, ...]
    problems: tuple[Problem, ...]

    @property
    def whole(self) -> bool:
        """Whether no check failed."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready data."""
        problems = [problem.to_dict() for problem in self.problems]
        checks = [asdict(check) for check in self.checks]
        return {**asdict(self), "whole": self.whole, "checks": checks, "problems": problems}

    def __str__(self) -> str:
        head = " ".join(part for part in (self.name, self.version) if part) or "a release"
        lines = [f"{head}  {self.release}  {self.files} files, {self.bytes:,} bytes"]
        lines += [f"  {check.name:<10}  {check.state:<7}  {check.note}" for check in self.checks]
        return "\n".join([*lines, "The release is whole." if self.whole else "The release is not whole."])
