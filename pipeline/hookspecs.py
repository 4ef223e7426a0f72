"""The seams: what an installed package can add, in the group of entry points `servicebanken` (docs/architecture.md).

    [project.entry-points.servicebanken]
    my-readers = "my_package.plugin"

    # my_package/plugin.py
    from pipeline.hookspecs import hook

    @hook
    def servicebanken_readers():
        return {"sdmx": "my_package.sdmx"}

What a hook returns are names of modules, which are imported when they are used. Ours are registered in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType

import pluggy

GROUP = "servicebanken"
spec = pluggy.HookspecMarker(GROUP)
hook = pluggy.HookimplMarker(GROUP)

OURS = ("pipeline.source.readers", "pipeline.publish.places")


@spec
def servicebanken_readers() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Readers of fetched sources: the name that source.yml gives, and a module as pipeline/source/readers describes."""


@spec
def servicebanken_places() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Places to publish to: a scheme such as `s3`, and a module with the functions of pipeline.publish.bucket.py."""


@cache
def modules(seam: str) -> dict[str, str]:
    """What all that is installed offers for a seam (`readers`, `places`): names, and the modules behind them.

    Ours come last, so that nobody takes a name of theirs by accident.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(import_module(__name__))
    manager.load_setuptools_entrypoints(GROUP)
    for name in OURS:
        manager.register(import_module(name))
    found: dict[str, str] = {}
    # pluggy asks what was registered last first.
    for offered in reversed(getattr(manager.hook, f"servicebanken_{seam}")()):
        found |= offered
    return found


def module(seam: str, name: str) -> ModuleType:
    """The module behind a name that `modules` lists."""
    return import_module(modules(seam)[name])
