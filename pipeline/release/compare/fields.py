"""What differs between two fields of one name, by what it means for their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pipeline.release.compare.cells import OF_TYPE, READING, Cells, Scope, narrower, read_alike
from pipeline.release.compare.change import Change, as_text
from pipeline.release.compare.members import Meaning, meaning, text_members
from pipeline.release.version import What

TOGETHER = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
"""Rules that are one."""

Aspect = tuple[Sequence[str], Callable[[str, str, Cells, Cells], Iterator[Change]]]
"""Members of a field, `constraints.` among them, and what tells the changes of them."""


def field_changes(table: str, old: Cells, new: Cells) -> Iterator[Change]:
    """The changes from `old` to `new`, a field of `table`; whatever differs and changes nothing is restated.

    What is missing, and what is unique, is compared with the table's own members.
    """
    name = str(new.field["name"])
    for members, changes in _aspects(old, new):
        differing = [member for member in members if _member(old, member) != _member(new, member)]
        if differing:
            found = list(changes(table, name, old, new))
            yield from found or [Change(What.RESTATED, table, f"{name}.{member}") for member in differing]
    for member in text_members("field", old.field, new.field):
        was, is_now = old.field.get(member), new.field.get(member)
        if was != is_now:
            yield Change(What.TEXT_CHANGED, table, f"{name}.{member}", as_text(was), as_text(is_now))


def _aspects(old: Cells, new: Cells) -> Iterator[Aspect]:
    yield READING, _reading
    for rules in TOGETHER:
        yield [f"constraints.{rule}" for rule in rules], partial(_rule, rules)
    known = {"enum", "unique", *(rule for rules in TOGETHER for rule in rules)}
    for rule in dict.fromkeys((*_constraints(old), *_constraints(new))):
        if rule not in known:
            yield [f"constraints.{rule}"], partial(_rule, (rule,))
    yield ("constraints.enum", "categories", "categoriesOrdered"), _codes
    for member in dict.fromkeys((*old.field, *new.field)):
        if meaning("field", member) == Meaning.SENSE:
            yield (member,), partial(_sense, member)


def _constraints(cells: Cells) -> Mapping[str, Any]:
    listed = cells.field.get("constraints")
    return listed if isinstance(listed, Mapping) else {}


def _member(cells: Cells, member: str) -> Any:
    place, _, rule = member.rpartition(".")
    return _constraints(cells).get(rule) if place else cells.field.get(member)


def _sense(member: str, table: str, name: str, old: Cells, new: Cells) -> Iterator[Change]:
    was, is_now = (as_text(cells.field.get(member)) for cells in (old, new))
    if member == "unit":
        yield Change(What.UNIT_CHANGED, table, name, was, is_now)
    else:  # that a meaning is said where none was is more to read
        said_first = member not in old.field
        yield Change(
            What.TEXT_CHANGED if said_first else What.SENSE_CHANGED,
            table,
            f"{name}.{member}" if said_first else name,
            was,
            is_now,
        )


def _reading(table: str, name: str, old: Cells, new: Cells) -> Iterator[Change]:
    scope = read_alike(old, new)
    if scope != Scope.SAME:
        what = What.FIELD_RETYPED if scope == Scope.LESS else What.FIELD_WIDENED
        yield Change(what, table, name, _shown_type(old), _shown_type(new))


def _shown_type(cells: Cells) -> str:
    parts = [part for part in ("format", *OF_TYPE.get(cells.type, ())) if part in cells.field]
    shown = [f"{part} {_listed(cells.field[part])}" for part in parts if cells.field[part] != "default"]
    return f"{cells.type} ({', '.join(shown)})" if shown else cells.type


def _listed(value: Any) -> str | None:
    return ", ".join(map(str, value)) if isinstance(value, list) else as_text(value)


# -- rules ---------------------------------------------------------------------------------------------------------


def _rule(rules: tuple[str, ...], table: str, name: str, old: Cells, new: Cells) -> Iterator[Change]:
    scope = narrower(rules, old, new)
    if scope != Scope.SAME:
        what = What.FIELD_NARROWED if scope == Scope.LESS else What.FIELD_WIDENED
        yield Change(what, table, name, _shown_rule(rules, old), _shown_rule(rules, new))


def _shown_rule(rules: tuple[str, ...], cells: Cells) -> str | None:
    values = [(rule, cells.rules[rule]) for rule in rules if rule in cells.rules]
    return ", ".join(rule if value is True else f"{rule} {as_text(value)}" for rule, value in values) or None


# -- code lists ----------------------------------------------------------------------------------------------------


def _codes(table: str, name: str, old: Cells, new: Cells) -> Iterator[Change]:
    before, now = old.codes, new.codes
    if not new.is_listed:
        if now is None or before is None or now.keys() - before.keys():
            yield Change(What.FIELD_WIDENED, table, name, _shown_codes(before), None)
    elif not old.is_listed:
        if not old.is_empty and not (before is not None and before.keys() <= new.listed.keys()):
            yield Change(What.FIELD_NARROWED, table, name, None, _shown_codes(now))
    elif before is not None:
        gone = [code for key, code in before.items() if key not in new.listed]
        come = [code for key, code in (now or {}).items() if key not in before]
        yield from (Change(What.CODE_REMOVED, table, name, code) for code in gone)
        yield from (Change(What.CODE_ADDED, table, name, None, code) for code in come)
        yield from _called(table, name, old, new)
        yield from _order(table, name, old, new)


def _shown_codes(codes: Mapping[Any, str] | None) -> str:
    return f"one of {', '.join((codes or {}).values())}"


def _called(table: str, name: str, old: Cells, new: Cells) -> Iterator[Change]:
    """The labels of codes that both have. A code that has got what another was called means something else."""
    were, are = _labels(old), _labels(new)
    for code, member in dict.fromkeys((*were, *are)):
        was, is_now = were.get((code, member)), are.get((code, member))
        shared = all(code in {other for other, _ in labels} for labels in (were, are))
        if was != is_now and shared:
            taken = any(
                (other, part) != (code, member) and part == member and label == is_now
                for (other, part), label in were.items()
            )
            what = What.CODE_REDEFINED if taken else What.LABEL_CHANGED
            yield Change(what, table, f"{name}.{code}", was, is_now)


def _labels(cells: Cells) -> dict[tuple[str, str], str]:
    """What codes are called, by code and member."""
    return {
        (str(as_text(category.get("value"))), member): text
        for category in cells.field.get("categories") or []
        if isinstance(category, Mapping)
        for member, text in category.items()
        if member.partition("@")[0] == "label" and isinstance(text, str)
    }


def _order(table: str, name: str, old: Cells, new: Cells) -> Iterator[Change]:
    """Whether the order of the codes says something, and is another."""
    was, is_now = (bool(cells.field.get("categoriesOrdered") and cells.field.get("categories")) for cells in (old, new))
    before, now = ([key for key in cells.listed if key in other.listed] for cells, other in ((old, new), (new, old)))
    shown = [", ".join(cells.listed.values()) for cells in (old, new)]
    if was and (not is_now or before != now):
        yield Change(What.CODES_REORDERED, table, name, shown[0], shown[1] if is_now else None)
    elif is_now and not was:
        yield Change(What.CODES_ORDERED, table, name, None, shown[1])


# -- what stands for a missing value -------------------------------------------------------------------------------


def missing_scope(old: Cells, new: Cells) -> Scope:
    """What became of the cells that stand for a missing value, or did before."""
    required = [cells.rules.get("required") is True for cells in (old, new)]
    lost = any(old.takes(text) for text in new.missing - old.missing)
    if lost or (not required[0] and old.missing - new.missing):
        return Scope.LESS
    comes = not required[1] and new.missing - old.missing
    return Scope.MORE if comes or any(new.takes(text) for text in old.missing - new.missing) else Scope.SAME
