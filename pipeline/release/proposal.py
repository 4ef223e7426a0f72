"""Which version a package would be released as, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import sha256
from pipeline.package import manifest
from pipeline.package.package import Package, load
from pipeline.release.compare import Change, Comparison, compare
from pipeline.release.schemas import with_schemas
from pipeline.release.version import FIRST, Step, Version, What, is_version, parse, parse_asked

SHOWN = 5
"""Changes that a refusal names."""

Extra = Path | str | Callable[[], str]
"""A file that is put beside the tables: copied, or written with a text, which may be made when it is needed."""


@dataclass(frozen=True)
class Proposal:
    """What a release of `package` would be: its version, and what it changes of the release before, if there is one.

    `new` is false where the release before holds the same; `version` is then its own.
    """

    package: Package
    version: Version
    before: Path | None
    comparison: Comparison | None
    new: bool

    @property
    def changes(self) -> tuple[Change, ...]:
        """What would change, the largest first."""
        return self.comparison.changes if self.comparison else ()


def latest(releases: Path) -> Path | None:
    """The folder of the highest version below `releases`, or None."""
    if not releases.is_dir():
        return None
    folders = [path for path in releases.iterdir() if is_version(path.name) and path.is_dir() and not path.is_symlink()]
    return max(folders, key=lambda path: parse(path.name), default=None)


@contextmanager
def propose(
    package: Package, releases: Path, extras: Mapping[str, Extra], asked: str | None = None
) -> Iterator[Proposal]:
    """Compares a valid package with the latest release below `releases`; the rows that differ are there meanwhile.

    Raises InvalidData where that release is damaged, or where `asked`, a version, is a smaller step than the changes
    demand, or is taken.
    """
    wanted = parse_asked(asked)
    package = with_schemas(package)
    before = latest(releases)
    if before is None:
        if wanted is not None:
            _refuse_taken(wanted, releases)
        stated = str(package.descriptor.get("version") or FIRST)
        first = parse(stated if is_version(stated) else FIRST)
        yield Proposal(package, wanted or first, None, None, True)
        return
    manifest.verify(before)
    with compare(load(before), package) as compared:
        changes = (*compared.changes, *_extras(before, extras))
        comparison = replace(compared, changes=changes)
        if not changes and asked in (None, before.name):
            yield Proposal(package, parse(before.name), before, comparison, False)
            return
        yield Proposal(package, _choose(before, changes, wanted, releases), before, comparison, True)


def _extras(before: Path, extras: Mapping[str, Extra]) -> list[Change]:
    """The files beside the tables that changed; of those that are made here, the tables tell."""
    return [
        Change(What.FILE_CHANGED, None, name)
        for name, extra in extras.items()
        if isinstance(extra, Path) and (not (before / name).is_file() or sha256(before / name) != sha256(extra))
    ]


def _choose(before: Path, changes: tuple[Change, ...], wanted: Version | None, releases: Path) -> Version:
    step = max((change.step for change in changes), default=Step.PATCH)
    needed = parse(before.name).after(step)
    if wanted is not None:
        _refuse_taken(wanted, releases)
    if wanted is not None and wanted < needed:
        raise InvalidData(
            Problem(
                Kind.VERSION_TOO_SMALL,
                f"is a smaller step from {before.name} than {_demanded(changes, step)}",
                f"Ask for {needed} or higher, or leave the version out.",
                value=str(wanted),
            )
        )
    if wanted is None:
        _refuse_taken(needed, releases)
    return wanted or needed


def _demanded(changes: tuple[Change, ...], step: Step) -> str:
    reasons = [change.line() for change in changes if change.step == step]
    if not reasons:
        return "any new release needs"
    rest = f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return f"the changes demand ({'; '.join(reasons[:SHOWN])}{rest})"


def _refuse_taken(version: Version, releases: Path) -> None:
    path = releases / str(version)
    if path.exists() or path.is_symlink():
        raise InvalidData(
            Problem(
                Kind.VERSION_TAKEN,
                "is released already, and a release is never changed",
                "Ask for a higher version.",
                value=str(version),
            )
        )
