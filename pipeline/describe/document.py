"""A description in one format: its text, and what of the package the format has no place for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.describe.dataset import Dataset


@dataclass(frozen=True)
class Note:
    """Something that a description leaves out: where datapackage.json says it (or would), and why it is left out."""

    member: str
    reason: str


@dataclass(frozen=True)
class Document:
    """A description: its text, and what it leaves out."""

    text: str
    notes: tuple[Note, ...] = ()


def require(dataset: Dataset, format: str, *needs: tuple[object, str, str]) -> None:
    """Raises InvalidData that names every member that the format needs and the package lacks.

    A need is a value, false where the package lacks it; the member of datapackage.json; and what to do.
    """
    problems = [
        Problem(
            Kind.MISSING_METADATA,
            f"lacks what {format} must have",
            fix,
            file=str(dataset.package.file),
            field=member,
        )
        for value, member, fix in needs
        if not value
    ]
    if problems:
        raise InvalidData(problems)


def as_json(value: Any) -> str:
    """A value as readable JSON; members of objects that are None or empty are left out."""
    return json.dumps(_filled(value), ensure_ascii=False, indent=2) + "\n"


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        members = {name: _filled(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in (None, "", [], {})}
    if isinstance(value, list):
        return [_filled(member) for member in value]
    return value
