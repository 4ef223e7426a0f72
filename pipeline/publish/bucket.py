"""What is below one prefix of one S3-compatible bucket: listed, read, written, with patience.

It takes four calls (docs.aws.amazon.com/AmazonS3/latest/API): ListObjectsV2, GetObject, PutObject, DeleteObject, all of
which can be repeated without harm. They are made here and not by boto3, which cannot be installed beside frictionless:
the two ask for different versions of python-dateutil.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
import time
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

import requests

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import os_errors
from pipeline.publish.result import Patience, bad_place
from pipeline.publish.signature import BODY, Signature

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
ENDPOINT = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGION = ("AWS_REGION", "AWS_DEFAULT_REGION")
CHUNK = 1 << 20
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""Names that a bucket can have."""

TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".geojson": "application/geo+json",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".sqlite": "application/vnd.sqlite3",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yml": "application/yaml",
    "": "text/plain; charset=utf-8",
}

PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
"""Failures that another attempt may get over."""

T = TypeVar("T")
Body = bytes | Path


class Refused(CannotRun):
    """The server understood the request and said no: its status, and the code in its answer."""

    def __init__(self, problem: Problem, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(problem)


class Bucket:
    """What is below one prefix of one bucket."""

    def __init__(self, place: str, patience: Patience) -> None:
        url = urlsplit(place)
        if not url.netloc or url.query or url.fragment or "//" in url.path:
            raise bad_place(place, "does not name a bucket and a prefix", "Write it as s3://bucket/prefix.")
        if not NAME.fullmatch(url.netloc):
            rule = "names a bucket as none can be called (3 to 63 of a-z, 0-9, dot and hyphen)"
            raise bad_place(place, rule, "Correct it.")
        self.place = place
        self.name = url.netloc
        self.prefix = f"{prefix}/" if (prefix := url.path.strip("/")) else ""
        self._patience = patience
        self._session = requests.Session()
        region = next(filter(None, map(os.environ.get, REGION)), "us-east-1")
        self._session.auth = _signature(place, region)
        self._root = _root(place, self.name, region)

    def address(self, path: str = "") -> str:
        """Where `path` is, for people."""
        return f"s3://{self.name}/{self.prefix}{path}".rstrip("/")

    def paths(self, folder: str) -> list[str]:
        """The paths of all objects in `folder`, relative to it."""
        start = f"{self.prefix}{folder}/"
        query = {"list-type": "2", "encoding-type": "url", "prefix": start}
        found: list[str] = []
        while True:
            listing = self._call("GET", "", _xml, query=query)
            found += [unquote(key.text or "").removeprefix(start) for key in listing.iterfind("{*}Contents/{*}Key")]
            token = listing.findtext("{*}NextContinuationToken")
            if listing.findtext("{*}IsTruncated") != "true" or not token:
                return found
            query["continuation-token"] = token

    def read(self, path: str) -> tuple[bytes | None, str | None]:
        """A small object and its ETag; None where there is none."""
        try:
            return self._call("GET", path, _content)
        except Refused as error:
            if error.code in ("NoSuchKey", "") and error.status == 404:
                return None, None
            raise

    def sha256(self, path: str) -> str:
        """The SHA-256 of an object, read in full."""
        return self._call("GET", path, _sha256)

    def send(self, source: Path, sha256: str, path: str, cache: str) -> None:
        """Sends a file, whose SHA-256 the server is told."""
        headers = {"Content-Type": _type(path), "Cache-Control": cache, BODY: sha256}
        self._call("PUT", path, _content, body=source, headers=headers)

    def put(self, path: str, content: bytes, cache: str, **condition: str) -> bool:
        """Writes a small object if `condition` (IfMatch, IfNoneMatch) holds; returns whether it was accepted.

        A server that does not know the condition is asked without it. It is told the MD5, too, so that one that does
        not look at the SHA-256 can refuse what arrives broken.
        """
        headers = {
            "Content-Type": _type(path),
            "Cache-Control": cache,
            "Content-MD5": b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            BODY: hashlib.sha256(content).hexdigest(),
        }
        names = {"IfMatch": "If-Match", "IfNoneMatch": "If-None-Match"}
        conditions = {names[name]: value for name, value in condition.items()}
        try:
            self._call("PUT", path, _content, body=content, headers=headers | conditions)
        except Refused as error:
            if error.status in (412, 409):
                return False
            if not condition or error.status != 501:
                raise
            self._call("PUT", path, _content, body=content, headers=headers)
        return True

    def delete(self, path: str) -> None:
        """Removes an object."""
        self._call("DELETE", path, _content)

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[requests.Response], T],
        *,
        query: Mapping[str, str] | None = None,
        body: Body = b"",
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """What `read` makes of the answer; asked again, with growing pauses, while that may help."""
        url = f"{self._root}{quote(self.prefix + path, safe='/~') if path else ''}"
        told = {BODY: hashlib.sha256(b"").hexdigest(), **(headers or {})}
        pauses = self._pauses()
        for attempt in count(1):
            try:
                with self._sent(method, url, query, body, told) as answer:
                    if answer.ok:
                        return read(answer)
                    failure = self._refusal(answer)
            except PASSING as error:
                failure = " ".join(str(error).split())
            except requests.RequestException as error:
                rule = f"cannot be reached as the environment says: {error}"
                raise bad_place(self.place, rule, "Check the variables AWS_*.") from None
            pause = next(pauses, None)
            if pause is None:
                raise self._failure(attempt, failure)
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _sent(
        self, method: str, url: str, query: Mapping[str, str] | None, body: Body, headers: Mapping[str, str]
    ) -> requests.Response:
        options: dict[str, Any] = {
            "params": query,
            "headers": headers,
            "timeout": (self._patience.connect, self._patience.read),
            "stream": True,
            "allow_redirects": False,
        }
        if isinstance(body, bytes):
            return self._session.request(method, url, data=body, **options)
        with os_errors(str(body)):
            source = body.open("rb")
            size = body.stat().st_size
        with source:
            # requests sends an empty file without a length, in chunks, which S3 refuses.
            return self._session.request(method, url, data=source if size else b"", **options)

    def _pauses(self) -> Iterator[float]:
        return (self._patience.pause * 2**number for number in range(self._patience.attempts - 1))

    def _refusal(self, answer: requests.Response) -> str:
        """What the server said, if it may say something else next time. Raises Refused where it will not."""
        status, code, message = answer.status_code, *_said(answer)
        said = ": ".join(part for part in (code, message) if part)
        if status == 429 or (status >= 500 and status != 501):
            return f"{status} {said or answer.reason}"
        if status in (401, 403):
            problem = Problem(
                Kind.ACCESS_REFUSED,
                f"does not accept the credentials ({said or status})",
                f"Check {', '.join(CREDENTIALS)} and what they are allowed to do there.",
                file=self.address(),
            )
        elif code == "NoSuchBucket":
            raise bad_place(self.place, "names a bucket that does not exist", "Make the bucket, or correct its name.")
        else:
            problem = Problem(
                Kind.PLACE_REFUSED,
                f"refused it ({status} {said or answer.reason})",
                "Change what it objects to, and run the command again.",
                file=self.address(),
            )
        raise Refused(problem, status, code)

    def _failure(self, attempts: int, failure: str) -> CannotRun:
        times = f"{attempts} attempt{'s' if attempts > 1 else ''}"
        return CannotRun(
            Problem(
                Kind.PLACE_FAILED,
                f"did not succeed in {times}; the last: {failure}",
                "Run the command again later; it resumes.",
                file=self.address(),
            )
        )


# -- what the environment says -------------------------------------------------------------------------------------


def _signature(place: str, region: str) -> Signature:
    missing = [name for name in CREDENTIALS if not os.environ.get(name)]
    if missing:
        raise CannotRun(
            Problem(
                Kind.ACCESS_REFUSED,
                f"needs credentials, and {' and '.join(missing)} is not set",
                f"Set {' and '.join(CREDENTIALS)}; AWS_ENDPOINT_URL_S3 names a server other than Amazon's.",
                file=place,
            )
        )
    key, secret = (os.environ[name] for name in CREDENTIALS)
    return Signature(key, secret, os.environ.get("AWS_SESSION_TOKEN") or None, region)


def _root(place: str, bucket: str, region: str) -> str:
    """The address of the bucket, with a slash at its end: below the server that is named, else Amazon's."""
    endpoint = next(filter(None, map(os.environ.get, ENDPOINT)), None)
    if endpoint is None:
        # A name with dots is in no certificate.
        host = f"s3.{region}.amazonaws.com"
        return f"https://{host}/{bucket}/" if "." in bucket else f"https://{bucket}.{host}/"
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", endpoint):
        rule = f"cannot be reached as the environment says: {endpoint!r} is no address of a server"
        raise bad_place(place, rule, "Check the variables AWS_*.")
    return f"{endpoint.rstrip('/')}/{bucket}/"


# -- answers -------------------------------------------------------------------------------------------------------


def _content(answer: requests.Response) -> tuple[bytes, str | None]:
    return answer.content, answer.headers.get("ETag")


def _sha256(answer: requests.Response) -> str:
    digest = hashlib.sha256()
    for chunk in answer.iter_content(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _xml(answer: requests.Response) -> ET.Element:
    try:
        return ET.fromstring(answer.content)
    except ET.ParseError as error:
        raise requests.exceptions.ContentDecodingError(f"an answer that is not XML: {error}") from None


def _said(answer: requests.Response) -> tuple[str, str]:
    """The code and the message of an error."""
    try:
        error = ET.fromstring(answer.content)
    except ET.ParseError:
        return "", ""
    code, message = (" ".join((error.findtext(f"{{*}}{name}") or "").split()) for name in ("Code", "Message"))
    return code, message.rstrip(".")


def _type(path: str) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    return TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
