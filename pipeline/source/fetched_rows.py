"""The rows that a fetch's answers state: what its reader reads, put into the tables as source.yml maps it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field

from pipeline.source.fetch import Column, Fetch, Mapped
from pipeline.source.readers import Answer, BadAnswer, Columns, reader


@dataclass(frozen=True)
class Rows:
    """What a fetch states on a table: columns of one length, and for each row the answer and the row in it."""

    columns: Columns
    snapshots: list[str] = field(default_factory=list)
    """SHA-256 of the bytes that the row was read from."""
    numbers: list[int] = field(default_factory=list)


def read(fetch: Fetch, answers: list[Answer]) -> dict[str, Rows]:
    """The rows that the answers state, by table. Raises BadAnswer for a body that its reader refuses.

    A cell is text as the source writes it, or None. A value that `codes` does not list is refused: a source that has
    begun to say something new is looked at by a person.
    """
    tables = {mapped.table: Rows({name: [] for name in mapped.columns}) for mapped in fetch.tables}
    for answer in answers:
        digest = hashlib.sha256(answer.body).hexdigest()
        relations = reader(fetch.reader).read(fetch, answer)
        for mapped in fetch.tables:
            if mapped.relation in relations:
                _append(tables[mapped.table], relations[mapped.relation], mapped, digest)
    return tables


def _append(rows: Rows, relation: Columns, mapped: Mapped, digest: str) -> None:
    _refuse_unknown(relation, mapped)
    kept = _kept(relation, mapped)
    for name, column in mapped.columns.items():
        rows.columns[name] += _cells(column, relation, kept)
    rows.snapshots.extend([digest] * len(kept))
    rows.numbers.extend(position + 1 for position in kept)


def _kept(relation: Columns, mapped: Mapped) -> list[int]:
    """The places of the rows that `where` keeps."""
    places = list(range(len(next(iter(relation.values()), []))))
    for name, wanted in mapped.where.items():
        cells = relation[name]
        places = [place for place in places if cells[place] in wanted]
    return places


def _cells(column: Column, relation: Columns, kept: list[int]) -> list[str | None]:
    if column.value is not None:
        return [column.value] * len(kept)
    if column.template is not None:
        cells, name = _filled(column.template, relation, kept), column.template
    else:
        assert column.column is not None
        cells, name = [relation[column.column][place] for place in kept], column.column
    if column.slug:
        cells = [cell and slug(cell) for cell in cells]
    if column.codes is None and column.default is None:
        return cells
    return [_recoded(cell, column, name) for cell in cells]


def slug(text: str) -> str:
    """The text in lower-case ASCII, its words joined by hyphens: `Östra Ämtervik` is `ostra-amtervik`."""
    letters = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", letters).strip("-")


def _recoded(cell: str | None, column: Column, name: str) -> str | None:
    codes = column.codes or {}
    if cell is None or cell in codes:
        return None if cell is None else codes[cell] or None
    if column.default is not None:
        return column.default or None
    if column.keep:
        return cell
    raise BadAnswer(f"says {cell!r} in the column {name}, which `codes` does not list")


def _filled(template: str, relation: Columns, kept: list[int]) -> list[str | None]:
    parts = re.split(r"\{([^{}]*)\}", template)
    cells: list[str | None] = []
    for place in kept:
        values = [part if number % 2 == 0 else relation[part][place] for number, part in enumerate(parts)]
        cells.append(None if None in values else "".join(filter(None, values)))
    return cells


def _refuse_unknown(relation: Columns, mapped: Mapped) -> None:
    named = {*mapped.where}
    for column in mapped.columns.values():
        named |= {column.column} if column.column else set(re.findall(r"\{([^{}]*)\}", column.template or ""))
    lacking = sorted(named - set(relation))
    if lacking:
        raise BadAnswer(f"has no column {lacking[0]!r}; its columns are {', '.join(relation)}")
