"""A release describes itself from datapackage.json alone: in every catalogue's format, and on a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.core.errors import InvalidData
from pipeline.core.files import write_json
from pipeline.describe import page
from pipeline.describe.dataset import CATALOG, Dataset, read
from pipeline.describe.document import Document
from pipeline.describe.explore import explore
from pipeline.hookspecs import Catalogue, offers

NOTES = "notes.json"


def render(dataset: Dataset, format: str) -> Document:
    """The description of a dataset for a catalogue that `hookspecs.offers` lists.

    Raises InvalidData that names the members of datapackage.json which the format needs and which are missing.
    """
    return _catalogues()[format].load()(dataset)  # type: ignore[no-any-return]


def _catalogues() -> Mapping[str, Catalogue]:
    return offers("catalogues")


def write(folder: Path, archive: str) -> None:
    """Describes the release in `folder`, to which `archive` will be added, in files that it writes there.

    A format whose needs the package does not meet is left out; `catalog/notes.json` says so, and what each format has
    no place for.
    """
    dataset = read(folder, archive=archive)
    (folder / CATALOG).mkdir()
    notes: dict[str, Any] = {}
    for format, (name, _) in _catalogues().items():
        try:
            document = render(dataset, format)
        except InvalidData as error:
            left_out = [
                {"member": problem.field, "rule": problem.rule, "fix": problem.fix} for problem in error.problems
            ]
            notes[format] = {"file": None, "lacking": left_out}
            continue
        (folder / name).write_text(document.text, encoding="utf-8", newline="\n")
        notes[format] = {"file": name, "notes": [asdict(note) for note in document.notes]}
    write_json(folder / CATALOG / NOTES, notes)
    page.write(dataset)
    explore.write(dataset)
