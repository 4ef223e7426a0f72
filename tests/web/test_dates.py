from __future__ import annotations

import pytest

from pipeline.web import dates
from pipeline.web.words import Words


@pytest.mark.parametrize(
    ("code", "swedish", "english"),
    [
        ("2020", "2020", "2020"),
        ("2020-10", "oktober 2020", "October 2020"),
        ("2020-10-05", "5 oktober 2020", "5 October 2020"),
        ("2020-10-05T14:00:00Z", "5 oktober 2020 kl. 14.00 UTC", "5 October 2020, 14:00 UTC"),
        ("2023-22", "sommaren 2023", "summer 2023"),
        ("2023-34", "andra kvartalet 2023", "second quarter of 2023"),
        ("../2018-12", "senast december 2018", "by December 2018"),
        ("2018-12/..", "från december 2018", "from December 2018"),
        ("2020/2021", "2020–2021", "2020–2021"),
        ("2020-10-05/2020-10-09", "5–9 oktober 2020", "5–9 October 2020"),
        ("2020-03/2020-05", "mars–maj 2020", "March–May 2020"),
        ("2020-10-05/2021-01-09", "5 oktober 2020 – 9 januari 2021", "5 October 2020 – 9 January 2021"),
        ("2018/2020-05", "2018 – maj 2020", "2018 – May 2020"),
        ("2018~/2020", "omkring 2018 – 2020", "about 2018 – 2020"),
        ("2020/2020", "2020", "2020"),
        ("2018~", "omkring 2018", "about 2018"),
        ("2018-12?", "möjligen december 2018", "possibly December 2018"),
        ("2018%", "möjligen omkring 2018", "possibly about 2018"),
        ("201X", "2010-talet", "the 2010s"),
        ("20XX", "2000–2099", "2000–2099"),
        ("2018-XX", "2018", "2018"),
        ("2018-12-XX", "december 2018", "December 2018"),
        ("[2017,2018,2019]", "2017, 2018 eller 2019", "2017, 2018 or 2019"),
        ("{2017,2019}", "2017 och 2019", "2017 and 2019"),
    ],
)
def test_a_date_is_said_in_words(code: str, swedish: str, english: str) -> None:
    assert (dates.spoken(Words("sv"), code), dates.spoken(Words("en"), code)) == (swedish, english)


@pytest.mark.parametrize(
    "code", ["", "x", "2020-13", "2020-02-30", "2020-99-99", "../", "/", "[]", "{", "2020/x", "18 dec", "12020"]
)
def test_what_is_no_date_is_left_as_it_is(code: str) -> None:
    assert dates.spoken(Words("sv"), code) == code


def test_the_code_stands_beside_the_words_for_machines_and_for_those_who_ask() -> None:
    words = Words("en")
    assert dates.element(words, "2020-10") == '<time datetime="2020-10">October 2020</time>'
    assert dates.element(words, "../2018-12") == '<span title="../2018-12">by December 2018</span>'
    assert dates.element(words, "2018") == "2018"
    assert dates.element(words, "<b>") == "&lt;b&gt;"
