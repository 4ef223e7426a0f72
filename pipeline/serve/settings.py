"""How Datasette is set up for a release that anybody may read; `--setting` changes any of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from datasette.app import DEFAULT_SETTINGS

from pipeline.core.errors import CannotRun, Kind, Problem

SWITCHES = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}

SETTINGS: dict[str, int | bool | str] = {
    "max_returned_rows": 1000,
    "num_sql_threads": 3,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 1000,
    "suggest_facets": False,
    "default_facet_size": 30,
    "truncate_cells_html": 300,
    "allow_download": False,
    "default_allow_sql": False,
    "max_csv_mb": 0,
}
"""Datasette's settings, where ours differ.

Suggested facets are the slowest part of a page and free SQL the most dangerous; questions run without it. The database
is downloaded as a file of the release, and a CSV of a filter is never cut: Datasette would end it with a sentence and
status 200.
"""


def settings(given: Sequence[tuple[str, str]]) -> dict[str, int | bool | str]:
    """Settings of Datasette as the command line has them, each in the type that Datasette wants.

    Raises CannotRun for a name that Datasette does not know, and for a value of another type.
    """
    found: dict[str, int | bool | str] = {}
    for name, text in given:
        default = DEFAULT_SETTINGS.get(name)
        if default is None:
            nearest = next(iter(get_close_matches(name, DEFAULT_SETTINGS, 1, 0.0)), "")
            raise _bad("is not a setting of Datasette", f"Did you mean `{nearest}`?", name)
        if isinstance(default, bool):
            if text.lower() not in SWITCHES:
                raise _bad(f"must be on or off; it is `{text}`", "Write `--setting NAME on`.", name)
            found[name] = SWITCHES[text.lower()]
        elif isinstance(default, int):
            if not text.isascii() or not text.isdigit():
                raise _bad(f"must be a whole number; it is `{text}`", "Write the number in digits.", name)
            found[name] = int(text)
        else:
            found[name] = text
    return found


def mounts(given: Sequence[str]) -> list[tuple[str, str]]:
    """Where folders of files are served, from `MOUNT:FOLDER`. Raises CannotRun where a folder is not there."""
    found = []
    for each in given:
        mount, _, folder = each.partition(":")
        if not mount.strip("/") or not Path(folder).is_dir() or not folder:
            raise _bad("is not a mount and a folder that is there", "Write `--static MOUNT:FOLDER`.", each)
        found.append((mount.strip("/"), str(Path(folder).resolve())))
    return found


def _bad(rule: str, remedy: str, value: str) -> CannotRun:
    return CannotRun(Problem(Kind.BAD_OPTION, rule, remedy, value=value))
