"""Texts from data as people can look at them: nothing unseen, nothing that turns the direction of writing, no length
without end."""

from __future__ import annotations

import unicodedata

CELL = 60
"""Characters of a cell that are shown."""


def cut(text: str, length: int = CELL) -> str:
    """The text as it is shown in a cell: visible, and no longer than `length` characters."""
    if len(text) <= length:
        return visible(text, spaces=True)
    return visible(text[: length - 1].rstrip(" "), spaces=True) + "…"


def visible(text: str, *, spaces: bool = False) -> str:
    """The text with a sign or code for each character that would not show or would turn the direction of writing.

    `spaces` also shows those that stand first or last.
    """
    shown = "".join(map(_visible_character, text)) if not text.isprintable() else text
    if spaces and shown != shown.strip(" "):
        head, tail = len(shown) - len(shown.lstrip(" ")), len(shown) - len(shown.rstrip(" "))
        shown = "␣" * len(shown) if not shown.strip(" ") else "␣" * head + shown.strip(" ") + "␣" * tail
    return shown


def _visible_character(character: str) -> str:
    if character == "\n":
        return "↵"
    if character == "\t":
        return "⇥"
    if character == "\u00a0" or character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return f"⟨U+{ord(character):04X}⟩"
