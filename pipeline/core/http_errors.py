"""What keeps an address from giving what was asked for, in words, and whether it may pass."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from urllib3 import exceptions as failures

from pipeline.core import network
from pipeline.core.network import PrivateAddress


class NotFetched(Exception):
    """An address that did not give what was asked for; `rule` completes "The address …".

    `passing` where asking again may help; `status` of the answer, if there was one; `wait` seconds that the server
    asked to be left alone for; `nowhere` where there is no such host.
    """

    def __init__(
        self,
        rule: str,
        *,
        passing: bool = False,
        status: int | None = None,
        wait: float | None = None,
        nowhere: bool = False,
    ) -> None:
        super().__init__(rule)
        self.rule = rule
        self.passing = passing
        self.status = status
        self.wait = wait
        self.nowhere = nowhere


def failure(error: Exception) -> NotFetched:
    """What went wrong on the way, in words; whether it may pass."""
    for cause in _causes(error):
        if isinstance(cause, PrivateAddress):
            return NotFetched(f"is in a private network: {cause}")
        if isinstance(cause, socket.gaierror):
            return NotFetched("has a host name that cannot be found (DNS)", passing=True, nowhere=True)
        if isinstance(cause, ConnectionRefusedError):
            return NotFetched("refuses connections", passing=True)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotFetched(f"has no valid TLS certificate ({_short(cause)})")
        if isinstance(cause, network.TooLong):
            return NotFetched("sent more bytes than it said", passing=True)
        if isinstance(cause, failures.IncompleteRead | failures.InvalidChunkLength | network.CutOff) or (
            isinstance(cause, failures.ProtocolError) and "ended prematurely" in str(cause)
        ):
            return NotFetched("broke off before the answer was complete", passing=True)
        if isinstance(cause, failures.TimeoutError | TimeoutError):
            return NotFetched("did not answer in time", passing=True)
        if isinstance(cause, ConnectionError):
            return NotFetched("broke the connection off", passing=True)
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
