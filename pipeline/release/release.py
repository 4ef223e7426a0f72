"""A release: made in a staging folder, checked against its own checksums, made visible by one rename."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import os_errors, sha256, staging, write_json
from pipeline.core.progress import Progress
from pipeline.core.quoting import identifier, literal
from pipeline.package import manifest
from pipeline.package.package import DESCRIPTOR, Package, Resource, load
from pipeline.package.version import is_version
from pipeline.release import history
from pipeline.release.changelog import changelog
from pipeline.release.compare import Change, document
from pipeline.release.formats import archive, geojson, parquet, sqlite, xlsx
from pipeline.release.formats.contents import Contents
from pipeline.release.proposal import Extra, Proposal, propose
from pipeline.table import duckdb
from pipeline.table.relation import COPY_CSV, connect, raw, sort_order, typed

LATEST = "latest"
CHANGELOG = "CHANGELOG.md"
CHANGES = "changes.json"

Describe = Callable[[Path, str], None]
"""Writes descriptions into the folder of a release, to which the archive of that name will be added."""


Judge = Callable[[Path], object]
"""Raises InvalidData for a release in a folder that is not whole."""


@dataclass(frozen=True)
class Released:
    """A release on disk, and whether this run made it."""

    version: str
    folder: Path
    new: bool
    changes: tuple[Change, ...]


def release(
    package: Package,
    releases: Path,
    progress: Progress,
    extras: Mapping[str, Extra],
    asked: str | None = None,
    describe: Describe | None = None,
    judge: Judge | None = None,
) -> Released:
    """Releases a valid package below `releases`; `extras` are files to put beside it.

    `describe` describes the release once its data and its changelog are written; `judge` raises InvalidData for one
    that is not whole, before anybody sees it.

    Nothing is written when the latest release holds the same. Raises InvalidData where the latest release is damaged,
    or where `asked`, a version, is a smaller step than the changes demand, or is taken.
    """
    with propose(package, releases, extras, asked) as proposal:
        if not proposal.new:
            _point(releases, str(proposal.version))
            return Released(str(proposal.version), releases / str(proposal.version), False, ())
        stated = package.descriptor.get("version")
        if proposal.before is None and stated is not None and not is_version(str(stated)):
            progress.say(f"The version {stated!r} is not three numbers: this release is {proposal.version}.")
        with staging(releases) as folder:
            _write(proposal, folder, extras, progress, describe)
            manifest.write(folder)
            (judge or manifest.verify)(folder)
            folder.rename(releases / str(proposal.version))
            _point(releases, str(proposal.version))
    return Released(str(proposal.version), releases / str(proposal.version), True, proposal.changes)


def _point(releases: Path, version: str) -> None:
    """Makes `latest` lead to the version."""
    pointer = releases / LATEST
    if pointer.is_symlink() and pointer.readlink() == Path(version):
        return
    draft = releases / ".latest"
    with os_errors(str(pointer)):
        draft.unlink(missing_ok=True)
        draft.symlink_to(version)
        draft.replace(pointer)


def _created(package: Package) -> str | None:
    """When the release was made, from its sources and not from the clock.

    SOURCE_DATE_EPOCH (reproducible-builds.org), else what the descriptor says, else the day when the newest cited
    document was read.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        return _time(epoch)
    if package.descriptor.get("created"):
        return str(package.descriptor["created"])
    documents = package.table("documents")
    if documents and "accessed" in documents.field_names:
        con = connect()
        relation = raw(con, package, documents)
        newest = con.execute(f"SELECT max(nullif(accessed, '')) FROM {relation}").fetchall()[0][0]
        return f"{newest}T00:00:00Z" if newest else None
    return None


def _time(epoch: str) -> str:
    """Seconds since 1970 as a time of RFC 3339."""
    try:
        return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        raise CannotRun(
            Problem(
                Kind.BAD_OPTION,
                "is not a time in seconds since 1970",
                "Set it to a whole number such as 1767225600, or unset it.",
                value=f"SOURCE_DATE_EPOCH={epoch}",
            )
        ) from None


def _write(
    proposal: Proposal,
    folder: Path,
    extras: Mapping[str, Extra],
    progress: Progress,
    describe: Describe | None,
) -> None:
    """Writes every file of the release but the checksums."""
    created = _created(proposal.package)
    _write_tables(proposal, folder, created, extras, progress)
    _write_changes(proposal, folder, created)
    zipped = f"{proposal.package.stem}-{proposal.version}.zip"
    if describe is not None:
        progress.advance(6, 7, "catalog")
        describe(folder, zipped)
    progress.advance(7, 7, "zip")
    manifest.write(folder)  # of what is in the archive, for who has that alone
    archive.write(folder, folder / zipped)


def _write_changes(proposal: Proposal, folder: Path, created: str | None) -> None:
    """Writes what the release changes, for people and for programs."""
    earlier = (proposal.before / CHANGELOG).read_text(encoding="utf-8") if proposal.before else None
    text = changelog(proposal.version, created, proposal.comparison, earlier)
    (folder / CHANGELOG).write_text(text, encoding="utf-8", newline="\n")
    new = document.about(load(folder))
    with (folder / CHANGES).open("w", encoding="utf-8", newline="\n") as file:
        if proposal.comparison is None:
            file.write(document.first(new))
        else:
            document.write(proposal.comparison, file, new)


def _write_tables(
    proposal: Proposal,
    folder: Path,
    created: str | None,
    extras: Mapping[str, Extra],
    progress: Progress,
) -> None:
    """Writes the descriptor, the extras, and the tables in every format."""
    package, version = proposal.package, str(proposal.version)
    con = connect()
    (folder / "data").mkdir()
    progress.advance(1, 7, "csv")
    members = [_write_resource(con, package, resource, folder) for resource in package.resources]
    write_json(folder / DESCRIPTOR, _release_descriptor(package, members, version, created))
    released = load(folder).with_file(package.file)
    relations = {table.name: typed(con, released, table) for table in released.tables}
    contents = Contents(con, released, relations, created)
    with ThreadPoolExecutor(1) as beside:
        written = [beside.submit(_write_extra, extra, folder / name) for name, extra in extras.items()]
        _write_formats(contents, folder, partial(history.write, proposal=proposal, created=created), progress)
        for each in written:
            each.result()


def _write_formats(
    contents: Contents, folder: Path, also: Callable[[sqlite3.Connection], None], progress: Progress
) -> None:
    """Writes the other formats, on two cores.

    Rows go into SQLite, and into the workbook, through Python's hands, which one of the two can have at a time. What
    else there is to do is DuckDB's and SQLite's own work: Parquet beside the one, indexes and search beside the other.
    """
    stem = contents.package.stem
    filled = Event()
    with ThreadPoolExecutor(1) as beside:
        apart = replace(contents, con=contents.con.cursor())
        database = beside.submit(sqlite.write, apart, folder / f"{stem}.sqlite", also, filled.set)
        database.add_done_callback(lambda _: filled.set())
        progress.advance(2, 7, "parquet")
        parquet.write(contents, folder / "data")
        progress.advance(3, 7, "geojson")
        for sentence in geojson.write(contents, folder):
            progress.say(sentence)
        filled.wait()
        progress.advance(4, 7, "xlsx")
        xlsx.write(contents, folder / f"{stem}.xlsx")
        progress.advance(5, 7, "sqlite")
        database.result()


def _write_resource(
    con: duckdb.DuckDBPyConnection, package: Package, resource: Resource, folder: Path
) -> dict[str, Any]:
    """Writes a resource's file and returns its descriptor in the release."""
    if not resource.paths and not (resource.is_table and resource.schema):
        return dict(resource.descriptor)
    if resource.is_table and resource.schema:
        path = f"data/{resource.stem}.csv"
        columns = ", ".join(f"nullif({identifier(name)}, '') AS {identifier(name)}" for name in resource.field_names)
        order = f" ORDER BY {sort_order(resource)}" if resource.key else ""
        rows = raw(con, package, resource)
        query = f"SELECT {columns} FROM {rows}{order}"
        con.execute(COPY_CSV.format(query=query, path=literal(str(folder / path))))
        con.execute(f"DROP TABLE {rows}")
        left = ("dialect", "profile", "data", "compression", "innerpath")
        kept = {name: value for name, value in resource.descriptor.items() if name not in left}
        return kept | {
            "type": "table",
            "path": path,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": (folder / path).stat().st_size,
            "hash": f"sha256:{sha256(folder / path)}",
            "schema": {name: value for name, value in resource.schema.items() if name != "fieldsMatch"},
        }
    targets = [f"files/{path}" for path in resource.paths]
    for path, target in zip(resource.paths, targets, strict=True):
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.folder / path, folder / target)
    return dict(resource.descriptor) | {"path": targets[0] if len(targets) == 1 else targets}


def _release_descriptor(
    package: Package, members: list[dict[str, Any]], version: str, created: str | None
) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for name, value in package.descriptor.items():
        if name not in ("resources", "created", "profile"):  # its tables have the form of version 2
            head[name] = value
    head["name"] = package.name
    head["version"] = version
    if created is not None:
        head["created"] = created
    return head | {"resources": members}


def _write_extra(extra: Extra, target: Path) -> None:
    if isinstance(extra, Path):
        shutil.copyfile(extra, target)
    else:
        text = extra() if callable(extra) else extra
        target.write_text(text, encoding="utf-8", newline="\n")
