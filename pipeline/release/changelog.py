"""CHANGELOG.md: what a release changed, in words that a data user understands, in both languages."""

from __future__ import annotations

from pipeline.release.compare import Change
from pipeline.release.version import Version

HEADING = "# Changelog · Ändringar\n"


def changelog(version: Version, created: str | None, changes: list[Change], earlier: str | None) -> str:
    """The changelog with this release on top of the `earlier` one's, which is None for the first release."""
    date = f" ({created[:10]})" if created else ""
    lines = [f"## {version}{date}", ""]
    if earlier is None:
        lines += ["First release.", "", "Första utgåvan."]
    else:
        lines += [_line(change.table, change.en) for change in changes]
        lines.append("")
        lines += [_line(change.table, change.sv) for change in changes]
    before = (earlier or HEADING).removeprefix(HEADING)
    return HEADING + "\n" + "\n".join(lines) + "\n" + before


def _line(table: str | None, text: str) -> str:
    return f"- {table}: {text}" if table else f"- {text}"
