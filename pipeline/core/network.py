"""Names to addresses to sockets, where an answer cannot lead a fetch into the network of the one who runs it.

A private address (loopback, a local network, a cloud's metadata service) is connected to only where whoever asks names
it, such as http://127.0.0.1:8000/ in source.yml. A public name that turns out to be one, in the first request, after a
redirect or in an address that an answer names, is refused. What is checked is the address that is then connected to:
a name cannot be one thing when it is checked and another when it is used. Behind a proxy (HTTPS_PROXY, NO_PROXY) it is
the proxy that looks names up, and keeps them from leading into its own network.
"""

from __future__ import annotations

import http.client
import io
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
from requests import exceptions as refusals
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3 import exceptions as failures
from urllib3.connection import HTTPConnection, HTTPSConnection

from pipeline.core.patience import NotFetched

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


def proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; none for an address that is written out as a private one."""
    parts = urlsplit(url)
    if is_written_out(url) or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme) or None


# -- connections -------------------------------------------------------------------------------------------------------


class Guard(HTTPAdapter):
    """Makes the connections of a requests session; `may_be_private` says of a URL whether its host may be."""

    def __init__(self, network: Network, may_be_private: Callable[[str], bool]) -> None:
        self.network, self.may_be_private = network, may_be_private
        self._handles: list[socket.socket] = []
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Connections of our own kind."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools(through_proxy=False)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """The same through a proxy, which makes the connection."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools(through_proxy=True)
        return manager

    def _pools(self, *, through_proxy: bool) -> dict[str, Any]:
        kinds = {"http": (HTTPConnectionPool, HTTPConnection), "https": (HTTPSConnectionPool, HTTPSConnection)}
        return {
            scheme: type("Pool", (pool,), {"ConnectionCls": self._connection(scheme, base, through_proxy)})
            for scheme, (pool, base) in kinds.items()
        }

    def _connection(self, scheme: str, base: Any, through_proxy: bool) -> type:
        guard = self

        class Connection(base):  # type: ignore[misc]
            sock: socket.socket
            response_class = _Response

            def connect(self) -> None:
                if through_proxy:
                    super().connect()
                    guard.remember(self.sock)
                    return
                host = f"[{self.host}]" if ":" in self.host else self.host
                private = guard.may_be_private(f"{scheme}://{host}:{self.port}")
                self.sock = guard.network.open(self.host, self.port, self.timeout, private=private)
                guard.remember(self.sock)  # Before TLS: a server may dribble its part of that, too.
                if scheme == "https":
                    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or certifi.where())
                    self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
                    self.is_verified = True

        return Connection

    def remember(self, sock: socket.socket) -> None:
        """Keeps a second handle on a connection, with which another thread can cut it."""
        self._handles.append(socket.fromfd(sock.fileno(), sock.family, sock.type))

    def cut(self) -> None:
        """Ends all connections at once, also while another thread reads from them."""
        for handle in self._handles:
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        """Closes the connections."""
        super().close()
        for handle in self._handles:
            handle.close()


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


# -- what goes wrong ---------------------------------------------------------------------------------------------------


Errors = type[BaseException] | tuple[type[BaseException], ...]

PASSING: tuple[tuple[Errors, str], ...] = (
    (ConnectionRefusedError, "refuses connections"),
    (TooLong, "sent more bytes than its Content-Length says"),
    (
        (failures.IncompleteRead, failures.InvalidChunkLength, CutOff),
        "closed the connection before the answer was complete",
    ),
    ((failures.TimeoutError, TimeoutError), "did not answer in time"),
    (ConnectionError, "broke the connection"),
)
"""What may go better the next time, in words; the first that applies to an error or to a cause of it."""


def failure(error: Exception) -> NotFetched:
    """What went wrong on the way, in words; whether it may pass."""
    for cause in _causes(error):
        if isinstance(cause, PrivateAddress):
            return NotFetched(f"is in a private network: {cause}")
        if isinstance(cause, failures.ProxyError):
            return NotFetched("cannot be reached through the proxy (HTTPS_PROXY)", passing=True, nowhere=True)
        if isinstance(cause, socket.gaierror):
            return NotFetched("has a host name that cannot be found (DNS)", passing=True, nowhere=True)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotFetched(f"has no valid TLS certificate ({_short(cause)})")
        if isinstance(cause, refusals.InvalidURL):
            return NotFetched(f"is not a valid web address ({_short(cause)})")
        if isinstance(cause, failures.ProtocolError) and "ended prematurely" in str(cause):
            return NotFetched("closed the connection before the answer was complete", passing=True)
        for kinds, rule in PASSING:
            if isinstance(cause, kinds):
                return NotFetched(rule, passing=True)
    return NotFetched(f"sent something that is not HTTP ({_short(error)})", passing=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made from, innermost last."""
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            yield each
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]


def _short(error: BaseException) -> str:
    return re.sub(r"<[^<>]*object at 0x[0-9a-f]+>:? ?", "", str(error))[:200]
