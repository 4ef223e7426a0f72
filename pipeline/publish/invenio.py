"""Calls to an InvenioRDM server such as Zenodo: with a token, patience, and errors as types.

    Refused      the server understood and said no (4xx): it carries the status, and the caller may know what to do
    Unanswered   no answer, or one that says the server failed, after every attempt: whether it did it is not known

The token is sent to the address of the server only, stands in no message, and is never written.
"""

from __future__ import annotations

import email.utils
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlparse

import requests

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.publish.result import Patience, bad_place

SERVERS = {"zenodo": "https://zenodo.org/api", "zenodo-sandbox": "https://sandbox.zenodo.org/api"}
TOKEN = "ZENODO_TOKEN"
JSON = "application/vnd.inveniordm.v1+json"
"""Asks Zenodo for records as InvenioRDM writes them; it answers in an older form otherwise."""

FAILURES = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Refused(CannotRun):
    """The server understood the request and said no."""

    def __init__(self, problem: Problem, status: int) -> None:
        self.status = status
        super().__init__(problem)


class Unanswered(CannotRun):
    """The server did not answer as it should, attempt after attempt; what it did is not known."""


class Token(requests.auth.AuthBase):
    """Puts the token into a request. As `auth`, because requests prefers what ~/.netrc says to a plain header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _checked(which: str, address: str | None) -> str:
    """The address of the server. Raises CannotRun for one where a token would travel in the open."""
    address = address or SERVERS[which]
    url = urlparse(address)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise bad_place(address, "is not the address of a server with https", "Write it as https://server/api.")
    return address


def _token() -> str | None:
    """The token of the environment, if it is one."""
    token = os.environ.get(TOKEN, "").strip()
    return token if token and token.isascii() and token.isprintable() else None


class Api:
    """The records API below one address."""

    def __init__(self, address: str, token: str | None, patience: Patience) -> None:
        self.address = address.rstrip("/")
        self._patience = patience
        self._session = requests.Session()
        self._session.auth = Token(token) if token else None
        self._session.headers["Accept"] = JSON

    @classmethod
    def of(cls, which: str, address: str | None, patience: Patience) -> Api:
        """The API of `zenodo` or `zenodo-sandbox`, or the one at `address`, with the token of the environment.

        Raises CannotRun without a token, and for an address where it would travel in the open.
        """
        address = _checked(which, address)
        token = _token()
        if not token:
            given = os.environ.get(TOKEN, "").strip()
            raise CannotRun(
                Problem(
                    Kind.ACCESS_REFUSED,
                    f"needs a token, and {TOKEN} is {'no token' if given else 'not set'}",
                    f"Make a token at the place with the scopes deposit:write and deposit:actions, and set {TOKEN}.",
                    file=address,
                )
            )
        return cls(address, token, patience)

    @classmethod
    def reading(cls, which: str, address: str | None, patience: Patience) -> Api:
        """The same, to read what is public, for which a token is not needed."""
        return cls(_checked(which, address), _token(), patience)

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON at a path below the address."""
        return self._call("GET", path, query=query)

    def post(self, path: str, content: Any = None, *, repeat: bool = True) -> Any:
        """Posts JSON. Without `repeat`, a request that may have been carried out is not sent again."""
        return self._call("POST", path, content=content, repeat=repeat)

    def put(self, path: str, content: Any) -> Any:
        """Replaces what is at a path by JSON."""
        return self._call("PUT", path, content=content)

    def upload(self, path: str, file: Path) -> Any:
        """Puts the bytes of a file."""
        return self._call("PUT", path, file=file)

    def delete(self, path: str) -> None:
        """Deletes what is at a path; it may be gone already."""
        try:
            self._call("DELETE", path)
        except Refused as error:
            if error.status not in (404, 410):
                raise

    def pauses(self) -> Iterator[float]:
        """Seconds to wait after each attempt but the last, twice as long each time."""
        return (self._patience.pause * 2**number for number in range(self._patience.attempts - 1))

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        content: Any = None,
        file: Path | None = None,
        repeat: bool = True,
    ) -> Any:
        url = f"{self.address}/{path}"
        pauses = self.pauses()
        for attempt in count(1):
            wait = None
            try:
                answer = self._send(method, url, query, content, file)
                if answer.ok:
                    return answer.json() if answer.content else {}
                failure = f"{answer.status_code} {answer.reason}"
                if answer.status_code != 429 and answer.status_code < 500:
                    raise _refused(url, answer)
                wait = _retry_after(answer)
                carried_out = answer.status_code not in (429, 503)
            except FAILURES as error:
                failure, carried_out = _reason(error), True
            except requests.exceptions.JSONDecodeError:
                failure, carried_out = "an answer that is not JSON", True
            except requests.RequestException as error:
                raise bad_place(url, f"cannot be asked: {error}", "Correct the address.") from None
            pause = next(pauses, None)
            if pause is None or (carried_out and not repeat) or (wait or 0) > self._patience.longest:
                raise self._unanswered(url, attempt, failure, wait)
            time.sleep(max(pause, wait or 0))
        raise AssertionError("unreachable")

    def _send(
        self, method: str, url: str, query: dict[str, Any] | None, content: Any, file: Path | None
    ) -> requests.Response:
        timeout = (self._patience.connect, self._patience.read)
        if file is None:
            return self._session.request(method, url, params=query, json=content, timeout=timeout)
        with file.open("rb") as source:
            # requests sends an empty file without a length, in chunks, which servers of this kind refuse.
            body = source if file.stat().st_size else b""
            headers = {"Content-Type": "application/octet-stream"}
            return self._session.request(method, url, data=body, headers=headers, timeout=timeout)

    def _unanswered(self, url: str, attempts: int, failure: str, wait: float | None) -> Unanswered:
        asked = f"; it asks to wait {wait:.0f} s" if wait and wait > self._patience.longest else ""
        return Unanswered(
            Problem(
                Kind.PLACE_FAILED,
                f"did not succeed in {attempts} attempt{'s' if attempts > 1 else ''}; the last: {failure}{asked}",
                "Run the command again later; it resumes.",
                file=url,
            )
        )


def name(key: str) -> str:
    """A file's name as a part of a path."""
    return quote(key, safe="")


def objections(url: str, errors: Any) -> CannotRun:
    """What a server objects to, field by field (`errors` in its answer)."""
    return CannotRun(_problem(url, f"objects to: {'; '.join(_fields(errors))}"))


def _refused(url: str, answer: requests.Response) -> Refused:
    if answer.status_code in (401, 403):
        problem = Problem(
            Kind.ACCESS_REFUSED,
            f"does not accept the token, or does not allow this with it ({answer.status_code})",
            f"Check {TOKEN} (the sandbox has its own tokens; scopes deposit:write and deposit:actions), and whose "
            "record it is.",
            file=url,
        )
    else:
        problem = _problem(url, f"refused it ({answer.status_code}): {_said(answer)}")
    return Refused(problem, answer.status_code)


def _problem(url: str, rule: str) -> Problem:
    return Problem(Kind.PLACE_REFUSED, rule, "Change what it objects to, and run the command again.", file=url)


def _said(answer: requests.Response) -> str:
    """The server's own words: message and fields of its JSON, or the start of its text, on one line."""
    try:
        body = answer.json()
        parts = [str(body.get("message") or "").rstrip("."), *_fields(body.get("errors") or [])]
        text = "; ".join(part for part in parts if part)
    except (ValueError, AttributeError):
        text = answer.text[:200]
    return " ".join(text.split()) or answer.reason


def _fields(errors: Any) -> list[str]:
    return [f"{error.get('field')}: {' '.join(map(str, error.get('messages', []))).rstrip('.')}" for error in errors]


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds that Retry-After asks to wait: a number, or a date (RFC 9110, section 10.2.3)."""
    value = answer.headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        then = email.utils.parsedate_to_datetime(value)
        return max(0.0, (then - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "the connection broke"
