"""Whether sources still have the shape that is documented: the least is asked that shows it, and nothing is kept."""

from __future__ import annotations

from dataclasses import replace

from pipeline.collect.client import Client
from pipeline.collect.jobs import Job, Terms, chosen, clients, side_by_side
from pipeline.collect.outcome import Outcome, failed, problem
from pipeline.collect.run import Conversation
from pipeline.core.errors import Kind
from pipeline.core.http import NotFetched
from pipeline.core.progress import Progress
from pipeline.source.fetched_rows import Rows, read
from pipeline.source.project import Project
from pipeline.source.readers import BadAnswer, Request, reader


def check(project: Project, progress: Progress, terms: Terms) -> list[Outcome]:
    """For each source, whether a sample of it can be read: outcome `as documented`, `differs` or `failed`."""
    jobs = chosen(project, terms.only)
    connected = clients(project, terms)

    def one(place: int) -> Outcome:
        source, fetch = jobs[place]
        progress.advance(place, len(jobs), fetch.id)
        asked: list[str] = []
        client = None
        try:
            client = connected(fetch)
            return _checked(jobs[place], client, asked)
        except NotFetched as error:
            return replace(failed(source, fetch, error), asks=tuple(asked))
        finally:
            if client is not None:
                client.close()

    with progress.step("check"):
        return side_by_side([fetch for _, fetch in jobs], one)


def _checked(job: Job, client: Client, asked: list[str]) -> Outcome:
    source, fetch = job
    sample = reader(fetch.reader).sample(fetch)
    rows: dict[str, Rows] = {}
    size = 0

    def ask(request: Request) -> bytes:
        nonlocal size
        asked.append(f"{request.method} {request.url}")
        received = client.ask(request)
        asked[-1] += f": {received.status}, {len(received.body):,} bytes, {received.seconds:.1f} s"
        size += len(received.body)
        return received.body

    conversation = Conversation(sample, client, ask)
    try:
        conversation.hold(lambda _: False, lambda _: None)
        rows = read(sample, conversation.answers)
        lacking = reader(fetch.reader).missing(sample, conversation.answers)
        reasons = [f"{what} was asked for and did not come" for what in lacking]
        reasons += [f"{table} gets no rows from the sample" for table, of in rows.items() if not of.numbers]
    except BadAnswer as error:
        reasons = [f"the answer to {conversation.answers[-1].request.url} {error.rule}"]
    fix = "Compare the source with what docs/collect.md says of it, and correct the fetch or its reader."
    problems = tuple(problem(Kind.REJECTED_SNAPSHOT, reason, fix, source, fetch) for reason in reasons)
    return Outcome(
        source.name,
        fetch.id,
        "differs" if reasons else "as documented",
        len(asked),
        size,
        {table: len(of.numbers) for table, of in rows.items()},
        problems,
        asks=tuple(asked),
        shape=tuple(_shape(table, of) for table, of in rows.items()),
    )


def _shape(table: str, rows: Rows) -> str:
    """How many rows a table gets, and which of its columns are filled in them."""
    filled = [name for name, cells in rows.columns.items() if any(cell is not None for cell in cells)]
    empty = [name for name in rows.columns if name not in filled]
    lacks = f"; empty: {', '.join(empty)}" if empty else ""
    return f"{table}: {len(rows.numbers):,} rows with {', '.join(filled) or 'nothing'}{lacks}"
