"""How a release is cited in BibTeX."""

from __future__ import annotations

import re
import unicodedata

from pipeline.describe.dataset import Dataset
from pipeline.package import about

SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    sign: f"\\{sign}" for sign in "{}$&#_%"
}
"""What TeX takes for more than a sign, and how it is written as one."""


def entry(dataset: Dataset) -> str:
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
        "url": dataset.root or about.address(dataset.descriptor.get("homepage")) or "",
    }
    lines = [f"  {name:<9} = {{{value}}}," for name, value in members.items() if value]
    return "\n".join([f"@misc{{{_key(dataset)},", *lines, "}"])


def _key(dataset: Dataset) -> str:
    plain = unicodedata.normalize("NFKD", dataset.package.name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{plain}-{dataset.version or ''}").strip("-") or "dataset"


def _tex(text: str) -> str:
    return "".join(SPECIAL.get(sign, sign) for sign in " ".join(text.split()))
