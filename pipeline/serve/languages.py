"""The languages that pages are served in, and the one that a reader's browser asks for."""

from __future__ import annotations

LANGUAGES = ("sv", "en")
"""Codes of ISO 639-1, each the first part of the addresses of its pages; the first is for who asks for no other."""


def preferred(accepted: str) -> str:
    """The language that `accepted`, the value of an Accept-Language header, ranks highest (RFC 9110, 12.5.4).

    A header that is malformed, or asks for none of ours, gets the first. A region is not looked at.
    """
    ranked = []
    for number, part in enumerate(accepted[:400].split(",")):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and (weight := _weight(parameters)) > 0:
            ranked.append((-weight, number, language))
    return min(ranked)[2] if ranked else LANGUAGES[0]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
