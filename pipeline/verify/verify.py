"""The checks of a release, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.core.errors import InvalidData, PipelineError, Problem
from pipeline.core.progress import Progress
from pipeline.package import manifest
from pipeline.package.package import Package, load
from pipeline.verify import archive, copies, described
from pipeline.verify.obtain import obtained
from pipeline.verify.result import Check, Found, Verified

Judge = Callable[[Path], Found]
"""Validates the package in a folder."""

Look = Callable[[Path], Found | None]

Further = Mapping[str, Look]
"""What else is checked of a release, by name; each looks at its folder."""

NONE = "the release has none"
FOREIGN = "a format that another package adds: its files have the bytes that are listed; what they hold is not compared"


def verify(
    source: str, progress: Progress, judge: Judge, further: Further | None = None, always: Further | None = None
) -> Verified:
    """Verifies the release that `source` names: a folder, a ZIP, or the address of either.

    Where a file has other bytes than listed, nothing more is looked at: what is not the release needs no judgement.
    `always` is checked, too, whatever was found, and `further` if nothing was.
    Raises CannotRun where there is no release, or where it cannot be read or fetched.
    """
    with obtained(source, progress) as folder, _named(folder, source):
        checks = _Checks(progress)
        with progress.step("files"):
            files, problems = manifest.inspect(folder, progress.advance)
        checks.add(
            "files", (f"{len(files)} files with the bytes that are listed; none missing, none besides", problems)
        )
        package = _package(folder, checks) if not problems else None
        if package is not None:
            checks.look("descriptor", lambda: described.check(package, files))
            valid = checks.look("tables", lambda: judge(folder))
            if valid:
                _rows(package, checks)
            for name, check in (further or {}).items():
                if checks.problems:
                    checks.skip(name, "what it would be made from is wrong")
                else:
                    checks.look(name, partial(check, folder))
            if not valid:
                for name in copies.FORMATS:
                    checks.skip(name, "the tables are not valid")
            for name in sorted({file.path.split("/")[1] for file in files if file.path.startswith("formats/")}):
                checks.add(name, (FOREIGN, []))
            checks.look("zip", lambda: archive.check(package, files))
            for name, check in (always or {}).items():
                checks.look(name, partial(check, folder))
        return Verified(
            source,
            package.name if package else None,
            str(package.descriptor.get("version")) if package else None,
            len(files),
            sum(file.size for file in files),
            tuple(checks.made),
            tuple(_within(problem, folder, source) for problem in checks.problems),
        )


@contextmanager
def _named(folder: Path, source: str) -> Iterator[None]:
    """Lets an error speak of the release as it was named, and not of the folder where it was unpacked."""
    try:
        yield
    except PipelineError as error:
        raise type(error)(_within(problem, folder, source) for problem in error.problems) from None


def _within(problem: Problem, folder: Path, source: str) -> Problem:
    """The problem with its file as a path within the release."""
    if problem.file == str(folder):
        return replace(problem, file=source)
    return replace(problem, file=problem.file.removeprefix(f"{folder}/")) if problem.file else problem


def _package(folder: Path, checks: _Checks) -> Package | None:
    try:
        return load(folder)
    except PipelineError as error:
        checks.add("descriptor", ("", list(error.problems)))
        return None


def _rows(package: Package, checks: _Checks) -> None:
    with checks.progress.step("rows"):
        found = copies.compare(package, checks.progress)
    for name, each in found.items():
        checks.add(name, each)


class _Checks:
    """The checks that have been made, and what they found."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.made: list[Check] = []
        self.problems: list[Problem] = []

    def look(self, name: str, check: Callable[[], Found | None]) -> bool:
        """Makes a check, and tells whether all is well; what it cannot go on with has failed it."""
        with self.progress.step(name):
            try:
                found = check()
            except InvalidData as error:
                found = "", list(error.problems)
        return self.add(name, found)

    def add(self, name: str, found: Found | None) -> bool:
        """A check that has been made; None where the release has nothing of the kind."""
        if found is None:
            self.skip(name, NONE)
            return True
        note, problems = found
        if problems:
            note = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        self.made.append(Check(name, "failed" if problems else "ok", note))
        self.problems += problems
        return not problems

    def skip(self, name: str, why: str) -> None:
        """A check that is not made."""
        self.made.append(Check(name, "skipped", why))
