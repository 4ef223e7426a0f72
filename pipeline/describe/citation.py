"""How a release is cited: CITATION.cff (Citation File Format 1.2.0), for GitHub and reference managers, and BibTeX."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import yaml

from pipeline.describe.dataset import Dataset
from pipeline.describe.document import Document, Note, require
from pipeline.package import about
from pipeline.package.about import Licence, Person
from pipeline.web.words import LANGUAGES, Words

LICENCES = frozenset((Path(__file__).parent / "static/cff-licences.txt").read_text(encoding="utf-8").split())
"""SPDX ids of licences for data that the format's own list has; it is of 2021, and refuses all others."""

DOI = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")
"""What the format takes for a DOI; real ones may have other signs, too."""


NOT_PLAIN = re.compile("[\x85\u2028\u2029\ufeff]")


class _Dumper(yaml.SafeDumper):
    """Plain YAML, whose lists are indented under their names, as in the format's own examples."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _represent(dumper: _Dumper, text: str) -> yaml.Node:
    """A text; in double quotes where it has line ends that would be read as spaces without."""
    style = '"' if NOT_PLAIN.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)


def render(dataset: Dataset) -> Document:
    """The file. Raises InvalidData for a package without a title, or that nobody made."""
    descriptor = dataset.descriptor
    creators = about.creators(descriptor)
    title = dataset.text(descriptor, "title")
    require(
        dataset,
        "CITATION.cff",
        (title, "title", "Name the dataset in `title`."),
        (creators, "contributors", "Name those who made the data in `contributors`."),
    )
    notes: list[Note] = []
    language = next(iter(dataset.languages), "en").partition("-")[0]
    members: dict[str, Any] = {
        "cff-version": "1.2.0",
        "type": "dataset",
        "message": Words(language if language in LANGUAGES else "en").text("describe.cite_as"),
        "title": title,
        "abstract": dataset.text(descriptor, "description"),
        "authors": [_author(person) for person in creators],
        "version": dataset.version,
        "date-released": dataset.date,
        **_licence(about.licences(descriptor), notes),
        "url": dataset.root,
        "keywords": list(dict.fromkeys(word for words in dataset.words("keywords").values() for word in words)),
        "identifiers": _identifiers(dataset),
        "doi": dataset.doi if dataset.doi and DOI.fullmatch(dataset.doi) else None,
    }
    if about.sources(descriptor):
        notes.append(Note("sources", "A reference must name its authors, and `sources` name none."))
    if len(dataset.texts(descriptor, "title")) > 1:
        notes.append(Note("title", "It is in one language; the format has no place for others."))
    kept = {name: value for name, value in members.items() if value}
    text = yaml.dump(kept, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return Document(text, tuple(notes))


def _author(person: Person) -> dict[str, str]:
    if not person.is_person:
        found = {"name": person.name, "website": person.path}
    else:
        found = {
            "family-names": person.family,
            "given-names": person.given,
            "affiliation": person.organization,
            "orcid": f"https://orcid.org/{person.orcid}" if person.orcid else None,
            "website": None if person.orcid else person.path,
        }
    return {name: value for name, value in found.items() if value}


def _licence(licences: list[Licence], notes: list[Note]) -> dict[str, Any]:
    """The licences by their ids, all of which the format must know; or else the address of the first."""
    known = [licence.name for licence in licences if licence.name in LICENCES]
    if licences and len(known) == len(licences):
        return {"license": known[0] if len(known) == 1 else known}
    if len(licences) > 1 or not all(licence.path for licence in licences):
        notes.append(
            Note("licenses", "The format does not know every licence by its id, and has room for one address.")
        )
    return {"license-url": next((licence.path for licence in licences if licence.path), None)}


def _identifiers(dataset: Dataset) -> list[dict[str, str]]:
    uuid = about.uuid(dataset.descriptor.get("id"))
    return [{"type": "other", "value": f"urn:uuid:{uuid}", "description": "The dataset, all versions"}] if uuid else []


# -- BibTeX ------------------------------------------------------------------------------------------------------------

SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    sign: f"\\{sign}" for sign in "{}$&#_%"
}
"""What TeX takes for more than a sign, and how it is written as one."""


def bibtex(dataset: Dataset) -> str:
    """An entry `@misc`, which every style knows; members that nothing is known of are left out."""
    people = about.creators(dataset.descriptor)
    names = [
        f"{_tex(person.family)}, {_tex(person.given)}" if person.family and person.given else f"{{{_tex(person.name)}}}"
        for person in people
    ]
    publisher = about.in_role(dataset.descriptor, "publisher")
    members = {
        "author": " and ".join(names),
        "title": f"{{{_tex(dataset.text(dataset.descriptor, 'title') or dataset.package.name)}}}",
        "year": (dataset.date or "")[:4],
        "note": ", ".join(filter(None, [f"Version {_tex(dataset.version)}" if dataset.version else "", dataset.date])),
        "publisher": f"{{{_tex(publisher.name)}}}" if publisher else "",
        "doi": dataset.doi or "",
        "url": dataset.root or "",
    }
    lines = [f"  {name:<9} = {{{value}}}," for name, value in members.items() if value]
    return "\n".join([f"@misc{{{_bibtex_key(dataset)},", *lines, "}"])


def _bibtex_key(dataset: Dataset) -> str:
    plain = unicodedata.normalize("NFKD", dataset.package.name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{plain}-{dataset.version or ''}").strip("-") or "dataset"


def _tex(text: str) -> str:
    return "".join(SPECIAL.get(sign, sign) for sign in " ".join(text.split()))
