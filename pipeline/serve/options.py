"""How the plugin is set up: what stands under `plugins: servicebanken:` in the metadata or configuration of Datasette.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.core.errors import CannotRun, Kind, Problem

NAME = "servicebanken"
"""The name of the plugin, in Datasette's configuration too."""

HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?")


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
    raise CannotRun(
        Problem(
            Kind.BAD_OPTION,
            "is not the address of a server",
            "Give scheme and name, such as https://data.example.org.",
            value=text,
        )
    )
