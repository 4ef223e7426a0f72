"""What networks and servers do to a fetch: nothing is accepted that should not be, and nothing is lost."""

from __future__ import annotations

import gzip
import os
import random
import socket
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from pipeline.collect import Outcome, Terms, collect
from pipeline.collect.outcome import error_of
from pipeline.core.http import Patience
from pipeline.core.network import Network
from pipeline.core.progress import Progress
from pipeline.source.project import Project
from tests.collect.conftest import SHOPS, register
from tests.collect.servers import json_reply
from tests.collect.servers.overpass import Overpass
from tests.collect.site import Handler, Page, Site, serving
from tests.projects import put, tree

HASTY = Patience(connect=5, silence=5, retries=2, backoff=0.01)
"""Waits as short as a test can bear; the order of things is that of longer ones."""


def collected(project: Project, network: Network | None = None, patience: Patience = HASTY) -> Outcome:
    (outcome,) = collect(project, Progress(), Terms(network=network or Network(), patience=patience))
    return outcome


def snapshots(project: Project) -> dict[str, bytes]:
    """What lies in the fetch's folder: all of it, so that nothing new goes unnoticed."""
    return tree(project.root / "sources/register/snapshots/register")


@pytest.fixture
def project(tmp_path: Path, site: Site) -> Project:
    """A project with an accepted snapshot; its site has something new since."""
    made = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    assert collected(made).outcome == "accepted"
    site.requests.clear()
    site.pages["/shops.csv"] = Page(NEWER)
    return made


NEWER = SHOPS.replace(b"South", b"Southern")


def failed(project: Project, rule: str, network: Network | None = None, patience: Patience = HASTY) -> None:
    """The fetch fails as `rule` says; what was accepted stays as it was, and is all there is."""
    before = snapshots(project)
    outcome = collected(project, network, patience)
    assert outcome.outcome == "failed"
    assert [problem.rule for problem in outcome.problems] == [rule]
    assert snapshots(project) == before


def rejected(project: Project, rule: str) -> None:
    """The answer is kept and rejected as `rule` says; what was accepted before still counts."""
    accepted = snapshots(project)["accepted.json"]
    outcome = collected(project)
    assert outcome.outcome == "rejected"
    assert outcome.problems[0].rule.startswith(rule)
    assert snapshots(project)["accepted.json"] == accepted
    assert "rejected.json" in snapshots(project)


# -- the network ------------------------------------------------------------------------------------------------------


def test_a_name_that_nobody_knows(project: Project) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port}")

    failed(project, "has a host name that cannot be found (DNS)", Network(resolve=resolve))


def test_a_name_that_the_system_does_not_know(tmp_path: Path) -> None:
    made = register(tmp_path / "project", "http://nowhere.invalid")
    outcome = collected(made)
    assert [problem.rule for problem in outcome.problems] == ["has a host name that cannot be found (DNS)"]


def test_a_refused_connection(project: Project, site: Site) -> None:
    site.shutdown()
    site.server_close()
    failed(project, "refuses connections")


def test_a_connection_that_nobody_answers(project: Project) -> None:
    def connect(address: str, port: int, timeout: float | None) -> socket.socket:
        raise TimeoutError(f"{address}:{port} {timeout}")

    failed(project, "did not answer in time", Network(connect=connect))


def test_an_address_that_does_not_answer_is_passed_over_for_the_next(project: Project, site: Site) -> None:
    def connect(address: str, port: int, timeout: float | None) -> socket.socket:
        if address != "127.0.0.1":
            raise ConnectionRefusedError
        return socket.create_connection((address, port), timeout)

    assert collected(project, Network(lambda *_: ["127.0.0.9", "127.0.0.1"], connect)).outcome == "accepted"
    assert site.requests == ["GET /shops.csv if-none-match"]


# -- answers that break off -------------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"


def breaking(*parts: bytes, then: Callable[[Handler], None]) -> Callable[[Handler], None]:
    """An answer that sends the parts, and then does something else than going on."""

    def answer(handler: Handler) -> None:
        for part in parts:
            handler.raw(part)
        then(handler)

    return answer


def close(handler: Handler) -> None:
    handler.close_connection = True


LENGTH = f"Content-Length: {len(NEWER)}\r\n\r\n".encode()
BROKEN = {
    "before the status": breaking(then=Handler.reset),
    "within the status": breaking(HEAD[:7], then=Handler.reset),
    "within the headers": breaking(HEAD[:30], then=Handler.reset),
    "after the headers": breaking(HEAD, LENGTH, then=Handler.reset),
    "half-way": breaking(HEAD, LENGTH, NEWER[: len(NEWER) // 2], then=Handler.reset),
    "closed half-way": breaking(HEAD, LENGTH, NEWER[: len(NEWER) // 2], then=close),
    "before the last byte": breaking(HEAD, LENGTH, NEWER[:-1], then=close),
    "between chunks": breaking(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nnumbe\r\n", then=close),
    "within a chunk": breaking(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"50\r\nnumbe\r\n", then=Handler.reset),
    "closed at once": breaking(then=close),
}


@pytest.mark.parametrize("place", BROKEN)
def test_an_answer_that_breaks_off_is_asked_for_again_and_then_given_up(
    place: str, project: Project, site: Site
) -> None:
    site.pages["/shops.csv"] = BROKEN[place]
    before = snapshots(project)
    outcome = collected(project)
    assert outcome.outcome == "failed"
    (problem,) = outcome.problems
    assert problem.rule in (
        "closed the connection before the answer was complete",
        "broke the connection",
        "sent something that is not HTTP",
    )
    assert snapshots(project) == before
    assert len(site.requests) == 1 + HASTY.retries


@pytest.mark.parametrize("place", BROKEN)
def test_an_answer_that_breaks_off_once_does_no_harm(place: str, project: Project, site: Site) -> None:
    faults = iter([BROKEN[place]])

    def answer(handler: Handler) -> None:
        next(faults, lambda handler: handler.page(Page(NEWER)))(handler)

    site.pages["/shops.csv"] = answer
    assert collected(project).outcome == "accepted"
    assert NEWER in snapshots(project).values()


def test_a_content_length_that_is_too_small(project: Project, site: Site) -> None:
    short = f"Content-Length: {len(NEWER) - 2}\r\n\r\n".encode()
    site.pages["/shops.csv"] = breaking(HEAD + short + NEWER, then=close)
    failed(project, "sent more bytes than its Content-Length says")


@pytest.mark.parametrize("length", ["-5", "many", "99999999999999999999999999"])
def test_a_content_length_that_is_none(length: str, project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = breaking(HEAD, f"Content-Length: {length}\r\n\r\n".encode(), NEWER[:20], then=close)
    before = snapshots(project)["accepted.json"]
    assert collected(project).outcome in ("failed", "rejected")
    assert snapshots(project)["accepted.json"] == before


@pytest.mark.parametrize("sent", [0, 10, len(HEAD), len(HEAD + LENGTH), len(HEAD + LENGTH) + 20])
def test_an_answer_that_stalls_at_a_byte(sent: int, project: Project, site: Site) -> None:
    def stall(handler: Handler) -> None:
        time.sleep(0.6)
        handler.close_connection = True

    site.pages["/shops.csv"] = breaking((HEAD + LENGTH + NEWER)[:sent], then=stall)
    failed(project, "did not answer in time", patience=replace(HASTY, silence=0.3))


@pytest.mark.parametrize("head", [b"", HEAD + LENGTH], ids=["headers", "body"])
def test_an_answer_that_dribbles_is_cut_off_when_its_time_is_up(head: bytes, tmp_path: Path, site: Site) -> None:
    """Each byte comes in time; all of them together never would."""

    def dribble(handler: Handler) -> None:
        for byte in (head + HEAD + LENGTH + NEWER)[: 0 if handler.wfile.closed else 400]:
            handler.raw(bytes([byte]))
            time.sleep(0.02)

    made = register(tmp_path / "project", site.address)
    source = made.root / "sources/register/source.yml"
    source.write_text(source.read_text(encoding="utf-8").replace("seconds: 5", "seconds: 0.4"), encoding="utf-8")
    site.pages["/shops.csv"] = dribble
    started = time.monotonic()
    outcome = collected(made)
    assert time.monotonic() - started < 4
    assert [problem.rule for problem in outcome.problems] == ["took longer than 0.4 seconds"]
    assert not (made.root / "sources/register/snapshots/register").exists()


# -- answers that are something else ----------------------------------------------------------------------------------

ERROR_PAGE = b"<!doctype html>\n<title>Service unavailable</title>\n<p>Please, try again, later.</p>\n"


def test_an_error_page_that_says_200(project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = Page(ERROR_PAGE, headers={"Content-Type": "text/html"})
    rejected(project, "the answer to request 1 is not CSV with a header and rows of equal length")


def test_an_empty_answer(project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = Page(b"")
    outcome = collected(project)
    assert outcome.outcome == "rejected"
    assert "accepted.json" in snapshots(project)


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410])
def test_a_status_that_no_patience_helps(status: int, project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = Page(b"", status, etag=False)
    before = snapshots(project)
    assert collected(project).problems[0].rule.startswith(f"answered {status}")
    assert snapshots(project) == before
    assert len(site.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_asked_about_again(status: int, project: Project, site: Site) -> None:
    answers = iter([Page(b"", status, etag=False)])
    site.pages["/shops.csv"] = lambda handler: handler.page(next(answers, Page(NEWER)))
    assert collected(project).outcome == "accepted"
    assert len(site.requests) == 2


def test_a_wait_that_is_asked_for_is_granted(project: Project, site: Site) -> None:
    times = []

    def answer(handler: Handler) -> None:
        times.append(time.monotonic())
        handler.page(Page(NEWER) if len(times) > 1 else Page(b"", 429, {"Retry-After": "1"}, etag=False))

    site.pages["/shops.csv"] = answer
    assert collected(project).outcome == "accepted"
    assert times[1] - times[0] >= 1


def test_a_wait_until_a_time_is_granted(project: Project, site: Site) -> None:
    times = []

    def answer(handler: Handler) -> None:
        times.append(time.time())
        until = format_datetime(datetime.fromtimestamp(int(times[0]) + 2, UTC), usegmt=True)
        handler.page(Page(NEWER) if len(times) > 1 else Page(b"", 503, {"Retry-After": until}, etag=False))

    site.pages["/shops.csv"] = answer
    assert collected(project).outcome == "accepted"
    assert times[1] >= int(times[0]) + 2


def test_a_source_that_knows_only_when_it_changed(tmp_path: Path, site: Site) -> None:
    asked = []

    def answer(handler: Handler) -> None:
        asked.append(handler.headers.get("If-Modified-Since"))
        same = asked[-1] == "Thu, 26 Nov 2026 12:00:00 GMT"
        said = {"Last-Modified": "Thu, 26 Nov 2026 12:00:00 GMT"}
        handler.page(Page(b"" if same else SHOPS, 304 if same else 200, said, etag=False))

    made = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = answer
    assert [collected(made).outcome for _ in range(3)] == ["accepted", "unchanged", "unchanged"]
    assert asked == [None, *["Thu, 26 Nov 2026 12:00:00 GMT"] * 2]


def test_a_wait_that_is_too_long_ends_the_fetch_and_not_the_patience_of_the_server(
    project: Project, site: Site
) -> None:
    site.pages["/shops.csv"] = Page(b"", 429, {"Retry-After": "86400"}, etag=False)
    failed(project, "answered 429 Too Many Requests")
    assert len(site.requests) == 1


def test_304_without_a_snapshot(tmp_path: Path, site: Site) -> None:
    made = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(b"", 304, etag=False)
    outcome = collected(made)
    assert [problem.rule for problem in outcome.problems] == [
        "answered 304 (not modified), although the request was not conditional"
    ]
    assert not (made.root / "sources/register/snapshots/register").exists()


def test_a_snapshot_that_is_lost_or_damaged_is_asked_for_anew_and_not_conditionally(
    project: Project, site: Site
) -> None:
    site.pages["/shops.csv"] = Page(SHOPS)
    (kept,) = (project.root / "sources/register/snapshots/register").glob("*.csv")
    for damage in (lambda: kept.write_bytes(b"rot"), kept.unlink):
        damage()
        assert collected(project).outcome == "accepted"
        assert kept.read_bytes() == SHOPS
    assert site.requests == ["GET /shops.csv", "GET /shops.csv"]


OVERPASS = """\
publisher: Map
licence: ODbL-1.0
rank: 5
documents:
  - id: map
    url: https://example.org/map
fetch:
  - id: map
    reader: overpass
    url: {address}/interpreter
    document: map
    cadence: 30
    ask:
      areas: ["2505"]
      area: {{"ref:scb": "{{}}", admin_level: "7"}}
      kinds: {{staffed: {{shop: [convenience]}}}}
      tags: [name]
    tables:
      shops: {{columns: {{id: {{template: "{{element}}-{{number}}"}}, name: name, kind: kind}}}}
    limits: {{per_second: 1000}}
"""


def test_an_answer_that_says_itself_that_it_may_be_another_is_asked_for_again(tmp_path: Path) -> None:
    """Overpass runs out of time with status 200 and a `remark`."""
    made = register(tmp_path / "project", "")
    shop = {"type": "node", "id": 1, "lat": 59.5, "lon": 16.25, "tags": {"shop": "convenience", "name": "Handlarn"}}
    hurried = json_reply({"elements": [], "remark": "runtime error: Query timed out"})
    with Overpass({"2505": [shop]}) as server:
        put(made.root, {"sources/register/source.yml": OVERPASS.format(address=server.url)})
        server.instead = [hurried]
        (outcome,) = collect(made, Progress(), Terms(patience=HASTY))
        assert (outcome.outcome, outcome.requests, outcome.rows) == ("accepted", 2, {"shops": 1})
        server.instead = [hurried] * 3
        (outcome,) = collect(made, Progress(), Terms(only=("map",), patience=HASTY))
    assert outcome.problems[0].rule == "sent an answer that is not whole: runtime error: Query timed out"


# -- answers that are too much ----------------------------------------------------------------------------------------


def limited(project: Project, size: int) -> None:
    source = project.root / "sources/register/source.yml"
    text = source.read_text(encoding="utf-8").replace("per_second: 1000", f"per_second: 1000, bytes: {size}")
    source.write_text(text, encoding="utf-8")


def test_a_packed_answer_is_unpacked(project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = Page(gzip.compress(NEWER), headers={"Content-Encoding": "gzip"})
    assert collected(project).outcome == "accepted"
    assert NEWER in snapshots(project).values()


def test_a_gzip_bomb_is_unpacked_no_further_than_the_limit(project: Project, site: Site) -> None:
    limited(project, 1_000_000)
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 300_000
    site.pages["/shops.csv"] = Page(bomb, headers={"Content-Encoding": "gzip"})
    failed(project, "sent a body that is larger than the limit of 1,000,000 bytes")
    assert len(site.requests) == 1


PACKED = gzip.compress(NEWER)
PACKINGS = {
    "cut": (PACKED[:-10], "gzip", "sent gzip that is cut off, or has more after its end"),
    "without trailer": (PACKED[:-8], "gzip", "sent gzip that is cut off, or has more after its end"),
    "two members": (PACKED + PACKED, "gzip", "sent gzip that is cut off, or has more after its end"),
    "other": (NEWER, "br", "sent a body compressed as 'br', which was not requested"),
    "twice": (NEWER, "gzip, gzip", "sent a body compressed as 'gzip, gzip', which was not requested"),
}


@pytest.mark.parametrize("case", PACKINGS)
def test_a_packed_answer_that_is_not_whole(case: str, project: Project, site: Site) -> None:
    content, packing, rule = PACKINGS[case]
    site.pages["/shops.csv"] = Page(content, headers={"Content-Encoding": packing})
    failed(project, rule)


def test_what_is_not_packed_though_it_says_so(project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = Page(NEWER, headers={"Content-Encoding": "gzip"})
    failed(
        project,
        "sent a body that claims to be gzip and is not (Error -3 while decompressing data: incorrect header check)",
    )


@pytest.mark.parametrize("stated", [True, False], ids=["stated", "chunked"])
def test_a_body_of_ten_gigabytes_is_not_read(stated: bool, project: Project, site: Site) -> None:
    limited(project, 1_000_000)
    sent: list[int] = []

    def flood(handler: Handler) -> None:
        head = b"Content-Length: 10000000000\r\n\r\n" if stated else b"Transfer-Encoding: chunked\r\n\r\n"
        handler.raw(HEAD + head)
        block = bytes(1 << 16) if stated else b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        while sum(sent) < 10_000_000_000:
            handler.raw(block)
            sent.append(len(block))

    site.pages["/shops.csv"] = flood
    failed(project, "sent a body that is larger than the limit of 1,000,000 bytes")
    assert sum(sent) < 50_000_000
    assert len(site.requests) == 1


# -- where answers lead -----------------------------------------------------------------------------------------------


def leads(target: str, status: int = 302) -> Page:
    return Page(b"", status, {"Location": target}, etag=False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int, project: Project, site: Site) -> None:
    site.pages |= {"/shops.csv": leads("/moved/shops.csv", status), "/moved/shops.csv": Page(NEWER)}
    assert collected(project).outcome == "accepted"
    assert NEWER in snapshots(project).values()


def test_addresses_may_have_letters_that_are_not_ascii(tmp_path: Path, site: Site) -> None:
    made = register(tmp_path / "project", f"{site.address}/år")
    site.pages["/%C3%A5r/shops.csv"] = leads("/köp?ort=Åre".encode().decode("latin-1"))
    site.pages["/k%C3%B6p?ort=%C3%85re"] = Page(SHOPS)
    assert collected(made).outcome == "accepted"


def test_a_redirect_that_goes_round(project: Project, site: Site) -> None:
    site.pages |= {"/shops.csv": leads("/a"), "/a": leads("/b"), "/b": leads("/a")}
    failed(project, f"redirects to {site.address}/a in a circle")
    assert len(site.requests) == 3


def test_a_redirect_that_never_ends(project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = leads("/0")
    site.pages |= {f"/{number}": leads(f"/{number + 1}") for number in range(100)}
    failed(project, "redirects more than 5 times")
    assert len(site.requests) == 6


MALFORMED = ["http://[", "http://a:99999/", "http://a:b/", "http://a:0/", "http://[::1%25]:x/", "http://a b/"]


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.org/a", "data:text/csv,a", "javascript:a", *MALFORMED]
)
def test_a_redirect_to_what_is_not_fetched(target: str, project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = leads(target)
    before = snapshots(project)
    assert "which is not a web address" in collected(project).problems[0].rule
    assert snapshots(project) == before
    assert len(site.requests) == 1


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".example", "å" * 70, "\u2028"])
def test_a_redirect_to_what_is_no_name(host: str, project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = leads(f"http://{host}/".encode().decode("latin-1"))
    before = snapshots(project)
    assert collected(project).outcome == "failed"
    assert snapshots(project) == before


def test_a_redirect_that_says_who_to_log_in_as(project: Project, site: Site) -> None:
    site.pages["/shops.csv"] = leads(site.address.replace("//", "//me:secret@") + "/a")
    assert "which is not a web address" in collected(project).problems[0].rule


PRIVATE = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1", "::ffff:127.0.0.1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_public_name_that_is_a_private_address(address: str, tmp_path: Path, site: Site) -> None:
    """Whether source.yml names it, a redirect leads there, or the name was public a moment ago."""
    made = register(tmp_path / "project", f"http://public.example:{site.port}")
    site.pages["/shops.csv"] = Page(SHOPS)
    outcome = collected(made, Network(lambda *_: [address]))
    assert outcome.problems[0].rule == f"is in a private network: public.example is the private address {address}"
    assert site.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "inside.example", "[::1]", "2130706433", "0x7f.1"])
def test_a_redirect_from_a_public_name_into_a_private_network(host: str, tmp_path: Path, site: Site) -> None:
    made = register(tmp_path / "project", f"http://public.example:{site.port}")
    site.pages["/shops.csv"] = leads(f"http://{host}:{site.port}/inside.csv")
    site.pages["/inside.csv"] = Page(SHOPS)
    outcome = collected(made, pretended(site))
    assert outcome.problems[0].rule.startswith("is in a private network: ")
    assert site.requests == ["GET /shops.csv"]


def test_a_redirect_from_one_public_name_to_another(tmp_path: Path, site: Site) -> None:
    made = register(tmp_path / "project", f"http://public.example:{site.port}")
    site.pages |= {"/shops.csv": leads(f"http://other.example:{site.port}/a"), "/a": Page(SHOPS)}
    assert collected(made, pretended(site)).outcome == "accepted"


def pretended(site: Site) -> Network:
    """A network in which names ending in .example are public, but for `inside`; all connections end at the site."""

    def resolve(host: str, port: int) -> list[str]:
        if host in ("public.example", "other.example"):
            return ["93.184.216.34"]
        return ["10.1.2.3"] if host == "inside.example" else Network().resolve(host, port)

    def connect(address: str, port: int, timeout: float | None) -> socket.socket:
        assert (address, port) == ("93.184.216.34", site.port)
        return socket.create_connection(("127.0.0.1", port), timeout)

    return Network(resolve, connect)


# -- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only its owner vouches for, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:public.example"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, *subject, "-keyout", key, "-out", made], check=True, capture_output=True
    )
    return made, key


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[Site]:
    with serving(certificate) as made:
        made.pages["/shops.csv"] = Page(SHOPS)
        yield made


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, secure: Site) -> None:
    outcome = collected(register(tmp_path / "project", secure.address))
    assert outcome.problems[0].rule.startswith("has no valid TLS certificate (")
    assert secure.requests == []


def test_a_certificate_of_another_name(
    tmp_path: Path, secure: Site, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    outcome = collected(register(tmp_path / "project", secure.address.replace("127.0.0.1", "localhost")))
    assert outcome.problems[0].rule.startswith("has no valid TLS certificate (")
    assert secure.requests == []


def test_a_certificate_that_is_vouched_for(
    tmp_path: Path, secure: Site, site: Site, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    made = register(tmp_path / "project", secure.address)
    assert collected(made).outcome == "accepted"
    secure.pages["/shops.csv"] = leads(f"{site.address}/shops.csv")
    assert collected(made).problems[0].rule == "is in a private network: 127.0.0.1 is private"
    assert site.requests == []


def test_from_https_nothing_leads_to_http(
    tmp_path: Path, secure: Site, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    made = register(tmp_path / "project", secure.address)
    secure.pages["/shops.csv"] = leads(f"http://127.0.0.1:{secure.port}/a")
    assert collected(made).problems[0].rule == f"redirects from https to http: http://127.0.0.1:{secure.port}/a"


# -- credentials ------------------------------------------------------------------------------------------------------

KEYED = "    credentials: {header: X-Key, variable: REGISTER_KEY}\n"
SECRET = "s3cret-of-the-register"


def test_a_credential_is_sent_and_never_written(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    made = register(tmp_path / "project", site.address, KEYED)
    site.pages["/shops.csv"] = Page(SHOPS)
    assert collected(made).problems[0].rule == ("needs a credential: set the variable REGISTER_KEY of the environment")
    monkeypatch.setenv("REGISTER_KEY", SECRET)
    assert collected(made).outcome == "accepted"
    assert site.headers[0]["x-key"] == SECRET
    assert not [name for name, content in tree(made.root).items() if SECRET.encode() in content]


def test_a_credential_goes_to_no_other_site(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTER_KEY", SECRET)
    made = register(tmp_path / "project", f"http://public.example:{site.port}", KEYED)
    site.pages |= {"/shops.csv": leads(f"http://other.example:{site.port}/a"), "/a": Page(SHOPS)}
    assert collected(made, pretended(site)).outcome == "accepted"
    assert [headers.get("x-key") for headers in site.headers] == [SECRET, None]


def test_an_answer_that_repeats_the_credential_is_not_kept(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_KEY", SECRET)
    made = register(tmp_path / "project", site.address, KEYED)
    site.pages["/shops.csv"] = Page(SHOPS + f"9,{SECRET},yes,2020\n".encode())
    assert collected(made).problems[0].rule == "answered with the credential that was sent; nothing was kept"
    assert not [name for name, content in tree(made.root).items() if SECRET.encode() in content]


# -- who asks ---------------------------------------------------------------------------------------------------------


def test_a_request_says_who_asks_and_where_to_complain(tmp_path: Path, site: Site) -> None:
    made = register(tmp_path / "project", site.address)
    site.pages["/shops.csv"] = Page(SHOPS)
    collected(made)
    agent = site.headers[0]["user-agent"]
    assert agent.startswith("servicebanken/")


def test_requests_keep_the_pace_that_was_agreed(tmp_path: Path, site: Site) -> None:
    made = register(tmp_path / "project", site.address)
    source = made.root / "sources/register/source.yml"
    source.write_text(source.read_text(encoding="utf-8").replace("per_second: 1000", "per_second: 2"), encoding="utf-8")
    times: list[float] = []

    def answer(handler: Handler) -> None:
        times.append(time.monotonic())
        handler.page(leads("/2") if handler.path == "/shops.csv" else Page(SHOPS))

    site.pages |= {"/shops.csv": answer, "/2": answer}
    assert collected(made).outcome == "accepted"
    assert times[1] - times[0] >= 0.25, "half of it: a request may be late at the other end"


# -- pages made for people ---------------------------------------------------------------------------------------------

PAGES = """\
publisher: Town
licence: unstated
rank: 5
documents:
  - id: shops
    url: https://example.org/shops
fetch:
  - id: shops
    reader: html
    url: {address}/shops
    document: shops
    cadence: 30
    ask: {{rows: li, cells: {{id: "@id", name: b}}, next: "a[rel=next]", pages: "5"}}
    tables:
      shops:
        columns: {{id: id, name: name, kind: {{value: staffed}}}}
    limits: {{per_second: 1000, seconds: 5}}
"""


def test_pages_are_asked_for_as_robots_txt_allows_and_at_its_pace(tmp_path: Path, site: Site) -> None:
    made = register(tmp_path / "project", site.address)
    put(made.root, {"sources/register/source.yml": PAGES.format(address=site.address)})
    times: list[float] = []

    def answer(handler: Handler) -> None:
        times.append(time.monotonic())
        more = '<a rel="next" href="/shops/2">more</a>' if handler.path == "/shops" else ""
        number = len(times)
        handler.page(Page(f'<ul><li id="shop-{number}"><b>Shop {number}</b></ul>{more}'.encode()))

    site.pages |= {"/shops": answer, "/shops/2": answer}
    site.pages["/robots.txt"] = Page(b"User-agent: *\nCrawl-delay: 0.6\nDisallow: /shops/3\n")
    (outcome,) = collect(made, Progress(), Terms(patience=HASTY))
    assert (outcome.outcome, outcome.rows) == ("accepted", {"shops": 2})
    assert times[1] - times[0] >= 0.3, "the pace is kept at this end, and a request may be late at the other"
    assert site.requests == ["GET /robots.txt", "GET /shops", "GET /shops/2"]
    site.pages["/robots.txt"] = Page(b"User-agent: servicebanken\nDisallow: /shops/\n")
    (outcome,) = collect(made, Progress(), Terms(patience=HASTY))
    assert outcome.problems[0].rule == "is a page that robots.txt does not allow to be fetched"


# -- proxies ----------------------------------------------------------------------------------------------------------


def tunnel(handler: Handler, port: int) -> None:
    """What a proxy does with CONNECT: passes bytes on, here to a port of our own whatever was asked for."""
    handler.send_response_only(200)
    handler.end_headers()
    with socket.create_connection(("127.0.0.1", port)) as there:
        back = threading.Thread(target=_pass, args=(there, handler.connection), daemon=True)
        back.start()
        _pass(handler.connection, there)
    handler.close_connection = True


def _pass(here: socket.socket, there: socket.socket) -> None:
    try:
        while content := here.recv(65536):
            there.sendall(content)
        there.shutdown(socket.SHUT_WR)
    except OSError:
        return


def test_a_proxy_is_asked_where_the_environment_names_one(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", site.address)
    site.pages["http://public.example/shops.csv"] = Page(SHOPS)
    made = register(tmp_path / "project", "http://public.example")
    assert collected(made).outcome == "accepted"
    site.pages["http://public.example/shops.csv"] = leads("http://127.0.0.1/inside.csv")
    assert collected(made).problems[0].rule == "is in a private network: 127.0.0.1 is private"
    monkeypatch.setenv("no_proxy", "public.example")
    assert collected(made, Network(lambda *_: ["10.0.0.1"])).outcome == "failed"
    assert len(site.requests) == 2


def test_a_proxy_passes_tls_on_and_reads_nothing_of_it(
    tmp_path: Path, site: Site, secure: Site, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", site.address)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    site.pages["public.example:443"] = lambda handler: tunnel(handler, secure.port)
    made = register(tmp_path / "project", "https://public.example")
    assert collected(made).outcome == "accepted"
    assert (site.requests, secure.requests) == (["CONNECT public.example:443"], ["GET /shops.csv"])


def test_a_proxy_that_cannot_be_reached_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    outcome = collected(register(tmp_path / "project", "http://public.example"))
    assert [problem.rule for problem in outcome.problems] == ["cannot be reached through the proxy (HTTPS_PROXY)"]
    assert str(error_of([outcome, outcome])) == (
        "None of the 2 fetches reached its host: cannot be reached through the proxy (HTTPS_PROXY). "
        "Is this machine online? What was accepted before still counts. [not-fetched]"
    )


def test_what_is_written_out_as_private_is_asked_for_without_the_proxy(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert collected(project).outcome == "accepted"


def test_an_answer_that_dribbles_through_a_proxy_is_cut_off_too(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dribble(handler: Handler) -> None:
        for byte in (HEAD + LENGTH + NEWER) * 3:
            handler.raw(bytes([byte]))
            time.sleep(0.02)

    monkeypatch.setenv("http_proxy", site.address)
    made = register(tmp_path / "project", "http://public.example")
    source = made.root / "sources/register/source.yml"
    source.write_text(source.read_text(encoding="utf-8").replace("seconds: 5", "seconds: 0.3"), encoding="utf-8")
    site.pages["http://public.example/shops.csv"] = dribble
    assert [problem.rule for problem in collected(made).problems] == ["took longer than 0.3 seconds"]


# -- answers that nobody thought of -----------------------------------------------------------------------------------

MUTATIONS = int(os.environ.get("COLLECT_MUTATIONS", "60"))
ANSWERS = (
    HEAD + b'ETag: "x"\r\n' + LENGTH + NEWER,
    HEAD + b"Content-Encoding: gzip\r\n" + f"Content-Length: {len(PACKED)}\r\n\r\n".encode() + PACKED,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(NEWER) + NEWER + b"\r\n0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /shops.csv\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
)


def mutated(answer: bytes, chance: random.Random) -> bytes:
    """An answer with a few bytes cut, changed, doubled or put in."""
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randrange(len(answer) + 1) for _ in range(2))
        bit = bytes(chance.choice((10, 13, 0, 255, 48, 58, 32, chance.randrange(256))) for _ in range(2))
        answer = chance.choice(
            (answer[:at], answer[:at] + bit + answer[at:], answer[:at] + answer[to:], answer[:to] + answer[at:])
        )
        answer = answer or b" "
    return answer


def test_whatever_is_answered_nothing_but_an_outcome_comes_of_it(project: Project, site: Site) -> None:
    chance = random.Random(11)
    told = set()
    for _ in range(MUTATIONS):
        answer = mutated(chance.choice(ANSWERS), chance)
        site.pages["/shops.csv"] = breaking(answer, then=close)
        outcome = collected(project)
        told.add(outcome.outcome)
        assert outcome.outcome == "unchanged" or outcome.problems or NEWER in snapshots(project).values()
    assert {"failed", "rejected"} <= told
