"""RDF written with the same bytes each time: Turtle and flat RDF/XML, in the order in which triples are given.

rdflib's RDF/XML depends on the hash seed, and importing it takes longer than describing a release; the tests read with
rdflib what is written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from pipeline.core.xml_text import xml_text

ADMS = "http://www.w3.org/ns/adms#"
DCAT = "http://www.w3.org/ns/dcat#"
DCATAP = "http://data.europa.eu/r5r/"
DCTERMS = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
GEO = "http://www.opengis.net/ont/geosparql#"
PROV = "http://www.w3.org/ns/prov#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SPDX = "http://spdx.org/rdf/terms#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"

PREFIXES = {
    "adms": ADMS,
    "dcat": DCAT,
    "dcatap": DCATAP,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "geo": GEO,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "spdx": SPDX,
    "vcard": VCARD,
    "xsd": XSD,
}

TYPE = f"{RDF}type"

NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\x7f-\x9f]")


@dataclass(frozen=True)
class Literal:
    """A text with its language tag or its datatype; characters that XML cannot hold become U+FFFD."""

    text: str
    language: str | None = None
    datatype: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", xml_text(self.text))


Triple = tuple[str, str, "str | Literal"]
"""Subject and predicate are IRIs; the object is an IRI or a literal. The predicate is of a namespace of `PREFIXES`."""


def turtle(triples: Iterable[Triple]) -> str:
    """The triples as Turtle (https://www.w3.org/TR/turtle/), grouped by subject."""
    lines = [f"@prefix {prefix}: <{namespace}> ." for prefix, namespace in PREFIXES.items()]
    for subject, pairs in _by_subject(triples).items():
        objects: dict[str, list[str]] = {}
        for predicate, value in pairs:
            name, term = ("a", _short(str(value))) if predicate == TYPE else (_short(predicate), _term(value))
            objects.setdefault(name, []).append(term)
        parts = [f"{name} {', '.join(terms)}" for name, terms in objects.items()]
        lines += ["", f"{_iri(subject)} " + " ;\n    ".join(parts) + " ."]
    return "\n".join(lines) + "\n"


def rdf_xml(triples: Iterable[Triple]) -> str:
    """The triples as RDF/XML (https://www.w3.org/TR/rdf-syntax-grammar/); each subject has a type, its element."""
    names = "".join(f"\n    xmlns:{prefix}={quoteattr(namespace)}" for prefix, namespace in PREFIXES.items())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<rdf:RDF{names}>"]
    for subject, pairs in _by_subject(triples).items():
        kind = next(str(value) for predicate, value in pairs if predicate == TYPE)
        lines.append(f"  <{_short(kind)} rdf:about={quoteattr(_checked(subject))}>")
        lines += [
            _element(_short(predicate), value) for predicate, value in pairs if (predicate, value) != (TYPE, kind)
        ]
        lines.append(f"  </{_short(kind)}>")
    return "\n".join([*lines, "</rdf:RDF>"]) + "\n"


def _by_subject(triples: Iterable[Triple]) -> dict[str, list[tuple[str, str | Literal]]]:
    """Predicates and objects by subject, each pair once, in the order given."""
    grouped: dict[str, dict[tuple[str, str | Literal], None]] = {}
    for subject, predicate, value in triples:
        grouped.setdefault(subject, {})[predicate, value] = None
    return {subject: list(pairs) for subject, pairs in grouped.items()}


def _short(iri: str) -> str:
    """An IRI of one of the namespaces, as prefix:name."""
    return next(f"{prefix}:{iri.removeprefix(full)}" for prefix, full in PREFIXES.items() if iri.startswith(full))


def _checked(iri: str) -> str:
    if NOT_IN_IRI.search(iri):
        raise ValueError(f"{iri!r} is not an IRI")
    return iri


def _iri(iri: str) -> str:
    return f"<{_checked(iri)}>"


ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _term(value: str | Literal) -> str:
    if isinstance(value, str):
        return _iri(value)
    text = '"' + "".join(ESCAPES.get(character, character) for character in value.text) + '"'
    if value.language:
        return f"{text}@{value.language}"
    return f"{text}^^{_short(value.datatype)}" if value.datatype else text


def _element(name: str, value: str | Literal) -> str:
    if isinstance(value, str):
        return f"    <{name} rdf:resource={quoteattr(_checked(value))}/>"
    attribute = ""
    if value.language:
        attribute = f" xml:lang={quoteattr(value.language)}"
    elif value.datatype:
        attribute = f" rdf:datatype={quoteattr(value.datatype)}"
    return f"    <{name}{attribute}>{escape(value.text, {chr(13): '&#13;'})}</{name}>"
