from __future__ import annotations

from xml.etree import ElementTree

from pipeline.web.charts import Bar, bars, columns


def _parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_a_bar_is_as_long_as_its_figure_and_says_it() -> None:
    drawn = _parsed(bars("x", "Shops", "By kind.", [Bar("grocery", (40,), "40"), Bar("fuel", (10,), "10")]))
    assert [(rect.get("class"), rect.get("width")) for rect in drawn.iter("rect")] == [
        ("track", "100%"),
        ("c0", "100%"),
        ("track", "100%"),
        ("c0", "25%"),
    ]
    assert [text.text for text in drawn.iter("text")] == ["grocery", "40", "fuel", "10"]
    assert (drawn.get("role"), drawn.get("aria-labelledby")) == ("img", "x-t x-d")


def test_series_follow_each_other_and_what_has_no_value_is_grey() -> None:
    drawn = _parsed(bars("x", "", "", [Bar("a", (30, 10), "40"), Bar("none", (20,), "20", is_rest=True)]))
    rects = [(rect.get("class"), rect.get("x"), rect.get("width")) for rect in drawn.iter("rect")]
    assert [each for each in rects if each[0] != "track"] == [
        ("c0", "0%", "75%"),
        ("c1", "75%", "25%"),
        ("none", "0%", "50%"),
    ]


def test_columns_keep_their_order_and_start_at_zero() -> None:
    drawn = _parsed(columns("x", "", "", [Bar("2018", (2,), "2"), Bar("2019", (0,), "0"), Bar("2020", (4,), "4")], "4"))
    assert [rect.get("height") for rect in drawn.iter("rect")] == ["66", "132"]
    assert [text.text for text in drawn.iter("text")] == ["4", "2018", "2019", "2020"]


def test_texts_of_data_are_escaped() -> None:
    svg = bars("x", "<b>", "&", [Bar("<script>", (1,), "1", href="/a?b=1&c=2")])
    assert "<script>" not in svg
    assert [link.get("href") for link in _parsed(svg).iter("a")] == ["/a?b=1&c=2"]
