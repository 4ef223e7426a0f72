"""How a fetch ended, and what a command makes of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError, Problem
from pipeline.core.http import NotFetched
from pipeline.source.fetch import Fetch
from pipeline.source.source import FILE, Source


@dataclass(frozen=True)
class Outcome:
    """How one fetch ended: `accepted`, `unchanged`, `rejected`, `failed`, or `waiting` where it was not asked."""

    source: str
    fetch: str
    outcome: str
    requests: int = 0
    bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    note: str = ""
    asks: tuple[str, ...] = ()
    """The first requests where they are only planned; with `collect --check` each request, and what came."""
    shape: tuple[str, ...] = ()
    """What of the documented shape holds, with `collect --check`."""
    nowhere: bool = False
    """Whether the host is not known."""

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON-ready data."""
        return {**asdict(self), "problems": [problem.to_dict() for problem in self.problems]}

    def line(self, wide: int, wider: int) -> str:
        """One line for a person: what is fetched and how it ended, each as wide as said, and what came of it."""
        rows = ", ".join(f"{table} {count:,}" for table, count in self.rows.items())
        asked = f"{self.requests} request{'s' * (self.requests != 1)}" if self.outcome != "waiting" else ""
        said = [f"{self.fetch:{wide}}", f"{self.outcome:{wider}}", asked, rows, self.note]
        return "\n".join(["  ".join(filter(None, said)).rstrip(), *(f"  {request}" for request in self.asks)])


def told(outcomes: list[Outcome]) -> str:
    """A line for each outcome, in columns."""
    if not outcomes:
        return "No source says what to fetch."
    if offline(outcomes):
        return "No network."
    wide = max(len(outcome.fetch) for outcome in outcomes)
    wider = max(len(outcome.outcome) for outcome in outcomes)
    return "\n".join(outcome.line(wide, wider) for outcome in outcomes)


def table(outcomes: list[Outcome]) -> str:
    """What was asked, what came and what of the documented shape holds, as a table in Markdown to send to somebody."""
    if offline(outcomes):
        return "No network."
    lines = ["| Fetch | Asked, and what came | Shape | Result |", "| --- | --- | --- | --- |"]
    for outcome in outcomes:
        shape = "<br>".join([*outcome.shape, *(problem.rule for problem in outcome.problems)])
        cells = (outcome.fetch, "<br>".join(outcome.asks) or "nothing", shape or "unknown", outcome.outcome)
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(lines)


def offline(outcomes: list[Outcome]) -> bool:
    """Whether no host, or no proxy before them, was found: then it is the network that is not there."""
    return len(outcomes) > 1 and all(outcome.nowhere for outcome in outcomes)


def failed(source: Source, fetch: Fetch, error: NotFetched) -> Outcome:
    """The outcome of a fetch whose source did not give what was asked for."""
    fix = "What was accepted before still counts; run `servicebanken collect` again later."
    found = problem(Kind.NOT_FETCHED, error.rule, fix, source, fetch)
    return Outcome(source.name, fetch.id, "failed", problems=(found,), nowhere=error.nowhere)


def problem(kind: Kind, rule: str, fix: str, source: Source, fetch: Fetch) -> Problem:
    """What is wrong with a fetch, at the line of source.yml where it stands."""
    return Problem(kind, rule, fix, file=f"sources/{source.name}/{FILE}", row=fetch.line, value=fetch.id)


def error_of(outcomes: list[Outcome]) -> PipelineError | None:
    """What a command ends with: InvalidData where a snapshot was rejected, else CannotRun where one failed."""
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    if offline(outcomes):
        rule = f"None of the {len(outcomes)} fetches reached its host: {outcomes[0].problems[0].rule}"
        fix = "Is this machine online? What was accepted before still counts."
        return CannotRun(Problem(Kind.NOT_FETCHED, rule, fix))
    if any(outcome.outcome in ("rejected", "differs") for outcome in outcomes):
        return InvalidData(problems)
    return CannotRun(problems) if problems else None
