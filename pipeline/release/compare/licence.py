"""Whether a licence allows less than another, so far as that is known.

Licences are ordered where each right and duty of one is known to be within the other's: the public domain, then
attribution, then share-alike, then no commerce or no changes. Share-alike of one family forbids what share-alike of
another demands. Of any other pair nobody here can tell, and what is not known counts as a restriction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

DUTIES: dict[str, frozenset[str]] = {
    "cc0": frozenset(),
    "pddl": frozenset(),
    "cc-by": frozenset({"by"}),
    "odc-by": frozenset({"by"}),
    "cc-by-sa": frozenset({"by", "sa of CC"}),
    "odbl": frozenset({"by", "sa of ODbL"}),
    "cc-by-nc": frozenset({"by", "nc"}),
    "cc-by-nd": frozenset({"by", "nd"}),
    "cc-by-nc-sa": frozenset({"by", "nc", "sa of CC-NC"}),
    "cc-by-nc-nd": frozenset({"by", "nc", "nd"}),
}
"""What a licence asks of who uses the data, by its SPDX or Open Definition name without the version."""

ADDRESSES = {
    r"creativecommons\.org/licenses/([a-z-]+)/": "cc-{}",
    r"creativecommons\.org/publicdomain/zero/": "cc0",
    r"opendatacommons\.org/licenses/(odbl|pddl)": "{}",
    r"opendatacommons\.org/licenses/by": "odc-by",
}
"""Where a licence's text is, for those that are named by nothing else."""

Licence = Mapping[str, Any]


def restricts(old: list[Licence], new: list[Licence]) -> bool:
    """Whether one of the `new` licences may ask more than every one of the `old` ones.

    Who uses data under several licences has chosen one of them, so each right that was given must still be given.
    Without any licence nothing is allowed.
    """
    if not new:
        return bool(old)
    return any(not any(_within(given, taken) for given in new) for taken in old)


def _within(given: Licence, taken: Licence) -> bool:
    """Whether all that `taken` allowed, `given` allows, too."""
    duties, before = duties_of(given), duties_of(taken)
    if duties is None or before is None:
        return _identity(given) == _identity(taken)
    return duties <= before or (before - duties == {"nc", "sa of CC-NC"} and duties - before == {"sa of CC"})


def duties_of(licence: Licence) -> frozenset[str] | None:
    """What the licence asks; None where that is not known."""
    known = DUTIES.get(_family(str(licence.get("name") or "")))
    return DUTIES.get(_family_at(str(licence.get("path") or ""))) if known is None else known


def _identity(licence: Licence) -> tuple[str, ...]:
    """What tells a licence that nothing is known of: a name such as `other-open` says nothing without its address."""
    return tuple(str(licence.get(member) or "") for member in ("name", "path"))


def names(licences: Iterable[Licence]) -> str | None:
    """The licences by name, each once, with the address of one that its name does not tell; None without any."""
    return ", ".join(dict.fromkeys(map(_shown, licences))) or None


def _shown(licence: Licence) -> str:
    name, path, title = (str(licence.get(member) or "") for member in ("name", "path", "title"))
    return f"{name} ({path})" if name and path and duties_of(licence) is None else name or path or title


def _family(name: str) -> str:
    """`cc-by` of `CC-BY-4.0`, `odbl` of `ODC-ODbL-1.0`."""
    parts = [part for part in name.lower().split("-") if not part[:1].isdigit()]
    return "-".join(parts[1:] if parts[:1] == ["odc"] and parts[1:] != ["by"] else parts)


def _family_at(path: str) -> str:
    for pattern, family in ADDRESSES.items():
        if found := re.search(pattern, path.lower()):
            return family.format(*found.groups())
    return ""
