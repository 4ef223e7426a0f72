"""Several releases in two languages behind one address, and what a request may not do."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.command import servicebanken
from tests.projects import SOURCE, put
from tests.serve.server import Served, serving

SHOPS = "id,name,kind,document\n" + "".join(f"s{n},Shop {n},staffed,example-shops-page\n" for n in range(60))


@pytest.fixture(scope="module")
def releases(built_example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two releases, of which the second has sixty shops more."""
    folder = Path(shutil.copytree(built_example, tmp_path_factory.mktemp("two") / "project", symlinks=True))
    put(folder, {f"{SOURCE}/shops.csv": SHOPS})
    run = servicebanken("release", "--major", "--quiet", "--project", folder)
    assert run.code == 0, run.err
    return folder / "build/releases"


@pytest.fixture(scope="module")
def newer(releases: Path) -> str:
    """The version of the second release."""
    return max(path.name for path in releases.iterdir() if path.is_dir() and not path.is_symlink())


@pytest.fixture(scope="module")
def site(releases: Path) -> Iterator[str]:
    with serving("--project", releases.parent.parent) as server:
        yield server.address


def _get(site: str, path: str, **options: object) -> requests.Response:
    return requests.get(site + path, timeout=20, **options)  # type: ignore[arg-type]


def _raw(site: str, target: str, headers: tuple[tuple[str, str], ...] = (("Host", "localhost"),)) -> tuple[int, bytes]:
    """Status and body of a request whose target and headers go out as they are."""
    host, port = urlsplit(site).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        connection.sendall(f"GET {target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode("latin-1"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


# -- releases and languages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("accepted", "language"), [("en-GB,en;q=0.8", "en"), ("sv", "sv"), ("de", "sv")])
def test_a_page_without_a_language_leads_to_the_one_that_the_browser_asks_for(
    accepted: str, language: str, site: str
) -> None:
    answer = _get(site, "example/shops?_sort=name", headers={"Accept-Language": accepted}, allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/{language}/example/shops?_sort=name")
    assert answer.headers["vary"] == "Accept-Language"


def test_data_have_no_language(site: str) -> None:
    answer = _get(site, "example/shops.json?_shape=array&_size=1", allow_redirects=False)
    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()] == ["s0"]


def test_an_earlier_release_stays_at_its_version(site: str, newer: str) -> None:
    assert len(_get(site, "example/shops.csv?_size=max").text.splitlines()) == 61
    assert "North" in _get(site, "0.1.0/sv/example/shops").text
    assert "North" not in _get(site, f"{newer}/en/example/shops").text
    assert _get(site, "7.0.0/sv/example/shops").status_code == 404


@pytest.mark.parametrize("start", ["sv/example/shops", "{newer}/en/example/shops"])
def test_the_next_page_keeps_release_and_language(start: str, site: str, newer: str) -> None:
    start = start.format(newer=newer)
    page = _get(site, f"{start}?_size=50").text
    target = re.search(r'href="([^"]*_next=[^"]*)"', page)
    assert target is not None
    address = target[1].replace("&amp;", "&")
    assert urlsplit(address).path == f"/{start}"
    second = requests.get(address if "://" in address else site.rstrip("/") + address, timeout=20)
    assert second.status_code == 200
    assert "Shop 59" in second.text or "Shop 9" in second.text


def test_the_next_page_of_data_is_in_the_link_header(site: str) -> None:
    found: list[str] = []
    address: str | None = f"{site}0.1.0/example/shops.json?_shape=array&_size=1"
    while address:
        answer = requests.get(address, timeout=20)
        found += [row["id"] for row in answer.json()]
        address = answer.links.get("next", {}).get("url")
        assert address is None or urlsplit(address).path == "/example-0-1-0/shops.json"
    assert found == ["north-village", "south-village"]


def test_a_slash_too_many_is_taken_away_within_release_and_language(site: str) -> None:
    answer = _get(site, "0.1.0/en/example/shops/", allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "/0.1.0/en/example/shops")
    assert _get(site, "sv", allow_redirects=False).headers["location"] == "/sv/"


def test_the_database_leads_to_the_file_of_the_release(site: str, releases: Path, newer: str) -> None:
    answer = _get(site, "example.db")
    assert urlsplit(answer.url).path == f"/{newer}/files/example.sqlite"
    assert answer.content == (releases / newer / "example.sqlite").read_bytes()


def test_a_new_release_is_taken_up_and_no_request_is_dropped(releases: Path, newer: str, tmp_path: Path) -> None:
    project = Path(shutil.copytree(releases.parent.parent, tmp_path / "project", symlinks=True))
    kept = project / "build/releases" / newer
    kept.rename(tmp_path / newer)
    statuses: list[int] = []
    counts: list[int] = []
    ended = threading.Event()

    def ask(address: str) -> None:
        session, number = requests.Session(), 0
        while not ended.is_set():
            number += 1
            answer = session.get(f"{address}example/shops.json?_shape=array&_size=max&_n={number}", timeout=20)
            statuses.append(answer.status_code)
            counts.append(len(answer.json()))

    with serving("--project", project) as server:
        asking = [threading.Thread(target=ask, args=(server.address,)) for _ in range(3)]
        for thread in asking:
            thread.start()
        while not counts:
            time.sleep(0.01)
        (tmp_path / newer).rename(kept)
        deadline = time.monotonic() + 30
        while 60 not in counts and time.monotonic() < deadline:
            time.sleep(0.05)
        ended.set()
        for thread in asking:
            thread.join()
        assert _get(server.address, "0.1.0/example/shops.json?_shape=array").status_code == 200
    assert set(statuses) == {200}
    assert set(counts) == {2, 60}


def test_a_new_release_that_is_damaged_is_not_taken_up(releases: Path, newer: str, tmp_path: Path) -> None:
    project = Path(shutil.copytree(releases.parent.parent, tmp_path / "project", symlinks=True))
    kept = project / "build/releases" / newer
    kept.rename(tmp_path / newer)
    put(tmp_path / newer, {"data/shops.csv": "id\n"})
    with serving("--project", project) as server:
        (tmp_path / newer).rename(kept)
        time.sleep(2.5)
        assert len(_get(server.address, "example/shops.json?_shape=array").json()) == 2


def test_a_release_that_is_removed_or_damaged_while_it_is_served_fails_no_request(
    releases: Path, newer: str, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(releases.parent.parent, tmp_path / "project", symlinks=True))
    folder = project / "build/releases" / newer
    statuses: list[tuple[int, str]] = []
    ended = threading.Event()

    def ask(address: str, path: str) -> None:
        session, number = requests.Session(), 0
        while not ended.is_set():
            number += 1
            answer = session.get(f"{address}{path}?_size=max&_n={number}", timeout=30)
            statuses.append((answer.status_code, answer.text[-200:]))

    with serving("--project", project) as server:
        paths = ("sv/example/shops", "example/shops.json", "en/example/shops")
        asking = [threading.Thread(target=ask, args=(server.address, path)) for path in paths]
        for thread in asking:
            thread.start()
        time.sleep(1)
        database = folder / "example.sqlite"
        database.write_bytes(b"no database" * 10_000)
        _wait_for(server.address, f"{newer}/sv/", 404)
        shutil.copytree(releases / newer, folder, dirs_exist_ok=True)
        _wait_for(server.address, f"{newer}/sv/", 200)
        shutil.rmtree(folder)
        _wait_for(server.address, f"{newer}/sv/", 404)
        ended.set()
        for thread in asking:
            thread.join()
        assert _get(server.address, "0.1.0/sv/example/shops").status_code == 200
    assert [each for each in statuses if each[0] != 200] == []


def _wait_for(site: str, path: str, status: int) -> None:
    deadline = time.monotonic() + 40
    while _get(site, path).status_code != status:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_two_releases_of_one_version_are_refused(releases: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(releases / "0.1.0", tmp_path / "other"))
    run = servicebanken("serve", releases / "0.1.0", other)
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        f"error: {other}: '0.1.0' is the version of two releases, which would need the same address. "
        "Name each release of a package once. [bad-option]\n"
    )


# -- caches ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["sv/example/shops", "example/shops.json?_shape=array", "0.1.0/files/example.sqlite"])
def test_what_has_not_changed_is_not_sent_again(path: str, site: str) -> None:
    first = _get(site, path)
    again = _get(site, path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert _get(site, path, headers={"If-None-Match": '"other"'}).content == first.content


def test_another_release_has_another_etag_and_so_has_another_address(site: str) -> None:
    paths = ("example/shops.json", "0.1.0/example/shops.json", "example/shops.json?_size=5", "sv/example/shops")
    assert len({_get(site, path).headers["etag"] for path in paths}) == 4


def test_data_of_a_release_may_be_kept_for_ever_and_of_the_latest_for_a_minute(site: str) -> None:
    assert "immutable" in _get(site, "0.1.0/example/shops.json").headers["cache-control"]
    assert "immutable" in _get(site, "0.1.0/files/SHA256SUMS").headers["cache-control"]
    assert "max-age=60," in _get(site, "example/shops.json").headers["cache-control"]
    assert _get(site, "example/none.json").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("span", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-1", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
        ("bytes=999999999-", 416, slice(0, 0)),
    ],
)
def test_a_part_of_a_file_is_sent_where_it_is_asked_for(
    span: str, status: int, part: slice, site: str, releases: Path
) -> None:
    answer = _get(site, "0.1.0/files/data/shops.csv", headers={"Range": span})
    assert (answer.status_code, answer.content) == (status, (releases / "0.1.0/data/shops.csv").read_bytes()[part])


# -- what is refused ---------------------------------------------------------------------------------------------------

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize(
    "path", ["sv/", "example/shops.json", "example/shops.csv", "none", "0.1.0/files/SHA256SUMS", "-/static/app.css"]
)
def test_every_answer_has_the_headers_that_protect_a_reader(path: str, site: str) -> None:
    headers = _get(site, path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Set-Cookie" not in headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Server" not in headers


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/sv/example/shops?" + "x" * 5_000, 414),
        ("/sv/" + "x" * 5_000, 414),
        ("/sv/example/shops?" + "&".join(f"_col=c{n}" for n in range(100)), 400),
        ("/sv/example/shops?" + "&".join(["_facet=kind"] * 9), 400),
        ("/example/shops.json?_size=1000000", 400),
        ("/example/shops.csv?_stream=on&_size=-1", 400),
        ("/example/shops.json?_size=1001", 400),
        ("/example/shops.json?_where=1", 400),
        ("/example/shops.json?_searchmode=raw&_search=a*", 400),
        ("/example/shops.json?%5Fwhere=1", 400),
        ("/example/shops.json?_trace=1", 400),
        ("/example/shops%00.json", 400),
    ],
)
def test_a_request_for_too_much_is_refused_with_a_sentence(target: str, status: int, site: str) -> None:
    got, body = _raw(site, target)
    assert got == status
    if ".json" in target or ".csv" in target:
        assert re.search(rb'"error": "[A-Z_`][^"]{10,200}"', body)
    else:
        assert b'<html lang="sv">' in body


def test_a_query_string_of_eight_megabytes_is_refused(site: str) -> None:
    with contextlib.suppress(ConnectionError):  # it is closed before all has been sent
        assert _raw(site, "/sv/?" + "x" * 8_000_000)[0] in (400, 414, 431)
    assert _get(site, "sv/").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost@evil", "evil.example:80", "127.0.0.1.evil", ""]
)
def test_a_name_that_is_not_ours_is_not_answered(host: str, site: str) -> None:
    assert _raw(site, "/sv/", (("Host", host),))[0] in (400, 421)


def test_what_somebody_says_is_our_name_never_stands_in_what_others_get(site: str) -> None:
    for path in ("/sv/example/shops?_size=7", "/example/shops.json?_size=7&_shape=array", "/sv/", "/sv/none"):
        refused, _ = _raw(site, path, (("Host", "6.6.6.6:99"),))
        assert refused == 421
        poisoned, _ = _raw(site, path, (("Host", "localhost:99"),))
        assert poisoned in (200, 404)
        host, port = urlsplit(site).netloc.split(":")
        _, body = _raw(site, path, (("Host", f"{host}:{port}"),))
        assert b"6.6.6.6" not in body
        assert b"localhost:99" not in body


def test_a_second_host_and_headers_of_proxies_change_nothing(site: str) -> None:
    assert _raw(site, "/sv/", (("Host", "localhost"), ("Host", "evil.example")))[0] == 400
    target = "/example/shops.json?_size=1"
    forged = (("Host", "localhost"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "gopher"))
    body = _raw(site, target, (*forged, ("Forwarded", "host=evil.example"), ("X-Original-URL", "/-/plugins")))[1]
    assert b"evil" not in body
    assert b"gopher" not in body


def test_the_address_of_a_proxy_stands_in_links(releases: Path) -> None:
    with serving(releases / "0.1.0", "--address", "https://data.example.org") as server:
        answer = _get(server.address, "example/shops.json?_shape=array&_size=1")
    assert answer.links["next"]["url"].startswith("https://data.example.org/example-0-1-0/shops.json?")


@pytest.mark.parametrize(
    "address", ["data.example.org", "ftp://data.example.org", "https://data.example.org/x", "https://"]
)
def test_an_address_that_is_none_is_refused(address: str, releases: Path) -> None:
    run = servicebanken("serve", releases / "0.1.0", "--address", address)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.endswith("[bad-option]\n")


@pytest.mark.parametrize(
    "path",
    ["plugins", "threads", "databases", "metadata", "settings", "permissions", "actor", "allow-debug"],
)
def test_pages_that_tell_of_the_machine_are_closed(path: str, site: str) -> None:
    for start in ("", "sv/", "0.1.0/", "0.1.0/en/"):
        for end in ("", ".json", "/"):
            answer = _get(site, f"{start}-/{path}{end}")
            assert answer.status_code == 404, answer.url
            assert "site-packages" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "../0.1.0.x",
        "../../../datapackage.json",
        "..%2f..%2f..%2fdatapackage.json",
        "%2e%2e/%2e%2e/%2e%2e/datapackage.json",
        "data/../../0.1.0/SHA256SUMS",
        "data//shops.csv",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "data%5c..%5c..%5cx",
        ".hidden",
        "data/shops.csv%00.txt",
        "data",
        "",
        "x" * 1_000,
    ],
)
def test_a_download_does_not_leave_its_release(path: str, site: str) -> None:
    status, body = _raw(site, f"/0.1.0/files/{path}")
    assert status in (400, 404)
    assert b"root:" not in body
    assert b"resources" not in body


@pytest.mark.parametrize(
    "target", ["//evil.example/", "//evil.example/%2e%2e", "/\\evil.example/", "/sv//evil.example/"]
)
def test_no_redirect_leads_to_another_site(target: str, site: str) -> None:
    answer = requests.Request("GET", site).prepare()
    answer.url = site.rstrip("/") + target
    with requests.Session() as session:
        location = session.send(answer, allow_redirects=False, timeout=20).headers.get("location", "/")
    assert re.match(r"/([^/\\]|$)", location)


def test_an_error_has_a_page_and_data_of_its_own(site: str) -> None:
    page = _get(site, "sv/example/none")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    data = _get(site, "example/none.json")
    assert (data.status_code, data.json()["ok"]) == (404, False)


def test_at_work_a_process_is_small(releases: Path) -> None:
    with serving(releases / "0.1.0") as server:
        for path in (
            "sv/",
            "en/",
            "sv/example",
            "en/example/shops",
            "example/shops.json",
            "sv/example/shops/north-village",
        ):
            assert _get(server.address, path).status_code == 200
        assert _memory(server) < 200_000_000


def _memory(server: Served) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]
