"""Templates, and what every page needs: words, addresses, the other language, the releases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup

from pipeline.package.about import address, text
from pipeline.serve.pages.cite import page_data
from pipeline.serve.pages.dataset import Dataset
from pipeline.serve.pages.links import Links
from pipeline.web import templates
from pipeline.web.words import NAMES

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Visit:
    """What a reader asked for: the path behind the beginning of the site, the query string, and `http://host`."""

    path: str
    query: str
    origin: str

    @property
    def rest(self) -> str:
        """The address behind the beginning of the site."""
        return self.path.lstrip("/") + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Place:
    """Where a page stands: the release and language that it belongs to, and where the others begin.

    `languages` are addresses by language; `releases` are told as `version`, `created`, `latest`, `root`.
    """

    language: str
    links: Links
    languages: Mapping[str, str]
    releases: Sequence[Mapping[str, Any]]
    is_latest: bool

    def address(self, visit: Visit) -> str:
        """The address of the page for others to use, or empty: nobody else reaches this machine's own."""
        host = urlsplit(visit.origin).hostname or ""
        is_own = host in ("", "localhost", "::1") or host.startswith("127.")
        return "" if is_own else f"{visit.origin}{self.links.site}{visit.rest}"

    def permanent(self, path: str) -> str:
        """The address of a page in this version, which stays what it is."""
        return f"{self.links.permanent}{path.removeprefix(self.links.root)}"

    def alternates(self, visit: Visit) -> list[tuple[str, str]]:
        """The page in each language, its own too, and `x-default`: code and address."""
        begin = "" if not self.address(visit) else visit.origin
        found = [(code, f"{begin}{site}{visit.rest}") for code, site in self.languages.items()]
        return [*found, ("x-default", found[0][1])] if found else []

    def switches(self, visit: Visit) -> list[tuple[str, str, str]]:
        """The other languages: code, name and the address of the same page there."""
        return [
            (code, NAMES[code], f"{begin}{visit.rest}")
            for code, begin in self.languages.items()
            if code != self.language and code in NAMES
        ]


@cache
def environment() -> Environment:
    """The templates."""
    made = templates.environment(TEMPLATES)
    made.filters["paragraphs"] = paragraphs
    made.filters["web"] = address
    made.globals["page_data"] = page_data
    made.tests["text"] = lambda value: text(value) is not None
    return made


def render(template: str, dataset: Dataset, place: Place, visit: Visit, /, **context: Any) -> str:
    """The page that a template makes of the context."""
    return (
        environment()
        .get_template(template)
        .render(
            t=dataset.words,
            data=dataset,
            links=place.links,
            place=place,
            switches=place.switches(visit),
            visit=visit,
            **context,
        )
    )


def paragraphs(value: str) -> Markup:
    """A text as paragraphs, parted where it has blank lines."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", value) if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in parts)
