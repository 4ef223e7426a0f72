"""A release: made in a staging folder, checked against its own checksums, made visible by one rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline import manifest
from pipeline.descriptor import check_schema
from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import os_errors, sha256, staging, write_json
from pipeline.package import DESCRIPTOR, Package, Resource, load
from pipeline.progress import Progress
from pipeline.release.changelog import changelog
from pipeline.release.compare import Change, compare
from pipeline.release.formats import archive, geojson, parquet, sqlite, xlsx
from pipeline.release.formats.contents import Contents
from pipeline.release.version import FIRST, Step, Version, is_version, parse, parse_asked
from pipeline.tables import COPY_CSV, connect, identifier, labels, literal, raw, sort_order, typed

LATEST = "latest"
CHANGELOG = "CHANGELOG.md"

Describe = Callable[[Path, str], None]
"""Writes descriptions into the folder of a release, to which the archive of that name will be added."""


@dataclass(frozen=True)
class Released:
    """A release on disk, and whether this run made it."""

    version: str
    folder: Path
    new: bool
    changes: tuple[Change, ...]


def latest(releases: Path) -> Path | None:
    """The folder of the highest version below `releases`, or None."""
    if not releases.is_dir():
        return None
    folders = [path for path in releases.iterdir() if is_version(path.name) and path.is_dir() and not path.is_symlink()]
    return max(folders, key=lambda path: parse(path.name), default=None)


def release(
    package: Package,
    releases: Path,
    progress: Progress,
    extras: Mapping[str, Path | str],
    asked: str | None = None,
    describe: Describe | None = None,
) -> Released:
    """Releases a valid package below `releases`; `extras` are files to put beside it, as paths or as texts.

    `describe` describes the release once its data and its changelog are written.

    Nothing is written when the latest release holds the same. Raises InvalidData where the latest release is damaged,
    or where `asked`, a version, is a smaller step than the changes demand, or is taken.
    """
    wanted = parse_asked(asked)
    package = _with_schemas(package)
    before = latest(releases)
    if before is not None:
        manifest.verify(before)
    changes = _changes(before, package, extras)
    if before is not None and not changes and asked in (None, before.name):
        _point(releases, before.name)
        return Released(before.name, before, False, ())
    version = _choose(before, changes, wanted, package, releases)
    with staging(releases) as folder:
        created = _created(package)
        _write(package, folder, version, created, extras, progress)
        earlier = (before / CHANGELOG).read_text(encoding="utf-8") if before else None
        text = changelog(version, created, changes, earlier)
        (folder / CHANGELOG).write_text(text, encoding="utf-8", newline="\n")
        zipped = f"{package.stem}-{version}.zip"
        if describe is not None:
            progress.advance(6, 7, "catalog")
            describe(folder, zipped)
        progress.advance(7, 7, "zip")
        manifest.write(folder)  # of what is in the archive, for who has that alone
        archive.write(folder, folder / zipped)
        manifest.write(folder)
        manifest.verify(folder)
        folder.rename(releases / str(version))
        _point(releases, str(version))
    return Released(str(version), releases / str(version), True, tuple(changes))


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


def _changes(before: Path | None, package: Package, extras: Mapping[str, Path | str]) -> list[Change]:
    if before is None:
        return []
    changes = compare(load(before), package)
    for name, extra in extras.items():
        if isinstance(extra, Path) and (not (before / name).is_file() or sha256(before / name) != sha256(extra)):
            changes.append(Change(Step.PATCH, None, f"{name} changed", f"{name} ändrades"))
    return changes


def _choose(
    before: Path | None, changes: list[Change], wanted: Version | None, package: Package, releases: Path
) -> Version:
    if wanted is not None:
        _refuse_taken(wanted, releases)
    if before is None:
        stated = str(package.descriptor.get("version") or FIRST)
        return wanted or parse(stated, str(package.file))
    step = max((change.step for change in changes), default=Step.PATCH)
    needed = parse(before.name).after(step)
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


def _demanded(changes: list[Change], step: Step) -> str:
    reasons = [change for change in changes if change.step == step][:5]
    why = "; ".join(f"{change.table}: {change.en}" if change.table else change.en for change in reasons)
    return f"the changes demand ({why})" if why else "any new release needs"


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
    package: Package,
    folder: Path,
    version: Version,
    created: str | None,
    extras: Mapping[str, Path | str],
    progress: Progress,
) -> None:
    """Writes every file of the release but changelog, archive and checksums."""
    con = connect()
    (folder / "data").mkdir()
    progress.advance(1, 7, "csv")
    members = [_write_resource(con, package, resource, folder) for resource in package.resources]
    write_json(folder / DESCRIPTOR, _release_descriptor(package, members, version, created))
    for name, extra in extras.items():
        _write_extra(extra, folder / name)
    released = load(folder).with_file(package.file)
    relations = {table.name: typed(con, released, table) for table in released.tables}
    contents = Contents(con, released, relations, created)
    # The workbook is Python's work and the slowest; the others are mostly C's, which needs no Python lock.
    with ThreadPoolExecutor(1) as beside:
        apart = replace(contents, con=con.cursor())
        workbook = beside.submit(xlsx.write, apart, folder / f"{released.stem}.xlsx")
        progress.advance(2, 7, "parquet")
        parquet.write(contents, folder / "data")
        progress.advance(3, 7, "sqlite")
        sqlite.write(contents, folder / f"{released.stem}.sqlite")
        progress.advance(4, 7, "geojson")
        geojson.write(contents, folder)
        progress.advance(5, 7, "xlsx")
        workbook.result()


def _write_resource(
    con: duckdb.DuckDBPyConnection, package: Package, resource: Resource, folder: Path
) -> dict[str, Any]:
    """Writes a resource's file and returns its descriptor in the release."""
    if not resource.paths:
        return dict(resource.descriptor)
    if resource.is_table and resource.schema:
        path = f"data/{resource.stem}.csv"
        columns = ", ".join(f"nullif({identifier(name)}, '') AS {identifier(name)}" for name in resource.field_names)
        order = f" ORDER BY {sort_order(resource)}" if resource.key else ""
        rows = raw(con, package, resource)
        query = f"SELECT {columns} FROM {rows}{order}"
        con.execute(COPY_CSV.format(query=query, path=literal(str(folder / path))))
        con.execute(f"DROP TABLE {rows}")
        kept = {name: value for name, value in resource.descriptor.items() if name not in ("dialect", "profile")}
        return kept | {
            "type": "table",
            "path": path,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": (folder / path).stat().st_size,
            "hash": f"sha256:{sha256(folder / path)}",
            "schema": dict(resource.schema),
        }
    targets = [f"files/{path}" for path in resource.paths]
    for path, target in zip(resource.paths, targets, strict=True):
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.folder / path, folder / target)
    return dict(resource.descriptor) | {"path": targets[0] if len(targets) == 1 else targets}


def _release_descriptor(
    package: Package, members: list[dict[str, Any]], version: Version, created: str | None
) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for name, value in package.descriptor.items():
        if name not in ("resources", "created"):
            head[name] = value
    head["name"] = package.name
    head["version"] = str(version)
    if created is not None:
        head["created"] = created
    return head | {"resources": members}


def _write_extra(extra: Path | str, target: Path) -> None:
    if isinstance(extra, Path):
        shutil.copyfile(extra, target)
    else:
        target.write_text(extra, encoding="utf-8", newline="\n")


def _with_schemas(package: Package) -> Package:
    """The package with a schema for every table that says all that its file holds.

    Where there is none, it is the one that frictionless infers. Where `fieldsMatch` lets the file have columns that
    the schema does not describe, they become fields of any type.
    """
    return package.with_resources(tuple(_with_schema(package, resource) for resource in package.resources))


def _with_schema(package: Package, resource: Resource) -> Resource:
    if not resource.is_table:
        return resource
    if resource.schema is None:
        resource = _inferred(package, resource)
    elif "fieldsMatch" in resource.schema:
        resource = _completed(package, resource)
    check_schema(resource.schema or {}, resource.name, str(package.file))
    return resource


def _inferred(package: Package, resource: Resource) -> Resource:
    import frictionless

    described = frictionless.Resource.from_descriptor(
        {**resource.descriptor, "path": resource.paths[0]}, basepath=str(package.folder)
    )
    described.infer()
    schema = described.schema.to_descriptor()
    dialect = described.dialect.to_descriptor() if described.dialect else {}
    flat = {**dialect.pop("csv", {}), **dialect}
    descriptor = {**resource.descriptor, "schema": schema, "encoding": described.encoding} | (
        {"dialect": flat} if flat else {}
    )
    return replace(resource, descriptor=descriptor, schema=schema)


def _completed(package: Package, resource: Resource) -> Resource:
    schema = {name: value for name, value in (resource.schema or {}).items() if name != "fieldsMatch"}
    more = [label for label in labels(package, resource) if label not in resource.field_names]
    schema["fields"] = [*resource.fields, *({"name": label, "type": "any"} for label in more)]
    return replace(resource, descriptor={**resource.descriptor, "schema": schema}, schema=schema)
