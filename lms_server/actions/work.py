"""What this server does by itself: one worker for certificates' PDFs and mails."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from lms_server.actions.context import ServerContext
from lms_server.actions.papers import ensure_pdf, letter_of
from lms_server.database.clock import ask_time
from lms_server.jobs.dispatch import KIND, Dispatch
from lms_server.jobs.journal import Journal
from lms_server.jobs.queue import Job, State, Verdict
from lms_server.jobs.transports import transport_of
from lms_server.jobs.worker import Worker


def build_worker(
    context: ServerContext,
    mail_url: str,
    journal_file: Path,
    clock: Callable[[], int] | None = None,
    living: Path | None = None,
) -> Worker:
    """A worker for all kinds of job; any number may run at once. Raises ValueError for a bad mail address.

    Its ``clock`` is the database's: workers on machines whose clocks disagree still agree on leases. In the folder
    ``living`` those of one machine see who was killed.
    """
    clock = clock or partial(ask_time, context.engine)
    dispatch = Dispatch(
        engine=context.engine,
        journal=Journal(journal_file),
        transport=transport_of(mail_url),
        letter_of=partial(letter_of, context),
        clock=clock,
    )
    return Worker(context.engine, {KIND: dispatch, "certificate_pdf": partial(_draw, context)}, clock, living=living)


def _draw(context: ServerContext, job: Job) -> Verdict:
    ensure_pdf(context, job.key)
    return Verdict(State.ACCEPTED)
