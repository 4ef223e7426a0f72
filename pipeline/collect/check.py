"""Whether sources still have the shape that is documented: the least is asked that shows it, and nothing is kept."""

from __future__ import annotations

from pipeline.collect.client import Client
from pipeline.collect.jobs import Job, Terms, chosen, clients, side_by_side
from pipeline.collect.outcome import Outcome, failed, problem
from pipeline.collect.run import Conversation
from pipeline.core.errors import Kind
from pipeline.core.http import NotFetched
from pipeline.core.progress import Progress
from pipeline.source.fetched_rows import read
from pipeline.source.project import Project
from pipeline.source.readers import BadAnswer, Request, reader


def check(project: Project, progress: Progress, terms: Terms) -> list[Outcome]:
    """For each source, whether a sample of it can be read: outcome `as documented`, `differs` or `failed`."""
    jobs = chosen(project, terms.only)
    connected = clients(project, terms)

    def one(place: int) -> Outcome:
        source, fetch = jobs[place]
        progress.say(f"{fetch.id}: checked with the least that shows its shape")
        client = None
        try:
            client = connected(fetch)
            return _checked(jobs[place], client)
        except NotFetched as error:
            return failed(source, fetch, error)
        finally:
            if client is not None:
                client.close()

    return side_by_side([fetch for _, fetch in jobs], one)


def _checked(job: Job, client: Client) -> Outcome:
    source, fetch = job
    sample = reader(fetch.reader).sample(fetch)
    rows: dict[str, int] = {}
    sizes: list[int] = []

    def ask(request: Request) -> bytes:
        body = client.ask(request).body
        sizes.append(len(body))
        return body

    conversation = Conversation(sample, client, ask)
    try:
        conversation.hold(lambda _: False, lambda _: None)
        rows = {table: len(of.numbers) for table, of in read(sample, conversation.answers).items()}
        lacking = reader(fetch.reader).missing(sample, conversation.answers)
        reasons = [f"{what} was asked for and is not there" for what in lacking]
        reasons += [f"{table} gets no rows from the sample" for table, count in rows.items() if not count]
    except BadAnswer as error:
        reasons = [f"the answer to {conversation.answers[-1].request.url} {error.rule}"]
    fix = "Compare the source with what docs/collect.md says of it, and mend the fetch or its reader."
    problems = tuple(problem(Kind.REJECTED_SNAPSHOT, reason, fix, source, fetch) for reason in reasons)
    outcome = "differs" if reasons else "as documented"
    return Outcome(source.name, fetch.id, outcome, len(sizes), sum(sizes), rows, problems)
