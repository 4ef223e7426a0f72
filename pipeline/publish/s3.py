"""Publishing to an S3-compatible bucket.

There is no rename in S3, so objects go straight to `<prefix>/<version>/…`, and only latest.json makes them visible:

1. `<version>/SHA256SUMS` goes first, on condition that there is none. It claims the version for this release: another
   one of the same number is refused from then on, published or not.
2. Every other object is sent unless what is there has the right SHA-256, and read back in full.
3. latest.json is replaced on condition that nobody has in between; else it is read again and the version added to it.
   index.html follows.

So no lock is needed: two runs with the same release send the same bytes, and runs with different ones part at 1.

The conditions are the headers If-None-Match and If-Match (in S3 since 2024). A server that does not know them is asked
without. Credentials come from the environment and nowhere else; no file holds them, no message shows them.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlparse

from pipeline.errors import CannotRun, InvalidData, Kind, Problem
from pipeline.files import os_errors
from pipeline.progress import Progress
from pipeline.publish import front, pointer
from pipeline.publish.contents import SUMS, File, Release
from pipeline.publish.pointer import Pointer
from pipeline.publish.result import (
    Patience,
    Published,
    State,
    bad_copy,
    bad_place,
    published_otherwise,
    strange_files,
)

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"
CHUNK = 1 << 20
PART = 256 << 20
"""Bytes from which a file is sent in parts; below, one request is the whole object or nothing."""

RACES = 5
"""How often latest.json is read again because somebody else replaced it."""

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


def publish(release: Release, place: str, progress: Progress, patience: Patience, *, dry_run: bool) -> Published:
    """Publishes a release below `s3://bucket/prefix` and points latest.json and index.html at it.

    Raises InvalidData where that version is published or claimed with other checksums, CannotRun where the bucket
    cannot be reached, does not let one write, or does not return what was sent.
    """
    bucket = Bucket(place, patience)
    with bucket.errors():
        _pointer(bucket).refuse_other(release, bucket.address())
        there = _there(bucket, release)
        kept = tuple(file for file in release.files if there.get(file.path) == file.sha256)
        sent = tuple(file for file in release.files if file not in kept)
        address = bucket.address(release.version)
        if dry_run:
            return Published(place, release.name, release.version, "planned", address, sent, kept)
        if not any(file.path == SUMS for file in kept):
            _claim(bucket, release)
        _send(bucket, release, sent, progress)
        switched = _switch(bucket, release)
    state: State = "published" if sent or switched else "unchanged"
    return Published(place, release.name, release.version, state, address, sent, kept)


def versions(place: str, patience: Patience) -> Pointer:
    """What the bucket has published below the prefix."""
    bucket = Bucket(place, patience)
    with bucket.errors():
        return _pointer(bucket)


# -- the bucket ----------------------------------------------------------------------------------------------------


class Bucket:
    """What is below one prefix of one bucket."""

    def __init__(self, place: str, patience: Patience) -> None:
        url = urlparse(place)
        if not url.netloc or url.query or url.fragment or "//" in url.path:
            raise bad_place(place, "does not name a bucket and a prefix", "Write it as s3://bucket/prefix.")
        self.place = place
        self.name = url.netloc
        self.prefix = f"{prefix}/" if (prefix := url.path.strip("/")) else ""
        self.client = _client(place, patience)

    def address(self, path: str = "") -> str:
        """Where `path` is, for people."""
        return f"s3://{self.name}/{self.prefix}{path}".rstrip("/")

    def paths(self, folder: str) -> list[str]:
        """The paths of all objects in `folder`, relative to it."""
        start = f"{self.prefix}{folder}/"
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=start)
        return [member["Key"].removeprefix(start) for page in pages for member in page.get("Contents", [])]

    def read(self, path: str) -> tuple[bytes | None, str | None]:
        """A small object and its ETag; None where there is none."""
        from botocore.exceptions import ClientError

        try:
            answer = self.client.get_object(Bucket=self.name, Key=self.prefix + path)
            return answer["Body"].read(), answer["ETag"]
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None, None
            raise

    def sha256(self, path: str) -> str:
        """The SHA-256 of an object, read in full."""
        digest = hashlib.sha256()
        answer = self.client.get_object(Bucket=self.name, Key=self.prefix + path)
        for chunk in answer["Body"].iter_chunks(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()

    def send(self, source: str, path: str) -> None:
        """Sends a file, in parts where it is large."""
        from boto3.s3.transfer import TransferConfig

        self.client.upload_file(
            source,
            self.name,
            self.prefix + path,
            ExtraArgs={"ContentType": _type(path), "CacheControl": IMMUTABLE},
            Config=TransferConfig(multipart_threshold=PART, multipart_chunksize=PART),
        )

    def put(self, path: str, content: bytes, cache: str, **condition: str) -> bool:
        """Writes a small object if `condition` (IfMatch, IfNoneMatch) holds; returns whether it was accepted.

        A server that does not know the condition is asked without it. It is told the MD5, so that it can refuse what
        arrives broken.
        """
        from botocore.exceptions import ClientError

        fixed = {
            "Bucket": self.name,
            "Key": self.prefix + path,
            "Body": content,
            "ContentMD5": b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            "ContentType": _type(path),
            "CacheControl": cache,
        }
        try:
            self.client.put_object(**fixed, **condition)
        except ClientError as error:
            if condition and _code(error) in ("NotImplemented", "501"):
                self.client.put_object(**fixed)
            elif _code(error) in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409"):
                return False
            else:
                raise
        return True

    def delete(self, path: str) -> None:
        """Removes an object."""
        self.client.delete_object(Bucket=self.name, Key=self.prefix + path)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns what the server and its client library raise into CannotRun."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
        from urllib3.exceptions import HTTPError

        # botocore's timeouts are OSErrors too, so what the disk refuses is looked at last.
        with os_errors(self.address()):
            try:
                yield
            except ClientError as error:
                raise self._refusal(error) from None
            except Boto3Error as error:
                # upload_file wraps what the server said; the cause may be a ClientError.
                cause = error.__context__
                raise (self._refusal(cause) if isinstance(cause, ClientError) else self._failure(error)) from None
            except ParamValidationError as error:
                raise bad_place(
                    self.place, f"is not understood: {' '.join(str(error).split())}", "Correct it."
                ) from None
            except (BotoCoreError, HTTPClientError, HTTPError) as error:
                raise self._failure(error) from None

    def _refusal(self, error: Any) -> CannotRun:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = f"{_code(error)}: {error.response.get('Error', {}).get('Message', '')}".rstrip(": ")
        if status in (401, 403):
            return CannotRun(
                Problem(
                    Kind.ACCESS_REFUSED,
                    f"does not accept the credentials ({message})",
                    f"Check {', '.join(CREDENTIALS)} and what they are allowed to do there.",
                    file=self.address(),
                )
            )
        if _code(error) == "NoSuchBucket":
            return bad_place(self.place, "names a bucket that does not exist", "Make the bucket, or correct its name.")
        if 400 <= status < 500 and status != 429:
            return CannotRun(
                Problem(
                    Kind.PLACE_REFUSED,
                    f"refused it ({status} {message})",
                    "Change what it objects to, and run the command again.",
                    file=self.address(),
                )
            )
        return self._failure(message)

    def _failure(self, error: object) -> CannotRun:
        return CannotRun(
            Problem(
                Kind.PLACE_FAILED,
                f"did not succeed; the last answer: {' '.join(str(error).split())}",
                "Run the command again later; it resumes.",
                file=self.address(),
            )
        )


def _client(place: str, patience: Patience) -> Any:
    """A client with the credentials of the environment.

    Checksums that boto3 adds since 1.36 are left out: stores other than Amazon's refuse them (boto3 issue 4400). What
    arrived is read back instead.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise CannotRun(
            Problem(
                Kind.MISSING_EXTRA,
                "cannot be published to: the library boto3 is not installed",
                "Install it: pip install 'servicebanken[s3]'.",
                value=place,
            )
        ) from None
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
    config = Config(
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return boto3.session.Session(
            aws_access_key_id=os.environ[CREDENTIALS[0]],
            aws_secret_access_key=os.environ[CREDENTIALS[1]],
            aws_session_token=os.environ.get("AWS_SESSION_TOKEN"),
            region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        ).client("s3", config=config)
    except (BotoCoreError, ValueError) as error:
        rule = f"cannot be reached as the environment says: {error}"
        raise bad_place(place, rule, "Check the variables AWS_*.") from None


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _type(path: str) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    return TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"


# -- the steps -----------------------------------------------------------------------------------------------------


def _pointer(bucket: Bucket) -> Pointer:
    return pointer.parse(bucket.read(pointer.NAME)[0], bucket.address())


def _there(bucket: Bucket, release: Release) -> dict[str, str]:
    """Path to SHA-256 of the version's objects, each read in full: sizes and times say nothing.

    Raises where objects lie there that are not this release's.
    """
    _refuse_claimed(bucket, release)
    paths = bucket.paths(release.version)
    strange = sorted({*paths} - {file.path for file in release.files})
    if strange:
        raise strange_files(bucket.address(release.version), release.version, strange)
    return {path: bucket.sha256(f"{release.version}/{path}") for path in paths}


def _refuse_claimed(bucket: Bucket, release: Release) -> None:
    """Raises where the version's SHA256SUMS is another release's."""
    content, _ = bucket.read(f"{release.version}/{SUMS}")
    if content is not None and hashlib.sha256(content).hexdigest() != release.sums.sha256:
        raise published_otherwise(bucket.address(release.version), release.version)


def _claim(bucket: Bucket, release: Release) -> None:
    """Sends SHA256SUMS where there is none; what was accepted and reads otherwise arrived broken, and is sent anew."""
    path = f"{release.version}/{SUMS}"
    condition = {"IfNoneMatch": "*"}
    for _ in range(RACES):
        accepted = bucket.put(path, (release.folder / SUMS).read_bytes(), IMMUTABLE, **condition)
        content, etag = bucket.read(path)
        if content is not None and hashlib.sha256(content).hexdigest() == release.sums.sha256:
            return
        if not accepted:
            raise published_otherwise(bucket.address(release.version), release.version)
        condition = {"IfMatch": etag} if etag else condition
    bucket.delete(path)
    raise bad_copy([bucket.address(path)])


def _send(bucket: Bucket, release: Release, files: tuple[File, ...], progress: Progress) -> None:
    """Sends the files and reads each back, SHA256SUMS included, which the claim has sent."""
    for number, file in enumerate(files, 1):
        progress.advance(number, len(files), file.path)
        if file.path != SUMS:
            bucket.send(str(release.folder / file.path), f"{release.version}/{file.path}")
    wrong = [file.path for file in files if bucket.sha256(f"{release.version}/{file.path}") != file.sha256]
    if wrong:
        raise bad_copy([bucket.address(f"{release.version}/{path}") for path in wrong])


def _switch(bucket: Bucket, release: Release) -> bool:
    """Writes latest.json, then what shows it, where they say something else; returns whether they did."""
    pointed = _point(bucket, release)
    return _show(bucket) or pointed


def _point(bucket: Bucket, release: Release) -> bool:
    """Adds the release to latest.json as it is at that moment, and goes on until it is read back."""
    wanted = None
    published = Pointer()
    for _ in range(RACES):
        content, etag = bucket.read(pointer.NAME)
        if wanted is not None and content == wanted:
            return True
        try:
            published = pointer.parse(content, bucket.address())
        except InvalidData:
            if wanted is None:
                raise
            # What was just written arrived broken: written once more, from what was read before.
        if published.with_release(release).to_bytes() == content:
            return wanted is not None
        wanted = published.with_release(release).to_bytes()
        bucket.put(pointer.NAME, wanted, FRESH, **({"IfMatch": etag} if etag else {"IfNoneMatch": "*"}))
    raise bad_copy([bucket.address(pointer.NAME)])


def _show(bucket: Bucket) -> bool:
    """Writes index.html and what else shows the versions until it shows what latest.json says."""
    wrong: dict[str, bytes] = {}
    for round_ in range(RACES):
        wanted = front.files(_pointer(bucket))
        wrong = {path: content for path, content in wanted.items() if bucket.read(path)[0] != content}
        if not wrong:
            return round_ > 0
        for path, content in wrong.items():
            bucket.put(path, content, FRESH)
    raise bad_copy([bucket.address(path) for path in wrong])
