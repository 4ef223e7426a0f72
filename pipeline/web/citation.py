"""How a version of a dataset is cited in a sentence: who, when, what, which version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pipeline.package import about
from pipeline.web.words import Words


def citation(words: Words, descriptor: Mapping[str, Any], title: str, part: str | None = None) -> str:
    """The sentence, in the language of `words`, without an address. `part` is the title of a table or row within."""
    who = "; ".join(person.name for person in about.creators(descriptor))
    date = (about.text(descriptor.get("created")) or "")[:10]
    year = date[:4]
    version = about.text(descriptor.get("version"))
    edition = ", ".join(filter(None, [words.text("version", version=version) if version else "", date]))
    what = f"{title} ({edition})" if edition else title
    if part:
        end = "" if part.endswith((".", "?", "!")) else "."
        what = f"{part}{end} {words.text('cite_in')} {what}"
    if not who:
        return f"{what}, {year}." if year else f"{what}."
    return f"{who} ({year}). {what}." if year else f"{who}. {what}."


def address(descriptor: Mapping[str, Any]) -> str | None:
    """The address that stays: of the DOI, or else of the version below `baseUrl`; None for what is not published."""
    doi = about.doi(descriptor.get("doi")) or about.doi(descriptor.get("id"))
    if doi:
        return f"https://doi.org/{doi}"
    base, version = about.address(descriptor.get("baseUrl")), about.text(descriptor.get("version"))
    if base is None:
        return None
    return f"{base.rstrip('/')}/{quote(version)}/" if version else base
