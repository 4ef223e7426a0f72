"""Which version a package would be released as, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import sha256
from pipeline.package.package import Package
from pipeline.package.version import DRAFT, RELEASE, Wanted, is_version, order
from pipeline.release.compare import Change, Comparison, compare
from pipeline.release.record import Record
from pipeline.release.schemas import with_schemas
from pipeline.release.version import FIRST, Step, Version, What, parse, parse_asked

SHOWN = 5
"""Changes that a refusal names."""


@dataclass(frozen=True)
class Proposal:
    """What a release of `package` would be: its version, and what it changes of the last recorded one, if there is one.

    `new` is false where the last recorded release holds the same; `version` is then its own.
    """

    package: Package
    version: str
    record: Record | None
    comparison: Comparison | None
    new: bool

    @property
    def before(self) -> str | None:
        """The version of the last recorded release."""
        return self.record.last.version if self.record else None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What would change, the largest first."""
        return self.comparison.changes if self.comparison else ()


def latest(releases: Path) -> Path | None:
    """The folder of the highest version below `releases` that is no draft, or None."""
    if not releases.is_dir():
        return None
    folders = [path for path in releases.iterdir() if is_version(path.name) and path.is_dir() and not path.is_symlink()]
    return max(folders, key=lambda path: order(path.name), default=None)


@contextmanager
def propose(
    package: Package, record: Record | None, extras: Mapping[str, Path], wanted: Wanted = RELEASE
) -> Iterator[Proposal]:
    """Compares a valid package with the last recorded release; the rows that differ are there meanwhile.

    Raises InvalidData where the wanted version is a smaller step than the changes demand, or is taken, and where a
    release that is no draft would break what people have and `major` is not set.
    """
    asked = parse_asked(wanted.version)
    package = with_schemas(package)
    ending = DRAFT if wanted.draft else ""
    if record is None:
        stated = str(package.descriptor.get("version") or FIRST)
        first = asked or parse(stated if is_version(stated) else FIRST)
        yield Proposal(package, f"{first}{ending}", None, None, True)
        return
    with compare(record.package, package) as compared:
        changes = (*compared.changes, *_extras(record, extras))
        comparison = replace(compared, changes=changes)
        if not changes and wanted.version in (None, record.last.version):
            yield Proposal(package, record.last.version, record, comparison, False)
            return
        version = _choose(record, changes, asked)
        if not wanted.draft and asked is None and not wanted.major:
            _refuse_to_break(comparison, version)
        yield Proposal(package, f"{version}{ending}", record, comparison, True)


def _extras(record: Record, extras: Mapping[str, Path]) -> list[Change]:
    """The files beside the tables that changed."""
    return [
        Change(What.FILE_CHANGED, None, name)
        for name, extra in extras.items()
        if record.last.data.get(name) != sha256(extra)
    ]


def _choose(record: Record, changes: tuple[Change, ...], asked: Version | None) -> Version:
    step = max((change.step for change in changes), default=Step.PATCH)
    before = record.last.version
    needed = parse(before).after(step)
    if str(asked or needed) in (entry.version for entry in record.entries):
        rule = "is the version of another release, and a release never changes"
        raise InvalidData(Problem(Kind.VERSION_TAKEN, rule, "Ask for a higher version.", value=str(asked or needed)))
    if asked is not None and asked < needed:
        raise InvalidData(
            Problem(
                Kind.VERSION_TOO_SMALL,
                f"is a smaller step from {before} than {_demanded(changes, step)}",
                f"Ask for {needed} or higher, or leave the version out.",
                value=str(asked),
            )
        )
    return asked or needed


def _demanded(changes: tuple[Change, ...], step: Step) -> str:
    reasons = [change.line() for change in changes if change.step == step]
    if not reasons:
        return "any new release needs"
    rest = f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return f"the changes demand ({'; '.join(reasons[:SHOWN])}{rest})"


BREAKS: Mapping[What, str] = {
    What.KEYS_REMOVED: "links to these rows, tables that refer to them, and citations lead nowhere",
    What.TABLE_REMOVED: "everything that reads the table fails",
    What.TABLE_RENAMED: "everything that reads the table by its old name fails",
    What.FIELD_REMOVED: "everything that reads the column fails",
    What.FIELD_RENAMED: "everything that reads the column by its old name fails",
    What.FIELD_RETYPED: "programs that expect the old type may fail or calculate wrongly",
    What.UNIT_CHANGED: "figures are misread by everyone who knows the old unit",
    What.CODE_REMOVED: "queries that ask for the code find nothing",
    What.VIEW_REMOVED: "everything that reads the view fails",
    What.PACKAGE_RENAMED: "the names of files and all web addresses change",
    What.LICENCE_RESTRICTED: "some people may no longer use the data as they do",
    What.RESOURCE_REMOVED: "everything that reads the file fails",
}
"""What a change of the largest kind breaks; of the others, programs that rely on the old rule fail."""

OTHERWISE = "programs that rely on how it was may fail"


def _refuse_to_break(comparison: Comparison, version: Version) -> None:
    """Refuses a release that breaks what people have, and names each thing with some of its rows."""
    breaking = [change for change in comparison.changes if change.step == Step.MAJOR]
    rows = {table.table: table for table in comparison.tables}
    problems = []
    for change in breaking:
        which = ""
        if change.what == What.KEYS_REMOVED and change.table in rows:
            found = comparison.rows(rows[change.table], "removed", SHOWN)
            more = ", …" if (change.count or 0) > SHOWN else ""
            which = f" ({', '.join('|'.join(row.key) for row in found)}{more})"
        rule = f"{change.line()}{which}: {BREAKS.get(change.what, OTHERWISE)}"
        fix = f"Undo it in the sources, or release it as {version} with --major."
        problems.append(Problem(Kind.BREAKING_CHANGE, rule, fix))
    if problems:
        raise InvalidData(problems)
