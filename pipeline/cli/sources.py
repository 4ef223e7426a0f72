"""`servicebanken sources`: what each source holds."""

from __future__ import annotations

import click

from pipeline.cli.session import Session, command, main


@main.command()
@click.option("--history", "past", is_flag=True, help="Show when each fetched source changed, and by how much.")
@command
def sources(session: Session, past: bool) -> None:
    """List what each source holds: documents, rows, tables, newest snapshot.

    \b
    Examples:
      servicebanken sources --json
      servicebanken sources --history
    """
    if past:
        from pipeline.collect.history import history

        entries = history(session.project)
        text = "\n".join(map(str, entries)) or "Nothing has been collected yet."
        session.print([entry.to_dict() for entry in entries], text)
        return
    from pipeline.assemble.summary import summary

    summaries = summary(session.project)
    header = ("source", "rank", "documents", "rows", "snapshot", "tables")
    rows = [
        (
            source["source"],
            str(source["rank"]),
            str(source["documents"]),
            str(source["rows"]),
            source["snapshot"] or "-",
            ", ".join(f"{name} {count}" for name, count in source["tables"].items()),
        )
        for source in summaries
    ]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(5)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]])
        for row in [header, *rows]
    ]
    session.print(summaries, "\n".join(lines))
