from __future__ import annotations

import pytest

from pipeline.serve.addresses import Address, parse, preferred


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", Address(None, None, "/")),
        ("/sv", Address(None, "sv", "")),
        ("/sv/", Address(None, "sv", "/")),
        ("/en/db/table", Address(None, "en", "/db/table")),
        ("/1.0.0/en/db", Address("1.0.0", "en", "/db")),
        ("/1.0.0/db.json", Address("1.0.0", None, "/db.json")),
        ("/svenska/x", Address(None, None, "/svenska/x")),
        ("/01.0.0/x", Address(None, None, "/01.0.0/x")),
        ("/1.0/x", Address(None, None, "/1.0/x")),
        ("/sv/1.0.0/x", Address(None, "sv", "/1.0.0/x")),
        ("//sv/x", Address(None, None, "//sv/x")),
    ],
)
def test_an_address_has_a_release_a_language_and_the_rest(path: str, address: Address) -> None:
    assert parse(path) == address
    assert address.prefix.rstrip("/") + address.rest == path


def test_what_has_an_extension_is_no_page() -> None:
    assert [
        parse(path).is_page for path in ("/", "/db/table", "/db/t~2Ecsv", "/db/table.csv", "/1.0.0/openapi.json")
    ] == [
        True,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "sv"),
        ("en", "en"),
        ("en-GB,en;q=0.9,sv;q=0.8", "en"),
        ("de,en;q=0.5", "en"),
        ("sv;q=0.5, EN;q=0.6", "en"),
        ("en;q=0, sv;q=0.1", "sv"),
        ("en;q=high", "sv"),
        ("nb-NO, fi", "sv"),
        ("en," * 10_000, "en"),
    ],
)
def test_a_browser_gets_the_language_that_it_ranks_highest(accepted: str, language: str) -> None:
    assert preferred(accepted) == language
