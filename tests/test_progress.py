from __future__ import annotations

import io
import json
import re
import time

import pytest

from pipeline.core.progress import Progress, Style


def _told(style: Style) -> str:
    stream = io.StringIO()
    progress = Progress(style, stream)
    with progress.step("release"):
        progress.advance(1, 2, "csv")
        progress.say("Nästan klart.")
    return stream.getvalue()


def test_in_a_pipe_a_step_is_a_line() -> None:
    assert re.fullmatch(r"Nästan klart\.\nrelease \d\.\d s\n", _told("lines"))


def test_on_a_terminal_a_step_is_a_line_that_moves() -> None:
    told = re.sub(r"\d\.\d s", "0.0 s", _told("terminal"))
    assert told == ("\r\x1b[2Krelease …\r\x1b[2Krelease 1/2 csv\r\x1b[2KNästan klart.\n\r\x1b[2Krelease 0.0 s\n")


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("terminal", "\\r\x1b\\[2Krelease ██████████░{10} 2/2 zip 1 s, about 1 s left"),
        ("lines", "release 2/2 zip 1 s, about 1 s left\n"),
    ],
)
def test_a_long_step_says_how_far_it_is_and_how_long_it_may_take(
    style: Style, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.core.progress.SILENT", 1.1)
    stream = io.StringIO()
    progress = Progress(style, stream)
    with progress.step("release"):
        progress.advance(2, 2, "zip")
        ended = time.monotonic() + 20
        while not re.search(told, stream.getvalue()) and time.monotonic() < ended:
            time.sleep(0.05)
    assert re.search(told, stream.getvalue())


def test_as_json_every_line_is_an_object() -> None:
    records = [json.loads(line) for line in _told("json").splitlines()]
    assert records[-1].pop("seconds") >= 0
    assert records == [
        {"step": "release", "done": 1, "total": 2, "what": "csv"},
        {"message": "Nästan klart."},
        {"step": "release"},
    ]


def test_quiet_says_nothing() -> None:
    assert _told("quiet") == ""
