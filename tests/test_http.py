"""The session that all of the pipeline asks with; what networks and servers do to it is in tests/collect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.http import Limits, NotFetched, Session
from tests.collect.site import Handler, Page, Site, serving


@pytest.fixture
def site() -> object:
    with serving() as made:
        yield made


def test_no_cookie_goes_back(site: Site) -> None:
    site.pages["/"] = Page(b"a", headers={"Set-Cookie": "who=me; Path=/"})
    session = Session(site.address)
    for _ in range(2):
        assert session.ask("GET", f"{site.address}/", limits=Limits()).body == b"a"
    session.close()
    assert ["cookie" in headers for headers in site.headers] == [False, False]


def test_no_password_is_taken_from_netrc(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site.pages["/"] = Page(b"a")
    session = Session(site.address)
    session.ask("GET", f"{site.address}/", limits=Limits())
    session.close()
    assert "authorization" not in site.headers[0]


def test_only_what_was_said_is_sent(site: Site) -> None:
    site.pages["/"] = Page(b"a")
    session = Session(site.address)
    session.ask("GET", f"{site.address}/", lambda _: {"User-Agent": "us"}, limits=Limits())
    session.close()
    assert site.headers[0] == {
        "host": site.address.partition("//")[2],
        "accept-encoding": "gzip",
        "user-agent": "us",
    }


def test_the_body_of_a_redirect_is_not_read(site: Site) -> None:
    def endless(handler: Handler) -> None:
        handler.raw(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 10000000000\r\n\r\n" + bytes(1000))

    site.pages |= {"/": endless, "/there": Page(b"there")}
    session = Session(site.address)
    assert session.ask("GET", f"{site.address}/", limits=Limits(seconds=5)).body == b"there"
    session.close()


def test_a_disk_that_is_full_is_not_blamed_on_the_server(site: Site) -> None:
    site.pages["/"] = Page(b"a")
    session = Session(site.address)
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        session.ask("GET", f"{site.address}/", limits=Limits(), into=full)
    session.close()


def test_what_cannot_be_an_address_is_refused_before_anything_is_sent() -> None:
    session = Session(f"http://{'å' * 70}/")
    with pytest.raises(NotFetched, match="not a valid web address"):
        session.ask("GET", f"http://{'å' * 70}/", limits=Limits())
    session.close()


def test_build_and_validate_do_not_load_requests() -> None:
    code = (
        "import sys, pipeline.build, pipeline.assemble, pipeline.release, pipeline.cli.build, pipeline.cli.validate;"
        "import pipeline.source.readers; print('requests' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert printed.stdout == "False\n"
