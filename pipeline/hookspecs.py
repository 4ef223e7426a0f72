"""The seams: what an installed package can add, in the group of entry points `servicebanken` (docs/architecture.md).

    [project.entry-points.servicebanken]
    my-formats = "my_package.plugin"

    # my_package/plugin.py
    from pipeline.hookspecs import Catalogue, hook

    @hook
    def servicebanken_readers():
        return {"sdmx": "my_package.sdmx"}

    @hook
    def servicebanken_catalogues():
        return {"ckan": Catalogue("catalog/ckan.json", "my_package.ckan:render")}

What a hook returns are names of modules and functions, which are imported when they are used. Ours are registered in
the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import pluggy

GROUP = "servicebanken"
spec = pluggy.HookspecMarker(GROUP)
hook = pluggy.HookimplMarker(GROUP)

OURS = {
    "readers": "pipeline.source.readers",
    "formats": "pipeline.release.formats",
    "catalogues": "pipeline.describe.catalogues",
    "places": "pipeline.publish.places",
}
"""The modules with our own hooks, by seam."""


class Catalogue(NamedTuple):
    """A description of releases for a catalogue: its file in a release, and `module:function` that renders it.

    The function takes a `pipeline.describe.Dataset` and returns a `pipeline.describe.Document`. It raises InvalidData
    (`pipeline.describe.document.require`) where the package lacks what the catalogue needs.
    """

    file: str
    function: str

    def load(self) -> Callable[[Any], Any]:
        """The function."""
        module, _, name = self.function.partition(":")
        return getattr(import_module(module), name)  # type: ignore[no-any-return]


@spec
def servicebanken_readers() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Readers of fetched sources: the name that source.yml gives, and a module as pipeline/source/readers describes."""


@spec
def servicebanken_formats() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Formats of a release: a name, and a module with `write(contents, folder)` as pipeline/release/formats describes.

    Theirs lie in the folder `formats/<name>` of a release; `verify` compares their checksums, and not what they hold.
    """


@spec
def servicebanken_catalogues() -> Mapping[str, Catalogue]:  # type: ignore[empty-body]
    """Catalogues that releases are described for: the name that `describe --format` takes, and a `Catalogue`."""


@spec
def servicebanken_places() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Places to publish to: a scheme such as `s3`, and a module with `opened(place, patience)`, which returns a
    `pipeline.publish.place.Place`."""


@cache
def offers(seam: str) -> dict[str, Any]:
    """What all that is installed offers for a seam of `OURS`, by name.

    Ours come first, and nobody takes a name of ours by accident.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(import_module(__name__))
    manager.load_setuptools_entrypoints(GROUP)
    manager.register(import_module(OURS[seam]))
    found: dict[str, Any] = {}
    # pluggy asks what was registered last first.
    for offered in getattr(manager.hook, f"servicebanken_{seam}")():
        found = {**found, **offered, **found}
    return found


def is_ours(seam: str, name: str) -> bool:
    """Whether what a seam offers by that name comes with this package."""
    own = getattr(import_module(OURS[seam]), f"servicebanken_{seam}")
    return name in own()


def module(seam: str, name: str) -> ModuleType:
    """The module behind a name that `offers` lists."""
    return import_module(offers(seam)[name])
