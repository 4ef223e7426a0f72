"""DCAT-AP-SE 3 (and with it DCAT-AP 3): one graph, as RDF/XML, which dataportal.se harvests, and as Turtle.

A catalogue of one dataset. Its distributions are the formats: each holds the same data, be it in one file or in a file
a table. What is required and recommended: https://docs.dataportal.se/dcat/ and its harvesting page. Nothing is a blank
node, and everything but the files has an address that stays the same from release to release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.describe import coverage, distributions
from pipeline.describe.dataset import BASE_URL, Dataset
from pipeline.describe.distributions import Distribution
from pipeline.describe.document import Document, Note, require
from pipeline.describe.rdf import (
    DCAT,
    DCATAP,
    DCTERMS,
    FOAF,
    GEO,
    PROV,
    RDFS,
    SPDX,
    TYPE,
    VCARD,
    XSD,
    Literal,
    Triple,
    rdf_xml,
    turtle,
)
from pipeline.package import about
from pipeline.package.about import UNKNOWN, Person

AUTHORITY = "http://publications.europa.eu/resource/authority"
PUBLISHER_TYPE = "http://purl.org/adms/publishertype/"
MEDIA_TYPE = "http://www.iana.org/assignments/media-types"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
"""The licence of every catalogue, by DCAT-AP-SE."""

CODE = re.compile(r"[A-Z][A-Z0-9_]*")
KIND = re.compile(r"[A-Za-z()-]+")
CREATIVE_COMMONS = re.compile(
    r"https?://(creativecommons\.org/(?:licenses|publicdomain)/.*?)(?:/|/deed\.[\w-]+|/legalcode)?"
)
AGENT = re.compile(r"https?://(dataportal\.se/organisation/|ror\.org/|isni\.org/|www\.wikidata\.org/entity/).+")
"""Addresses that stand for a body, and not for its website."""


def render_xml(dataset: Dataset) -> Document:
    """The graph as RDF/XML."""
    return Document(rdf_xml(graph(dataset)), notes(dataset))


def render_turtle(dataset: Dataset) -> Document:
    """The graph as Turtle."""
    return Document(turtle(graph(dataset)), notes(dataset))


def graph(dataset: Dataset) -> list[Triple]:
    """The catalogue, its publisher and contact, the dataset and its distributions.

    Raises InvalidData that names what datapackage.json lacks.
    """
    descriptor = dataset.descriptor
    publisher = about.in_role(descriptor, "publisher")
    require(
        dataset,
        "DCAT-AP-SE",
        (dataset.base_url, BASE_URL, "Say where releases are published: in `baseUrl`, or with --base-url."),
        (dataset.texts(descriptor, "title"), "title", "Name the dataset in `title`."),
        (dataset.texts(descriptor, "description"), "description", "Describe the dataset in `description`."),
        (dataset.languages, "languages", 'Name the languages of the texts in `languages`, as in ["sv", "en"].'),
        (about.licences(descriptor), "licenses", "Name the licence in `licenses`."),
        (publisher, "contributors", 'Name the publisher in `contributors`, with "roles": ["publisher"].'),
        (
            publisher is None or (publisher.kind and KIND.fullmatch(publisher.kind)),
            "contributors.type",
            f"Give the publisher a `type`, the last part of an address in {PUBLISHER_TYPE}, as NonProfitOrganisation.",
        ),
    )
    assert publisher is not None
    return [
        *_catalogue(dataset, publisher),
        *_dataset(dataset, publisher),
        *_publisher(dataset, publisher),
        *_contact(dataset),
        *_coverage(dataset),
        *_provenance(dataset),
        *(triple for each in distributions.of(dataset) for triple in _distribution(dataset, each)),
    ]


def notes(dataset: Dataset) -> tuple[Note, ...]:
    """What the graph leaves out."""
    found = [
        Note(
            "resources.schema", "DCAT describes no columns or keys; the files csvw-metadata.json and croissant.json do."
        ),
    ]
    contact = about.in_role(dataset.descriptor, "contact")
    if contact is None or contact.email is None:
        reason = "Nobody with the role contact has an e-mail address, which a contact must have: no dcat:contactPoint."
        found.append(Note("contributors.email", reason))
    found += [
        Note(member, f"It is not said, so {term}, which is recommended, is left out.")
        for member, term in (
            ("issued", "dcterms:issued of the dataset"),
            ("keywords", "dcat:keyword"),
            ("themes", "dcat:theme"),
            ("spatial", "dcterms:spatial"),
            ("temporal", "dcterms:temporal"),
            ("accrualPeriodicity", "dcterms:accrualPeriodicity"),
        )
        if not dataset.descriptor.get(member)
    ]
    if about.uuid(dataset.descriptor.get("id")) is None:
        found.append(Note("id", "It is no UUID, so the dataset is told from others by its address."))
    for each in distributions.of(dataset):
        if len(each.files) > 1:
            reason = f"{each.name} is of several files, and a distribution has one checksum: see SHA256SUMS."
            found.append(Note("resources.hash", reason))
    return tuple(found)


# -- the catalogue and the dataset -----------------------------------------------------------------------------------


def _catalogue(dataset: Dataset, publisher: Person) -> Iterator[Triple]:
    catalogue = _own(dataset, "catalog")
    yield catalogue, TYPE, f"{DCAT}Catalog"
    for member in ("title", "description"):
        yield from _texts(dataset, catalogue, f"{DCTERMS}{member}", member)
    yield catalogue, f"{DCTERMS}publisher", _agent(dataset, publisher)
    yield catalogue, f"{DCTERMS}license", CC0
    if dataset.date:
        yield catalogue, f"{DCTERMS}modified", Literal(dataset.date, datatype=f"{XSD}date")
    yield from _languages(dataset, catalogue)
    yield catalogue, f"{DCAT}themeTaxonomy", f"{AUTHORITY}/data-theme"
    yield catalogue, f"{FOAF}homepage", str(dataset.base_url)
    yield catalogue, f"{DCAT}dataset", _own(dataset, "dataset")


def _dataset(dataset: Dataset, publisher: Person) -> Iterator[Triple]:
    subject, descriptor = _own(dataset, "dataset"), dataset.descriptor
    yield subject, TYPE, f"{DCAT}Dataset"
    yield subject, f"{DCTERMS}identifier", Literal(about.uuid(descriptor.get("id")) or subject)
    for member in ("title", "description"):
        yield from _texts(dataset, subject, f"{DCTERMS}{member}", member)
    yield subject, f"{DCTERMS}publisher", _agent(dataset, publisher)
    if (contact := about.in_role(descriptor, "contact")) and contact.email:
        yield subject, f"{DCAT}contactPoint", _own(dataset, "contact")
    for language, words in dataset.words("keywords").items():
        for word in words:
            yield subject, f"{DCAT}keyword", Literal(word, language)
    for theme in about.words(descriptor, "themes", []).get(UNKNOWN, []):
        if CODE.fullmatch(theme):
            yield subject, f"{DCAT}theme", f"{AUTHORITY}/data-theme/{theme}"
    yield subject, f"{DCTERMS}accessRights", f"{AUTHORITY}/access-right/{_code(dataset, 'accessRights', 'PUBLIC')}"
    if frequency := _code(dataset, "accrualPeriodicity", None):
        yield subject, f"{DCTERMS}accrualPeriodicity", f"{AUTHORITY}/frequency/{frequency}"
    for member, day in (("issued", about.text(descriptor.get("issued"))), ("modified", dataset.date)):
        if day and re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            yield subject, f"{DCTERMS}{member}", Literal(day, datatype=f"{XSD}date")
    yield from _languages(dataset, subject)
    if schema := about.address(descriptor.get("$schema")):
        yield subject, f"{DCTERMS}conformsTo", schema
    yield subject, f"{DCAT}landingPage", str(dataset.base_url)
    if dataset.version:
        yield subject, f"{DCAT}version", Literal(dataset.version)
    for each in distributions.of(dataset):
        yield subject, f"{DCAT}distribution", _own(dataset, each.name)


def _publisher(dataset: Dataset, publisher: Person) -> Iterator[Triple]:
    subject = _agent(dataset, publisher)
    yield subject, TYPE, f"{FOAF}Agent"
    yield subject, f"{FOAF}name", Literal(publisher.name)
    yield subject, f"{DCTERMS}type", f"{PUBLISHER_TYPE}{publisher.kind}"
    if publisher.path and publisher.path != subject:
        yield subject, f"{FOAF}homepage", publisher.path


def _contact(dataset: Dataset) -> Iterator[Triple]:
    contact = about.in_role(dataset.descriptor, "contact")
    if contact is None or contact.email is None:
        return
    subject = _own(dataset, "contact")
    yield subject, TYPE, f"{VCARD}{'Individual' if contact.is_person else 'Organization'}"
    yield subject, f"{VCARD}fn", Literal(contact.name)
    yield subject, f"{VCARD}hasEmail", f"mailto:{contact.email}"
    if contact.path:
        yield subject, f"{VCARD}hasURL", contact.path


def _coverage(dataset: Dataset) -> Iterator[Triple]:
    subject = _own(dataset, "dataset")
    for number, place in enumerate(coverage.places(dataset), 1):
        where = place.path or _own(dataset, f"place-{number}")
        yield subject, f"{DCTERMS}spatial", where
        if place.path is None:
            yield where, TYPE, f"{DCTERMS}Location"
            for language, title in place.titles.items():
                yield where, f"{RDFS}label", Literal(title, language)
    if bounds := coverage.bounds(dataset):
        west, south, east, north = bounds
        corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
        polygon = ", ".join(f"{longitude} {latitude}" for longitude, latitude in corners)
        where = _own(dataset, "area")
        yield subject, f"{DCTERMS}spatial", where
        yield where, TYPE, f"{DCTERMS}Location"
        yield where, f"{DCAT}bbox", Literal(f"POLYGON(({polygon}))", datatype=f"{GEO}wktLiteral")
    start, end = coverage.period(dataset)
    if start or end:
        when = _own(dataset, "period")
        yield subject, f"{DCTERMS}temporal", when
        yield when, TYPE, f"{DCTERMS}PeriodOfTime"
        for term, day in (("startDate", start), ("endDate", end)):
            if day:
                yield (
                    when,
                    f"{DCAT}{term}",
                    Literal(day, datatype=f"{XSD}{('gYear', 'gYearMonth', 'date')[day.count('-')]}"),
                )


def _provenance(dataset: Dataset) -> Iterator[Triple]:
    for source in about.sources(dataset.descriptor):
        if source.path:
            yield _own(dataset, "dataset"), f"{PROV}wasDerivedFrom", source.path


# -- a distribution --------------------------------------------------------------------------------------------------


def _distribution(dataset: Dataset, distribution: Distribution) -> Iterator[Triple]:
    subject = _own(dataset, distribution.name)
    yield subject, TYPE, f"{DCAT}Distribution"
    for language, title in distribution.titles(dataset).items():
        yield subject, f"{DCTERMS}title", Literal(title, language)
    for language, words in distribution.words.items():
        yield subject, f"{DCTERMS}description", Literal(words, language)
    yield subject, f"{DCAT}accessURL", str(dataset.root)
    for file in distribution.files:
        yield subject, f"{DCAT}downloadURL", dataset.address(file.path)
    form = distribution.form
    content = distribution.content
    if content.file_type:
        yield subject, f"{DCTERMS}format", f"{AUTHORITY}/file-type/{content.file_type}"
    yield subject, f"{DCAT}mediaType", f"{MEDIA_TYPE}/{content.media_type}"
    if content is not form:
        yield subject, f"{DCAT}packageFormat", f"{MEDIA_TYPE}/{form.media_type}"
    licence = distribution.licence
    if licence and licence.path:
        yield subject, f"{DCTERMS}license", _licence(licence.path)
    if distribution.others:
        rights = _own(dataset, f"{distribution.name}/rights")
        yield subject, f"{DCTERMS}rights", rights
        yield rights, TYPE, f"{DCTERMS}RightsStatement"
        for language, words in distribution.rights().items():
            yield rights, f"{RDFS}label", Literal(words, language)
    yield (
        subject,
        f"{DCATAP}availability",
        f"{AUTHORITY}/planned-availability/{_code(dataset, 'availability', 'AVAILABLE')}",
    )
    if dataset.date:
        yield subject, f"{DCTERMS}issued", Literal(dataset.date, datatype=f"{XSD}date")
    yield from _languages(dataset, subject)
    sizes = [file.size for file in distribution.files if file.size is not None]
    if len(sizes) == len(distribution.files):
        yield subject, f"{DCAT}byteSize", Literal(str(sum(sizes)), datatype=f"{XSD}nonNegativeInteger")
    digests = [file.sha256 for file in distribution.files]
    if len(digests) == 1 and digests[0]:
        checksum = _own(dataset, f"{distribution.name}/checksum")
        yield subject, f"{SPDX}checksum", checksum
        yield checksum, TYPE, f"{SPDX}Checksum"
        yield checksum, f"{SPDX}algorithm", f"{SPDX}checksumAlgorithm_sha256"
        yield checksum, f"{SPDX}checksumValue", Literal(digests[0], datatype=f"{XSD}hexBinary")


# -- terms -----------------------------------------------------------------------------------------------------------


def _own(dataset: Dataset, name: str) -> str:
    """The address of something that the catalogue itself speaks of."""
    return f"{dataset.base_url}#{name}"


def _agent(dataset: Dataset, publisher: Person) -> str:
    path = publisher.path or ""
    return path if AGENT.fullmatch(path) else _own(dataset, "publisher")


def _licence(path: str) -> str:
    """A licence's address; those of Creative Commons as dataportal.se wants them, with http and a last slash."""
    found = CREATIVE_COMMONS.fullmatch(path)
    return f"http://{found[1]}/" if found else path


def _texts(dataset: Dataset, subject: str, predicate: str, member: str) -> Iterator[Triple]:
    for language, text in dataset.texts(dataset.descriptor, member).items():
        yield subject, predicate, Literal(text, language)


def _languages(dataset: Dataset, subject: str) -> Iterator[Triple]:
    for tag in dataset.languages:
        if code := about.iso_639_3(tag):
            yield subject, f"{DCTERMS}language", f"{AUTHORITY}/language/{code.upper()}"


def _code(dataset: Dataset, member: str, default: str | None) -> str | None:
    code = about.text(dataset.descriptor.get(member))
    return code if code and CODE.fullmatch(code) else default
