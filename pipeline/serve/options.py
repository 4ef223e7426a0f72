"""How the plugin and Datasette are set up. What stands under `plugins: servicebanken:` in the metadata or
configuration of Datasette:

releases         folders of releases, or a folder that has one for each version and is watched; without it, the
                 databases that Datasette itself was given
metadata         a metadata.yml in place of the one that each release has
address          where the public reaches the server, such as https://data.example.org
strict           answer only under names of this machine or the address, pass on no cookies, close the pages of
                 Datasette that tell of the machine; `servicebanken serve` sets it
cors             let pages of other sites read the data; true unless it says otherwise
datasette_pages  show Datasette's own pages of tables at /database/table, and what other plugins add to them
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datasette.app import DEFAULT_SETTINGS

from pipeline.core.errors import CannotRun, Kind, Problem

NAME = "servicebanken"
"""The name of the plugin, in Datasette's configuration too."""

HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?")


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


@dataclass(frozen=True)
class Options:
    """See the top of this file; `address` is scheme and host, such as ("https", "data.example.org")."""

    releases: tuple[Path, ...] = ()
    metadata: Path | None = None
    address: tuple[str, str] | None = None
    strict: bool = False
    cors: bool = True
    datasette_pages: bool = False


def options_of(datasette: Any) -> Options:
    """The options in a Datasette's configuration. Raises CannotRun for an address that is none."""
    told = datasette.plugin_config(NAME) or {}
    releases = told.get("releases") or []
    return Options(
        tuple(Path(each) for each in ([releases] if isinstance(releases, str) else releases)),
        Path(told["metadata"]) if told.get("metadata") else None,
        public_address(told["address"]) if told.get("address") else None,
        bool(told.get("strict", False)),
        bool(told.get("cors", True)),
        bool(told.get("datasette_pages", False)),
    )


def public_address(text: str) -> tuple[str, str]:
    """Scheme and host of the address under which the public reaches the server, such as https://data.example.org.

    Raises CannotRun where it is not such an address.
    """
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and HOST.fullmatch(parts.netloc) and not parts.path.strip("/"):
        return parts.scheme, parts.netloc
    raise _bad("is not the address of a server", "Give scheme and name, such as https://data.example.org.", text)


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
