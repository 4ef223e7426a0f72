from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InvalidData, Kind
from pipeline.source.source import Document, Source, read_all
from tests.projects import put, source


def test_a_source_is_its_publisher_its_documents_and_its_tables(tmp_path: Path) -> None:
    text = (
        "publisher: Älvdalens kommun\n"
        "homepage: https://www.alvdalen.se/\n"
        "licence: unstated\n"
        "rank: 20\n"
        "documents:\n"
        "  - id: plan\n"
        "    url: https://www.alvdalen.se/plan\n"
        "    accessed: 2026-01-31\n"
        "  - id: minutes\n"
        "    url: https://www.alvdalen.se/minutes\n"
        "    licence: CC0-1.0\n"
        "    rank: 30\n"
    )
    put(tmp_path, {"sources/alvdalen/source.yml": text, "sources/alvdalen/plans.csv": "", "sources/alvdalen/a.txt": ""})
    inherited = {"source": "alvdalen", "publisher": "Älvdalens kommun", "licence": "unstated"}
    plan = {**inherited, "id": "plan", "url": "https://www.alvdalen.se/plan", "accessed": "2026-01-31"}
    minutes = {**inherited, "licence": "CC0-1.0", "id": "minutes", "url": "https://www.alvdalen.se/minutes"}
    assert read_all(tmp_path / "sources", tmp_path) == [
        Source(
            name="alvdalen",
            folder=tmp_path / "sources/alvdalen",
            publisher="Älvdalens kommun",
            homepage="https://www.alvdalen.se/",
            licence="unstated",
            rank=20,
            documents=(Document("plan", 20, 6, plan), Document("minutes", 30, 9, minutes)),
            tables=(tmp_path / "sources/alvdalen/plans.csv",),
        )
    ]


def test_sources_are_read_by_name_and_hidden_folders_and_files_are_left_alone(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "sources/b/source.yml": source("b-doc"),
            "sources/a/source.yml": source("a-doc"),
            "sources/.git/config": "",
            "sources/README.md": "",
        },
    )
    assert [found.name for found in read_all(tmp_path / "sources", tmp_path)] == ["a", "b"]


BAD = [
    ("", Kind.BAD_SOURCE, None, "is not a mapping"),
    ("- a\n", Kind.BAD_SOURCE, None, "is not a mapping"),
    ("licence: x\nrank: 1\ndocuments: []\n", Kind.BAD_SOURCE, None, "does not say `publisher`"),
    ("publisher: x\nlicence: x\nrank: 1\n", Kind.BAD_SOURCE, None, "does not say `documents`"),
    (source("a") + "colour: red\n", Kind.BAD_SOURCE, 8, "is not something a source says"),
    (source("a", rank=0), Kind.BAD_SOURCE, 3, "is not a rank"),
    (source("a") + "    rank: 1.5\n", Kind.BAD_SOURCE, 8, "is not a rank"),
    (source("a") + "    rank: ²\n", Kind.BAD_SOURCE, 8, "is not a rank"),
    (
        "publisher: x\nlicence: x\nrank: 1\ndocuments:\n  - url: x\n",
        Kind.BAD_SOURCE,
        5,
        "lists a document without `id`",
    ),
    (
        "publisher: x\nlicence: x\nrank: 1\ndocuments:\n  - plan\n",
        Kind.BAD_SOURCE,
        4,
        "has `documents` that are not a list of mappings",
    ),
    (
        "publisher: x\nlicence: x\nrank: 1\ndocuments:\n  - id: a\n    title: [x]\n",
        Kind.BAD_SOURCE,
        6,
        "has a `title` that is not text",
    ),
    (
        "publisher: x\nlicence: x\nrank: 1\ndocuments:\n  - id: [a]\n",
        Kind.BAD_SOURCE,
        5,
        "has a `id` that is not text",
    ),
    (source("a", "a"), Kind.DUPLICATE_DOCUMENT, 8, "is the id of a document in sources/a/source.yml already"),
    (source("a", publisher="[a, b]"), Kind.BAD_SOURCE, 1, "has a `publisher` that is not text"),
    (source("a", homepage="{a: b}"), Kind.BAD_SOURCE, 3, "has a `homepage` that is not text"),
]


@pytest.mark.parametrize(("text", "kind", "row", "rule"), BAD)
def test_a_source_that_does_not_say_what_it_must_is_refused(
    text: str, kind: Kind, row: int | None, rule: str, tmp_path: Path
) -> None:
    put(tmp_path, {"sources/a/source.yml": text})
    with pytest.raises(InvalidData) as caught:
        read_all(tmp_path / "sources", tmp_path)
    (problem,) = caught.value.problems
    assert (problem.kind, problem.file, problem.row, problem.rule) == (kind, "sources/a/source.yml", row, rule)


def test_a_source_folder_without_a_description_is_named(tmp_path: Path) -> None:
    put(tmp_path, {"sources/a/shops.csv": "id\n"})
    (tmp_path / "sources/empty").mkdir()
    with pytest.raises(InvalidData) as caught:
        read_all(tmp_path / "sources", tmp_path)
    assert str(caught.value).startswith("sources/a: has no source.yml, which every folder in sources/ needs. Write one")


def test_a_folder_whose_name_is_no_id_is_named(tmp_path: Path) -> None:
    put(tmp_path, {"sources/Krokoms kommun/source.yml": "publisher: Krokom\n"})
    with pytest.raises(InvalidData) as caught:
        read_all(tmp_path / "sources", tmp_path)
    assert "sources/Krokoms kommun: 'Krokoms kommun' is not a name for the folder of a source." in str(caught.value)
