"""The templates in `deploy/`, as nginx and systemd read them, and a real nginx before two real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from pipeline.serve.answer import CORS, SECURITY
from tests.command import SCRIPT, environment, servicebanken
from tests.serve.server import serving

DEPLOY = Path(__file__).parents[2] / "deploy"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="no nginx is installed")

AROUND = """\
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/nginx.conf;
}}
"""
HOST = {"Host": "data.example.org"}


def _free_ports(count: int) -> int:
    """The first of some ports in a row that are free."""
    for first in range(21_000 + os.getpid() % 5_000, 60_000, count):
        try:
            for port in range(first, first + count):
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


def _configured(releases: Path, folder: Path, port: int) -> None:
    """Writes the template with a test's own paths and ports: two processes from `port` on, and nginx after them."""
    folder.mkdir(exist_ok=True)
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for ours, yours in {
        "/var/cache/nginx/servicebanken": f"{folder}/cache",
        "/srv/servicebanken/build/releases": str(releases),
        "listen 80;": f"listen 127.0.0.1:{port + 2};",
        "127.0.0.1:8110": f"127.0.0.1:{port + 3}",
        "127.0.0.1:8111": f"127.0.0.1:{port}",
        "127.0.0.1:8112": f"127.0.0.1:{port + 1}",
    }.items():
        assert ours in text
        text = text.replace(ours, yours)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    (folder / "main.conf").write_text(AROUND.format(folder=folder), encoding="utf-8")


@pytest.fixture(scope="module")
def site(built_example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx before two processes."""
    assert NGINX is not None
    folder = tmp_path_factory.mktemp("production")
    port = _free_ports(4)
    _configured(built_example / "build/releases", folder, port)
    processes = [
        subprocess.Popen(
            [
                SCRIPT,
                "serve",
                "--project",
                built_example,
                "--port",
                str(number),
                "--address",
                "http://data.example.org",
            ],
            env=environment(),
            stderr=subprocess.DEVNULL,
        )
        for number in (port, port + 1)
    ]
    processes.append(subprocess.Popen([NGINX, "-p", folder, "-c", folder / "main.conf", "-g", "daemon off;"]))
    address = f"http://127.0.0.1:{port + 2}/"
    try:
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert time.monotonic() < deadline, (folder / "error.log").read_text(encoding="utf-8")
            time.sleep(0.1)
        yield address
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(timeout=20)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}sv/", headers=HOST, timeout=20).status_code == 200
    except requests.ConnectionError:
        return False


@needs_nginx
def test_nginx_takes_the_configuration(built_example: Path, tmp_path: Path) -> None:
    _configured(built_example / "build/releases", tmp_path, _free_ports(4))
    tested = subprocess.run([str(NGINX), "-t", "-p", tmp_path, "-c", tmp_path / "main.conf"], capture_output=True)
    assert tested.returncode == 0, tested.stderr.decode()
    assert b"warn" not in tested.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd is installed")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    names = ["servicebanken@8111.service", "servicebanken@8112.service", "servicebanken.target"]
    for name in names:
        text = (DEPLOY / name.replace("8111", "").replace("8112", "")).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/srv/servicebanken/.venv/bin/servicebanken", str(SCRIPT)))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in names)], capture_output=True, text=True
    )
    said = [line for line in checked.stderr.splitlines() if "servicebanken" in line]
    assert said == []


@needs_nginx
def test_files_have_from_nginx_the_headers_that_they_have_from_us(site: str, built_example: Path) -> None:
    with serving(built_example / "build/releases/0.1.0") as server:
        for path in ("0.1.0/files/data/shops.csv", "0.1.0/files/SHA256SUMS", "0.1.0/files/datapackage.json"):
            ours = requests.get(server.address + path, timeout=20)
            theirs = requests.get(site + path, headers=HOST, timeout=20)
            assert theirs.content == ours.content
            for name in (*SECURITY, *CORS, (b"content-security-policy", b"")):
                assert theirs.headers[name[0].decode()] == ours.headers[name[0].decode()]


@needs_nginx
@pytest.mark.parametrize("name", ["index.html", "index.sv.html", "report.html"])
def test_pages_of_a_release_are_shown_with_their_style_by_nginx_too(name: str, site: str) -> None:
    answer = requests.get(f"{site}0.1.0/files/{name}", headers=HOST, timeout=20)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Content-Disposition" not in answer.headers
    assert "style-src 'self' 'sha256-" in answer.headers["Content-Security-Policy"]


@needs_nginx
def test_an_answer_comes_from_the_cache_the_second_time_and_compressed(site: str) -> None:
    path = f"{site}example/shops.json?_shape=array&_n=1"
    first, second = (requests.get(path, headers=HOST, timeout=20) for _ in range(2))
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert first.content == second.content
    page = requests.get(f"{site}sv/", headers={**HOST, "Accept-Encoding": "gzip"}, timeout=20)
    assert page.headers["Content-Encoding"] == "gzip"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


@needs_nginx
def test_the_cache_keeps_languages_apart(site: str) -> None:
    for language in ("en", "sv", "en"):
        answer = requests.get(site, headers={**HOST, "Accept-Language": language}, allow_redirects=False, timeout=20)
        assert answer.headers["Location"].endswith(f"/{language}/")


@needs_nginx
def test_what_is_in_the_cache_is_not_taken_for_the_host_of_another(site: str) -> None:
    assert requests.get(f"{site}sv/", headers={"Host": "evil.example"}, timeout=20).status_code == 421
    answer = requests.get(f"{site}example/shops.json?_shape=array&_size=1", headers=HOST, timeout=20)
    assert answer.links["next"]["url"].startswith("http://data.example.org/example-0-1-0/shops.json?")


@needs_nginx
def test_a_file_comes_from_nginx_in_parts_with_its_headers(site: str, built_example: Path) -> None:
    content = (built_example / "build/releases/0.1.0/example.sqlite").read_bytes()
    part = requests.get(f"{site}0.1.0/files/example.sqlite", headers={**HOST, "Range": "bytes=100-199"}, timeout=20)
    assert (part.status_code, part.content) == (206, content[100:200])
    assert "immutable" in part.headers["Cache-Control"]
    assert part.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Cache" not in part.headers
    table = requests.get(f"{site}0.1.0/files/data/shops.csv", headers=HOST, timeout=20)
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"


@needs_nginx
@pytest.mark.parametrize(
    "path", ["../../../datapackage.json", "%2e%2e/%2e%2e/x", "data/../../../x", ".hidden", "data/", ""]
)
def test_a_file_does_not_leave_its_release(path: str, site: str) -> None:
    session = requests.Session()
    request = session.prepare_request(requests.Request("GET", site, headers=HOST))
    request.url = f"{site}0.1.0/files/{path}"
    answer = session.send(request, timeout=20, allow_redirects=False)
    assert answer.status_code in (302, 400, 404)
    assert "resources" not in answer.text


@needs_nginx
def test_queries_are_limited_for_each_reader_and_pages_go_on(site: str) -> None:
    sql = "SELECT {}"
    statuses = [
        requests.get(f"{site}-/sql.json", {"sql": sql.format(n)}, headers=HOST, timeout=20).status_code
        for n in range(12)
    ]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses
    assert requests.get(f"{site}en/example/shops", headers=HOST, timeout=20).status_code == 200


# -- the image ---------------------------------------------------------------------------------------------------------


def test_the_image_copies_all_that_a_build_reads_and_serves_without_rights(tmp_path: Path) -> None:
    """Its steps as far as they go without a container: what is copied is built, by a user without a name."""
    steps = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    within = Path("/")
    for step in steps:
        what, _, rest = step.partition(" ")
        if what == "WORKDIR":
            within = tmp_path / rest.lstrip("/")
        elif what == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in (each for pattern in sources for each in DEPLOY.parent.glob(pattern)):
                to = within / target / source.name if target.endswith("/") else within / target
                to.parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copytree if source.is_dir() else shutil.copyfile
                copy(source, to)
    assert {path.name for path in (tmp_path / "source").iterdir()} == {
        *("pyproject.toml", "docs", "LICENSE", "locks", "pipeline")
    }
    run = servicebanken("build", "--quiet", "--dry-run", "--json", cwd=tmp_path / "project")
    assert (run.code, run.err) == (0, "")
    ledger = json.loads((DEPLOY.parent / "build/releases.json").read_text(encoding="utf-8"))
    assert json.loads(run.out)["version"].startswith(ledger["releases"][-1]["version"])
    assert "USER 10001" in steps
    assert any(step.startswith("HEALTHCHECK ") and "/-/versions.json" in step for step in steps)
