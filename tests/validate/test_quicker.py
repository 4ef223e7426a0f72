"""frictionless made quicker says what frictionless says."""

from __future__ import annotations

import inspect
from typing import Any

import attrs
import frictionless
import pytest
from frictionless import errors

from pipeline.validate import quicker

MADE = {"labels": ["a", "b"], "cells": ["1", ""], "row_numbers": [1], "field_names": ["a"], "field_cells": ["1"]}
MADE |= {"reference_field_names": ["b"], "row_number": 3, "field_number": 2}


def described() -> list[dict[str, Any]]:
    """The descriptor of one error of each class that frictionless has."""
    found = []
    kinds: list[Any] = [kind for kind in vars(errors).values() if kind is not Any and inspect.isclass(kind)]
    for kind in kinds:
        if issubclass(kind, frictionless.Error):
            names = [each.name for each in attrs.fields(kind) if each.init and not each.name.startswith("_")]
            made = {name: MADE.get(name, f"{name}: {{note}}") for name in names if name != "custom"}
            found.append(kind(**made).to_descriptor())
    return found


def test_errors_are_those_of_frictionless_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = described()
    monkeypatch.setattr(frictionless.Error, "__attrs_post_init__", quicker.ORIGINAL)
    expected = described()
    assert len(expected) > 40
    assert found == expected


def test_what_a_reader_has_read_once_it_reads_the_same_again() -> None:
    field = frictionless.Field.from_descriptor({"name": "n", "type": "integer", "constraints": {"minimum": 2}})
    read, again = field.create_cell_reader(), quicker.cached(field.create_cell_reader())
    for text in ["1", "2", "x", "", None, "x", "1"]:
        value, notes = again(text)
        assert (value, notes) == read(text)
        if notes:
            notes.clear()  # as frictionless does
