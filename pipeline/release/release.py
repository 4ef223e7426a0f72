"""A release: made in a staging folder, checked against its own checksums, made visible by one rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.core.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.core.files import have_same_bytes, link, os_errors, replace_folder, sha256, staging, write_json
from pipeline.core.progress import Progress
from pipeline.core.quoting import identifier, literal
from pipeline.hookspecs import is_ours, module, offers
from pipeline.package import manifest
from pipeline.package.package import DESCRIPTOR, Package, Resource, load
from pipeline.package.version import RELEASE, Wanted, is_version
from pipeline.release import history
from pipeline.release.changelog import CHANGELOG, CHANGES, changelog
from pipeline.release.compare import Change, document
from pipeline.release.formats import archive
from pipeline.release.formats.contents import Contents
from pipeline.release.proposal import Proposal, propose
from pipeline.release.record import Record
from pipeline.table import duckdb
from pipeline.table.dated import with_days
from pipeline.table.relation import COPY_CSV, connect, raw, sort_order, spilling, typed

LATEST = "latest"

Describe = Callable[[Path, str], None]
"""Writes descriptions into the folder of a release, to which the archive of that name will be added."""


Judge = Callable[[Path], object]
"""Raises InvalidData for a release in a folder that is not whole."""


@dataclass(frozen=True)
class Released:
    """A release on disk: its version, whether that is a new one, and what it changes."""

    version: str
    folder: Path
    new: bool
    changes: tuple[Change, ...]


def release(
    package: Package,
    releases: Path,
    progress: Progress,
    extras: Mapping[str, Path],
    record: Record | None = None,
    wanted: Wanted = RELEASE,
    describe: Describe | None = None,
    judge: Judge | None = None,
    software: str | None = None,
) -> Released:
    """Makes a draft or a release of a valid package below `releases`; `extras` are files to put beside it.

    `record`: the last recorded release. Where the package holds the same, that release is made again: with the same
    data files, and other bytes only where other `software` makes the rest. `describe` describes the release once its
    data and its changelog are written; `judge` raises InvalidData for one that is not whole, before anybody sees it.

    Raises InvalidData as `propose` does, where the version lies there already, unrecorded and with other bytes, and
    where recorded data files come out with other bytes.
    """
    with propose(package, record, extras, wanted) as proposal:
        target = releases / proposal.version
        stated = package.descriptor.get("version")
        if proposal.record is None and stated is not None and not is_version(str(stated)):
            progress.say(f"The version {stated!r} is not three numbers: this release is {proposal.version}.")
        with staging(releases) as folder:
            _write(proposal, folder, extras, progress, describe, software)
            (judge or manifest.verify)(folder)
            if not proposal.new:
                _refuse_other_data(proposal, folder)
            if not _is_same(target, folder):
                if proposal.new and not wanted.draft and target.exists():
                    raise InvalidData(_taken(target))
                replace_folder(folder, target)
            _point(releases, proposal.version)
    return Released(proposal.version, target, proposal.new, proposal.changes)


def _is_same(target: Path, folder: Path) -> bool:
    """Whether the release lies there already, whole."""
    sums = target / manifest.NAME
    return sums.is_file() and have_same_bytes(sums, folder / manifest.NAME) and not manifest.inspect(target)[1]


def _taken(target: Path) -> Problem:
    return Problem(
        Kind.VERSION_TAKEN,
        "lies there, is not in the ledger of releases, and holds something else",
        "If nobody needs it, delete the folder and release again.",
        file=str(target),
    )


def _refuse_other_data(proposal: Proposal, folder: Path) -> None:
    """Refuses data files with other bytes than were recorded, though nothing has changed in them."""
    assert proposal.record is not None
    problems = [
        Problem(
            Kind.DIFFERENT_COPY,
            f"holds the same as in {proposal.version}, but this software writes it with other bytes",
            f"Use the software that made it ({proposal.record.last.software}), or ask for a new --version.",
            file=path,
        )
        for path, digest in proposal.record.last.data.items()
        if (folder / path).is_file() and sha256(folder / path) != digest
    ]
    if problems:
        raise InvalidData(problems)


def _point(releases: Path, version: str) -> None:
    """Makes `latest` lead to the version; where links need a permission, as on Windows, it is a copy of it."""
    pointer, draft = releases / LATEST, releases / ".latest"
    if pointer.is_symlink() and pointer.readlink() == Path(version):
        return
    with os_errors(str(pointer)):
        if draft.is_dir() and not draft.is_symlink():
            shutil.rmtree(draft)
        draft.unlink(missing_ok=True)
        try:
            draft.symlink_to(version)
        except OSError:
            shutil.copytree(releases / version, draft, copy_function=link)
        if pointer.is_dir() and not pointer.is_symlink():
            replace_folder(draft, pointer)
        else:
            draft.replace(pointer)


def _created(proposal: Proposal) -> str | None:
    """When the release was made: as recorded, or what SOURCE_DATE_EPOCH (reproducible-builds.org) or the descriptor
    says, or now. A draft has no day of its own: it is as old as the newest document that it cites."""
    package = proposal.package
    if not proposal.new and proposal.record is not None:
        recorded = proposal.record.package.descriptor.get("created")
        return None if recorded is None else str(recorded)
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        return _time(epoch)
    if package.descriptor.get("created"):
        return str(package.descriptor["created"])
    if is_version(proposal.version):
        return datetime.now(UTC).strftime("%Y-%m-%dT00:00:00Z")
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
    extras: Mapping[str, Path],
    progress: Progress,
    describe: Describe | None,
    software: str | None,
) -> None:
    """Writes every file of the release. Each is read for its checksum once; `judge` reads it again."""
    created, steps = _created(proposal), len(offers("formats")) + 3
    _write_tables(proposal, folder, created, extras, progress, software)
    _write_changes(proposal, folder, created)
    zipped = f"{proposal.package.stem}-{proposal.version}.zip"
    known = {table.paths[0]: str(table.descriptor["hash"]).removeprefix("sha256:") for table in load(folder).tables}
    if describe is not None:
        progress.advance(steps - 1, steps, "catalog")
        describe(folder, zipped)
    progress.advance(steps, steps, "zip")
    sums = manifest.write(folder, known)  # of what is in the archive, for who has that alone
    archive.write(folder, folder / zipped)
    manifest.write(folder, sums)


def _write_changes(proposal: Proposal, folder: Path, created: str | None) -> None:
    """Writes what the release changes, for people and for programs; of a recorded one, what was told of it then."""
    record = proposal.record
    if record is not None and not proposal.new:
        for name in (CHANGELOG, CHANGES):
            shutil.copyfile(record.history / name, folder / name)
        return
    earlier = (record.history / CHANGELOG).read_text(encoding="utf-8") if record else None
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
    extras: Mapping[str, Path],
    progress: Progress,
    software: str | None,
) -> None:
    """Writes the descriptor, the extras, and the tables in every format."""
    package = proposal.package
    (folder / "data").mkdir()
    with spilling() as con:
        progress.advance(1, len(offers("formats")) + 3, "csv")
        members = [_write_resource(con, package, resource, folder) for resource in package.resources]
        write_json(folder / DESCRIPTOR, _release_descriptor(package, members, proposal.version, created, software))
        released = load(folder).with_file(package.file)
        dated = {table.name: with_days(con, table, typed(con, released, table)) for table in released.tables}
        relations = {name: relation for name, (_, relation) in dated.items()}
        resources = tuple(dated[each.name][0] if each.name in dated else each for each in released.resources)
        told = partial(
            history.write,
            package=package,
            before=proposal.record.history if proposal.record else None,
            version=proposal.version,
            created=created,
            comparison=proposal.comparison,
            recorded=not proposal.new,
        )
        contents = Contents(con, released.with_resources(resources), relations, created, told)
        for name, extra in extras.items():
            shutil.copyfile(extra, folder / name)
        _write_formats(contents, folder, progress)


def _write_formats(contents: Contents, folder: Path, progress: Progress) -> None:
    """Writes the other formats, on two cores.

    Rows go into SQLite, and into the workbook, through Python's hands, which one of the two can have at a time. What
    else there is to do is DuckDB's and SQLite's own work: Parquet beside the one, indexes and search beside the other.
    """
    formats = offers("formats")
    with ThreadPoolExecutor(1) as beside:
        apart = replace(contents, con=contents.con.cursor())
        database = beside.submit(module("formats", BESIDE).write, apart, folder)
        database.add_done_callback(lambda _: contents.filled.set())
        for number, name in enumerate((name for name in formats if name != BESIDE), 2):
            progress.advance(number, len(formats) + 3, name)
            if name not in EASY:
                contents.filled.wait()
            own = folder if is_ours("formats", name) else folder / "formats" / name
            own.mkdir(parents=True, exist_ok=True)
            for sentence in module("formats", name).write(contents, own) or ():
                progress.say(sentence)
        progress.advance(len(formats) + 1, len(formats) + 3, BESIDE)
        database.result()


BESIDE = "sqlite"
"""The format that takes longest, and is written beside the others."""

EASY = ("parquet", "geojson")
"""Formats that do not wait until SQLite needs no more of Python."""


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
    package: Package, members: list[dict[str, Any]], version: str, created: str | None, software: str | None
) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for name, value in package.descriptor.items():
        if name not in ("resources", "created", "profile", "software"):  # its tables have the form of version 2
            head[name] = value
    head["name"] = package.name
    head["version"] = version
    if created is not None:
        head["created"] = created
    if software is not None:
        head["software"] = software
    return head | {"resources": members}
