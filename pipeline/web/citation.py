"""How a version of a dataset is cited in a sentence: who, when, what, which version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.package import about
from pipeline.web.words import Words


def citation(words: Words, descriptor: Mapping[str, Any], title: str, part: str | None = None) -> str:
    """The sentence, in the language of `words`, without an address. `part` is the title of a table or row within."""
    who = "; ".join(person.name for person in about.creators(descriptor))
    year = (about.text(descriptor.get("created")) or "")[:4]
    version = about.text(descriptor.get("version"))
    what = f"{title} ({words.text('version', version=version)})" if version else title
    if part:
        end = "" if part.endswith((".", "?", "!")) else "."
        what = f"{part}{end} {words.text('cite_in')} {what}"
    if not who:
        return f"{what}, {year}." if year else f"{what}."
    return f"{who} ({year}). {what}." if year else f"{who}. {what}."


def address(descriptor: Mapping[str, Any]) -> str | None:
    """The address of the dataset's DOI, if it has one."""
    doi = about.doi(descriptor.get("doi")) or about.doi(descriptor.get("id"))
    return f"https://doi.org/{doi}" if doi else None
