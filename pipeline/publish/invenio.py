"""Calls to an InvenioRDM server such as Zenodo: with a token, patience, and errors as types.

    Refused      the server understood and said no (4xx): it carries the status, and the caller may know what to do
    Unanswered   no answer, or one that says the server failed, after every attempt: whether it did it is not known

The token is sent to the address of the server only, stands in no message, and is never written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlparse

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.http import Answer, Limits, NotFetched, Patience, Session, wait_of
from pipeline.publish.place import bad_place

SERVERS = {"zenodo": "https://zenodo.org/api", "zenodo-sandbox": "https://sandbox.zenodo.org/api"}
TOKEN = "ZENODO_TOKEN"
JSON = "application/vnd.inveniordm.v1+json"
"""Asks Zenodo for records as InvenioRDM writes them; it answers in an older form otherwise."""

LIMITS = Limits(bytes=50_000_000, seconds=6 * 3600, silence=120)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Refused(CannotRun):
    """The server understood the request and said no."""

    def __init__(self, problem: Problem, status: int) -> None:
        self.status = status
        super().__init__(problem)


class Unanswered(CannotRun):
    """The server did not answer as it should, attempt after attempt; what it did is not known."""


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
        self._session = Session(self.address, patience, named=True)
        self._headers = {"Accept": JSON, **({"Authorization": f"Bearer {token}"} if token else {})}

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
        return (self._patience.backoff * 2**number for number in range(self._patience.retries))

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
        url, asked = f"{self.address}/{path}", f"?{urlencode(query)}" if query else ""
        body = file or (json.dumps(content).encode() if content is not None else None)
        headers = {**self._headers, "Content-Type": "application/octet-stream" if file else "application/json"}
        attempts = 0

        def attempt() -> Any:
            nonlocal attempts
            attempts += 1
            answer, carried_out = None, True
            try:
                answer = self._session.send(method, url + asked, headers, body, limits=LIMITS)
                if answer.status < 300:
                    return json.loads(answer.body) if answer.body else {}
                if answer.status != 429 and answer.status < 500:
                    raise _refused(url, answer)
                failure, wait = f"{answer.status} {answer.reason}", wait_of(answer.headers)
                carried_out = answer.status not in (429, 503)
            except NotFetched as error:
                failure, wait = f"it {error.rule}", None
            except ValueError:
                failure, wait = "an answer that is not JSON", None
            raise NotFetched(failure, passing=repeat or not carried_out, wait=wait)

        try:
            return self._patience.persist(attempt)
        except NotFetched as error:
            raise self._unanswered(url, attempts, error) from None

    def _unanswered(self, url: str, attempts: int, error: NotFetched) -> Unanswered:
        asked = f"; it asks to wait {error.wait:.0f} s" if (error.wait or 0) > self._patience.longest_wait else ""
        times = f"{attempts} attempt{'s' if attempts > 1 else ''}"
        rule = f"failed in {times}; the last: {error.rule}{asked}"
        return Unanswered(Problem(Kind.PLACE_FAILED, rule, "Run the command again later; it resumes.", file=url))


def name(key: str) -> str:
    """A file's name as a part of a path."""
    return quote(key, safe="")


def objections(url: str, errors: Any) -> CannotRun:
    """What a server objects to, field by field (`errors` in its answer)."""
    return CannotRun(_problem(url, f"objects to: {'; '.join(_fields(errors))}"))


def _refused(url: str, answer: Answer) -> Refused:
    if answer.status in (401, 403):
        problem = Problem(
            Kind.ACCESS_REFUSED,
            f"does not accept the token, or does not allow this with it ({answer.status})",
            f"Check {TOKEN} (the sandbox has its own tokens; scopes deposit:write and deposit:actions), and whose "
            "record it is.",
            file=url,
        )
    else:
        problem = _problem(url, f"refused the request ({answer.status}): {_said(answer)}")
    return Refused(problem, answer.status)


def _problem(url: str, rule: str) -> Problem:
    return Problem(Kind.PLACE_REFUSED, rule, "Correct what it objects to, then run the command again.", file=url)


def _said(answer: Answer) -> str:
    """The server's own words: message and fields of its JSON, or the start of its text, on one line."""
    try:
        body = json.loads(answer.body)
        parts = [str(body.get("message") or "").rstrip("."), *_fields(body.get("errors") or [])]
        text = "; ".join(part for part in parts if part)
    except (ValueError, AttributeError):
        text = answer.body[:200].decode(errors="replace")
    return " ".join(text.split()) or answer.reason


def _fields(errors: Any) -> list[str]:
    return [f"{error.get('field')}: {' '.join(map(str, error.get('messages', []))).rstrip('.')}" for error in errors]
