"""Where the values come from, and where sources disagree: from the tables that `assemble` writes.

`documents` has `id`, `publisher`, `title`, `url` and `accessed`; `provenance` names a `document` for each cell;
`discrepancies` has the value taken and the value not taken. A package that has no such table shows none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.describe.dataset import Dataset
from pipeline.describe.page.dictionary import Table
from pipeline.describe.page.parquet_rows import column_of, relation
from pipeline.package import about
from pipeline.package.package import Resource
from pipeline.table import duckdb

SHOWN = 100
"""Disagreements that are shown."""

KNOWN = ("table", "key", "field", "value_taken", "document_taken", "value_not_taken", "document_not_taken")


@dataclass(frozen=True)
class Publisher:
    """A publisher: documents of its that are cited, values that they are cited for, and when they were last read."""

    name: str
    documents: int
    values: int | None
    accessed: str | None


@dataclass(frozen=True)
class Document:
    """A document: its title, or its publisher where it has none, and its address where it has one on the web."""

    title: str
    href: str | None


@dataclass(frozen=True)
class Disagreement:
    """Two values that documents state for one cell: that which was taken, and one that was not."""

    table: str
    key: str
    field: str
    taken: str
    taken_from: Document | None
    other: str
    other_from: Document | None


@dataclass(frozen=True)
class Origins:
    """What is known of where the values come from; `more` disagreements are not shown."""

    publishers: tuple[Publisher, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    more: int = 0

    @property
    def documents(self) -> int:
        """The number of documents."""
        return sum(publisher.documents for publisher in self.publishers)

    @property
    def accessed(self) -> str | None:
        """The day when the newest was last read."""
        return max((publisher.accessed for publisher in self.publishers if publisher.accessed), default=None)


def origins(dataset: Dataset, con: duckdb.DuckDBPyConnection) -> Origins:
    """What the tables say."""
    documents = _having(dataset, "documents", ("id", "publisher"))
    if documents is None:
        return Origins()
    listed, more = _disagreements(dataset, con, documents)
    return Origins(_publishers(dataset, con, documents), listed, more)


def _having(dataset: Dataset, name: str, fields: Sequence[str]) -> Resource | None:
    """The table of that name, if it has those fields and its rows are at hand."""
    table = dataset.package.table(name)
    if table is None or not {*fields} <= {*table.field_names} or relation(dataset, table) is None:
        return None
    return table


def _text(table: Resource, field: str) -> str:
    """A field as text in SQL; NULL where the table has no such field."""
    return f"CAST({column_of(table, field)} AS VARCHAR)" if field in table.field_names else "NULL"


def _publishers(dataset: Dataset, con: duckdb.DuckDBPyConnection, documents: Resource) -> tuple[Publisher, ...]:
    """The publishers, those first whose documents are cited for the most values."""
    provenance = _having(dataset, "provenance", ("document",))
    cited = (
        f"SELECT {_text(provenance, 'document')} AS id, count(*) AS cells "
        f"FROM {relation(dataset, provenance)} GROUP BY 1"
        if provenance
        else "SELECT NULL AS id, NULL AS cells"
    )
    listed = (
        f"SELECT {_text(documents, 'id')} AS id, {_text(documents, 'publisher')} AS publisher, "
        f"CAST(TRY_CAST({_text(documents, 'accessed')} AS DATE) AS VARCHAR) AS accessed "
        f"FROM {relation(dataset, documents)}"
    )
    found = con.execute(
        f"WITH cited AS ({cited}), documents AS ({listed}) "
        "SELECT publisher, count(*), CAST(sum(cells) AS BIGINT), max(accessed) "
        "FROM documents LEFT JOIN cited USING (id) WHERE publisher IS NOT NULL "
        "GROUP BY publisher ORDER BY 3 DESC NULLS LAST, 2 DESC, 1"
    ).fetchall()
    return tuple(
        Publisher(name, count, (cells or 0) if provenance else None, accessed) for name, count, cells, accessed in found
    )


def _disagreements(
    dataset: Dataset, con: duckdb.DuckDBPyConnection, documents: Resource
) -> tuple[tuple[Disagreement, ...], int]:
    table = _having(dataset, "discrepancies", KNOWN)
    if table is None:
        return (), 0
    titles = {
        str(key): Document(str(title or publisher or key), about.address(url))
        for key, title, publisher, url in con.execute(
            f"SELECT {', '.join(_text(documents, name) for name in ('id', 'title', 'publisher', 'url'))} "
            f"FROM {relation(dataset, documents)}"
        ).fetchall()
    }
    asked = ", ".join(f"coalesce({_text(table, name)}, '')" for name in KNOWN)
    rows = con.execute(f"SELECT {asked} FROM {relation(dataset, table)} ORDER BY ALL").fetchall()
    found = [
        Disagreement(name, key, field, taken, titles.get(source), other, titles.get(other_source))
        for name, key, field, taken, source, other, other_source in rows[:SHOWN]
    ]
    return tuple(found), len(rows) - len(found)


def labelled(tables: Sequence[Table]) -> Mapping[tuple[str, str, str], str]:
    """The label of each code, by table, field and code, in the language that the tables are in."""
    return {
        (table.name, field.name, code.value): str(code.label)
        for table in tables
        for field in table.fields
        for code in field.codes
        if code.label
    }
