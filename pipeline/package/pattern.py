"""Patterns that Python and RE2 read alike, written anew from the expression.

frictionless compiles `^pattern$`. What is translated are characters, sets, groups, alternatives within groups and
repetitions; look-around, back-references, flags and whatever else is left to Python, which reads it anyhow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_REPEAT = 1000
"""The product of nested counts that RE2 takes."""

CATEGORIES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\r\f\v "}
"""What a category surely holds. Python's hold more (other scripts' digits, for one): a text with those is suspect."""

CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")


def portable(pattern: str) -> str | None:
    """An expression whose full matches are matches of `pattern` for frictionless, or None where none is known."""
    try:
        re.compile(f"^{pattern}$")
        text = pattern.removeprefix("^")
        if text.endswith("$") and not _is_escaped(text, len(text) - 1):
            text = text[:-1]
        found = _Translation(text)
        return None if found.alternatives() > 1 or found.at < len(text) else found.written
    except (re.error, RecursionError, OverflowError, _NotPortable, IndexError):
        return None


def _is_escaped(text: str, at: int) -> bool:
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


class _NotPortable(Exception):
    """The expression holds what engines read differently, or what is not known here."""


@dataclass
class _Translation:
    """Reads the expression from left to right; `product` is that of the counts around the place that is read."""

    text: str
    at: int = 0
    written: str = ""
    depth: int = 0
    largest: int = 1

    def alternatives(self) -> int:
        """Reads alternatives up to the end or a closing parenthesis, and says how many there are."""
        count = 1
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "|":
                self.written += "|"
                self.at += 1
                count += 1
                continue
            self._repeated()
        return count

    def _repeated(self) -> None:
        started = len(self.written)
        outer, self.largest = self.largest, 1
        self._one()
        atom, inner = self.written[started:], self.largest
        count = 1
        if self.at < len(self.text) and self.text[self.at] in "*+?{":
            least, most = self._count()
            count = max(least, most or 0, 1)
            self.written = f"{self.written[:started]}(?:{atom}){{{least},{'' if most is None else most}}}"
            if self.at < len(self.text) and self.text[self.at] == "?":
                self.at += 1  # the shortest repetition has the same full matches
            if self.at < len(self.text) and self.text[self.at] in "*+?{":
                raise _NotPortable
        self.largest = max(outer, inner * count)
        if self.largest > MAX_REPEAT:
            raise _NotPortable

    def _count(self) -> tuple[int, int | None]:
        sign = self.text[self.at]
        if sign != "{":
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        found = COUNT.match(self.text, self.at)
        if not found or not (found[1] or found[3]):
            raise _NotPortable
        self.at = found.end()
        least = int(found[1] or 0)
        return least, (int(found[3]) if found[3] else None) if found[2] else least

    def _one(self) -> None:
        sign = self.text[self.at]
        if sign == "(":
            self._group()
            return
        self.at += 1
        if sign == "[":
            self._set()
        elif sign == ".":
            self.written += r"[^\n]"
        elif sign == "\\":
            escaped = self._escaped()
            self.written += f"[{CATEGORIES[escaped]}]" if escaped in CATEGORIES else _spelled(escaped)
        elif sign in "^$)*+?{|":
            raise _NotPortable
        else:
            self.written += _spelled(sign)

    def _group(self) -> None:
        self.depth += 1
        named = re.compile(r"\((\?:|\?P<\w+>|(?!\?))").match(self.text, self.at)
        if not named or self.depth > 50:
            raise _NotPortable
        self.at = named.end()
        self.written += "(?:"
        self.alternatives()
        if self.text[self.at] != ")":
            raise _NotPortable
        self.at += 1
        self.written += ")"
        self.depth -= 1

    def _escaped(self) -> str:
        """The category's letter, or the character, behind a backslash."""
        sign = self.text[self.at]
        self.at += 1
        if sign in CATEGORIES:
            return sign
        if sign in CONTROLS:
            return CONTROLS[sign]
        if sign.isalnum() or not sign.isascii():
            raise _NotPortable
        return sign

    def _set(self) -> None:
        negated = self.text[self.at] == "^"
        self.at += negated
        parts: list[str] = []
        first = True
        while first or self.text[self.at] != "]":
            first = False
            low = self._member(negated, parts)
            if low is None:
                continue
            if self.text[self.at] == "-" and self.text[self.at + 1] != "]":
                self.at += 1
                high = self._member(True, parts)
                assert high is not None
                parts.append(f"{_spelled(low)}-{_spelled(high)}")
            else:
                parts.append(_spelled(low))
        self.at += 1
        self.written += f"[{'^' if negated else ''}{''.join(parts)}]"

    def _member(self, only_characters: bool, parts: list[str]) -> str | None:
        """One character of a set; None for a category, which is added."""
        sign = self.text[self.at]
        self.at += 1
        if sign == "\\":
            is_category = self.text[self.at] in CATEGORIES
            escaped = self._escaped()
            if not is_category:
                return escaped
            if only_characters:
                raise _NotPortable
            parts.append(CATEGORIES[escaped])
            return None
        if sign in "[&~|" and self.text[self.at] in (sign, ":", "=", "."):
            raise _NotPortable  # reserved for sets of sets
        return sign


def _spelled(character: str) -> str:
    return character if character.isascii() and character.isalnum() else f"\\x{{{ord(character):x}}}"


def as_python(expression: str) -> re.Pattern[str]:
    """An expression as `portable` writes it, for Python."""
    return re.compile(re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", expression))
