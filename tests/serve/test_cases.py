"""Many small requests of people who mean ill or mistype: each is answered, soon, without a fault of ours or a leak."""

# ruff: noqa: E501

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests

from tests.serve.server import served

PAGE, DATA = "/sv/services/solutions", "/services/solutions.json"

QUERIES = [
    "_size=0",
    "_size=-1",
    "_size=1e3",
    "_size=x",
    "_size=1001",
    "_size=999999999999999999999",
    "_size=%31%30",
    "_size=",
    "_size=max&_size=1",
    "_size=٣",
    "_sort=none",
    "_sort=id;drop",
    "_sort=id%20desc",
    "_sort=%22id%22",
    "_sort=",
    "_sort_desc=rowid",
    "_sort=rowid",
    "_sort=id&_sort_desc=id",
    "_next=x",
    "_next=,",
    "_next=%24null",
    "_next=1,2,3",
    "_next=~",
    "_next=~ZZ",
    "_next=%00",
    "_next=-1",
    "_next=9999999999",
    "_next=%ff",
    "_search=%22",
    "_search=*",
    "_search=a*",
    "_search=NEAR(",
    "_search=a%20OR%20b",
    "_search=id:x",
    "_search=%27",
    "_search=%5E",
    "_search=-a",
    "_search=()",
    "_search={a}",
    "_search=%F0%9F%92%A9",
    "_search=%C3%28",
    "_search_id=x",
    "_search_none=x",
    "_searchmode=raw&_search=a*",
    "kind=fixed",
    "kind__exact=fixed",
    "kind__none=x",
    "kind__in=",
    "kind__in=[",
    "kind__in=[1,{}]",
    "kind__in=[[]]",
    "kind__like=%25%25%25",
    "kind__glob=[",
    "kind__glob=*[*]*",
    "kind__contains=%27",
    "kind__gt=x",
    "kind__isblank=",
    "kind__arraycontains=x",
    "people__gt=abc",
    "people__lt=1e999",
    "people=NaN",
    "people__in=1,2,x",
    "opened__date=x",
    "opened__date=2018-13-45",
    "opened__gte=9999",
    "id__notin=[",
    "nothing=1",
    "Kind=fixed",
    "kindd=fixed",
    "=1",
    "%20=1",
    "%00=1",
    "a%3Db=1",
    "&&&",
    "?",
    ";=",
    "%ZZ=1",
    "kind=%ZZ",
    "__exact=1",
    "kind__=1",
    "__=1",
    "___=2",
    "_facet=none",
    "_facet=",
    "_facet=kind&_facet=kind",
    "_facet_size=0",
    "_facet_size=max",
    "_facet_size=x",
    "_facet_array=kind",
    "_facet_date=opened",
    "_facet_date=none",
    "_col=none",
    "_col=id",
    "_nocol=id",
    "_nocol=kind",
    "_nocol=none",
    "_col=id&_nocol=id",
    "_shape=none",
    "_shape=array&_nl=on",
    "_shape=object",
    "_shape=arrayfirst",
    "_shape=arrays",
    "_shape=../x",
    "_json=kind",
    "_json=none",
    "_labels=on",
    "_trace=1",
    "_where=1",
    "_where=1%3D1",
    "_timelimit=0",
    "_timelimit=-1",
    "_timelimit=x",
    "_timelimit=999999",
    "_ttl=x",
    "_ttl=0",
    "_through=x",
    "_through={}",
    "_through={%22table%22:1}",
    "_through=[1]",
    "_through={%22table%22:%22x%22,%22column%22:%22y%22,%22value%22:1}",
    "_extra=none",
    "_extra=facet_results,count",
    "_extras=x",
    "_blob_column=kind",
    "_blob_column=none",
    "_hide_sql=1",
    "_nocount=1",
    "_dl=1",
    "_filter_column=kind&_filter_op=exact&_filter_value=x",
    "_filter_column=none&_filter_op=x&_filter_value=%27",
    "_filter_op=x",
    "sql=SELECT+1",
    "sql=",
    "sql=%00",
    "sql=DROP+TABLE+x",
    "lang=en",
    "_lang=sv",
    "callback=x",
    "_callback=alert",
    "_jsonp=x",
    "_format=csv",
    "<script>",
    "x=<script>alert(1)</script>",
    "%3Cimg%20src=x%3E=1",
    "_search=<svg/onload=x>",
    "kind={{7*7}}",
    "kind=${7*7}",
    "kind=%0d%0aSet-Cookie:x",
]

PATHS = [
    "/",
    "//",
    "///",
    "/.",
    "/..",
    "/../",
    "/%2e%2e/",
    "/%2f",
    "/%5c",
    "/~",
    "/%00",
    "/%0d%0aX:y",
    "/sv",
    "/sv/",
    "/sv//",
    "/sv/.",
    "/sv/%2e",
    "/SV/",
    "/de/",
    "/sv/en/",
    "/en/sv/",
    "/services",
    "/services/",
    "/services.json",
    "/services.csv",
    "/services.db",
    "/services.xml",
    "/services.JSON",
    "/services.json.json",
    "/services/none",
    "/services/none.json",
    "/services/none.csv",
    "/services/none/1",
    "/services/none/1.json",
    "/services/solutions/none",
    "/services/solutions/none.json",
    "/services/solutions/bokbussen,x.json",
    "/services/solutions/,",
    "/services/solutions/,.json",
    "/services/solutions/~",
    "/services/solutions/~ZZ.json",
    "/services/solutions/%ff.json",
    "/services/solutions/%252e.json",
    "/services/solutions/-/blob/kind.blob",
    "/services/solutions/bokbussen/-/blob/kind.blob",
    "/services/solutions/bokbussen.blob",
    "/services/solutions/-/insert",
    "/services/-/create",
    "/services/-/query",
    "/services/-/query.json?sql=SELECT+1",
    "/-/create-token",
    "/services/solutions/-/rows.exe",
    "/services/solutions/-/rows.",
    "/services/solutions/-/rows.csv/x",
    "/services/none/-/rows.csv",
    "/sv/services/solutions/-/rows.xlsx?kind=none",
    "/sv/services/solutions/-/chart.svg",
    "/sv/services/solutions/-/chart.svg?_chart=none",
    "/sv/services/solutions/-/chart.exe?_chart=kind",
    "/services/_counts.json",
    "/services/solutions_fts.json",
    "/services/sqlite_master.json",
    "/services/solutions_fts_data.json",
    "/sv/services/sqlite_master",
    "/sv/services/_counts",
    "/_memory",
    "/_memory.json?sql=SELECT+1",
    "/_internal",
    "/_internal.json",
    "/-/",
    "/-/plugins",
    "/-/plugins.json",
    "/-/settings.json",
    "/-/threads.json",
    "/-/databases.json",
    "/-/metadata.json",
    "/-/actor.json",
    "/-/logout",
    "/-/permissions",
    "/-/allow-debug",
    "/-/messages",
    "/-/patterns",
    "/-/config.json",
    "/-/auth-token?token=x",
    "/-/versions.json",
    "/-/sql",
    "/-/sql.json",
    "/-/sql.xml",
    "/-/sql.json?sql=",
    "/-/search?q=",
    "/sv/-/search?q=%00",
    "/sv/-/search?q=%22%22",
    "/sv/-/search?q=NEAR(",
    "/sv/-/none",
    "/sv/-/pages/none",
    "/sv/-/pages/..",
    "/sv/-/changes?from=x&to=y",
    "/sv/-/about",
    "/sv/-/sql?sql=SELECT+x",
    "/-/assets/x/none.css",
    "/-/assets/x/../../../etc/passwd",
    "/-/assets/../../../etc/passwd",
    "/-/static/../../../etc/passwd",
    "/-/static/none.js",
    "/-/static-plugins/x/y",
    "/files",
    "/files/",
    "/files/none",
    "/files/../../etc/passwd",
    "/1.0.0",
    "/1.0.0/",
    "/1.0.0/files",
    "/1.0.0/files/",
    "/1.0.0/files/SHA256SUMS",
    "/1.0.0/files/..%2f..%2fx",
    "/1.0.0/files/%2e%2e/x",
    "/1.0.0/files/data",
    "/1.0.0/files/.git/config",
    "/9.9.9/",
    "/9.9.9/x.json",
    "/01.0.0/",
    "/1.0.0.0/",
    "/1.0.0-draft/",
    "/1.0.0/sv",
    "/1.0.0/sv/services/none",
    "/1.0.0/1.0.0/",
    "/999999999999.0.0/",
    "/robots.txt",
    "/robots.txt/",
    "/sitemap.xml",
    "/feed.xml",
    "/sv/feed.xml",
    "/en/feed.xml/",
    "/.well-known/security.txt",
    "/.well-known/",
    "/favicon.ico",
    "/index.php",
    "/wp-login.php",
    "/.env",
    "/.git/HEAD",
    "/openapi.json",
    "/openapi.yml",
    "/1.0.0/openapi.json",
    "/9.9.9/openapi.json",
    "/services-1-0-0/solutions.json",
    "/services-1-0-0/solutions",
    "/services-9-9-9/x.json",
]

METHODS = ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "OPTIONS", "HEAD", "get", "X" * 200]

HEADERS = [
    [("Host", "localhost"), ("X-Forwarded-Host", "forged.example"), ("X-Forwarded-Proto", "javascript")],
    [("Host", "localhost"), ("X-Original-URL", "/-/plugins.json"), ("X-Rewrite-URL", "/-/plugins.json")],
    [("Host", "localhost"), ("Cookie", "ds_actor=x; a=b"), ("Authorization", "Bearer dstok_x")],
    [("Host", "localhost"), ("Accept-Language", "x" * 5_000)],
    [("Host", "localhost"), ("Accept", "application/json"), ("Accept-Encoding", "x;q=2")],
    [("Host", "localhost"), ("If-None-Match", "*"), ("If-Modified-Since", "yesterday")],
    [("Host", "localhost"), ("Range", "bytes=0-1,2-3,4-5"), ("If-Range", "x")],
    [("Host", "localhost"), ("Transfer-Encoding", "chunked"), ("Content-Length", "5")],
    [("Host", "localhost"), ("Content-Length", "-1")],
    [("Host", "localhost"), ("Expect", "100-continue")],
    [("Host", "localhost"), ("Upgrade", "websocket"), ("Connection", "Upgrade")],
    [("Host", "localhost"), ("Upgrade", "h2c"), ("HTTP2-Settings", "x")],
    [("Host", "")],
    [("Host", "localhost:99999999")],
    [("Host", "[::1]:80")],
    [("Host", "evil.example")],
    [("Host", "6.6.6.6")],
    [],
]

SQL = """
SELECT 1|SELECT|SELEC 1|;|--|/* x */|SELECT 1; SELECT 2|SELECT * FROM none|SELECT none FROM solutions|SELECT * FROM solutions
SELECT * FROM sqlite_master|SELECT * FROM solutions_fts|SELECT * FROM solutions_fts_data|SELECT * FROM _counts|SELECT sqlite_version()
SELECT load_extension('x')|SELECT readfile('/etc/passwd')|SELECT writefile('/tmp/x','y')|SELECT edit('x')|SELECT fts5(1)
SELECT randomblob(10)|SELECT zeroblob(10)|SELECT hex(zeroblob(1000000000))|SELECT printf('%.*c',500000000,'x')|SELECT char(0)
SELECT replace(hex(1),'1',printf('%1000000s','x'))|ATTACH 'x' AS y|DETACH main|VACUUM|VACUUM INTO '/tmp/x'|PRAGMA database_list
PRAGMA writable_schema=1|PRAGMA query_only=0|PRAGMA hard_heap_limit=0|SELECT * FROM pragma_database_list|SELECT * FROM pragma_function_list
SELECT * FROM pragma_table_info('solutions')|SELECT * FROM pragma_compile_options|SELECT * FROM dbstat|SELECT * FROM sqlite_dbpage
SELECT * FROM generate_series(1,9)|SELECT * FROM fts5vocab|CREATE TABLE x(y)|CREATE TEMP TABLE x(y)|CREATE VIRTUAL TABLE x USING fts5(y)
DROP TABLE solutions|INSERT INTO solutions VALUES (1)|UPDATE solutions SET id=1|DELETE FROM solutions|REPLACE INTO solutions VALUES (1)
ALTER TABLE solutions RENAME TO x|REINDEX|ANALYZE|BEGIN|COMMIT|ROLLBACK|SAVEPOINT x|EXPLAIN SELECT 1|EXPLAIN QUERY PLAN SELECT 1
INSERT INTO solutions_fts(solutions_fts) VALUES ('rebuild')|SELECT 'a' REGEXP 'b'|SELECT 'a' MATCH 'b'|SELECT 1/0|SELECT -9223372036854775808
SELECT 9223372036854775808|SELECT abs(-9223372036854775808)|SELECT 1e999|SELECT x'00ff'|SELECT NULL|SELECT ''|VALUES (1),(2)
SELECT json('[')|SELECT json_each.value FROM json_each('[1,2]')|SELECT json_extract('{}','$[')|SELECT json_group_array(1)|SELECT :a|SELECT ?|SELECT @x
SELECT 1 AS a, 2 AS a|SELECT 1 AS ""|SELECT 1 AS "<script>"|WITH x AS (SELECT 1) SELECT * FROM x|SELECT max(rowid) OVER () FROM solutions
SELECT * FROM solutions WHERE id LIKE '%%%%%%%%'|SELECT count(*) FROM solutions a, solutions b|SELECT 'å' = 'Å'|SELECT "none"|SELECT '\ud83d'
SELECT current_timestamp|SELECT datetime('now','localtime')|SELECT likely(1)|SELECT total_changes()|SELECT last_insert_rowid()|SELECT changes()
"""
STATEMENTS = [each for line in SQL.strip().splitlines() for each in line.split("|")]

LEAKS = re.compile(rb"Traceback|site-packages|File \"|/tmp/|root:x|\.venv|sqlite3\.\w+Error|ds_actor=x")


@pytest.fixture(scope="module")
def site(services_release: Path) -> Iterator[str]:
    """The server; when it has ended, nothing that it said was a traceback."""
    with served(services_release) as address:
        yield address


def _raw(site: str, method: str, target: str, headers: list[tuple[str, str]]) -> tuple[int, str, bytes]:
    """Status, media type and body of a request that goes out as it is; 0 where the connection is closed instead."""
    host, port = urlsplit(site).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        connection.sendall(f"{method} {target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection, method=method)
        try:
            answer.begin()
            return answer.status, answer.getheader("content-type") or "", answer.read()
        except http.client.HTTPException:
            return 0, "", b""


def _judge(site: str, method: str, target: str, headers: list[tuple[str, str]]) -> str | None:
    """What is wrong with the answer, if anything is."""
    started = time.monotonic()
    status, media, body = _raw(site, method, target, headers)
    told = f"{method[:9]} {target[:90]} {headers[1:2]}: {status} {media}"
    if status >= 500 and status not in (501, 503):
        return f"{told} is a fault of ours"
    if time.monotonic() - started > 10:
        return f"{told} took too long"
    if found := LEAKS.search(body):
        return f"{told} tells {found[0]!r}"
    if b"forged.example" in body:
        return f"{told} repeats another's name"
    is_page = "text/html" in media
    if method == "GET" and status >= 400 and is_page:
        wanted = b'lang="en"' if re.match(r"(/1\.0\.0)?/en/", target) else b'lang="sv"'
        return None if wanted in body else f"{told} is in another language"
    if method == "GET" and target.startswith("/services") and ".json" in target and status >= 400 and is_page:
        return f"{told} is a page"
    return None


def test_no_query_string_path_method_or_header_makes_a_fault_or_a_leak(site: str) -> None:
    host = [("Host", "localhost")]
    cases = [("GET", f"{start}?{query}", host) for query in QUERIES for start in (PAGE, DATA)]
    cases += [("GET", path, host) for path in PATHS]
    cases += [(method, path, host) for method in METHODS for path in ("/sv/", DATA, "/1.0.0/files/SHA256SUMS")]
    cases += [("GET", path, headers) for headers in HEADERS for path in ("/sv/", DATA)]
    assert len(cases) > 500
    assert [wrong for case in cases if (wrong := _judge(site, *case))] == []


def test_every_statement_has_an_answer_or_a_sentence(site: str) -> None:
    assert len(STATEMENTS) > 86
    wrong = []
    for sql in STATEMENTS:
        answer = requests.get(f"{site}-/sql.json?_shape=array&sql={quote(sql, errors='surrogatepass')}", timeout=20)
        if answer.status_code not in (200, 400) or LEAKS.search(answer.content):
            wrong.append((sql, answer.status_code, answer.text[:200]))
        if answer.status_code == 200 and re.match(
            r"(?i)drop|insert|update|delete|replace|create|alter|attach|vac", sql
        ):
            wrong.append((sql, 200, answer.text[:200]))
    assert wrong == []
