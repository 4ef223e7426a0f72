"""A release goes to a bucket: a real S3-compatible server, with a proxy before it that can fail at any call."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import Browser, expect

from pipeline.core.errors import CannotRun, InvalidData, Kind, PipelineError
from pipeline.core.http import Patience
from pipeline.publish import published
from tests.projects import put, tree
from tests.publish.proxy import Fault, Proxy, proxy
from tests.publish.releases import FRONT, make, send, slim

MOTO = Path(sys.prefix) / "moto/bin/moto_server"
if not MOTO.is_file():
    pytest.skip("the server that speaks S3 is not there; `make test` makes it", allow_module_level=True)

ONCE = Patience(connect=2, silence=0.4, retries=0, backoff=0.01)
"""For failures that do not pass."""

ROOT = Path(__file__).parents[2]
SECRET = "s3cr3t-that-nobody-may-see"
numbers = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of an S3-compatible server."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [MOTO, "-H", "127.0.0.1", "-p", "0"], stderr=subprocess.PIPE, encoding="utf-8", env=environment
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if said := re.search(r"Running on http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            raise AssertionError("the server did not start")
        Thread(target=deque, args=(process.stderr, 0), daemon=True).start()
        yield int(said[1])
        process.kill()


@pytest.fixture
def faulty(server: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The proxy through which everything goes."""
    with proxy(server) as running:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "someone",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL_S3": running.address,
            "AWS_REGION": "eu-north-1",
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        yield running


OWNER = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=owner/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, "
    "Signature=none"
}
"""What this server takes for the owner of a bucket: it looks at no signature."""


@dataclass(frozen=True)
class Direct:
    """A bucket, spoken to directly and not as the pipeline does."""

    name: str
    address: str

    def put_object(self, *, Key: str, Body: bytes) -> None:
        requests.put(f"{self.address}/{quote(Key)}", data=Body, headers=OWNER, timeout=10).raise_for_status()

    def get(self, key: str) -> requests.Response:
        answer = requests.get(f"{self.address}/{quote(key)}", headers=OWNER, timeout=10)
        answer.raise_for_status()
        return answer

    def list(self) -> list[str]:
        listing = requests.get(self.address, headers=OWNER, timeout=10).text
        return [unescape(key) for key in re.findall("<Key>(.*?)</Key>", listing)]


@pytest.fixture
def bucket(server: int, faulty: Proxy) -> Direct:  # noqa: ARG001
    """An empty bucket."""
    name = f"data-{next(numbers)}"
    requests.put(f"http://127.0.0.1:{server}/{name}", headers=OWNER, timeout=10).raise_for_status()
    return Direct(name, f"http://127.0.0.1:{server}/{name}")


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release of version 1.0.0."""
    return make(tmp_path / "release")


def objects(bucket: Direct) -> dict[str, bytes]:
    """Every object with its bytes."""
    return {key: bucket.get(key).content for key in bucket.list()}


def assert_published(bucket: Direct, *releases: Path, prefix: str = "shops/") -> None:
    """The bucket holds exactly these releases, oldest first, byte by byte, and its pointer and page say so."""
    there = objects(bucket)
    pointer = json.loads(there.pop(f"{prefix}latest.json"))
    page, *_ = [there.pop(prefix + path).decode() for path in FRONT]
    versions = [
        json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["version"] for release in releases
    ]
    assert there == {
        f"{prefix}{version}/{path}": content
        for version, release in zip(versions, releases, strict=True)
        for path, content in tree(release).items()
    }
    assert [entry["version"] for entry in pointer["versions"]] == versions[::-1]
    assert pointer["version"] == versions[-1]
    assert pointer["sha256"] == hashlib.sha256((releases[-1] / "SHA256SUMS").read_bytes()).hexdigest()
    assert re.findall(r'<section class="version" id="v([0-9.]+)"', page) == versions[::-1]


# -- what lies there -----------------------------------------------------------------------------------------------


def test_a_release_answers_from_a_bucket(services_release: Path, bucket: Direct, browser: Browser) -> None:
    send(services_release, f"s3://{bucket.name}/data")
    page = browser.new_page(extra_http_headers=OWNER)
    page.goto(f"{bucket.address}/data/index.html")
    page.get_by_role("link", name="Explore", exact=True).click()
    page.get_by_role("link", name="solutions 3").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.close()


def test_a_release_is_published_whole_and_pointed_at(release: Path, bucket: Direct) -> None:
    result = send(release, f"s3://{bucket.name}/shops")
    assert (result.state, result.address) == ("published", f"s3://{bucket.name}/shops/1.0.0")
    assert {file.path for file in result.sent} == {*tree(release)}
    assert_published(bucket, release)


@pytest.mark.parametrize(("place", "prefix"), [("", ""), ("/", ""), ("/a/b/", "a/b/"), ("/å ä", "å ä/")])
def test_a_prefix_may_be_any_or_none(place: str, prefix: str, release: Path, bucket: Direct) -> None:
    send(release, f"s3://{bucket.name}{place}")
    assert_published(bucket, release, prefix=prefix)


def test_browsers_are_told_what_a_file_is_and_how_long_it_keeps(release: Path, bucket: Direct) -> None:
    send(release, f"s3://{bucket.name}/shops")
    told = {
        path: (there["Content-Type"], there["Cache-Control"])
        for path in ("index.html", "latest.json", "1.0.0/data/shops.csv", "1.0.0/SHA256SUMS", "1.0.0/shops-1.0.0.zip")
        if (there := bucket.get(f"shops/{path}").headers)
    }
    immutable = "public, max-age=31536000, immutable"
    assert told == {
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "latest.json": ("application/json", "no-cache"),
        "1.0.0/data/shops.csv": ("text/csv; charset=utf-8", immutable),
        "1.0.0/SHA256SUMS": ("text/plain; charset=utf-8", immutable),
        "1.0.0/shops-1.0.0.zip": ("application/zip", immutable),
    }


def test_a_large_file_and_an_empty_one_arrive_whole(bucket: Direct, tmp_path: Path, faulty: Proxy) -> None:
    release = make(tmp_path / "release", more={"big.bin": bytes(range(256)) * 90_000, "empty.txt": b""})
    send(release, f"s3://{bucket.name}/shops", patience=Patience(silence=10))
    assert_published(bucket, release)
    assert "POST" in {call.split()[0] for call in faulty.calls}, "the large one went in parts"


def test_more_objects_than_a_server_lists_at_once_are_all_seen(bucket: Direct, tmp_path: Path, faulty: Proxy) -> None:
    release = make(tmp_path / "release", more={f"data/{number} å&.txt": b"x" for number in range(5)})
    send(release, f"s3://{bucket.name}/shops")
    faulty.rewrite = lambda path: f"{path}&max-keys=2" if "list-type=2" in path else path
    assert send(release, f"s3://{bucket.name}/shops").state == "unchanged"
    assert sum("list-type=2" in path for path in faulty.paths) >= 7


def test_versions_are_added_and_the_highest_is_the_latest(release: Path, bucket: Direct, tmp_path: Path) -> None:
    place = f"s3://{bucket.name}/shops"
    new = make(tmp_path / "new", "1.10.0")
    middle = make(tmp_path / "middle", "1.9.0")
    for folder in (release, new, middle):
        send(folder, place)
    assert_published(bucket, release, middle, new)
    assert [entry.version for entry in published(place).versions] == ["1.10.0", "1.9.0", "1.0.0"]


def test_publishing_again_writes_nothing(release: Path, bucket: Direct, faulty: Proxy) -> None:
    send(release, f"s3://{bucket.name}/shops")
    faulty.calls.clear()
    result = send(release, f"s3://{bucket.name}/shops")
    assert (result.state, result.sent, len(result.kept)) == ("unchanged", (), 8)
    assert {call.split()[0] for call in faulty.calls} == {"GET"}


def test_a_dry_run_writes_nothing_and_says_what_is_there(release: Path, bucket: Direct, faulty: Proxy) -> None:
    place = f"s3://{bucket.name}/shops"
    bucket.put_object(Key="shops/1.0.0/data/shops.csv", Body=(release / "data/shops.csv").read_bytes())
    bucket.put_object(Key="shops/1.0.0/CHANGELOG.md", Body=b"half")
    before = objects(bucket)
    result = send(release, place, dry_run=True)
    assert (result.state, result.address) == ("planned", f"{place}/1.0.0")
    assert [file.path for file in result.kept] == ["data/shops.csv"]
    assert len(result.sent) == 7
    assert objects(bucket) == before
    assert {call.split()[0] for call in faulty.calls} == {"GET"}


# -- write once ----------------------------------------------------------------------------------------------------


def test_a_published_version_is_not_replaced_by_another(release: Path, bucket: Direct, tmp_path: Path) -> None:
    place = f"s3://{bucket.name}/shops"
    send(release, place)
    before = objects(bucket)
    with pytest.raises(InvalidData) as caught:
        send(make(tmp_path / "other", shops="id,name\n"), place)
    assert caught.value.problems[0].kind == Kind.PUBLISHED_OTHERWISE
    assert objects(bucket) == before


def test_a_version_that_another_publication_has_begun_is_not_mixed_with_this_one(
    release: Path, bucket: Direct, tmp_path: Path
) -> None:
    """Whoever sends SHA256SUMS first has the version."""
    other = make(tmp_path / "other", shops="id,name\n")
    bucket.put_object(Key="shops/1.0.0/SHA256SUMS", Body=(other / "SHA256SUMS").read_bytes())
    before = objects(bucket)
    with pytest.raises(InvalidData) as caught:
        send(release, f"s3://{bucket.name}/shops")
    assert caught.value.problems[0].kind == Kind.PUBLISHED_OTHERWISE
    assert objects(bucket) == before


def test_a_claim_that_comes_a_moment_earlier_wins(release: Path, bucket: Direct, tmp_path: Path, faulty: Proxy) -> None:
    """The other SHA256SUMS arrives after this run has seen that there is none."""
    other = (make(tmp_path / "other", shops="id,name\n") / "SHA256SUMS").read_bytes()

    def be_faster(_: int, method: str, path: str) -> None:
        if method == "PUT" and path.endswith("/SHA256SUMS"):
            bucket.put_object(Key="shops/1.0.0/SHA256SUMS", Body=other)

    faulty.fault = be_faster
    with pytest.raises(InvalidData) as caught:
        send(release, f"s3://{bucket.name}/shops")
    assert caught.value.problems[0].kind == Kind.PUBLISHED_OTHERWISE
    assert objects(bucket) == {"shops/1.0.0/SHA256SUMS": other}


def test_a_pointer_that_somebody_else_replaces_meanwhile_loses_nothing(
    release: Path, bucket: Direct, tmp_path: Path, faulty: Proxy
) -> None:
    place = f"s3://{bucket.name}/shops"
    send(release, place)
    second, third = make(tmp_path / "second", "1.1.0"), make(tmp_path / "third", "1.2.0")
    busy: list[bool] = []

    def publish_the_third(_: int, method: str, path: str) -> None:
        if method == "PUT" and path.endswith("/latest.json") and not busy:
            busy.append(True)
            send(third, place)

    faulty.fault = publish_the_third
    send(second, place, patience=Patience(silence=30))
    assert_published(bucket, release, second, third)


def test_a_strange_object_is_named_and_left(release: Path, bucket: Direct) -> None:
    bucket.put_object(Key="shops/1.0.0/notes.txt", Body=b"mine")
    with pytest.raises(InvalidData) as caught:
        send(release, f"s3://{bucket.name}/shops")
    assert caught.value.problems[0].file == f"s3://{bucket.name}/shops/1.0.0/notes.txt"
    assert objects(bucket) == {"shops/1.0.0/notes.txt": b"mine"}


def test_a_published_object_that_went_bad_is_restored(release: Path, bucket: Direct) -> None:
    send(release, f"s3://{bucket.name}/shops")
    bucket.put_object(Key="shops/1.0.0/CHANGELOG.md", Body=b"#" * (release / "CHANGELOG.md").stat().st_size)
    assert [file.path for file in send(release, f"s3://{bucket.name}/shops").sent] == ["CHANGELOG.md"]
    assert_published(bucket, release)


# -- any call may fail ---------------------------------------------------------------------------------------------

CALLS = 27
"""Calls that publishing a second release of three files takes, as the test below sees to."""

FAULTS: tuple[Fault, ...] = ("500", "lost", "drop", "hang", "truncate", "403")
EVERYTHING = bool(os.environ.get("PUBLISH_EVERY_FAULT"))
PAIRS = [
    (fault, call)
    for number, fault in enumerate(FAULTS)
    for call in range(CALLS)
    if EVERYTHING or (call + number) % (2 if fault == "lost" else 4) == 0
]
"""Which fault from which call on: every fourth call, of lost answers every second, or all if that is asked for."""


@pytest.fixture
def two(bucket: Direct, tmp_path: Path) -> tuple[Path, Path]:
    """Two releases, of which the first is published; made anew in the bucket without publishing it anew."""
    first, second = slim(tmp_path / "first"), slim(tmp_path / "second", "1.1.0")
    if not PUBLISHED:
        send(first, f"s3://{bucket.name}/shops")
        PUBLISHED.update(objects(bucket))
    for key, content in PUBLISHED.items():
        bucket.put_object(Key=key, Body=content)
    return first, second


PUBLISHED: dict[str, bytes] = {}


def test_a_publication_takes_that_many_calls(two: tuple[Path, Path], bucket: Direct, faulty: Proxy) -> None:
    before = len(faulty.calls)
    send(two[1], f"s3://{bucket.name}/shops")
    assert len(faulty.calls) - before <= CALLS, faulty.calls


@pytest.mark.parametrize(("fault", "first"), PAIRS)
def test_from_any_call_on_nothing_works_and_the_next_run_ends_it(
    fault: Fault, first: int, two: tuple[Path, Path], bucket: Direct, faulty: Proxy
) -> None:
    """What was published stays listed and whole; the next run sends what is missing."""
    old, new = two
    place = f"s3://{bucket.name}/shops"
    began = len(faulty.calls)
    faulty.fault = lambda number, *_: fault if number >= began + first else None
    try:
        assert send(new, place, patience=ONCE).state == "published"
        assert first >= len(faulty.calls) - began or fault == "truncate"
    except PipelineError as error:
        assert error.problems[0].kind in (Kind.PLACE_FAILED, Kind.ACCESS_REFUSED, Kind.PLACE_REFUSED), error
        assert SECRET not in str(error)
    there = objects(bucket)
    for entry in json.loads(there["shops/latest.json"])["versions"]:
        folder = old if entry["version"] == "1.0.0" else new
        for path, content in tree(folder).items():
            assert there[f"shops/{entry['version']}/{path}"] == content
    faulty.fault = lambda *_: None
    ready = {path for path, content in tree(new).items() if there.get(f"shops/1.1.0/{path}") == content}
    assert {file.path for file in send(new, place).sent} == {*tree(new)} - ready
    assert_published(bucket, old, new)


@pytest.mark.parametrize("fault", ["500", "drop", "lost"])
def test_one_failure_is_got_over(fault: Fault, bucket: Direct, tmp_path: Path, faulty: Proxy) -> None:
    release = slim(tmp_path / "slim")
    for call in range(0, CALLS, 5):
        began = len(faulty.calls)
        faulty.fault = lambda number, *_, hit=began + call: fault if number == hit else None
        assert send(release, f"s3://{bucket.name}/{fault}-{call}").state == "published"


@pytest.mark.parametrize("path", ["data/shops.csv", "SHA256SUMS", "shops-1.1.0.zip", "CHANGELOG.md"])
def test_a_byte_that_is_stored_wrong_is_never_published(
    path: str, release: Path, bucket: Direct, tmp_path: Path, faulty: Proxy
) -> None:
    place = f"s3://{bucket.name}/shops"
    send(release, place)
    new = make(tmp_path / "new", "1.1.0")
    faulty.fault = lambda _, method, to: "flip" if method == "PUT" and to.endswith(f"1.1.0/{path}") else None
    with pytest.raises(PipelineError) as caught:
        send(new, place)
    assert caught.value.problems[0].kind == Kind.BAD_COPY
    assert [entry["version"] for entry in json.loads(objects(bucket)["shops/latest.json"])["versions"]] == ["1.0.0"]
    faulty.fault = lambda *_: None
    send(new, place)
    assert_published(bucket, release, new)


@pytest.mark.parametrize("name", ["latest.json", "index.html", "latest/index.html"])
def test_a_pointer_that_is_stored_wrong_once_is_written_again(
    name: str, release: Path, bucket: Direct, tmp_path: Path, faulty: Proxy
) -> None:
    place = f"s3://{bucket.name}/shops"
    send(release, place)
    spoilt: list[str] = []

    def once(_: int, method: str, path: str) -> Fault | None:
        if method == "PUT" and path.endswith(f"/shops/{name}") and not spoilt:
            spoilt.append(path)
            return "flip"
        return None

    faulty.fault = once
    new = make(tmp_path / "new", "1.1.0")
    send(new, place)
    assert spoilt
    assert_published(bucket, release, new)


def test_a_server_without_conditions_is_asked_without_them(release: Path, bucket: Direct, faulty: Proxy) -> None:
    faulty.fault_of_headers = lambda headers: "501" if {"if-match", "if-none-match"} & {*headers} else None
    send(release, f"s3://{bucket.name}/shops")
    assert_published(bucket, release)


# -- who may -------------------------------------------------------------------------------------------------------


def test_without_credentials_nothing_is_tried(
    release: Path, bucket: Direct, faulty: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    before = len(faulty.calls)
    with pytest.raises(CannotRun) as caught:
        send(release, f"s3://{bucket.name}/shops")
    assert str(caught.value) == (
        f"s3://{bucket.name}/shops: needs credentials, and AWS_SECRET_ACCESS_KEY is not set. Set AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY; AWS_ENDPOINT_URL_S3 names a server other than Amazon's. [access-refused]"
    )
    assert len(faulty.calls) == before


def test_a_bucket_that_does_not_exist_is_named(release: Path, faulty: Proxy) -> None:  # noqa: ARG001
    with pytest.raises(CannotRun) as caught:
        send(release, "s3://no-such-bucket-here/x")
    assert str(caught.value) == (
        "'s3://no-such-bucket-here/x' names a bucket that does not exist. Make it, or correct the name. [bad-place]"
    )


@pytest.mark.parametrize("place", ["s3://UPPER case/x", "s3://a/x", "s3://b//x", "s3://b/x?y", "s3://b/x#y"])
def test_a_name_that_no_bucket_can_have_is_refused(place: str, release: Path, faulty: Proxy) -> None:  # noqa: ARG001
    with pytest.raises(CannotRun) as caught:
        send(release, place, patience=ONCE)
    assert caught.value.problems[0].kind == Kind.BAD_PLACE


@pytest.mark.parametrize("value", ["not an address", "ftp://127.0.0.1/", "http://", "http://[/", "http://x:y/"])
def test_an_environment_that_says_nonsense_is_no_crash(
    value: str,
    release: Path,
    faulty: Proxy,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", value)
    with pytest.raises(CannotRun) as caught:
        send(release, "s3://data/x", patience=ONCE)
    assert caught.value.problems[0].kind == Kind.BAD_PLACE


def test_the_key_signs_and_does_not_travel(
    release: Path, bucket: Direct, faulty: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor does what ~/.netrc says; the token of temporary credentials does, and is signed."""
    put(tmp_path, {".netrc": "machine 127.0.0.1 login someone password netrc"})
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("AWS_SESSION_TOKEN", "for-an-hour")
    send(release, f"s3://{bucket.name}/shops")
    for headers in faulty.headers:
        assert SECRET not in str(headers)
        assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=someone/")
        assert "x-amz-content-sha256;x-amz-date;x-amz-security-token" in headers["authorization"]
        assert headers["x-amz-security-token"] == "for-an-hour"


def test_a_folder_is_published_to_without_a_library_for_the_web() -> None:
    code = "import sys, pipeline.publish.folder; print({'requests', 'obstore'} & {*sys.modules})"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert printed.stdout == "set()\n"


# -- killed ----------------------------------------------------------------------------------------------------------

KILLS = int(os.environ.get("PUBLISH_KILLS", "4"))

PUBLISH = """
import sys
from pathlib import Path
import pipeline.publish.bucket
from pipeline.core.progress import Progress
from pipeline.publish import publish
print("ready", flush=True)
sys.stdin.readline()
publish(Path(sys.argv[1]), sys.argv[2], Progress())
"""


@pytest.mark.parametrize("conditions", [True, False], ids=["conditional writes", "without them"])
def test_a_kill_at_a_random_moment_leaves_what_was_published_whole(
    conditions: bool, bucket: Direct, tmp_path: Path, faulty: Proxy
) -> None:
    if not conditions:
        faulty.fault_of_headers = lambda headers: "501" if {"if-match", "if-none-match"} & {*headers} else None
    old, new = make(tmp_path / "old"), make(tmp_path / "new", "1.1.0")
    moments, landed, takes = random.Random(4), 0, 0.5
    for number in range(KILLS):
        place = f"s3://{bucket.name}/{number}"
        send(old, place)
        with subprocess.Popen(
            [sys.executable, "-c", PUBLISH, new, place],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(moments.uniform(0, takes))
            process.kill()
        landed += process.returncode < 0
        there = objects(bucket)
        listed = [entry["version"] for entry in json.loads(there[f"{number}/latest.json"])["versions"]]
        assert listed in (["1.0.0"], ["1.1.0", "1.0.0"])
        for version in listed:
            for path, content in tree(old if version == "1.0.0" else new).items():
                assert there[f"{number}/{version}/{path}"] == content
        assert send(new, place).state in ("published", "unchanged")
        assert [entry.version for entry in published(place).versions] == ["1.1.0", "1.0.0"]
    assert landed > KILLS / 3, "the kills came too late to tell anything"


def test_without_the_library_it_is_said_what_to_install(release: Path) -> None:
    code = """
import sys
from pathlib import Path
sys.modules["obstore"] = None
from pipeline.core.errors import CannotRun
from pipeline.core.progress import Progress
from pipeline.publish import publish
try:
    publish(Path(sys.argv[1]), "s3://bucket/x", Progress())
except CannotRun as error:
    print(error)
"""
    printed = subprocess.run(
        [sys.executable, "-c", code, release], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert 'Install it: `pip install "servicebanken[s3]"`.' in printed.stdout
