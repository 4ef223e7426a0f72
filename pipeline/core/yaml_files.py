"""YAML as people write it in source.yml: read strictly, with the line of every key and value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.core.errors import InvalidData, Kind, Problem
from pipeline.core.files import read_text

LINE = "\0line"
"""The member of every mapping that `read_yaml` returns which holds its line in the file."""

MAX_DEPTH = 100
"""Levels of mappings and lists in a YAML file."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, where PyYAML was built with it: ten times as fast."""


class Text(str):
    """A key or a value of a YAML file, which knows its line."""

    line: int

    def __new__(cls, text: str, line: int) -> Text:
        made = super().__new__(cls, text)
        made.line = line
        return made


def read_yaml(path: Path, name: str) -> Any:
    """The value in a YAML file: mappings, lists and `Text`; every mapping has its line number under `LINE`.

    `yes`, `2017` and `0482` stay as they are written. None stands for a file that holds nothing. Raises InvalidData
    for what is not YAML, for a key that appears twice or is not text, for a second document, for tags, and for anchors
    and aliases, with which a short file can ask for more memory than there is.
    """
    text = read_text(path, name)
    try:
        events = yaml.parse(text, Loader=LOADER)
        value = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                value = _value(next(events), events, 0)
                break
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                raise _refused("a second document", event)
        return value
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        rule = " ".join(part for part in (error.context, error.problem) if part)
        raise InvalidData(_bad_yaml(name, rule, mark.line + 1 if mark else None)) from None
    except yaml.YAMLError as error:
        raise InvalidData(_bad_yaml(name, str(error).splitlines()[0], None)) from None


def _value(event: Any, events: Iterator[Any], depth: int) -> Any:
    """The value that starts with an event of the parser; the events up to its end are taken."""
    if getattr(event, "anchor", None):
        raise _refused("an anchor or alias, which is not allowed here", event)
    if event.tag:
        raise _refused(f"the tag {event.tag}, which is not allowed here", event)
    if depth > MAX_DEPTH:
        raise _refused("nested too deeply", event)
    if isinstance(event, yaml.ScalarEvent):
        return Text(event.value, _line(event))
    if isinstance(event, yaml.SequenceStartEvent):
        return _list(events, depth)
    return _mapping(event, events, depth)


def _list(events: Iterator[Any], depth: int) -> list[Any]:
    members = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        members.append(_value(event, events, depth + 1))
    return members


def _mapping(start: Any, events: Iterator[Any], depth: int) -> dict[str, Any]:
    mapping: dict[str, Any] = {LINE: _line(start)}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _value(event, events, depth + 1)
        if not isinstance(key, Text):
            raise _refused("a key that is not text", event)
        if key in mapping:
            raise _refused(f"the key {key!r} appears twice", event)
        mapping[key] = _value(next(events), events, depth + 1)
    return mapping


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refused(rule: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=rule, problem_mark=event.start_mark)


def _bad_yaml(name: str, rule: str, line: int | None) -> Problem:
    return Problem(
        Kind.BAD_YAML,
        f"cannot be read as YAML: {rule}",
        "Indent with spaces, name each key once, and write values out instead of &anchors.",
        file=name,
        row=line,
    )
