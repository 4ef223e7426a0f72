from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.assemble.summary import summary
from pipeline.errors import CannotRun
from pipeline.project import find
from tests.projects import SOURCE, example, field, package, put, table


def test_a_source_is_summed_up(tmp_path: Path) -> None:
    root = example(tmp_path / "project")
    put(root, {f"{SOURCE}/snapshots/2026-01-02.csv": "", f"{SOURCE}/snapshots/2026-03-01.csv": ""})
    assert summary(find(root)) == [
        {
            "source": "example-municipality",
            "publisher": "Example municipality",
            "licence": "unstated",
            "rank": 20,
            "documents": 2,
            "rows": 3,
            "tables": {"shops": 3},
            "snapshot": "2026-03-01.csv",
        }
    ]


def test_a_project_without_sources_has_nothing_to_sum_up(tmp_path: Path) -> None:
    package(tmp_path, [table("a", [field("id")])], {"a.csv": "id\n"})
    with pytest.raises(CannotRun) as caught:
        summary(find(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: has no folder sources/: its tables are finished, not assembled. Add "
        "sources/<publisher>/source.yml, or run `servicebanken build` as it is. [no-project]"
    )
