"""The sources of a project: publishers, their documents, and the tables of what they state.

`sources/<publisher>/source.yml` names the publisher, its licence, how far it is trusted (`rank`, 1 is the most), and
its documents, and what is fetched from it (pipeline/source/fetch.py); the CSV files beside it are named after tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import os_errors
from pipeline.core.yaml_files import LINE, Text, read_yaml
from pipeline.package import about
from pipeline.source.fetch import Fetch
from pipeline.source.fetch_reading import read_fetches

FILE = "source.yml"
NAME = "[a-z0-9]+([._-][a-z0-9]+)*"
OWN = {"publisher", "homepage", "licence", "rank", "description_en", "description_sv", "documents", "fetch"}
"""What source.yml may say of the publisher."""


@dataclass(frozen=True)
class Document:
    """A document that rows cite; `members` are the cells of its row in the table `documents`."""

    id: str
    rank: int
    line: int
    members: dict[str, str]


@dataclass(frozen=True)
class Source:
    """A publisher, its documents, and the CSV files with what it states."""

    name: str
    folder: Path
    publisher: str
    homepage: str | None
    licence: str
    rank: int
    documents: tuple[Document, ...]
    tables: tuple[Path, ...]
    fetches: tuple[Fetch, ...] = ()


def read_all(folder: Path, root: Path) -> list[Source]:
    """The sources below `folder`, by name; messages name files relative to `root`.

    Raises InvalidData for a source.yml that does not say what it must, or an id that two documents have.
    """
    with os_errors(str(folder)):
        folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        sources = [_read(path, root) for path in folders]
    _refuse_twins(sources, root)
    return sources


def _read(folder: Path, root: Path) -> Source:
    name = str((folder / FILE).relative_to(root))
    if not re.fullmatch(NAME, folder.name):
        fix = "Name it after the publisher in lower-case letters a-z and digits, with hyphens: krokoms-kommun."
        raise _bad(str(folder.relative_to(root)), None, "is not a name for the folder of a source", fix, folder.name)
    if not (folder / FILE).is_file():
        fix = "Write one (docs/sources.md shows how), or move the folder elsewhere."
        raise _bad(str(folder.relative_to(root)), None, f"has no {FILE}, which every folder in sources/ needs", fix)
    content = read_yaml(folder / FILE, name)
    if not isinstance(content, dict):
        raise _bad(name, None, "is not a mapping", "Start it with `publisher:`.")
    for member, value in content.items():
        if member != LINE and member not in OWN:
            fix = f"Known are: {', '.join(sorted(OWN))}."
            raise _bad(name, member.line, "is not something a source says", fix, member)
        if member not in (LINE, "documents", "fetch"):
            _check_text(member, value, name)
    for member in ("publisher", "licence", "rank", "documents"):
        if not content.get(member):
            raise _bad(name, None, f"does not say `{member}`", f"Add `{member}:`.")
    listed = content["documents"]
    if not isinstance(listed, list) or not all(isinstance(member, dict) for member in listed):
        line = next(member.line for member in content if member == "documents")
        raise _bad(name, line, "has `documents` that are not a list of mappings", "Write `- id: …` for each document.")
    publisher, licence, rank = str(content["publisher"]), str(content["licence"]), _rank(content["rank"], name)
    documents = tuple(
        _document(member, name, rank, {"source": folder.name, "publisher": publisher, "licence": licence})
        for member in listed
    )
    tables = tuple(sorted(folder.glob("*.csv")))
    fetches = _fetches(content, name, documents)
    homepage = content.get("homepage") or None
    if homepage and about.address(str(homepage)) is None:
        line = next(member.line for member in content if member == "homepage")
        fix = "Write the whole address, as in https://www.example.org/."
        raise InvalidData(Problem(Kind.BAD_ADDRESS, "is not a web address", fix, name, line, "homepage", str(homepage)))
    return Source(folder.name, folder, publisher, homepage, licence, rank, documents, tables, fetches)


def _fetches(content: dict[Any, Any], name: str, documents: tuple[Document, ...]) -> tuple[Fetch, ...]:
    if "fetch" not in content:
        return ()
    fetches = read_fetches(content["fetch"], name, [document.id for document in documents])
    fetched = {fetch.document for fetch in fetches}
    for document in documents:
        if document.id in fetched and "accessed" in document.members:
            rule = "is fetched, and says itself when it was `accessed`"
            raise _bad(name, document.line, rule, "Leave `accessed` out: it is the day of the snapshot.", document.id)
    return fetches


def _check_text(member: Any, value: Any, name: str) -> None:
    if not isinstance(value, Text):
        raise _bad(name, member.line, f"has a `{member}` that is not text", "Write one value.")


def _document(member: dict[Any, Any], name: str, rank: int, inherited: dict[str, str]) -> Document:
    line = member[LINE]
    for key, value in member.items():
        if key != LINE:
            _check_text(key, value, name)
    if not member.get("id"):
        raise _bad(name, line, "lists a document without `id`", "Give it an id.")
    cells = {str(key): str(value) for key, value in member.items() if key not in (LINE, "rank") and value}
    own_rank = _rank(member["rank"], name) if "rank" in member else rank
    return Document(cells["id"], own_rank, line, inherited | cells)


def _rank(value: Text, name: str) -> int:
    if re.fullmatch("[1-9][0-9]{0,8}", value):
        return int(value)
    raise _bad(name, value.line, "is not a rank", "A rank is a whole number; 1 is the most trusted.", value)


def _refuse_twins(sources: list[Source], root: Path) -> None:
    """Refuses an id that two documents have, or two fetches: it names their rows, or their snapshots."""
    first: dict[tuple[str, str], str] = {}
    for source in sources:
        name = str((source.folder / FILE).relative_to(root))
        named = [("document", document.id, document.line) for document in source.documents]
        for what, id, line in [*named, *(("fetch", fetch.id, fetch.line) for fetch in source.fetches)]:
            if (what, id) in first:
                raise InvalidData(
                    Problem(
                        Kind.DUPLICATE_DOCUMENT,
                        f"is the id of a {what} in {first[what, id]} already",
                        f"Give each {what} an id of its own.",
                        file=name,
                        row=line,
                        value=id,
                    )
                )
            first[what, id] = name


def _bad(file: str, line: int | None, rule: str, fix: str, value: str | None = None) -> InvalidData:
    return InvalidData(Problem(Kind.BAD_SOURCE, rule, fix, file=file, row=line, value=value))
