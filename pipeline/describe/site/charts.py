"""Charts in the words of a page: a picture, a text that says what it shows, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.describe.site.figures import Figures, Labels
from pipeline.describe.site.words import Text, Words
from pipeline.web.visible import visible

MOST = 14
"""Bars that are drawn; the others are counted."""

SERIES = 6
"""Series that are told apart by colour; more are drawn as one."""

SAID = 3
"""Labels that the text alternative names."""


@dataclass(frozen=True)
class Drawn:
    """What is drawn: labels, and for each series its name and its figures."""

    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]

    @property
    def totals(self) -> tuple[float, ...]:
        """The sum of each label."""
        return tuple(sum(figures) for figures in zip(*(values for _, values in self.series), strict=True))


@dataclass(frozen=True)
class Chart:
    """A chart on a page. `legend` are the names of its series; empty where there is one."""

    anchor: str
    title: Text
    description: Text | None
    picture: Markup
    legend: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    is_map: bool = False


def chart(words: Words, figures: Figures, number: int) -> Chart | None:
    """The chart in the language of the page; None where there is nothing to draw."""
    from pipeline.describe.site import drawing

    drawn, missing = table(words, figures)
    if not drawn.labels:
        return None
    anchor, title = f"chart-{number}", title_of(words, figures)
    shown = _shortened(drawn) if figures.asked.type == "bars" else drawn
    if len(shown.series) > SERIES:
        shown = Drawn(shown.labels, (("", shown.totals),))
    draw = drawing.bars if figures.asked.type == "bars" else drawing.columns
    picture = draw(shown, anchor, visible(title.value), visible(_said(words, drawn)), words)
    names = tuple(name for name, _ in drawn.series)
    heads = (_head(words, figures), *(names if len(names) > 1 else (words.t("Number", "Antal"),)))
    rows = zip(drawn.labels, *(values for _, values in drawn.series), strict=True)
    return Chart(
        anchor,
        title,
        words.said(figures.asked.holder, "description"),
        picture,
        tuple(name for name, _ in shown.series) if len(shown.series) > 1 else (),
        heads,
        tuple((label, *(words.number(value) for value in values)) for label, *values in rows),
        _note(words, drawn, shown, missing),
    )


def title_of(words: Words, figures: Figures) -> Text:
    """The title that the chart has, or one from those of its table and field."""
    asked = figures.asked
    said = words.said(asked.holder, "title")
    if said or asked.table is None:
        return said or Text(asked.name)
    title = words.title(asked.table.descriptor, asked.table.name)
    if asked.field is None:
        return title
    field = words.title(asked.table.fields[asked.table.field_names.index(asked.field)], asked.field)
    return Text(f"{title}: {field}", title.language)


def _head(words: Words, figures: Figures) -> str:
    asked = figures.asked
    if asked.table is None or asked.field is None:
        return words.t("Label", "Etikett")
    return str(words.title(asked.table.fields[asked.table.field_names.index(asked.field)], asked.field))


def table(words: Words, figures: Figures) -> tuple[Drawn, float]:
    """The figures as labels and series in the language of the page, and how many have no label."""
    cells: dict[str, dict[str, float]] = {}
    names: dict[str, str] = {}
    missing = 0.0
    for label, series, value in figures.rows:
        if label is None:
            missing += value
            continue
        names.setdefault(series, _text(words, figures.series, series) or words.t("not stated", "ej angivet"))
        line = cells.setdefault(label, {})
        line[series] = line.get(series, 0) + value
    codes = [code for code in figures.series if code in names]
    order = codes + [series for series in names if series not in codes]
    listed = list(cells.items())
    if not figures.is_ordered:
        listed.sort(key=lambda item: -sum(item[1].values()))
    return (
        Drawn(
            tuple(_text(words, figures.labels, label) for label, _ in listed),
            tuple((names[series], tuple(line.get(series, 0) for _, line in listed)) for series in order),
        ),
        missing,
    )


def _text(words: Words, labels: Labels, value: str) -> str:
    """A value's label in the language of the page, or in the first that there is, or the value."""
    texts: Mapping[str, str] = labels.get(value, {})
    return texts.get(words.language) or next(iter(texts.values()), value)


def _shortened(drawn: Drawn) -> Drawn:
    """The first `MOST` labels."""
    return Drawn(drawn.labels[:MOST], tuple((name, values[:MOST]) for name, values in drawn.series))


def _said(words: Words, drawn: Drawn) -> str:
    """The text alternative: the greatest figures, and where all of them are."""
    ranked = sorted(zip(drawn.labels, drawn.totals, strict=True), key=lambda item: -item[1])
    named = ", ".join(f"{label} {words.number(total)}" for label, total in ranked[:SAID])
    kind = words.t("Bar chart.", "Stapeldiagram.")
    most = words.t("Most: {}.", "Mest: {}.").format(named)
    return f"{kind} {most} {words.t('All figures stand in the table below.', 'Alla siffror står i tabellen nedanför.')}"


def _note(words: Words, drawn: Drawn, shown: Drawn, missing: float) -> str:
    """What the picture leaves out."""
    said = []
    if len(shown.labels) < len(drawn.labels):
        more = words.t("And {} more, {} together.", "Och {} till, tillsammans {}.")
        rest = drawn.totals[len(shown.labels) :]
        said.append(more.format(words.figure(len(rest)), words.number(sum(rest))))
    if missing:
        said.append(words.t("{} without a value.", "{} utan värde.").format(words.counted(round(missing), "row")))
    return " ".join(said)
