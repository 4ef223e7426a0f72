"""The order of the stages: assemble, validate, release, and describe within it. Only this module knows them all."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import yaml

from pipeline.core.errors import InvalidData, PipelineError, Problem, Reasons
from pipeline.core.files import lock, os_errors, remove_abandoned, sha256, write_json
from pipeline.core.progress import Progress
from pipeline.core.yaml_files import LOADER
from pipeline.hookspecs import is_ours, offers
from pipeline.package import ledger, manifest
from pipeline.package.descriptor import check_column_names
from pipeline.package.package import DESCRIPTOR, Package, Resource, load
from pipeline.package.version import Wanted, is_draft
from pipeline.source import snapshots
from pipeline.source.project import Project

if TYPE_CHECKING:
    from pipeline.checks import Checks
    from pipeline.release import Proposal, Record

STATE = "state.json"
NOT_STATED = (snapshots.LOG, snapshots.LINKS, snapshots.REJECTED, snapshots.PENDING)
"""What `collect` notes of its own work beside the snapshots."""

LIBRARIES = ("duckdb", "frictionless", "jinja2", "xlsxwriter")
"""Libraries whose version shows in the bytes of a release."""
CODE = (".py", ".html", ".css")
"""Endings of this code's files."""


@dataclass(frozen=True)
class Built:
    """The release or draft that a build led to; `new` is false where the last recorded release holds the same.

    `made`: whether this run wrote it. `rows`: how many were assembled, if this run did.
    """

    version: str
    folder: Path
    new: bool
    made: bool
    rows: int | None
    changes: tuple[str, ...]


def build(project: Project, progress: Progress, base_url: str | None = None) -> Built:
    """Makes what the project's sources give now: the last recorded release, or a draft of the next one.

    `base_url`: the address below which its releases are published; it stands above the contract's `baseUrl`.
    Raises InvalidData where sources or tables are wrong; what was built before is then as it was.
    """
    return _made(project, progress, Wanted(draft=True), base_url)


def release(
    project: Project,
    progress: Progress,
    asked: str | None = None,
    base_url: str | None = None,
    major: bool = False,
    package: Package | None = None,
) -> Built:
    """The same as a release with a version of its own, which is recorded in the ledger; or the last one, if nothing
    has changed since. `package`: another one than the project's.

    `asked` is a version for it. Raises InvalidData, too, where the release would break what people have and neither
    `major` nor a version is asked for.
    """
    return _made(project, progress, Wanted(False, asked, major), base_url, package)


@contextmanager
def propose(
    project: Project,
    progress: Progress,
    asked: str | None = None,
    base_url: str | None = None,
    package: Package | None = None,
) -> Iterator[Proposal]:
    """What `release` would make of the sources as they are now, and why; writes nothing into the project."""
    from pipeline.release.proposal import propose

    base_url = _checked(base_url, asked)
    with tempfile.TemporaryDirectory(prefix="servicebanken-") as name, os_errors(name):
        elsewhere = replace(project, elsewhere=Path(name))
        package, _ = _gathered(elsewhere, progress, base_url, package)
        extras = _validated(elsewhere, package, progress)
        with propose(package, _record(project), extras, Wanted(version=asked, major=True)) as proposal:
            yield proposal


def _made(
    project: Project, progress: Progress, wanted: Wanted, base_url: str | None, package: Package | None = None
) -> Built:
    from pipeline.checks import Checks
    from pipeline.release import record as records
    from pipeline.release import release

    base_url = _checked(base_url, wanted.version)
    with _alone(project):
        state = None if package else _fingerprint(project, base_url)
        known = _unchanged(project, state, wanted)
        if known:
            progress.say("Nothing has changed since the last build.")
            return known
        record = _record(project)
        # Read while DuckDB assembles, which needs no Python lock.
        Thread(target=import_module, args=("pipeline.validate",), daemon=True).start()
        if not wanted.draft:
            records.refuse_other_place(record, project.record)
        package, rows = _gathered(project, progress, base_url, package)
        extras = _validated(project, package, progress)
        checks = Checks()
        judge = partial(_judge, checks)
        with progress.step("release"):
            released = release(
                package, project.releases, progress, extras, record, wanted, checks.describe, judge, software()
            )
        if released.new and not wanted.draft:
            records.add(record, project.ledger, project.record, released.folder, software(), list(extras))
            state = state and _fingerprint(project, base_url)
        _remove_drafts(project.releases, released.version)
        with suppress(OSError):  # It only spares the next build its work.
            write_json(project.build / STATE, {"fingerprint": state, "version": released.version})
        changes = tuple(change.line() for change in released.changes)
        return Built(released.version, released.folder, released.new, True, rows, changes)


def _record(project: Project) -> Record | None:
    from pipeline.release.record import read

    return read(project.ledger, project.record, project.releases)


def _gathered(
    project: Project, progress: Progress, base_url: str | None, package: Package | None
) -> tuple[Package, int | None]:
    """The package to release, and how many rows were assembled for it."""
    from pipeline.describe import BASE_URL

    rows = None
    if package is None:
        if project.has_sources:
            from pipeline.assemble import assemble

            with progress.step("assemble"):
                rows = sum(assemble(project, project.package, progress).values())
        package = load(project.package).with_file(project.contract.file)
    if base_url is not None:
        package = replace(package, descriptor={**package.descriptor, BASE_URL: base_url})
    return package, rows


def _checked(base_url: str | None, asked: str | None) -> str | None:
    from pipeline.describe import checked_base_url
    from pipeline.release.version import parse_asked

    parse_asked(asked)
    return None if base_url is None else checked_base_url(base_url)


@contextmanager
def _alone(project: Project) -> Iterator[None]:
    """Keeps other processes from the project's build folder, and removes what killed ones left there."""
    with lock(project.build):
        for folder in (project.build, project.releases):
            remove_abandoned(folder)
        yield


def _judge(checks: Checks, folder: Path) -> None:
    """Judges a release before it is seen, as `verify` would, but for what was just made of its valid tables."""
    from pipeline.verify import verify

    verified = verify(str(folder), Progress(), checks.judge)
    if not verified.whole:
        raise InvalidData(verified.problems)


def _remove_drafts(releases: Path, version: str) -> None:
    """Removes drafts of earlier builds: only what the sources give now is one."""
    for folder in releases.iterdir():
        if is_draft(folder.name) and folder.name != version:
            shutil.rmtree(folder)


def _validated(project: Project, package: Package, progress: Progress) -> dict[str, Path]:
    """The files that a release takes over beside its tables. Raises InvalidData for a package that is invalid."""
    from pipeline.package.metadata_yml import read_metadata
    from pipeline.report.report import problems
    from pipeline.validate import validate

    if project.metadata.is_file():
        read_metadata(project.metadata, project.metadata.name)
    reasons = Reasons()
    for table in package.tables:
        with reasons.gathered():
            check_column_names(table.schema or {}, table.name, str(package.file))
    with progress.step("validate"):
        report = validate(package)
    names = {resource.name: _shown(package, resource.paths, project) for resource in package.resources}
    reasons.problems += _traced(problems(report, names), package, project)
    reasons.refuse()
    if not project.metadata.is_file():
        return {}
    return {"metadata.yml": project.metadata} | {file.name: file for file in _texts(project.metadata)}


def _texts(metadata: Path) -> list[Path]:
    """The files of text beside metadata.yml that its pages name."""
    databases = (yaml.load(metadata.read_text(encoding="utf-8"), LOADER) or {}).get("databases") or {}
    pages = [page for told in databases.values() for page in (told.get("pages") or {}).values()]
    named = (page[member] for page in pages for member in page if member.partition("@")[0] == "file")
    files = dict.fromkeys(metadata.parent / Path(str(name)).name for name in named)
    return [file for file in files if file.suffix == ".md" and file.is_file()]


def _shown(package: Package, paths: Iterable[str], project: Project) -> str:
    files = [package.folder / path for path in paths]
    return ", ".join(
        str(file.relative_to(project.root)) if file.is_relative_to(project.root) else str(file) for file in files
    )


# -- from an invalid cell back to the source that states it --------------------------------------------------------


def _traced(found: list[Problem], package: Package, project: Project) -> list[Problem]:
    """The problems with the file and row of the source, for cells that were assembled from one."""
    if not project.has_sources or package.folder.resolve() != project.package:
        return found
    origins = _origins(package)
    traced = []
    for problem in found:
        table = next((table for table in package.tables if problem.file == _shown(package, table.paths, project)), None)
        if table is None or problem.row is None:
            traced.append(problem)
            continue
        key = _key_of_row(package.folder / table.paths[0], table.key, problem.row)
        origin = origins.get((table.name, key, problem.field or "")) or next(
            (place for (name, row_key, _), place in origins.items() if (name, row_key) == (table.name, key)),
            None,
        )
        if origin:
            rule, fix = _in_its_words(problem, table)
            rule = f"{rule} (table {table.name}, key {key})"
            problem = replace(problem, file=origin[0], row=origin[1], rule=rule, fix=fix)
        traced.append(problem)
    return traced


def _in_its_words(problem: Problem, table: Resource) -> tuple[str, str]:
    """Rule and way out of a problem, where the field itself says more: its codes, its description, its example."""
    field = next((field for field in table.fields if field["name"] == problem.field), {})
    constraints = field.get("constraints") or {}
    pattern, codes = str(constraints.get("pattern")), constraints.get("enum")
    rule = problem.rule.replace(f" the pattern {pattern}", " the pattern of the field")
    about = str(field.get("description", ""))
    if (example := field.get("example")) and str(example) not in about:
        about = f"{about} Example: {example}".strip()
    if not problem.value and codes:
        return rule, f"Fill in the cell. Use one of: {', '.join(map(str, codes))}."
    if about and (not problem.value or rule != problem.rule):
        return rule, f"{'Write' if problem.value else 'Fill in'} what the field asks for: {about.rstrip('.')}."
    return rule, problem.fix


def _origins(package: Package) -> dict[tuple[str, str, str], tuple[str, int]]:
    path = package.folder / "origins.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["table"], row["key"], row["field"]): (row["file"], int(row["row"])) for row in csv.DictReader(file)
        }


def _key_of_row(path: Path, key: list[str], number: int) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        for position, row in enumerate(csv.DictReader(file), 2):
            if position == number:
                return "|".join(row[name] for name in key)
    return ""


# -- whether anything has changed ----------------------------------------------------------------------------------


def software() -> str:
    """What makes releases here: the program, its version, the first signs of the checksum of its code, and what others
    have added to it."""
    added = [name for seam in ("formats", "catalogues") for name in offers(seam) if not is_ours(seam, name)]
    return f"servicebanken {version('servicebanken')} ({_code()[:8]}{''.join(f', {name}' for name in added)})"


@cache
def _code() -> str:
    """A hash of this code."""
    folder = Path(__file__).parent
    files = sorted(path for ending in CODE for path in folder.rglob(f"*{ending}"))
    return hashlib.sha256(
        "".join(f"{path.relative_to(folder)}\0{sha256(path)}\n" for path in files).encode()
    ).hexdigest()


def _fingerprint(project: Project, base_url: str | None) -> str:
    """A hash of everything that a release is made from: the project's files, this code, and the libraries."""
    recorded = "".join(f"{entry.version} {entry.sums}\n" for entry in ledger.read(project.ledger))
    digest = hashlib.sha256(f"{base_url}\n{_code()}\n{recorded}".encode())
    for path in _inputs(project):
        digest.update(f"{path.relative_to(project.root)}\0{sha256(path)}\n".encode())
    libraries = [f"{name} {version(name)}" for name in LIBRARIES]
    digest.update("\n".join([*libraries, sqlite3.sqlite_version, zlib.ZLIB_RUNTIME_VERSION, sys.version]).encode())
    return digest.hexdigest()


def _inputs(project: Project) -> list[Path]:
    if project.has_sources:
        files = [path for path in project.sources.rglob("*") if path.is_file() and path.name not in NOT_STATED]
    else:
        files = [
            project.root / path
            for resource in project.contract.resources
            for path in resource.paths
            if (project.root / path).is_file()
        ]
    files += [project.root / path for path in project.contract.parts]
    files.append(project.root / DESCRIPTOR)
    files += [path for path in [project.metadata, *project.record.rglob("*")] if path.is_file()]
    return sorted(set(files))


def _unchanged(project: Project, state: str | None, wanted: Wanted) -> Built | None:
    """What the last build made, if it is whole, was made from the same as is there now, and is what is wanted."""
    path = project.build / STATE
    with os_errors(str(path)):
        try:
            recorded = json.loads(path.read_text(encoding="utf-8"))
            folder = project.releases / recorded["version"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
    is_new = is_draft(folder.name)
    if state is None or recorded["fingerprint"] != state or (is_new and not wanted.draft):
        return None
    if wanted.version not in (None, folder.name) or (project.releases / "latest").resolve() != folder.resolve():
        return None
    try:
        manifest.verify(folder)
    except PipelineError:
        return None
    return Built(folder.name, folder, is_new, False, None, ())
