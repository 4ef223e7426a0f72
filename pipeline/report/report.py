"""A report as data that does not change from run to run, as problems that people can act on, and as lines for a
terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.core.errors import SHOWN, Kind, Problem, printable, shorten
from pipeline.report import wording
from pipeline.report.verdict import Error, Report, Task
from pipeline.web.visible import visible
from pipeline.web.words import Language, Words


def settled(report: Report) -> dict[str, Any]:
    """The report's descriptor without what depends on the run: how long it took."""
    descriptor: dict[str, Any] = report.to_descriptor()
    for part in (descriptor, *descriptor["tasks"]):
        part.get("stats", {}).pop("seconds", None)
    return descriptor


def problems(report: Report, names: Mapping[str, str] | None = None, language: Language = "en") -> list[Problem]:
    """The report's errors as problems, in its order; `names` gives a resource's file where the report has its name."""
    found = [_problem(error, None, language) for error in report.errors]
    for task in report.tasks:
        found += [_problem(error, _place(task, names), language) for error in task.errors]
    return found


def lines(
    report: Report,
    names: Mapping[str, str] | None = None,
    *,
    limit: int = SHOWN,
    language: Language = "en",
) -> list[str]:
    """The report for a terminal: per table a heading and a line for each problem, the gravest first; then the verdict.

    At most `limit` problems of a table are shown (0: all), the others are counted by error type. No line holds a
    control character, whatever the data holds.
    """
    said = _group(None, report.errors, limit, language)
    for task in report.tasks:
        said += _group(_place(task, names), task.errors, limit, language)
    said += [f"{Words(language).text('report.warning')} {warning}" for warning in _warnings(report)]
    return [visible(line) for line in [*said, summary(report, language)]]


def workflow_commands(report: Report, folder: Path, language: Language = "en", limit: int = SHOWN) -> list[str]:
    """The report as workflow commands of GitHub: each problem of a table on its row of the file in a pull request.

    `folder` is the package's, within the repository. At most `limit` problems of a table (0: all). A row is a line
    unless cells of the rows above hold line breaks. The escapes are those of the workflow commands' documentation.
    """
    found = [_problem(error, None, language) for error in chosen(report.errors, limit)]
    for task in report.tasks:
        found += [_problem(error, _place(task, None), language) for error in _said_once(chosen(task.errors, limit))]
    return [_annotation(problem, folder) for problem in found]


def _annotation(problem: Problem, folder: Path) -> str:
    place = f"file={_escaped((folder / problem.file).as_posix(), PROPERTY)}" if problem.file else ""
    place += f",line={problem.row}" if problem.file and problem.row is not None else ""
    value = "" if problem.value is None else f"{shorten(problem.value)!r}: "
    field = f"{problem.field}: " if problem.field else ""
    text = _escaped(f"{field}{value}{problem.rule}. {problem.fix}", MESSAGE)
    return f"::error {place}::{text}" if place else f"::error::{text}"


MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = MESSAGE | {":": "%3A", ",": "%2C"}
"""What stands for signs that would end a workflow command, or one of its properties."""


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(sign, sign) for sign in visible(text))


def summary(report: Report, language: Language = "en") -> str:
    """The verdict in one line."""
    words = Words(language)
    files = sum(task.type != "table" for task in report.tasks)
    rows = sum(task.stats.get("rows") or 0 for task in report.tasks)
    errors = len(report.errors) + sum(len(task.errors) for task in report.tasks)
    counts = [words.counted("report.n_table", len(report.tasks) - files), words.counted("report.n_row", rows)]
    counts += [words.counted("report.n_file", files)] if files else []
    verdict = words.text("report.is_valid" if report.valid else "report.is_invalid")
    return f"{verdict}: {', '.join([*counts, words.counted('report.n_error', errors)])}"


def chosen(errors: Iterable[Error], limit: int, repeats: int = 0) -> list[Error]:
    """At most `limit` errors (0: all): those of structure, then of keys, of types, of constraints.

    The first of its type in its field goes before all that repeat it, so that one bad column does not hide the others;
    more than `repeats` of them are never chosen (0: no such limit). Cells that one row lacks, or has too many, count
    as one.
    """
    order = sorted(errors, key=lambda error: wording.rank(error))
    kept = [
        (turn > 1 or follows, position, error)
        for position, (error, turn, follows) in enumerate(_in_turn(order))
        if not repeats or turn <= repeats
    ]
    if limit:
        kept = sorted(kept, key=lambda each: each[:2])[:limit]
    return [error for _, _, error in sorted(kept, key=lambda each: each[1])]


def _in_turn(errors: Iterable[Error]) -> Iterator[tuple[Error, int, bool]]:
    """Each error, how many of its type there were in its field with it, and whether it goes on with a row's shape."""
    seen: Counter[Any] = Counter()
    rows: dict[str, int | None] = {}
    for error in errors:
        in_shape = error.type in SHAPES
        kind = (error.type, () if in_shape else tuple(wording.fields(error)))
        row = error.row_number
        follows = in_shape and rows.get(error.type) == row
        seen[kind] += not follows
        rows[error.type] = row
        yield error, seen[kind], follows


SHAPES = ("missing-cell", "extra-cell")
"""Error types of which one row often has many."""


def _said_once(errors: Iterable[Error]) -> list[Error]:
    """The errors, and of the cells that one row lacks, or has too many, only the first."""
    return [error for error, _, follows in _in_turn(errors) if not follows]


def _problem(error: Error, file: str | None, language: Language) -> Problem:
    return Problem(
        Kind.INVALID_TABLE,
        f"{wording.title(error.type, language)}: {wording.rule(error, language)}",
        wording.fix(error, language),
        file=file,
        row=error.row_number,
        field=", ".join(wording.fields(error)) or None,
        value=wording.value(error),
    )


def _place(task: Task, names: Mapping[str, str] | None) -> str:
    return (names or {}).get(task.name) or task.place or task.name


def _warnings(report: Report) -> list[str]:
    return [*report.warnings, *(f"{task.name}: {warning}" for task in report.tasks for warning in task.warnings)]


def _group(file: str | None, errors: list[Error], limit: int, language: Language) -> list[str]:
    if not errors:
        return []
    words = Words(language)
    shown = chosen(errors, limit)
    gravest = words.text("report.gravest_first") if len({wording.rank(error) for error in errors}) > 1 else ""
    heading = f"{file or words.text('report.the_package')}: {words.counted('report.n_error', len(errors))}{gravest}"
    said = [heading, *(f"  {_line(_problem(error, file, language), words)}" for error in _said_once(shown))]
    rest = Counter(error.type for error in errors)
    rest.subtract(error.type for error in shown)
    if rest.total():
        counts = [(words.number(count), wording.title(kind, language)) for kind, count in rest.most_common() if count]
        kinds = ", ".join(f"{count} {kind}" for count, kind in counts)
        said.append(f"  {words.text('report.and_more', n=words.number(rest.total()), kinds=kinds)}")
    return said


def _line(problem: Problem, words: Words) -> str:
    """A problem in a line, in the form that `str` gives it in English."""
    place = [problem.file] if problem.file else []
    place += [words.text("report.line_row", n=problem.row)] if problem.row is not None else []
    place += [words.text("report.line_field", name=shorten(problem.field))] if problem.field else []
    value = [] if problem.value is None else [repr(shorten(problem.value))]
    start = [f"{', '.join(place)}:"] if place else []
    said = " ".join([words.text("report.line_start"), *start, *value, f"{problem.rule}. {problem.fix}"])
    return printable(f"{said} [{problem.kind}]")
