"""Whether a licence allows less than another, so far as that is known.

Licences are ordered where each right and duty of one is known to be within the other's: the public domain, then
attribution, then share-alike, then no commerce or no changes. Of any other pair nobody here can tell, and what is not
known counts as a restriction.
"""

from __future__ import annotations

from typing import Any

DUTIES: dict[str, frozenset[str]] = {
    "cc0": frozenset(),
    "pddl": frozenset(),
    "odc-pddl": frozenset(),
    "cc-by": frozenset({"by"}),
    "odc-by": frozenset({"by"}),
    "cc-by-sa": frozenset({"by", "sa"}),
    "odbl": frozenset({"by", "sa"}),
    "odc-odbl": frozenset({"by", "sa"}),
    "cc-by-nc": frozenset({"by", "nc"}),
    "cc-by-nd": frozenset({"by", "nd"}),
    "cc-by-nc-sa": frozenset({"by", "nc", "sa"}),
    "cc-by-nc-nd": frozenset({"by", "nc", "nd"}),
}
"""What a licence asks of who uses the data, by its SPDX or Open Definition name without the version."""


def restricts(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> bool:
    """Whether one of the `new` licences may ask more than every one of the `old` ones.

    Who uses data under several licences has chosen one of them, so each right that was given must still be given.
    Without any licence nothing is allowed.
    """
    if not new:
        return bool(old)
    return any(not any(_within(given, taken) for given in new) for taken in old)


def _within(given: dict[str, Any], taken: dict[str, Any]) -> bool:
    """Whether all that `taken` allowed, `given` allows, too."""
    if name(given) == name(taken):
        return True
    duties, before = DUTIES.get(_family(given)), DUTIES.get(_family(taken))
    return duties is not None and before is not None and duties <= before


def names(licences: list[dict[str, Any]]) -> str | None:
    """The licences by name; None without any."""
    return ", ".join(map(name, licences)) or None


def name(licence: dict[str, Any]) -> str:
    """A licence's name, or else its address or title."""
    return str(licence.get("name") or licence.get("path") or licence.get("title") or "")


def _family(licence: dict[str, Any]) -> str:
    """`cc-by` of `CC-BY-4.0`."""
    parts = name(licence).lower().split("-")
    return "-".join(part for part in parts if not part[:1].isdigit())
