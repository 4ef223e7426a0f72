"""The cells of a field: which texts it takes, as which values, whatever way the descriptor writes that.

Values are those that frictionless reads, so that a bound in `%d/%m/%Y`, with a decimal comma or in another time zone is
compared as the date, number or moment that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from functools import cached_property
from typing import Any

from pipeline.table import duckdb

READING = (
    *("type", "format", "decimalChar", "groupChar", "bareNumber", "floatNumber"),
    *("trueValues", "falseValues", "itemType", "delimiter"),
)
"""Members of a field that say how its cells are read."""

DEFAULTS: Mapping[str, Any] = {
    "type": "any",
    "format": "default",
    "decimalChar": ".",
    "groupChar": "",
    "bareNumber": True,
    "floatNumber": False,
    "trueValues": ["true", "True", "TRUE", "1"],
    "falseValues": ["false", "False", "FALSE", "0"],
    "itemType": "string",
    "delimiter": ",",
}
"""What the standard says where a field does not."""

OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "number": ("decimalChar", "groupChar", "bareNumber"),
    "integer": ("groupChar", "bareNumber"),
    "boolean": ("trueValues", "falseValues"),
    "list": ("itemType", "delimiter"),
}
"""The members that say something of cells of a type, beside `type` and `format`."""


FEW = 100
"""Values between two bounds that are looked at one by one."""


class Scope(IntEnum):
    """What became of the cells that a field takes: some are lost or mean something else, all are kept, or more come."""

    LESS = 0
    SAME = 1
    MORE = 2


@dataclass(frozen=True)
class Cells:
    """The cells of a field; `missing` are the texts that stand for no value."""

    field: Mapping[str, Any]
    missing: frozenset[str]

    @property
    def type(self) -> str:
        """The field's type."""
        return str(self.field.get("type") or DEFAULTS["type"])

    @property
    def rules(self) -> Mapping[str, Any]:
        """The rules that rule something out."""
        listed = self.field.get("constraints")
        rules = listed if isinstance(listed, Mapping) else {}
        return {rule: value for rule, value in rules.items() if value is not None and value is not False}

    @cached_property
    def reading(self) -> dict[str, Any]:
        """How cells are read: the members that matter to the type, with what the standard says where they are not."""
        parts = ("type", "format", *OF_TYPE.get(self.type, ()))
        found = {part: DEFAULTS[part] if self.field.get(part) is None else self.field[part] for part in parts}
        if self.type == "date" and found["format"] == "%Y-%m-%d":
            found["format"] = "default"
        return found

    @cached_property
    def value(self) -> Callable[[Any], Any]:
        """Reads a text, or a value of JSON, as a value of the field; None for what is none."""
        import frictionless

        members = {part: self.field[part] for part in READING if part in self.field}
        try:
            read = frictionless.Field.from_descriptor({"name": "cell", "type": "any", **members}).create_value_reader()
        except (frictionless.FrictionlessException, TypeError, ValueError):
            return lambda raw: raw
        group = str(self.field.get("groupChar") or "") if self.type == "integer" else ""

        def value(raw: Any) -> Any:
            text = raw.replace(group, "") if group and isinstance(raw, str) else raw
            try:
                return _ordered(read(text))
            except (TypeError, ValueError, ArithmeticError):
                return None

        return value

    @cached_property
    def lower(self) -> tuple[Any, bool] | None:
        """The lowest bound, and whether it is excluded; None without one."""
        return self._bound("minimum", "exclusiveMinimum", 1)

    @cached_property
    def upper(self) -> tuple[Any, bool] | None:
        """The highest bound, likewise."""
        return self._bound("maximum", "exclusiveMaximum", -1)

    def _bound(self, included: str, excluded: str, sign: int) -> tuple[Any, bool] | None:
        bounds = [(self.value(self.rules[included]), False)] if included in self.rules else []
        if excluded in self.rules:
            found = self.value(self.rules[excluded])
            after = _next(found, sign, self.type)
            bounds.append((found, True) if after is None else (after, False))
        if len(bounds) == 2:
            tighter = _tighter(bounds[0], bounds[1], sign)
            return bounds[0] if tighter else bounds[1]
        return bounds[0] if bounds else None

    @cached_property
    def listed(self) -> dict[Hashable, str]:
        """The values that every code list of the field has, each as it is written: both kinds of list are enforced."""
        lists = [self.rules.get("enum"), self.field.get("categories")]
        read = [self._read_codes(listed) for listed in lists if isinstance(listed, list)]
        if not read and self.type == "boolean":
            read = [self._read_codes(list(dict.fromkeys(self.truths.values())))]
        first, *others = read or [{}]
        return {key: text for key, text in first.items() if all(key in other for other in others)}

    @cached_property
    def codes(self) -> dict[Hashable, str] | None:
        """The values that there can be, each as it is written; None where no list, type or pair of bounds says which.

        A code that the other rules forbid, or that stands for a missing value, is none.
        """
        if not self.is_listed and self.type != "boolean":
            return self._between()
        missing = self.missing if self.type in ("string", "any") else frozenset[str]()
        allowed = self._allowed(self.listed)
        if self.type == "boolean":
            allowed &= {_hashable(truth) for truth in self.truths.values()}
        return {key: text for key, text in self.listed.items() if key in allowed and text not in missing}

    def _between(self) -> dict[Hashable, str] | None:
        """The values that two bounds leave, where they are few and whole, or one."""
        if self.type == "string" and _number(self.rules.get("maxLength")) == 0:
            return {"": ""}
        if self.lower is None or self.upper is None or self.is_empty:
            return None
        (value, above), (most, below) = self.lower, self.upper
        found: dict[Hashable, str] = {}
        while value is not None and not above and not below and len(found) < FEW:
            found[_hashable(value)] = str(value)
            if value == most:
                return found
            value = _next(value, 1, self.type)
        return None

    @property
    def truths(self) -> dict[str, bool]:
        """What each text of a truth is read as, but for those that stand for a missing value."""
        lists = (self.reading["trueValues"], True), (self.reading["falseValues"], False)
        return {str(text): truth for texts, truth in lists for text in texts if str(text) not in self.missing}

    @property
    def is_listed(self) -> bool:
        """Whether a code list says which values there are."""
        return isinstance(self.rules.get("enum"), list) or isinstance(self.field.get("categories"), list)

    def _read_codes(self, listed: list[Any]) -> dict[Hashable, str]:
        raw = [code.get("value") if isinstance(code, Mapping) else code for code in listed]
        read = [(self.value(code), code) for code in raw]
        return {_hashable(code if value is None else value): _written(code) for value, code in read}

    def allows(self, values: Collection[Hashable]) -> bool:
        """Whether the rules but the code lists let every one of the values pass."""
        return len(self._allowed(values)) == len(values)

    def _allowed(self, values: Collection[Hashable]) -> set[Hashable]:
        within = [value for value in values if self._is_within(value)]
        pattern = self.rules.get("pattern")
        texts = [value for value in within if isinstance(value, str)]
        return {*within} - ({*texts} - _matching(pattern, texts) if isinstance(pattern, str) and texts else {*()})

    def _is_within(self, value: Any) -> bool:
        size = len(value) if isinstance(value, (str, tuple)) else None
        low, high = (_number(self.rules.get(rule)) for rule in ("minLength", "maxLength"))
        return (
            _is_beyond(value, self.lower, 1)
            and _is_beyond(value, self.upper, -1)
            and (size is None or ((low is None or size >= low) and (high is None or size <= high)))
        )

    @property
    def is_empty(self) -> bool:
        """Whether the rules contradict each other, so that no value passes."""
        low, high = (_number(self.rules.get(rule)) for rule in ("minLength", "maxLength"))
        if low is not None and high is not None and low > high:
            return True
        if self.lower is None or self.upper is None:
            return False
        (least, above), (most, below) = self.lower, self.upper
        try:
            return bool(least > most or (least == most and (above or below)))
        except TypeError:
            return False

    def takes(self, text: str) -> bool:
        """Whether the text is a cell with a value, which every rule lets pass."""
        if text in self.missing:
            return False
        value = self.value(text)
        if value is None or "jsonSchema" in self.rules:
            return value is not None
        key = _hashable(value)
        return key in self.codes if self.codes is not None else self.allows([key])


def read_alike(old: Cells, new: Cells) -> Scope:
    """Whether every text that `old` reads as a value is read as the same one by `new`."""
    before, now = old.reading, new.reading
    if before == now:
        return Scope.SAME
    if old.type != new.type:
        return Scope.LESS
    changed = {part for part in before if before[part] != now[part]}
    if old.type == "boolean":
        were, are = (_truths(each) for each in (old, new))
        if "format" in changed or not were.items() <= are.items():
            return Scope.LESS
        return Scope.MORE if are.keys() - were.keys() - new.missing else Scope.SAME
    wider = {
        "string": {"format": now["format"] == "default"},
        "date": {"format": before["format"] == "default" and now["format"] == "any"},
        "integer": {"bareNumber": now.get("bareNumber") is False, "groupChar": _adds_groups(before, now)},
        "number": {"groupChar": _adds_groups(before, now)},
    }.get(old.type, {})
    if old.type in ("time", "datetime"):
        wider = {"format": before["format"] == "default" and now["format"] == "any"}
    return Scope.MORE if all(wider.get(part) for part in changed) else Scope.LESS


def _adds_groups(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a sign between groups of digits is new, which no number was written with before."""
    sign = str(now.get("groupChar") or "")
    taken = f"+-0123456789eE{before.get('decimalChar') or ''}"
    return not before.get("groupChar") and len(sign) == 1 and sign not in taken and not sign.isalpha()


def _truths(cells: Cells) -> dict[str, bool]:
    return {text: truth for text, truth in cells.truths.items() if cells.codes is None or truth in cells.codes}


def narrower(rule: tuple[str, ...], old: Cells, new: Cells) -> Scope:
    """Whether every value that a rule let pass still passes; what cannot be told does not. `rule` is all its names."""
    before, now = ({name: cells.rules[name] for name in rule if name in cells.rules} for cells in (old, new))
    if before == now:
        return Scope.SAME
    if rule[0] in ("minimum", "maximum"):
        found = _bounds(*((old.lower, new.lower, 1) if rule[0] == "minimum" else (old.upper, new.upper, -1)))
    elif rule[0] in ("minLength", "maxLength"):
        found = _lengths(rule[0], before, now, 1 if "" in old.missing and old.type in ("string", "any") else 0)
    else:
        found = Scope.MORE if not now else Scope.LESS
    if found == Scope.LESS and rule != ("required",) and _loses_nothing(old, new):
        return Scope.SAME
    return found


def _loses_nothing(old: Cells, new: Cells) -> bool:
    if old.is_empty:
        return True
    return old.codes is not None and "jsonSchema" not in new.rules and new.allows(old.codes)


def _bounds(old: tuple[Any, bool] | None, new: tuple[Any, bool] | None, sign: int) -> Scope:
    if old == new:
        return Scope.SAME
    if new is None:
        return Scope.MORE
    return Scope.MORE if old is not None and _tighter(old, new, sign) else Scope.LESS


def _lengths(rule: str, old: Mapping[str, Any], new: Mapping[str, Any], least: int) -> Scope:
    """`least`: of a value, where an empty text is none."""
    sign = 1 if rule == "minLength" else -1
    free = float(least) if sign > 0 else float("inf")
    was, is_now = (
        free if (number := _number(each.get(rule))) is None else max(number, float(least) if sign > 0 else 0.0)
        for each in (old, new)
    )
    return Scope.SAME if was == is_now else Scope.MORE if was * sign > is_now * sign else Scope.LESS


def _tighter(one: tuple[Any, bool], other: tuple[Any, bool], sign: int) -> bool:
    """Whether the bound `one` lets only pass what `other` does; sign 1 for lower bounds, -1 for upper ones."""
    return (one[1] or not other[1]) if one[0] == other[0] else _is_beyond(one[0], other, sign)


def _is_beyond(value: Any, bound: tuple[Any, bool] | None, sign: int) -> bool:
    """Whether a value is on the right side of a bound; what cannot be compared is not."""
    if bound is None:
        return True
    try:
        if value == bound[0]:
            return not bound[1]
        return bool(value > bound[0] if sign > 0 else value < bound[0])
    except TypeError:
        return False


def _matching(pattern: str, texts: list[str]) -> set[str]:
    """The texts that match a pattern, by an engine that no pattern can keep busy; none where it refuses the pattern."""
    query = "SELECT text FROM (SELECT unnest($2::VARCHAR[]) AS text) WHERE regexp_full_match(text, $1)"
    try:
        with duckdb.connect() as con:
            return {text for (text,) in con.execute(query, [pattern, texts]).fetchall()}
    except duckdb.Error:
        return set()


def _next(value: Any, sign: int, kind: str) -> Any:
    """The value beside one where values are whole, so that a bound that excludes can be told as one that includes."""
    if kind in ("integer", "year") and isinstance(value, int):
        return value + sign
    if kind == "date" and type(value) is date and date.min < value < date.max:
        return value + timedelta(days=sign)
    if kind == "yearmonth" and isinstance(value, tuple):
        months = value[0] * 12 + value[1] - 1 + sign
        return (months // 12, months % 12 + 1)
    return None


def _ordered(value: Any) -> Any:
    """A value that can be compared with others of its type: durations as days, a year of 365.2425 of them."""
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    if hasattr(value, "months") and hasattr(value, "tdelta"):
        return float(value.years * 12 + value.months) * 365.2425 / 12 + value.tdelta / timedelta(days=1)
    return tuple(value) if isinstance(value, tuple) else value


def _hashable(value: Any) -> Hashable:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value if isinstance(value, Hashable) else repr(value)


def _written(code: Any) -> str:
    return str(code).lower() if isinstance(code, bool) else str(code)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
