"""Sources in, a package out: what was stated is loaded and checked, merged, and written whole or not at all."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pipeline.assemble.checks import refuse_incomplete, unknown_tables, unread
from pipeline.assemble.collected import collected
from pipeline.assemble.columns import DISCREPANCIES, PROVENANCE
from pipeline.assemble.merge import CREATE_TRACES, drop_followers, merge
from pipeline.assemble.stated import load_precedence, load_stated
from pipeline.assemble.written import ORIGINS, descriptor, files, is_file, write
from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.core.files import draft, os_errors, replace_folder, staging, write_json
from pipeline.core.progress import Progress
from pipeline.package.package import DESCRIPTOR, Package
from pipeline.source.project import Project
from pipeline.source.source import read_all
from pipeline.table.relation import connect


def assemble(project: Project, out: Path, progress: Progress) -> dict[str, int]:
    """Writes the package that the project's sources make to the folder `out`; returns its tables' row counts.

    Raises InvalidData with every problem found in the sources, and CannotRun where `out` holds something else than
    an earlier package or is no place for one; then `out` is as it was.
    """
    if out != project.package:
        _refuse_place(out, project)
    sources = read_all(project.sources, project.root)
    contract = project.contract
    refuse_incomplete(contract)
    copied = files(contract, sources, project.root)
    found = collected(sources, project.root)
    for age in found.ages:
        progress.say(age)
    con = connect()
    load_precedence(con, sources)
    problems: list[Problem] = []
    tables = [table for table in contract.tables if table.name not in (PROVENANCE, DISCREPANCIES)]
    for number, table in enumerate(tables, 1):
        progress.advance(number, len(tables), table.name)
        problems += load_stated(con, table, sources, found, project.root)
    problems += unknown_tables(sources, contract, project.root)
    problems += unread(sources, copied.values(), project.sources, project.root, problems)
    if problems:
        raise InvalidData(problems)
    con.execute(CREATE_TRACES)
    for table in tables:
        drop_followers(con, table)
        merge(con, table)
    # What killed runs left is removed in the project's own folder only, whose lock the caller holds.
    with (staging if out == project.package else draft)(out.parent) as folder:
        counts = write(con, contract, copied, folder)
        write_json(folder / DESCRIPTOR, descriptor(contract, sources, found))
        with os_errors(str(out)):
            replace_folder(folder, out)
    return counts


def _refuse_place(out: Path, project: Project) -> None:
    """Refuses to put a package in the place of anything but an empty folder or a package that was assembled."""
    kept = (project.sources, project.releases)
    if any(out == folder or out.is_relative_to(folder) for folder in kept) or project.root.is_relative_to(out):
        rule = "is the project's own folder, or holds it, its sources or its releases"
    elif out.is_dir() and not _is_empty_or_assembled(out, project.contract):
        rule = "holds something else than a package that was assembled"
    else:
        return
    raise CannotRun(Problem(Kind.NOT_EMPTY, rule, "Name a new folder; nothing was written.", file=str(out)))


def _is_empty_or_assembled(folder: Path, contract: Package) -> bool:
    with os_errors(str(folder)):
        names = {path.name for path in folder.iterdir()}
    own = {DESCRIPTOR, ORIGINS, "data"}
    copied = {PurePosixPath(resource.paths[0]).name for resource in contract.resources if is_file(resource)}
    return not names or own <= names <= own | copied
