"""SQL that readers write: what it may do, what is done about what it may not, and that others do not notice."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from pipeline.serve.sql import limits, process
from pipeline.serve.sql.process import Refused, Rows, ask
from tests.serve.server import serving


@pytest.fixture(scope="module")
def database(services_release: Path) -> Path:
    return services_release / "services.sqlite"


@pytest.fixture(scope="module")
def site(services_release: Path) -> Iterator[str]:
    with serving(services_release) as server:
        yield server.address


def _asked(database: Path, sql: str, **parameters: str) -> Rows:
    return asyncio.run(ask(database, sql, parameters))


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT count(*) FROM solutions", [[3]]),
        ("SELECT id FROM solutions WHERE kind = :kind", [["bokbussen"]]),
        ("SELECT id FROM solutions WHERE rowid IN (SELECT rowid FROM solutions_fts('library'))", [["bokbussen"]]),
        ("SELECT name FROM pragma_table_info('places') ORDER BY cid LIMIT 2", [["id"], ["name"]]),
        ("SELECT value FROM json_each('[1,2]')", [[1], [2]]),
        ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3) SELECT sum(x) FROM n", [[6]]),
        ("SELECT row_number() OVER (ORDER BY id) FROM places", [[1], [2]]),
        ("SELECT NULL, 1.5, 'å', x'00ff'", [[None, 1.5, "å", "x'00ff'"]]),
        ("SELECT 9e999", [["inf"]]),
    ],
)  # fmt: skip
def test_a_query_has_its_rows(sql: str, rows: list[list[object]], database: Path) -> None:
    assert _asked(database, sql, kind="mobile").rows == rows


def test_an_answer_is_cut_at_a_thousand_rows_and_says_so(database: Path) -> None:
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {}) SELECT x FROM n"
    assert _asked(database, numbers.format(1000)).truncated is False
    cut = _asked(database, numbers.format(1001))
    assert (len(cut.rows), cut.truncated) == (1000, True)


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
HOSTILE = {
    "runs for ever": f"{ENDLESS} SELECT max(x) FROM n",
    "joins for ever": "SELECT count(*) FROM " + ", ".join(f"provenance p{number}" for number in range(20)),
    "random bytes": "SELECT length(randomblob(900000000))",
    "zero bytes": "SELECT zeroblob(900000000)",
    "ten times": "SELECT " + "+".join(["length(hex(zeroblob(400000000)))"] * 10),
    "a long group": f"{ENDLESS} SELECT group_concat('{'x' * 100}') FROM n",
    "a group in pieces": f"{ENDLESS} SELECT x % 1000, group_concat(printf('%.900c', 'x')) FROM n GROUP BY 1",
    "doubling": "SELECT replace(replace(replace(printf('%.9999c','x'),'x',printf('%.999c','x')),'x','xx'),'x','xx')",
    "concatenation": "WITH RECURSIVE d(x) AS (SELECT 'x' UNION ALL SELECT x || x FROM d) SELECT length(x) FROM d",
    "deep brackets": f"SELECT {'(' * 3000}1{')' * 3000}",
    "deep JSON": f"SELECT json_extract('{'[' * 3500}{']' * 3500}', '$[0]')",
    "JSON of everything": f"{ENDLESS} SELECT json_group_array(x) FROM n",
    "a sort of everything": f"{ENDLESS} SELECT x FROM (SELECT x FROM n LIMIT 90000000) ORDER BY -x",
    "all distinct": f"{ENDLESS} SELECT count(DISTINCT hex(x)) FROM n",
    "long patterns": f"SELECT count(*) FROM provenance WHERE field LIKE '{'%a' * 300}'",
    "many unions": " UNION ALL ".join(["SELECT 1"] * 300),
    "many columns": f"SELECT {','.join('1' * 1000)}",
    "another file": "ATTACH '/etc/passwd' AS other",
    "a new file": "ATTACH '/tmp/new.sqlite' AS other",
    "a copy": "VACUUM INTO '/tmp/copy.sqlite'",
    "paths": "SELECT file FROM pragma_database_list",
    "a pragma": "PRAGMA hard_heap_limit = 0",
    "another pragma": "PRAGMA writable_schema = ON",
    "an extension": "SELECT load_extension('/tmp/x.so')",
    "a file's content": "SELECT readfile('/etc/passwd')",
    "a tokenizer": "SELECT fts3_tokenizer('simple')",
    "a deletion": "DELETE FROM solutions",
    "an insertion": "INSERT INTO places VALUES ('x', 'x', 1, 1)",
    "a table": "CREATE TEMP TABLE t AS SELECT 1",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON places BEGIN SELECT 1; END",
    "the index of words": "INSERT INTO solutions_fts (solutions_fts) VALUES ('rebuild')",
    "two statements": "SELECT 1; DROP TABLE places",
    "a transaction": "BEGIN EXCLUSIVE",
    "no SQL": "'; --",
    "too much of it": f"SELECT '{'x' * 9000}'",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_is_bounded_and_answered_with_a_sentence(name: str, database: Path) -> None:
    started = time.monotonic()
    with pytest.raises(Refused) as caught:
        _asked(database, HOSTILE[name])
    assert time.monotonic() - started < limits.WALL_SECONDS + 2  # the bench measures it on a machine that is free
    assert caught.value.status in (400, 414, 429)  # 429 where it had to wait for the processor
    assert re.match(r"[A-Z][^\n]{10,300}$", str(caught.value))
    assert str(database) not in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT format('%*d', 900000000, 1)",
        f"SELECT 1 WHERE 1 IN ({','.join('1' * 3500)})",
        f"SELECT '{'a' * 3000}' GLOB '{'*a' * 90}b'",
        f"SELECT '{'a' * 3000}' LIKE '{'%a' * 90}b'",
    ],
)
def test_what_sqlite_makes_short_work_of_is_answered(sql: str, database: Path) -> None:
    assert len(_asked(database, sql).rows) == 1


def test_a_text_that_is_too_wide_is_refused_or_nothing(database: Path) -> None:
    """SQLite's versions differ in whether a `printf` that is cut off is an error or NULL."""
    try:
        assert _asked(database, "SELECT printf('%.*c', 500000000, '<')").rows in ([[None]], [(None,)])
    except Refused as refused:
        assert refused.status in (400, 429)


def test_the_process_has_little_memory() -> None:
    assert limits.MEMORY < 300_000_000


@pytest.mark.parametrize("name", ["runs for ever", "all distinct", "joins for ever"])
def test_a_query_that_took_its_time_is_told_so_and_not_that_others_are_busy(name: str, database: Path) -> None:
    with pytest.raises(Refused) as caught:
        _asked(database, HOSTILE[name])
    if caught.value.status == 429 and os.getloadavg()[0] > 8:
        pytest.skip("it had to wait for the processor")
    assert caught.value.status == 400
    assert caught.value.retry == 0


def test_a_query_that_had_to_wait_for_the_processor_is_told_so(
    database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    late.write_text("#!/bin/sh\nsleep 4\n", encoding="utf-8")
    late.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(late))
    monkeypatch.setattr(limits, "WALL_SECONDS", 1)
    with pytest.raises(Refused, match="Try again in 2 seconds") as caught:
        _asked(database, "SELECT 1")
    assert (caught.value.status, caught.value.retry) == (429, 2)


def test_who_is_refused_again_and_again_is_told_to_wait_longer(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WAITING", 1)

    async def all_ask() -> list[int]:
        asked = [ask(database, HOSTILE["runs for ever"], {}) for _ in range(19)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        return [each.retry for each in found if isinstance(each, Refused) and each.status == 429]

    waits = asyncio.run(all_ask())
    assert len(waits) >= 19 - process.AT_ONCE - process.WAITING  # more where the processor is busy
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2, 40)


def test_nobody_else_notices_that_queries_run_for_ever(site: str) -> None:
    ended = threading.Event()
    statuses: list[int] = []

    def flood() -> None:
        while not ended.is_set():
            answer = requests.get(f"{site}-/sql.json", {"sql": HOSTILE["runs for ever"]}, timeout=60)
            statuses.append(answer.status_code)
            time.sleep(0.2 if answer.status_code == 429 else 0)

    flooding = [threading.Thread(target=flood) for _ in range(14)]
    for thread in flooding:
        thread.start()
    time.sleep(1)
    slowest = 0.0
    for number in range(4):
        started = time.monotonic()
        assert requests.get(f"{site}services/places.json?_n={number}", timeout=20).status_code == 200
        slowest = max(slowest, time.monotonic() - started)
    ended.set()
    for thread in flooding:
        thread.join()
    assert slowest < 10  # benchmarks.serve measures it on a machine that does nothing else
    assert set(statuses) <= {400, 429}
    assert 429 in statuses


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_page_shows_query_and_answer(language: str, site: str) -> None:
    asked = requests.get(f"{site}{language}/-/sql", {"sql": "SELECT id, '<b>' AS x FROM places"}, timeout=20)
    assert asked.status_code == 200
    assert "SELECT id" in asked.text
    assert "&lt;b&gt;" in asked.text
    assert "<b>" not in asked.text
    assert "idre" in asked.text
    refused = requests.get(f"{site}{language}/-/sql", {"sql": "SELECT <i>"}, timeout=20)
    assert refused.status_code == 400
    assert "SQLite" in refused.text
    assert "<i>" not in refused.text


def test_an_answer_comes_as_data(site: str) -> None:
    asked = {"sql": "SELECT id, latitude FROM places WHERE id = :id", "id": "idre", "_shape": "array"}
    assert requests.get(f"{site}-/sql.json", asked, timeout=20).json() == [{"id": "idre", "latitude": 61.8586801}]
    table = requests.get(f"{site}-/sql.csv", asked, timeout=20)
    assert table.text == "id,latitude\r\nidre,61.8586801\r\n"
    nothing = requests.get(f"{site}-/sql.json", timeout=20)
    assert (nothing.status_code, nothing.json()["ok"]) == (400, False)


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        ("array", [{"id": "alvdalen", "n": 1}, {"id": "idre", "n": 2}]),
        ("arrayfirst", ["alvdalen", "idre"]),
        ("arrays", {"ok": True, "columns": ["id", "n"], "rows": [["alvdalen", 1], ["idre", 2]], "truncated": False}),
        (
            "objects",
            {
                "ok": True,
                "columns": ["id", "n"],
                "rows": [{"id": "alvdalen", "n": 1}, {"id": "idre", "n": 2}],
                "truncated": False,
            },
        ),
    ],
)
def test_an_answer_has_the_shapes_that_datasette_has(shape: str, answer: object, site: str) -> None:
    asked = {"sql": "SELECT id, row_number() OVER (ORDER BY id) AS n FROM places", "_shape": shape}
    assert requests.get(f"{site}-/sql.json", asked, timeout=20).json() == answer


def test_an_answer_comes_a_row_a_line_and_an_unknown_shape_is_refused(site: str) -> None:
    asked = {"sql": "SELECT id FROM places", "_shape": "array", "_nl": "on"}
    assert requests.get(f"{site}-/sql.json", asked, timeout=20).text == '{"id": "alvdalen"}\n{"id": "idre"}'
    refused = requests.get(f"{site}-/sql.json", asked | {"_shape": "round"}, timeout=20)
    assert (refused.status_code, refused.json()["error"]) == (400, "`_shape` cannot be `round`.")


@pytest.mark.parametrize("path", ["services.json", "services.csv", "services", "sv/services", "1.0.0/services.json"])
def test_where_datasette_takes_sql_it_goes_to_the_process(path: str, site: str) -> None:
    answer = requests.get(site + path, {"sql": "SELECT 'here' AS x"}, timeout=20)
    assert "/-/sql" in answer.url
    assert "here" in answer.text
