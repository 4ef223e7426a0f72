"""Under which names the server answers.

Links to the next page are made from the name that a request was sent to, and a page elsewhere could lead its own name
here to read what is not public.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from pipeline.serve.options import HOST


def is_ours(host: str, server: Any) -> bool:
    """Whether a Host header names this machine: localhost, a loopback address, its own name, or the
    address at which the request came in.

    `server` is what ASGI has under that name: the address and port of the server's end of the connection.
    """
    match = HOST.fullmatch(host)
    if match is None:
        return False
    name = match["name"].strip("[]").rstrip(".").lower()
    if name in ("localhost", socket.gethostname().lower(), socket.getfqdn().lower()):
        return True
    try:
        address = ipaddress.ip_address(name)
        return address.is_loopback or (server is not None and address == ipaddress.ip_address(server[0]))
    except ValueError:
        return False
