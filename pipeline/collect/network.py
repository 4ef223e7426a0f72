"""Names to addresses to sockets, where an answer cannot lead a fetch into the network of the one who runs it.

A private address (loopback, a local network, a cloud's metadata service) is connected to only where source.yml writes
it out itself, such as http://127.0.0.1:8000/. A public name that turns out to be one, in the first request, after a
redirect or in an address that an answer names, is refused. What is checked is the address that is then connected to:
a name cannot be one thing when it is checked and another when it is used.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

Resolve = Callable[[str, int], list[str]]
"""The addresses of a name, best first. Raises OSError where it has none."""

Connect = Callable[[str, int, float | None], socket.socket]
"""A socket that is connected to an address and port. Raises OSError."""


class PrivateAddress(Exception):
    """A name leads to an address that is not for everybody."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is the private address {address}" if host != address else f"{address} is private")


def resolve(host: str, port: int) -> list[str]:
    """The addresses that the system knows for a name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # A label that is empty, or too long for the DNS.
        raise socket.gaierror(socket.EAI_NONAME, "no name") from None
    return list(dict.fromkeys(str(member[4][0]) for member in found))


def connect(address: str, port: int, timeout: float | None) -> socket.socket:
    """A TCP connection that sends small requests at once."""
    made = socket.create_connection((address, port), timeout)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


@dataclass(frozen=True)
class Network:
    """How names become connections."""

    resolve: Resolve = resolve
    connect: Connect = connect

    def open(self, host: str, port: int, timeout: float | None, *, private: bool) -> socket.socket:
        """A connection to a host, at the first of its addresses that answers.

        Raises PrivateAddress where one of them is private and `private` is false; OSError where none answers.
        """
        addresses = self.resolve(host, port)
        for address in addresses:
            if not private and not is_public(address):
                raise PrivateAddress(host, address)
        failure: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        for address in addresses:
            try:
                return self.connect(address, port, timeout)
            except OSError as error:
                failure = error
        raise failure


def is_public(address: str) -> bool:
    """Whether an address is one that everybody reaches; what is no address at all is not."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(parsed) if isinstance(parsed, IPv6Address) else None
    return parsed.is_global and not parsed.is_multicast and (inner is None or inner.is_global)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def is_written_out(url: str) -> bool:
    """Whether the host of a URL is itself a private address, or `localhost`."""
    host = urlsplit(url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return not is_public(host)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
