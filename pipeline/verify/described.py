"""That datapackage.json says of its files what they are: size and hash."""

from __future__ import annotations

from pathlib import PurePosixPath

from pipeline.core.errors import Kind, Problem
from pipeline.package.manifest import File
from pipeline.package.package import Package
from pipeline.verify.result import Found

FIX = "The release was made wrong: report it to its publisher, or build it again."


def check(package: Package, files: tuple[File, ...]) -> Found:
    """Every resource has its files, and of one file the `bytes` and `hash` that are stated, if they are."""
    known = {file.path: file for file in files}
    problems = []
    stated = 0
    for resource in package.resources:
        for path in resource.paths:
            if str(PurePosixPath(path)) not in known:
                problems.append(_differs(package, resource.name, f"names {path!r}, which the release does not hold"))
        if len(resource.paths) != 1 or resource.paths[0] not in known:
            continue
        file = known[resource.paths[0]]
        is_values = {"bytes": file.size, "hash": f"sha256:{file.sha256}"}
        for member, value in is_values.items():
            said = resource.descriptor.get(member)
            # A hash without a prefix is MD5, and the standard knows other algorithms, too.
            if said is None or (member == "hash" and not str(said).startswith("sha256:")):
                continue
            stated += 1
            if said != value:
                problems.append(
                    _differs(package, resource.name, f"says {member} {said!r}, and {file.path} has {value!r}")
                )
    return f"{len(package.resources)} resources; {stated} sizes and hashes are those of the files", problems


def _differs(package: Package, resource: str, rule: str) -> Problem:
    return Problem(Kind.DIFFERENT_COPY, rule, FIX, file=str(package.file), value=resource)
