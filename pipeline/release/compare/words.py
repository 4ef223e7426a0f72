"""Each kind of change in words that a data user understands: the section `said` of the catalogue."""

from __future__ import annotations

from pipeline.core.errors import shorten
from pipeline.release.version import What
from pipeline.web.words import Language, Words

IN_DESCRIPTOR = (What.TEXT_CHANGED, What.FORM_CHANGED)
"""Kinds of change whose values are not said where they are lists or objects."""

LISTS = ("sources", "contributors", "keywords")
"""Members that have a word for one of what they list."""


def sentence(
    what: What, language: Language, name: str | None, old: str | None, new: str | None, count: int | None
) -> str:
    """A change in words; long values are cut."""
    words = Words(language)
    if count is not None and words.get(f"said.{what}_one"):
        return words.counted(f"said.{what}", count)
    is_object = any(value and value[0] in "[{" for value in (old, new))
    member = (name or "").partition("@")[0]
    shown = [words.text("said.nothing") if value is None else shorten(value) for value in (old, new)]
    return words.text(
        "said.changed" if what in IN_DESCRIPTOR and is_object else f"said.{what}",
        name=name,
        noun=words.text(f"said.{member}") if member in LISTS else name,
        old=shown[0],
        new=new if what == What.NOT_COMPARED else shown[1],
    )
