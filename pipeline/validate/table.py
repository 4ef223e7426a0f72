"""One table, screened and judged: DuckDB finds the rows that are not certainly valid, frictionless judges those.

The report is built by frictionless's own classes in the order of its own loop (`Resource.validate`, 5.21), so that it
is the report that frictionless would have given.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import frictionless
from frictionless import Checklist
from frictionless.resources import TableResource

from pipeline.validate.clean import Cleared
from pipeline.validate.encoding import located
from pipeline.validate.foreign import Parents, without
from pipeline.validate.plain import is_small
from pipeline.validate.screen import Unscreened
from pipeline.validate.streamed import Streamed

if TYPE_CHECKING:
    from pipeline.validate.screened import Screened


def judge(resource: TableResource, parents: Parents, limit_errors: int, cleared: Cleared) -> frictionless.Report:
    """The report on one table; a small one, and one that DuckDB cannot read, is left to frictionless's row stream.

    `cleared` has what was read of it already. It is frictionless's report, but that a byte of another encoding is
    reported with its place.
    """
    timer = frictionless.helpers.Timer()
    checks = Checklist().connect(resource)
    try:
        resource.to_descriptor(validate=True)
    except frictionless.FrictionlessException as exception:
        return frictionless.Report.from_validation_task(resource, time=timer.time, errors=exception.to_errors())
    warnings = _hash_warnings(resource)
    with ExitStack() as stack:
        try:
            found = _opened(resource, parents, limit_errors, cleared)
        except frictionless.FrictionlessException as exception:
            resource.close()
            found_errors = _placed(exception.to_errors(), resource)
            return frictionless.Report.from_validation_task(resource, time=timer.time, errors=found_errors)
        stack.enter_context(resource)
        labels = resource.labels
        found_errors = [error for check in checks for error in check.validate_start()]
        partial = False
        for row_errors in found.rows():
            found_errors += row_errors
            if limit_errors and len(found_errors) >= limit_errors:
                found_errors = found_errors[:limit_errors]
                warnings.append(f"reached error limit: {limit_errors}")
                partial = True
                break
        found.settle(partial)
        if not partial:
            found_errors += [error for check in checks for error in check.validate_end()]
    return frictionless.Report.from_validation_task(
        resource, time=timer.time, labels=labels, errors=_placed(found_errors, resource), warnings=warnings
    )


def _placed(found: list[frictionless.Error], resource: TableResource) -> list[frictionless.Error]:
    path = Path(str(resource.normpath or ""))
    return [located(error, path, str(resource.encoding)) for error in found]


def _opened(resource: TableResource, parents: Parents, limit_errors: int, cleared: Cleared) -> Screened | Streamed:
    """Opens the resource; by whichever way its rows are judged, foreign keys are ours to check where they can be."""
    foreign_keys = resource.schema.foreign_keys
    if not is_small(Path(str(resource.normpath or ""))):
        from pipeline.table import duckdb
        from pipeline.validate.screened import Screened

        try:
            with without(foreign_keys, resource):
                resource.open()
            return Screened(cleared, resource, foreign_keys, parents, limit_errors)
        except (Unscreened, duckdb.OutOfMemoryException):
            resource.close()
    try:
        with without(foreign_keys, resource):
            resource.open()
        return Streamed(resource, foreign_keys, parents)
    except Unscreened:
        resource.close()
    resource.open()
    return Streamed(resource, [], parents)


def _hash_warnings(resource: TableResource) -> list[str]:
    if resource.hash:
        algorithm, _ = frictionless.helpers.parse_resource_hash_v1(resource.hash)
        if algorithm not in ("md5", "sha256"):
            return ["hash is ignored; supported algorithms: md5/sha256"]
    return []
