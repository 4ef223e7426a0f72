"""What Zenodo is told about a release, from its datapackage.json (InvenioRDM metadata reference; DataCite 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from itertools import chain
from typing import Any, TypeVar

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.package import about
from pipeline.package.about import Person
from pipeline.package.package import DESCRIPTOR
from pipeline.publish.contents import SUMS, Release

T = TypeVar("T")


def metadata(release: Release) -> dict[str, Any]:
    """The `metadata` of a record for this release; empty members are left out.

    Raises InvalidData where the descriptor lacks what a record must have: a title, and somebody who made it.
    """
    descriptor = release.descriptor
    spoken = about.languages(descriptor)
    titles, descriptions = (about.texts(descriptor, member, spoken) for member in ("title", "description"))
    title = about.text(descriptor.get("title"))
    people, creators = about.people(descriptor), about.creators(descriptor)
    problems = [
        Problem(Kind.BAD_DESCRIPTOR, f"has {what}, which a record needs", fix, file=str(release.folder / DESCRIPTOR))
        for there, what, fix in (
            (title, "no `title`", "Add it, and release again."),
            (creators, "no one in `contributors`", "Name those who made the data, and release again."),
        )
        if not there
    ]
    if problems:
        raise InvalidData(problems)
    keywords = about.words(descriptor, "keywords", spoken)
    description = about.text(descriptor.get("description"))
    members = {
        "resource_type": {"id": "dataset"},
        "title": title,
        "additional_titles": [
            {"title": text, "type": {"id": "translated-title"}, "lang": {"id": language}}
            for language, text in _translations(titles, title)
        ],
        "publication_date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "publisher": "Zenodo",
        "version": release.version,
        "creators": [_creator(person) for person in creators],
        "contributors": [
            {**_creator(person), "role": {"id": about.contributor_types(person)[0].lower()}}
            for person in people
            if person not in creators
        ],
        "description": _html(description or str(title)),
        "additional_descriptions": [
            *(
                {"description": _html(text), "type": {"id": "abstract"}, "lang": {"id": language}}
                for language, text in _translations(descriptions, description)
            ),
            {"description": mark(release), "type": {"id": "technical-info"}},
        ],
        "rights": _rights(descriptor),
        "languages": [{"id": code} for code in _unique(map(about.iso_639_3, spoken)) if code],
        "subjects": [{"subject": word} for word in _unique(chain(*keywords.values()))],
        "related_identifiers": _related(descriptor),
    }
    return {name: value for name, value in members.items() if value}


OWNED = (
    "additional_descriptions",
    "additional_titles",
    "contributors",
    "creators",
    "description",
    "languages",
    "publication_date",
    "publisher",
    "related_identifiers",
    "resource_type",
    "rights",
    "subjects",
    "title",
    "version",
)
"""What is said anew with every release; a person's additions to other members of a draft stay."""


def mark(release: Release) -> str:
    """A sentence that tells this release from all others, by which its draft is found again."""
    return f"Release {release.version}{_of(release)} {release.sums.sha256}."


def _of(release: Release) -> str:
    return f" of {release.name}; its {SUMS} has the SHA-256"


def is_marked(record: Mapping[str, Any], release: Release) -> bool:
    """Whether a draft or record was made for this release."""
    return f"{_of(release)} {release.sums.sha256}" in _said(record)


def is_of_package(record: Mapping[str, Any], release: Release) -> bool:
    """Whether a draft or record was made for any release of the same package."""
    return _of(release) in _said(record)


def _said(record: Mapping[str, Any]) -> str:
    descriptions = record.get("metadata", {}).get("additional_descriptions") or []
    return "\n".join(str(description.get("description")) for description in descriptions)


def _creator(person: Person) -> dict[str, Any]:
    who: dict[str, Any]
    if person.is_person:
        who = {"type": "personal", "given_name": person.given or "", "family_name": person.family or person.given}
    else:
        who = {"type": "organizational", "name": person.name}
    if identifier := person.orcid or person.ror:
        who["identifiers"] = [{"scheme": "orcid" if person.orcid else "ror", "identifier": identifier}]
    affiliations = {"affiliations": [{"name": person.organization}]} if person.organization else {}
    return {"person_or_org": who} | affiliations


def _rights(descriptor: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The licences: by their SPDX id in lower case, as in Zenodo's list, or else by their title."""
    return [
        {"id": licence.name.lower()}
        if licence.name
        else {"title": {"en": str(licence)}} | ({"link": licence.path} if licence.path else {})
        for licence in about.licences(descriptor)
    ]


def _related(descriptor: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sources that it was derived from, and the homepage that documents it."""
    pairs = [(source.path, "isderivedfrom") for source in about.sources(descriptor)]
    pairs.append((about.address(descriptor.get("homepage")), "isdocumentedby"))
    return [{**_identifier(path), "relation_type": {"id": relation}} for path, relation in _unique(pairs) if path]


def _identifier(path: str) -> dict[str, str]:
    doi = about.doi(path)
    return {"identifier": doi, "scheme": "doi"} if doi else {"identifier": path, "scheme": "url"}


def _translations(texts: Mapping[str, str], main: str | None) -> list[tuple[str, str]]:
    """The texts in other languages than the `main` one's, by ISO 639-3 code."""
    found = ((about.iso_639_3(language), text) for language, text in texts.items() if text != main)
    return [(language, text) for language, text in found if language]


def _html(text: str) -> str:
    """A text as paragraphs; what looks like HTML in it is text."""
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in re.split(r"\n\s*\n", text.strip()))


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
