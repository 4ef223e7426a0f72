"""Numbers and sizes as each language writes them: `50 000 000` with no-break spaces in Swedish, `50,000,000` in
English."""

from __future__ import annotations

MARKS = {"sv": ("\u00a0", ","), "en": (",", ".")}
"""What stands between thousands, and before decimals."""

UNITS = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000))


def number(value: float, language: str, decimals: int | None = None) -> str:
    """A number with its thousands apart, and the decimals that it has, or at most as many as `decimals`.

    What has no digits (NaN), or is too large or small for them (1e300), is written as Python writes it.
    """
    if decimals is not None and isinstance(value, float):
        value = round(value, decimals)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    written = repr(value)
    sign, digits = ("−", written[1:]) if written.startswith("-") else ("", written)
    whole, mark, rest = digits.partition(".")
    if not (whole + rest).isdigit():
        return written
    thousands, point = MARKS[language]
    return f"{sign}{int(whole):,}".replace(",", thousands) + (point if mark else "") + rest


def size(size: int, language: str) -> str:
    """Bytes in the largest unit (SI, powers of 1000) that leaves a number of at least one: "1.2 MB", "1,2 MB"."""
    for unit, power in UNITS:
        if size >= power:
            return f"{size / power:.1f}\u00a0{unit}".replace(".", MARKS[language][1])
    return f"{size}\u00a0B"


def share(part: int, whole: int, language: str) -> str:
    """A percentage, rounded so that only nothing is 0 and only all is 100: "12%", "12 %"."""
    percent = 100 * part / whole if whole else 0
    text = "<1" if 0 < percent < 1 else ">99" if 99 < percent < 100 else f"{percent:.0f}"
    return f"{text}\u00a0%" if language == "sv" else f"{text}%"
