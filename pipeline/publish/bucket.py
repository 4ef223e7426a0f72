"""What lies below one prefix of a bucket (S3-compatible, Google Cloud Storage, Azure), by obstore.

obstore signs, retries, pages through listings and sends large files in parts. What stays here: which variables must be
set, what browsers are told of a file, and errors in words.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.core.errors import CannotRun, Kind, Problem
from pipeline.core.files import os_errors
from pipeline.core.media import content_type
from pipeline.core.patience import Patience
from pipeline.package.version import is_version
from pipeline.publish.contents import Release
from pipeline.publish.place import bad_place

try:
    import obstore
    from obstore import exceptions
    from obstore.store import from_url
except ImportError:
    fix = 'Install it: `pip install "servicebanken[s3]"`.'
    problem = Problem(Kind.BAD_PLACE, "needs the library obstore, which is not installed", fix, value="a bucket")
    raise CannotRun(problem) from None

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

SCHEMES = ("s3", "gs", "az")
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
ENDPOINT = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
SILENCE = 120
"""Seconds without a byte."""

PART = 16 << 20
"""Bytes of a part; larger files are sent in several."""

BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
SERVER = re.compile(r"https?://[^\s/?#\[\]@:]+(:[0-9]{1,5})?(/[^\s?#]*)?")
STATUS = re.compile(r"status code: ([0-9]{3})")
SAID = re.compile(r"<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>")


IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"


def opened(place: str, patience: Patience) -> Bucket:
    """The bucket at an address such as `s3://bucket/prefix`."""
    return Bucket(place, patience)


class Bucket:
    """What lies below one prefix of one bucket."""

    def __init__(self, place: str, patience: Patience) -> None:
        url = urlsplit(place)
        if not url.netloc or url.query or url.fragment or "//" in url.path:
            raise bad_place(place, "does not name a bucket and a prefix", f"Write it as {url.scheme}://bucket/prefix.")
        if not BUCKET.fullmatch(url.netloc):
            rule = f"names the bucket {url.netloc!r}, but a name is 3 to 63 characters of a-z, 0-9, dot and hyphen"
            raise bad_place(place, rule, "Correct the name.")
        self.place = place.rstrip("/")
        self._conditions = True
        """Whether the server is thought to know conditional writes."""
        options: ClientConfig = {
            "connect_timeout": timedelta(seconds=patience.connect),
            "read_timeout": timedelta(seconds=patience.silence or SILENCE),
            "timeout": timedelta(days=1),
            "allow_http": _checked_server(place).startswith("http:") if url.scheme == "s3" else False,
        }
        retries: RetryConfig = {
            "max_retries": patience.retries,
            "retry_timeout": timedelta(seconds=patience.longest_wait),
            "backoff": {
                "init_backoff": timedelta(seconds=patience.backoff),
                "max_backoff": timedelta(seconds=patience.longest_wait),
                "base": 2,
            },
        }
        self._store = from_url(self.place, client_options=options, retry_config=retries)

    def address(self, path: str = "") -> str:
        """Where `path` is, for people."""
        return f"{self.place}/{path}".rstrip("/")

    def opened(self, release: Release, *, dry_run: bool) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nothing: a bucket has no lock."""
        return nullcontext()

    def shows(self, version: str) -> bool:  # noqa: ARG002
        """Always: there is no rename in a bucket."""
        return True

    def paths(self, version: str) -> list[str]:
        """The paths of the objects of a version."""
        with self._errors():
            found = obstore.list(self._store, prefix=version).collect()
        return [entry["path"].removeprefix(f"{version}/") for entry in found]

    def read(self, path: str) -> tuple[bytes | None, str | None]:
        """A small object and its ETag; None where there is none."""
        try:
            with self._errors():
                answer = obstore.get(self._store, path)
                return bytes(answer.bytes()), answer.meta["e_tag"]
        except FileNotFoundError:
            return None, None

    def sha256(self, path: str) -> str | None:
        """The SHA-256 of an object, read in full; None where there is none."""
        digest = hashlib.sha256()
        try:
            with self._errors():
                for chunk in obstore.get(self._store, path):
                    digest.update(chunk)
        except FileNotFoundError:
            return None
        return digest.hexdigest()

    def send(self, source: Path, path: str) -> None:
        """Sends a file."""
        with os_errors(str(source)), source.open("rb") as file, self._errors():
            obstore.put(self._store, path, file, attributes=_attributes(path), chunk_size=PART)

    def put(self, path: str, content: bytes, mode: Any) -> bool:
        """Writes a small object; a server that does not know the conditions of `mode` (501) is asked without."""
        attributes = _attributes(path)
        if mode == "overwrite" or not self._conditions:
            with self._errors():
                obstore.put(self._store, path, content, attributes=attributes, use_multipart=False)
            return True
        try:
            with self._errors():
                obstore.put(self._store, path, content, attributes=attributes, mode=mode)
        except (FileExistsError, exceptions.AlreadyExistsError, exceptions.PreconditionError):
            return False
        except _Unknown:
            self._conditions = False
            return self.put(path, content, "overwrite")
        return True

    def delete(self, path: str) -> None:
        """Removes an object."""
        with self._errors():
            obstore.delete(self._store, path)

    def begin(self, release: Release) -> list[str]:  # noqa: ARG002
        """Nothing: what another run left is resumed, or refused."""
        return []

    settle = begin

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Says in words what the server refused, and what did not succeed; an object that is not there is no error."""
        try:
            yield
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise bad_place(
                    self.place, "names a bucket that does not exist", "Make it, or correct the name."
                ) from None
            raise
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            fix = "Check the credentials in the environment, and what they allow there."
            rule = f"does not accept the credentials ({_said(error)})"
            raise CannotRun(Problem(Kind.ACCESS_REFUSED, rule, fix, file=self.place)) from None
        except exceptions.BaseError as error:
            raise self._failure(error) from None

    def _failure(self, error: exceptions.BaseError) -> CannotRun:
        status = STATUS.search(str(error))
        if status and status[1] == "501":
            return _Unknown(Problem(Kind.PLACE_REFUSED, "does not know this request", "Use another.", file=self.place))
        if status and status[1][0] == "4" and status[1] != "429":
            fix = "Correct what it objects to, then run the command again."
            return CannotRun(Problem(Kind.PLACE_REFUSED, f"refused the request ({_said(error)})", fix, file=self.place))
        fix = "Run the command again later; it resumes."
        return CannotRun(Problem(Kind.PLACE_FAILED, f"failed: {_said(error)}", fix, file=self.place))


class _Unknown(CannotRun):
    """The server does not know what it was asked for."""


def _checked_server(place: str) -> str:
    """The address of the S3 server, empty for Amazon's. Raises CannotRun without credentials, which obstore would look
    for in the network, and for an address that it cannot take."""
    missing = [name for name in CREDENTIALS if not os.environ.get(name)]
    if missing:
        rule = f"needs credentials, and {' and '.join(missing)} is not set"
        fix = f"Set {' and '.join(CREDENTIALS)}; AWS_ENDPOINT_URL_S3 names a server other than Amazon's."
        raise CannotRun(Problem(Kind.ACCESS_REFUSED, rule, fix, file=place))
    server = next(filter(None, map(os.environ.get, ENDPOINT)), "")
    if server and not SERVER.fullmatch(server):
        rule = f"cannot be reached: AWS_ENDPOINT_URL_S3 is {server!r}, which is not the address of a server"
        raise bad_place(place, rule, "Write it like https://s3.example.org.")
    return server


def _attributes(path: str) -> dict[str, str]:
    """What browsers are told: what the object is, and whether it may change."""
    cache = IMMUTABLE if is_version(path.partition("/")[0]) else FRESH
    return {"Content-Type": content_type(path), "Cache-Control": cache}


def _said(error: Exception) -> str:
    """The server's own words, or the first line of the library's."""
    text = str(error)
    said, status = SAID.search(text), STATUS.search(text)
    parts = [status[1] if status else "", f"{said[1]}: {said[2].rstrip('.')}" if said else ""]
    return " ".join(filter(None, parts)) or text.splitlines()[0].partition(" - ")[2] or text.splitlines()[0]
