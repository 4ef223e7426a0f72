"""The checks of a release for which it takes other stages: its tables judged, its pages and its changes made again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.core.errors import InvalidData, Kind, PipelineError, Problem
from pipeline.core.files import have_same_bytes, link, os_errors, read_json, scratch, sha256, write_json
from pipeline.package import ledger, manifest
from pipeline.package.about import page_names
from pipeline.package.package import DESCRIPTOR, load
from pipeline.package.version import is_version

if TYPE_CHECKING:
    from pipeline.report.verdict import Report

Found = tuple[str, list[Problem]]

FIX = "The release was made wrong: report it to its publisher, or build it again."

CHANGELOG, CHANGES, REPORT, NOTES = "CHANGELOG.md", "changes.json", "report.json", "catalog/notes.json"

KEPT = (
    *(DESCRIPTOR, "data/**/*", "files/**/*", "formats/**/*", "*.sqlite", "*.xlsx", "*.geojson", "metadata.yml", "*.md"),
    CHANGES,
)
"""Files of a release that hold its data, or that other checks are for; everything else describes them."""


class Checks:
    """Checks that validate the tables of a release once."""

    def __init__(self) -> None:
        self._report: Report | None = None

    def report(self, folder: Path) -> Report:
        """What validation finds in the tables of the release in a folder."""
        from pipeline.validate import validate

        self._report = self._report or validate(load(folder))
        return self._report

    def judge(self, folder: Path) -> Found:
        """Validates the tables of the release in a folder, and compares its report with what is found now."""
        from pipeline.report.report import problems, settled

        report = self.report(folder)
        found = problems(report)
        rows = sum(task.stats.get("rows") or 0 for task in report.tasks)
        told = folder / REPORT
        if not found and told.is_file() and read_json(told, REPORT) != settled(report):
            found = [_differs(REPORT, "says something else than validation finds now")]
        return f"{len(report.tasks)} resources with {rows:,} rows are valid", found

    def describe(self, folder: Path, zipped: str) -> None:
        """Writes the reports, pages and descriptions of the release in a folder, to which that archive will be added.

        Raises InvalidData where its tables are not valid.
        """
        from pipeline.describe import write
        from pipeline.report.page import pages
        from pipeline.report.report import problems, settled

        package, report = load(folder), self.report(folder)
        if not report.valid:
            raise InvalidData(problems(report))
        write_json(folder / REPORT, settled(report))
        names = page_names("report", package.descriptor)
        for language, page in pages(report, package).items():
            (folder / names[str(language)]).write_text(page, encoding="utf-8", newline="\n")
        write(folder, zipped)

    def described(self, folder: Path, software: str | None = None) -> Found | None:
        """Makes every page and catalogue again from the data of the release, and names each that says something else.

        `software` is what this is; a release that states that another version made it cannot be compared.
        """
        package = load(folder)
        stated = package.descriptor.get("software")
        if stated is not None and software is not None and stated != software:
            return f"not compared: made by {stated}, and this is {software}", []
        zipped = f"{package.stem}-{package.descriptor.get('version')}.zip"
        kept = {path.relative_to(folder) for pattern in KEPT for path in folder.glob(pattern) if path.is_file()}
        if not (folder / NOTES).is_file():
            return None
        with scratch() as again, os_errors(str(again)):
            for path in sorted(kept):
                (again / path).parent.mkdir(parents=True, exist_ok=True)
                link(folder / path, again / path)
            self.describe(again, zipped)
            theirs = _of_others(folder, again)
            note, problems = _compared(
                folder, again, {path.as_posix() for path in kept} | {zipped, manifest.NAME} | theirs
            )
            return note + (f"; not compared: {', '.join(sorted(theirs))}" if theirs else ""), problems


def _of_others(folder: Path, again: Path) -> set[str]:
    """The files of catalogues that a package added which is not installed here; they are noted as they were."""
    told, made = (read_json(place / NOTES, NOTES) for place in (folder, again))
    theirs = {name: entry for name, entry in told.items() if name not in made}
    if theirs:
        write_json(again / NOTES, made | theirs)
    return {entry["file"] for entry in theirs.values() if entry["file"]}


def _compared(folder: Path, again: Path, kept: set[str]) -> Found:
    made, there = _files(again), _files(folder)
    names = sorted((made | there) - kept)
    problems = [
        _differs(name, "says something else than the data of the release give")
        for name in names
        if name not in made or name not in there or not have_same_bytes(again / name, folder / name)
    ]
    return f"{len(names)} pages and descriptions say what the data give", problems


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def changes(folder: Path, releases: Path) -> Found | None:
    """Compares the release with the one before it in `releases`, and that with what it says that it changed."""
    from pipeline.release.changelog import changelog
    from pipeline.release.compare import compare, document

    if not (folder / CHANGES).is_file():
        return None
    package, told = load(folder), read_json(folder / CHANGES, CHANGES)
    version, created = (package.descriptor.get(member) for member in ("version", "created"))
    stated = str((told.get("old") or {}).get("version")) if isinstance(told, dict) else ""
    before = releases / stated
    if isinstance(told, dict) and told.get("old") is None:
        fresh, text = document.first(document.about(package)), changelog(str(version), created, None, None)
    elif not is_version(stated) or not manifest.is_release(before):
        return f"not compared: {stated} is not in {releases}", []
    else:
        with compare(load(before), package) as compared:
            comparison = replace(compared, changes=(*compared.changes, *_of_files(told, before, folder)))
            file = io.StringIO()
            document.write(comparison, file, document.about(package))
            earlier = (before / CHANGELOG).read_text(encoding="utf-8")
            fresh, text = file.getvalue(), changelog(str(version), created, comparison, earlier)
    rule = f"says something else than what differs from {stated}" if before else "says something else"
    wrong = [CHANGES] if json.loads(fresh) != told else []
    wrong += [CHANGELOG] if (folder / CHANGELOG).read_text(encoding="utf-8") != text else []
    return "what it says that it changed is what differs", [_differs(name, rule) for name in wrong]


def recorded(folder: Path, releases: Path) -> Found | None:
    """Compares the release with what the ledger of its project says that it holds, and with the tables kept there.

    None where `releases` is no project's, or its ledger does not list the version.
    """
    from pipeline.source.project import find

    try:
        project = find(releases)
    except PipelineError:
        return None
    package = load(folder)
    version = str(package.descriptor.get("version"))
    entries = ledger.read(project.ledger) if project.releases.resolve() == releases.resolve() else ()
    entry = next((entry for entry in entries if entry.version == version), None)
    if entry is None:
        return None
    wrong = [
        path for path, digest in entry.data.items() if not (folder / path).is_file() or sha256(folder / path) != digest
    ]
    kept = project.record / DESCRIPTOR
    told = read_json(kept, str(kept)) if entry is entries[-1] and kept.is_file() else None
    if told and _stated(told) != _stated(package.descriptor):
        wrong.append(DESCRIPTOR)
    has_its_address = told is None or told.get("baseUrl") == package.descriptor.get("baseUrl")
    is_made_alike = has_its_address and package.descriptor.get("software") == entry.software
    if not wrong and is_made_alike and sha256(folder / manifest.NAME) != entry.sums:
        wrong.append(manifest.NAME)
    problems = [_differs(name, f"is not what was recorded of {version} in {project.ledger.name}") for name in wrong]
    return f"{len(entry.data)} data files and the descriptor are those that were recorded", problems


def _stated(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    """What a descriptor says, wherever its files lie and whatever made it."""
    resources = [{**member, "path": None} for member in descriptor["resources"]]
    return {**descriptor, "resources": resources, "software": None, "baseUrl": None}


def _of_files(told: Any, before: Path, folder: Path) -> Iterator[Any]:
    """The files beside the tables that it says have changed, and have."""
    from pipeline.release.compare import Change
    from pipeline.release.version import What

    for name in [each.get("name") for each in told.get("changes", []) if each.get("change") == What.FILE_CHANGED]:
        one, two = before / str(name), folder / str(name)
        if two.is_file() and not (one.is_file() and have_same_bytes(one, two)):
            yield Change(What.FILE_CHANGED, None, name)


def _differs(name: str, rule: str) -> Problem:
    return Problem(Kind.DIFFERENT_COPY, rule, FIX, file=name)
