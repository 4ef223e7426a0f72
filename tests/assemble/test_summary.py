from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.assemble.summary import summary
from pipeline.core.errors import CannotRun
from pipeline.source.project import find
from tests.projects import example, field, package, table


def test_a_source_is_summed_up(tmp_path: Path) -> None:
    root = example(tmp_path / "project")
    assert summary(find(root)) == [
        {
            "source": "example-municipality",
            "publisher": "Example municipality",
            "licence": "unstated",
            "rank": 20,
            "documents": 2,
            "rows": 3,
            "tables": {"shops": 3},
            "snapshot": None,
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
