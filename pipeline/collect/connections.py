"""Connections whose sockets come from a `Network`, directly or by a proxy, and whose answers end where they say."""

from __future__ import annotations

import http.client
import io
import os
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from pipeline.collect.network import Network, is_written_out


def pool(url: str, network: Network, *, private: bool, handles: list[socket.socket]) -> urllib3.HTTPConnectionPool:
    """Connections to the host of a URL. `private` where it may be in a private network.

    A second handle on each connection is added to `handles`: with it another thread can cut it. Behind a proxy
    (HTTPS_PROXY, NO_PROXY) it is the proxy that looks names up, and keeps them from leading into its own network.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    trusted: dict[str, Any] = {
        "ca_certs": os.environ.get("SSL_CERT_FILE") or certifi.where(),
        "cert_reqs": "CERT_REQUIRED",
    }
    terms: dict[str, Any] = {"network": network, "private": private, "handles": handles}
    if through := proxy(url):
        made = _proxied(through, trusted).connection_from_host(host, port, parts.scheme)
        # The proxy may well be in a private network: the environment says so, not an answer.
        made.conn_kw |= {**terms, "private": True}
        made.ConnectionCls = _SecureConnection if isinstance(made, urllib3.HTTPSConnectionPool) else _Connection
        return made
    if parts.scheme == "https":
        return _SecurePool(host, port, **trusted, **terms)
    return _Pool(host, port, **terms)


def proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL; none for an address that is written out as a private one."""
    parts = urlsplit(url)
    if is_written_out(url) or proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme) or None


def _proxied(address: str, trusted: dict[str, Any]) -> urllib3.ProxyManager:
    parts = urlsplit(address)
    named = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=named) if named else None
    return urllib3.ProxyManager(address, proxy_headers=headers, **trusted)


class TooLong(http.client.HTTPException):
    """More bytes came than the Content-Length says: what was read may be cut off."""


class CutOff(http.client.HTTPException):
    """The connection ended within the headers, where http.client takes them to be all there are."""


class _Reader(io.BufferedReader):
    """Reads lines, and remembers the last."""

    line = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.line = super().readline(size)
        return self.line


class _Response(http.client.HTTPResponse):
    """An answer with all of its headers, after which nothing more has come by the time that it is read."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._socket = sock
        made: Any = self.fp
        self._reader = _Reader(made.detach())
        self.fp = self._reader

    def begin(self) -> None:
        super().begin()
        if not self._reader.line:
            raise CutOff("within the headers")
        if self.msg.defects:
            raise http.client.HTTPException("a line among the headers that is none")

    def _close_conn(self) -> None:
        more = self._more() if self.fp is not None and self.length == 0 and self.status == 200 else b""
        super()._close_conn()  # type: ignore[misc]
        if more.strip():
            raise TooLong("more than its Content-Length")

    def _more(self) -> bytes:
        """What has come after the end, without waiting for it."""
        before = self._socket.gettimeout()
        try:
            self._socket.settimeout(0)
            return bytes(self._reader.peek(1))
        except (OSError, ValueError):
            return b""
        finally:
            if self._socket.fileno() >= 0:
                self._socket.settimeout(before)


class _Opened:
    """A connection whose socket comes from `network`, with a second handle on it in `handles`."""

    response_class: Any = _Response

    def __init__(self, *args: Any, network: Network, private: bool, handles: list[socket.socket], **named: Any) -> None:
        super().__init__(*args, **named)
        self._network = network
        self._private = private
        self._handles = handles

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        made = self._network.open(connection.host, connection.port, connection.timeout, private=self._private)
        self._handles.append(made.dup())
        return made


class _Connection(_Opened, HTTPConnection):
    pass


class _SecureConnection(_Opened, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def cut(handles: Sequence[socket.socket]) -> None:
    """Ends connections at once, also while another thread reads from them."""
    for handle in handles:
        try:
            handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
