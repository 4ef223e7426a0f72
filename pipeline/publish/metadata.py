"""What Zenodo is told about a release, from its datapackage.json (InvenioRDM metadata reference; DataCite 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any, TypeVar

from pipeline.descriptor import as_list
from pipeline.errors import InvalidData, Kind, Problem
from pipeline.package import DESCRIPTOR
from pipeline.publish.contents import SUMS, Release

T = TypeVar("T")

LANGUAGES = {
    "da": "dan",
    "de": "deu",
    "en": "eng",
    "es": "spa",
    "et": "est",
    "fi": "fin",
    "fr": "fra",
    "is": "isl",
    "lt": "lit",
    "lv": "lav",
    "nb": "nob",
    "nl": "nld",
    "nn": "nno",
    "no": "nor",
    "pl": "pol",
    "se": "sme",
    "sv": "swe",
}
"""ISO 639-1, as in a descriptor, to ISO 639-3, as InvenioRDM wants it."""

CREATORS = {"creator", "author"}
ROLES = {
    "contact": "contactperson",
    "contributor": "other",
    "dataCurator": "datacurator",
    "funder": "sponsor",
    "maintainer": "datamanager",
    "originator": "datacollector",
    "owner": "rightsholder",
    "publisher": "distributor",
    "wrangler": "datacurator",
}
"""Roles of contributors (Data Package 2 and 1) to contributor types of DataCite."""


def metadata(release: Release) -> dict[str, Any]:
    """The `metadata` of a record for this release; empty members are left out.

    Raises InvalidData where the descriptor lacks what a record must have: a title, and somebody who made it.
    """
    descriptor = release.descriptor
    title = descriptor.get("title")
    people = [person for person in descriptor.get("contributors") or [] if _name(person)]
    creators = [person for person in people if CREATORS & {*_roles(person)}] or people
    problems = [
        Problem(Kind.BAD_DESCRIPTOR, f"says {what}, which a record must", fix, file=str(release.folder / DESCRIPTOR))
        for there, what, fix in (
            (title, "no `title`", "Add it, and release again."),
            (creators, "nobody in `contributors`", "Name those who made the data, and release again."),
        )
        if not there
    ]
    if problems:
        raise InvalidData(problems)
    members = {
        "resource_type": {"id": "dataset"},
        "title": title,
        "additional_titles": [
            {"title": text, "type": {"id": "translated-title"}, "lang": {"id": language}}
            for language, text in _translations(descriptor, "title")
        ],
        "publication_date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "publisher": "Zenodo",
        "version": release.version,
        "creators": [_creator(person) for person in creators],
        "contributors": [
            {**_creator(person), "role": {"id": _role(person)}} for person in people if person not in creators
        ],
        "description": _html(str(descriptor.get("description") or title)),
        "additional_descriptions": [
            *(
                {"description": _html(text), "type": {"id": "abstract"}, "lang": {"id": language}}
                for language, text in _translations(descriptor, "description")
            ),
            {"description": mark(release), "type": {"id": "technical-info"}},
        ],
        "rights": _rights(descriptor),
        "languages": [{"id": code} for code in _unique(map(_language, as_list(descriptor.get("languages")))) if code],
        "subjects": [{"subject": word} for word in _unique(as_list(descriptor.get("keywords")))],
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


def _creator(person: Mapping[str, Any]) -> dict[str, Any]:
    given, family = person.get("givenName"), person.get("familyName")
    path = str(person.get("path") or "")
    if given or family:
        who = {"type": "personal", "given_name": given or "", "family_name": family or given}
        found = re.fullmatch(r"https?://orcid\.org/([0-9X-]{19})/?", path)
        scheme = "orcid"
    else:
        who = {"type": "organizational", "name": _name(person)}
        found = re.fullmatch(r"https?://ror\.org/([a-z0-9]{9})/?", path)
        scheme = "ror"
    if found:
        who["identifiers"] = [{"scheme": scheme, "identifier": found[1]}]
    organisation = person.get("organization")
    return {"person_or_org": who} | ({"affiliations": [{"name": organisation}]} if organisation else {})


def _name(person: Any) -> str:
    if not isinstance(person, dict):
        return ""
    parts = (person.get("givenName"), person.get("familyName"))
    return str(person.get("title") or " ".join(str(part) for part in parts if part))


def _roles(person: Mapping[str, Any]) -> list[str]:
    """`roles` of Data Package 2, `role` of 1."""
    return as_list(person.get("roles") or person.get("role"))


def _role(person: Mapping[str, Any]) -> str:
    return next((ROLES[role] for role in _roles(person) if role in ROLES), "other")


def _rights(descriptor: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The licences: by their SPDX id in lower case, as in Zenodo's list, or else by their title."""
    rights: list[dict[str, Any]] = []
    for licence in descriptor.get("licenses") or []:
        if licence.get("name"):
            rights.append({"id": str(licence["name"]).lower()})
        else:
            title = str(licence.get("title") or licence.get("path"))
            link = {"link": licence["path"]} if licence.get("path") else {}
            rights.append({"title": {"en": title}, **link})
    return rights


def _related(descriptor: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sources that it was derived from, and the homepage that documents it."""
    sources = [str(source.get("path") or "") for source in descriptor.get("sources") or []]
    homepage = str(descriptor.get("homepage") or "")
    pairs = [(path, "isderivedfrom") for path in sources] + [(homepage, "isdocumentedby")]
    return [
        {**_identifier(path), "relation_type": {"id": relation}}
        for path, relation in _unique(pairs)
        if re.match(r"https?://\S+$", path)
    ]


def _identifier(path: str) -> dict[str, str]:
    doi = re.fullmatch(r"https?://(?:dx\.)?doi\.org/(10\..+)", path)
    return {"identifier": doi[1], "scheme": "doi"} if doi else {"identifier": path, "scheme": "url"}


def _translations(descriptor: Mapping[str, Any], member: str) -> list[tuple[str, str]]:
    """The member in other languages (`title@sv`), by ISO 639-3 code."""
    found = (
        (_language(name.partition("@")[2]), str(text))
        for name, text in descriptor.items()
        if name.startswith(f"{member}@") and text
    )
    return [(language, text) for language, text in found if language]


def _language(tag: str) -> str | None:
    """The ISO 639-3 code of a language tag such as sv, sv-SE or swe."""
    code = tag.partition("-")[0].lower()
    return code if re.fullmatch(r"[a-z]{3}", code) else LANGUAGES.get(code)


def _html(text: str) -> str:
    """A text as paragraphs; what looks like HTML in it is text."""
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in re.split(r"\n\s*\n", text.strip()))


def _unique(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
