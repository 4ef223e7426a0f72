"""Names to addresses to sockets, where an answer cannot lead a fetch into the network of the one who runs it.

A private address (loopback, a local network, a cloud's metadata service) is connected to only where whoever asks names
it, such as http://127.0.0.1:8000/ in source.yml. A public name that turns out to be one, in the first request, after a
redirect or in an address that an answer names, is refused. What is checked is the address that is then connected to:
a name cannot be one thing when it is checked and another when it is used.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

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


# -- connections ---------------------------------------------------------------------------------------------------


def pool(url: str, network: Network, *, private: bool, handles: list[socket.socket]) -> urllib3.HTTPConnectionPool:
    """Connections to the host of a URL. `private` where it may be in a private network.

    A second handle on each connection is added to `handles`: with it another thread can cut it. Behind a proxy
    (HTTPS_PROXY, NO_PROXY) it is the proxy that looks names up, and keeps them from leading into its own network.
    """
    parts, through = urlsplit(url), proxy(url)
    host, port, secure = parts.hostname or "", parts.port, parts.scheme == "https"
    trusted = os.environ.get("SSL_CERT_FILE") or certifi.where()
    base: Any = HTTPSConnection if secure else HTTPConnection

    class Connection(base):  # type: ignore[misc]
        response_class = _Response

        def connect(self) -> None:
            if through:
                super().connect()
            else:
                self.sock = network.open(self.host, self.port, self.timeout, private=private)
            # Before TLS: a server may dribble its part of that, too.
            handles.append(socket.fromfd(self.sock.fileno(), self.sock.family, self.sock.type))
            if secure and not through:
                context = ssl.create_default_context(cafile=trusted)
                self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
                self.is_verified = True

    kind: Any = urllib3.HTTPSConnectionPool if secure else urllib3.HTTPConnectionPool
    made = type("Pool", (kind,), {"ConnectionCls": Connection})
    if not through:
        return made(host, port)  # type: ignore[no-any-return]
    there = urlsplit(through)
    named = f"{unquote(there.username)}:{unquote(there.password or '')}" if there.username else None
    headers = urllib3.make_headers(proxy_basic_auth=named) if named else None
    manager = urllib3.ProxyManager(through, proxy_headers=headers, ca_certs=trusted, cert_reqs="CERT_REQUIRED")
    manager.pool_classes_by_scheme = {parts.scheme: made}
    return manager.connection_from_host(host, port, parts.scheme)


def proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; none for an address that is written out as a private one."""
    parts = urlsplit(url)
    if is_written_out(url) or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme) or None


def cut(handles: Sequence[socket.socket]) -> None:
    """Ends connections at once, also while another thread reads from them."""
    for handle in handles:
        try:
            handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue


class TooLong(http.client.HTTPException):
    """More bytes came than the Content-Length says: what was read may be cut off."""


class CutOff(http.client.HTTPException):
    """The connection ended within the headers, where http.client takes them to be all there are."""


class _Response(http.client.HTTPResponse):
    """An answer with all of its headers, after which nothing more has come by the time that it is read."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        made: Any = self.fp
        self.reader = _Reader(made.detach(), sock, self)
        self.fp = self.reader

    def begin(self) -> None:
        super().begin()
        if not self.reader.line:
            raise CutOff("within the headers")
        if self.msg.defects:
            raise http.client.HTTPException("a malformed header")


class _Reader(io.BufferedReader):
    """Reads an answer; remembers the last line, and looks for more before it is closed."""

    line = b""

    def __init__(self, raw: Any, sock: socket.socket, answer: http.client.HTTPResponse) -> None:
        super().__init__(raw)
        self.sock, self.answer = sock, answer

    def readline(self, size: int | None = -1, /) -> bytes:
        self.line = super().readline(size)
        return self.line

    def close(self) -> None:
        ended = not self.closed and self.answer.length == 0 and self.answer.status == 200
        more = self._more() if ended else b""
        super().close()
        if more.strip():
            raise TooLong("more than its Content-Length")

    def _more(self) -> bytes:
        """What has come after the end, without waiting for it."""
        before = self.sock.gettimeout()
        try:
            self.sock.settimeout(0)
            return bytes(self.peek(1))
        except (OSError, ValueError):
            return b""
        finally:
            if self.sock.fileno() >= 0:
                self.sock.settimeout(before)
