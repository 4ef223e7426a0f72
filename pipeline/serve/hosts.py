"""Under which names the server answers.

Links to the next page are made from the name that a request was sent to. A name that is not ours would come back in
them, and from a cache to others; and a page elsewhere could lead its own name here to read what is not public.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from pipeline.core.errors import CannotRun, Kind, Problem

HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?")


def is_ours(host: str) -> bool:
    """Whether a Host header names this machine: by address, as localhost, or by its own name."""
    match = HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"].strip("[]").rstrip(".").lower()
    return name in ("localhost", socket.gethostname().lower(), socket.getfqdn().lower()) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def public_address(told: str) -> tuple[str, str]:
    """Scheme and host of the address under which the public reaches the server, such as https://data.example.org.

    Raises CannotRun where it is none.
    """
    parts = urlsplit(told)
    if parts.scheme in ("http", "https") and HOST.fullmatch(parts.netloc) and not parts.path.strip("/"):
        return parts.scheme, parts.netloc
    raise CannotRun(
        Problem(
            Kind.BAD_OPTION,
            "is no address of a server",
            "Give scheme and name, such as https://data.example.org.",
            value=told,
        )
    )
