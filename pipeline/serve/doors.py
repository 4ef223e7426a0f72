"""Which addresses are ours, which are another plugin's, and which of Datasette's own are for readers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from datasette.plugins import pm

OPEN = (r"/-/static/", r"/-/static-plugins/", r"/-/versions\.json$")
"""Addresses of Datasette's below `/-/` that are for readers; others tell of the machine: files, threads, settings."""


@dataclass(frozen=True)
class Doors:
    """The addresses that plugins have registered: ours and others', as regular expressions."""

    ours: tuple[re.Pattern[str], ...]
    others: tuple[re.Pattern[str], ...]

    def is_foreign(self, path: str) -> bool:
        """Whether another plugin answers there."""
        return any(each.match(path) for each in self.others) and not any(each.match(path) for each in self.ours)

    def is_open(self, path: str) -> bool:
        """Whether an address below `/-/` is for readers."""
        return any(re.match(each, path) for each in OPEN) or any(
            each.match(path) for each in (*self.ours, *self.others)
        )


_doors: WeakKeyDictionary[Any, Doors] = WeakKeyDictionary()


def doors_of(datasette: Any) -> Doors:
    """The doors of a Datasette, whose plugins have all been loaded."""
    if datasette not in _doors:
        ours: list[re.Pattern[str]] = []
        others: list[re.Pattern[str]] = []
        for hook in pm.hook.register_routes.get_hookimpls():
            values = {"datasette": datasette}
            found = hook.function(*(values[name] for name in hook.argnames)) or []
            is_ours = getattr(hook.plugin, "__name__", "") == "pipeline.serve.plugin"
            (ours if is_ours else others).extend(re.compile(route) for route, _ in found)
        _doors[datasette] = Doors(tuple(ours), tuple(others))
    return _doors[datasette]
