"""frictionless is the judge of what is valid."""

from __future__ import annotations

from pathlib import Path

import frictionless

from pipeline.package import Package, load


def validate(source: str | Path | Package) -> frictionless.Report:
    """frictionless's report on a data package, a resource descriptor, or a table in a file.

    `source` is a Package, a folder with a datapackage.json, or the path of a descriptor or of a table. Raises
    InvalidData for a package whose descriptor is none or reaches outside its folder.
    """
    if isinstance(source, Package):
        return _package(source)
    path = Path(source)
    if path.is_dir() or path.name == "datapackage.json":
        return _package(load(path))
    return frictionless.validate(path.name, basepath=str(path.parent))


def _package(package: Package) -> frictionless.Report:
    judged = frictionless.Package.from_descriptor(dict(package.descriptor), basepath=str(package.folder))
    return judged.validate()
