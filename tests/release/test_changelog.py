from __future__ import annotations

from pipeline.release.changelog import changelog
from pipeline.release.compare import Change
from pipeline.release.version import Step, Version


def test_the_first_release_says_so_in_both_languages() -> None:
    assert changelog(Version(1, 0, 0), "2026-01-31T00:00:00Z", [], None) == (
        "# Changelog · Ändringar\n\n## 1.0.0 (2026-01-31)\n\nFirst release.\n\nFörsta utgåvan.\n"
    )


def test_a_release_stands_above_the_ones_before_it() -> None:
    first = changelog(Version(1, 0, 0), None, [], None)
    changes = [
        Change(Step.MINOR, "towns", "2 rows added", "2 rader tillagda"),
        Change(Step.PATCH, None, "metadata.yml changed", "metadata.yml ändrades"),
    ]
    assert changelog(Version(1, 1, 0), "2026-02-28T12:00:00Z", changes, first) == (
        "# Changelog · Ändringar\n"
        "\n"
        "## 1.1.0 (2026-02-28)\n"
        "\n"
        "- towns: 2 rows added\n"
        "- metadata.yml changed\n"
        "\n"
        "- towns: 2 rader tillagda\n"
        "- metadata.yml ändrades\n"
        "\n"
        "## 1.0.0\n"
        "\n"
        "First release.\n"
        "\n"
        "Första utgåvan.\n"
    )
