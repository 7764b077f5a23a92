"""A worker process that kills itself (-9) at a named point: FOLDER MAIL_URL POINT."""

import os
import signal
import sys
from pathlib import Path

from lms_server.actions import papers, work
from lms_server.jobs import dispatch, transports, worker
from lms_server.jobs.journal import Event, Journal
from tests.jobs.conftest import Place


def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner, name, wanted=lambda *_args: True):
    """Die instead of the first call that is wanted."""
    real = getattr(owner, name)
    setattr(owner, name, lambda *args, **kwargs: die() if wanted(*args) else real(*args, **kwargs))


def after(owner, name, wanted=lambda *_args: True):
    """Die right after the first call that is wanted."""
    real = getattr(owner, name)

    def call(*args, **kwargs):
        result = real(*args, **kwargs)
        return die() if wanted(*args) else result

    setattr(owner, name, call)


def is_event(event):
    return lambda _journal, told, *_rest: told is event


def is_mail(_conn, job, *_rest):
    return job.kind == "certificate_email"


POINTS = {
    "claimed": lambda: after(worker, "claim"),
    "blob kept": lambda: before(papers, "whole_transaction"),
    "drawn": lambda: after(work, "ensure_pdf"),
    "letter read": lambda: before(dispatch, "write_mail"),
    "frozen": lambda: after(dispatch, "keep_payload"),
    "intent in the database": lambda: before(Journal, "append", is_event(Event.INTENT)),
    "intent in the journal": lambda: after(Journal, "append", is_event(Event.INTENT)),
    "out": lambda: before(Journal, "append", is_event(Event.ACCEPTED)),
    "accepted in the journal": lambda: after(Journal, "append", is_event(Event.ACCEPTED)),
    "before the verdict": lambda: before(worker, "settle", is_mail),
    "after the verdict": lambda: after(worker, "settle", is_mail),
    "message without its dot": lambda: before(transports, "_final_dot"),
    "file without its name": lambda: before(Path, "replace", lambda path, *_: path.parent.name == "tmp"),
}


def main() -> None:
    folder, mail_url, point = sys.argv[1:]
    POINTS[point]()
    place = Place(Path(folder), f"sqlite:///{folder}/server.sqlite3")
    place.worker(mail_url).run_once()


if __name__ == "__main__":
    main()
