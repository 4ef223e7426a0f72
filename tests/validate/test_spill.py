"""Keys of more rows than memory holds are kept in files meanwhile."""

from __future__ import annotations

import pytest

from pipeline.table import relation as tables
from pipeline.validate import keys

ROWS = 1_500_000


def test_keys_that_do_not_fit_into_memory_spill_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MEMORY", "48MB")
    with tables.spilling() as con:
        con.execute(
            "CREATE TABLE rows AS SELECT range AS row, range * 7919 % 1500007 AS number, "
            "concat('a key that takes some room ', range * 7919 % 1500007) AS name FROM range($1)",
            [ROWS],
        )
        assert keys.repeated(con, "rows", ["number"], whole=True, limit=9) == {}
        assert keys.unmatched(con, "rows", ["number"], "rows", ["number"], 9) == []
        con.execute("UPDATE rows SET number = 1 WHERE row = 1000000")
        spilled = con.execute("SELECT coalesce(sum(size), 0) FROM duckdb_temporary_files()").fetchall()[0][0]
        ((row, before),) = keys.repeated(con, "rows", ["number"], whole=True, limit=9).items()
    assert spilled > 10_000_000
    assert 1_000_000 in (row, before)
