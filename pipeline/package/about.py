"""What a descriptor says about its package: texts in their languages, people, licences, sources, addresses.

Descriptors are read with suspicion: what is not the text, list or address that the standard asks for counts as not
said. A text without a language tag (`title` beside `title@sv`) is in the first of the package's `languages` that has
no text of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
"""ISO 639-1, as in a descriptor, to ISO 639-3, as InvenioRDM and the EU's vocabulary want it."""

CONTRIBUTOR_TYPES = {
    "contact": "ContactPerson",
    "contributor": "Other",
    "dataCurator": "DataCurator",
    "funder": "Sponsor",
    "maintainer": "DataManager",
    "originator": "DataCollector",
    "owner": "RightsHolder",
    "publisher": "Distributor",
    "wrangler": "DataCurator",
}
"""Roles of contributors (Data Package 2 and 1) to contributor types of DataCite; InvenioRDM has them in lower case."""

UNKNOWN = ""
"""The language of a text that carries no tag, in a package that names no language."""

TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
ADDRESS = re.compile(r"https?://[^\s/?#<>\"{}|\\^`\x00-\x20\x7f-\x9f]+(/[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]*)?")
MAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]{}|^`?#%/&]+@[^\s@<>\"(),:;\\\[\]{}|^`?#%/&]+")
DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.[0-9]{4,9}/[^\s<>\"{}|\\^`]+)", re.IGNORECASE)
UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """Somebody in `contributors`: a person where a given or family name is known, else an organisation.

    `kind` is a term of http://purl.org/adms/publishertype/, the member `type`, which is our own.
    """

    name: str
    given: str | None
    family: str | None
    path: str | None
    email: str | None
    organization: str | None
    kind: str | None
    roles: tuple[str, ...]

    @property
    def is_person(self) -> bool:
        """Whether it is a human being."""
        return bool(self.given or self.family)

    @property
    def orcid(self) -> str | None:
        """The ORCID of a person, where `path` leads to it."""
        return self._found(r"https?://orcid\.org/([0-9X-]{19})/?") if self.is_person else None

    @property
    def ror(self) -> str | None:
        """The ROR of an organisation, where `path` leads to it."""
        return None if self.is_person else self._found(r"https?://ror\.org/([a-z0-9]{9})/?")

    def _found(self, pattern: str) -> str | None:
        found = re.fullmatch(pattern, self.path or "")
        return found[1] if found else None


@dataclass(frozen=True)
class Licence:
    """One of `licenses`: its SPDX id (`name`), address and title, of which at least one is there."""

    name: str | None
    path: str | None
    title: str | None

    def __str__(self) -> str:
        return self.title or self.name or self.path or ""


@dataclass(frozen=True)
class Source:
    """One of `sources`; at least one of the two is there."""

    title: str | None
    path: str | None


def languages(descriptor: Mapping[str, Any]) -> list[str]:
    """The language tags of a package, the first of which is that of its texts without a tag."""
    return [tag for tag in _strings(descriptor.get("languages")) if TAG.fullmatch(tag)]


PAGES = ("en", "sv")
"""The languages of pages for people."""


def page_names(stem: str, descriptor: Mapping[str, Any]) -> dict[str, str]:
    """The file of a page of a release in each language: `<stem>.html` in the package's first, if pages speak it."""
    tags = languages(descriptor)[:1]
    first = next((each for each in PAGES for tag in tags if tag.startswith(each)), PAGES[0])
    return {each: f"{stem}.html" if each == first else f"{stem}.{each}.html" for each in PAGES}


def texts(holder: Mapping[str, Any], member: str, spoken: list[str]) -> dict[str, str]:
    """The text of a member by language (`title`, `title@sv`), that without a tag first; blank ones are left out."""
    return {tag: found for tag, value in _by_language(holder, member, spoken) if (found := text(value))}


def words(holder: Mapping[str, Any], member: str, spoken: list[str]) -> dict[str, list[str]]:
    """The same for a list of texts (`keywords`, `keywords@sv`)."""
    listed = ((tag, list(dict.fromkeys(_strings(value)))) for tag, value in _by_language(holder, member, spoken))
    return {tag: found for tag, found in listed if found}


def _by_language(holder: Mapping[str, Any], member: str, spoken: list[str]) -> list[tuple[str, Any]]:
    """The values of a member by language tag; what carries no tag is in the first language that has no other."""
    parts = [(name.partition("@"), value) for name, value in holder.items()]
    tagged = [(tag, value) for (base, _, tag), value in parts if base == member and TAG.fullmatch(tag)]
    taken = {tag for tag, _ in tagged}
    own = next((tag for tag in spoken if tag not in taken), None if spoken and taken else UNKNOWN)
    return ([] if own is None else [(own, holder.get(member))]) + tagged


def people(descriptor: Mapping[str, Any]) -> list[Person]:
    """Everybody in `contributors` who has a name."""
    found = [_person(member) for member in _objects(descriptor.get("contributors"))]
    return [person for person in found if person.name]


def creators(descriptor: Mapping[str, Any]) -> list[Person]:
    """Those who made the data: the creators and authors, or everybody where nobody is called so."""
    everybody = people(descriptor)
    return [person for person in everybody if {"creator", "author"} & {*person.roles}] or everybody


def in_role(descriptor: Mapping[str, Any], role: str) -> Person | None:
    """The first in `contributors` with a role."""
    return next((person for person in people(descriptor) if role in person.roles), None)


def contributor_types(person: Person) -> list[str]:
    """What DataCite calls somebody who contributed: at least one type."""
    return list(dict.fromkeys(CONTRIBUTOR_TYPES[role] for role in person.roles if role in CONTRIBUTOR_TYPES)) or [
        "Other"
    ]


def licences(holder: Mapping[str, Any]) -> list[Licence]:
    """The licences of a package or a resource."""
    found = [
        Licence(text(member.get("name")), address(member.get("path")), text(member.get("title")))
        for member in _objects(holder.get("licenses"))
    ]
    return [licence for licence in found if str(licence)]


def sources(descriptor: Mapping[str, Any]) -> list[Source]:
    """What a package was made from."""
    found = [
        Source(text(member.get("title")), address(member.get("path"))) for member in _objects(descriptor.get("sources"))
    ]
    return [source for source in found if source.title or source.path]


def address(value: Any) -> str | None:
    """An http or https address with nothing in it that could end it early (RFC 3986, RFC 3987), or None."""
    return value.strip() if isinstance(value, str) and ADDRESS.fullmatch(value.strip()) else None


def doi(value: Any) -> str | None:
    """The bare DOI in a DOI or in its address, or None."""
    found = DOI.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1] if found else None


def uuid(value: Any) -> str | None:
    """The UUID in a UUID or in its URN, in lower case, or None."""
    found = UUID.fullmatch(value.strip()) if isinstance(value, str) else None
    return found[1].lower() if found else None


def text(value: Any) -> str | None:
    """A text that is not blank, without space around it, or None."""
    return (value.strip() or None) if isinstance(value, str) else None


def iso_639_3(tag: str) -> str | None:
    """The ISO 639-3 code of a language tag such as sv, sv-SE or swe."""
    code = tag.partition("-")[0].lower()
    return code if re.fullmatch(r"[a-z]{3}", code) else LANGUAGES.get(code)


def _person(member: Mapping[str, Any]) -> Person:
    given, family = text(member.get("givenName")), text(member.get("familyName"))
    email = text(member.get("email"))
    return Person(
        text(member.get("title")) or " ".join(part for part in (given, family) if part),
        given,
        family,
        address(member.get("path")),
        email if email and MAIL.fullmatch(email) else None,
        text(member.get("organization")),
        text(member.get("type")),
        tuple(_strings(member.get("roles") or member.get("role"))),
    )


def _strings(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [found for each in values if (found := text(each))]


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []
