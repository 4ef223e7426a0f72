"""`servicebanken sources`: what each source holds."""

from __future__ import annotations

from pipeline.cli.session import Session, command, main


@main.command()
@command
def sources(session: Session) -> None:
    """List what each source holds: documents, rows, tables, newest snapshot.

    \b
    Example:
      servicebanken sources --json
    """
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
