"""What a server does by itself, in threads of its own: jobs, the sweep of waiting commands, and once a day cleaning."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lms_server.actions.context import ServerContext
from lms_server.actions.unused_blobs import clean_daily
from lms_server.jobs.worker import Worker
from lms_server.sync.parked import sweep

SWEEP_S = 60.0
_JOIN_S = 30

log = logging.getLogger(__name__)


@contextmanager
def in_background(context: ServerContext, worker: Worker) -> Iterator[threading.Event]:
    """Run both until the block ends; yields the event that stops them earlier."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=worker.run, args=(stop,), name="jobs"),
        threading.Thread(target=_sweep_every_minute, args=(context, stop), name="sweep"),
    ]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(_JOIN_S)


def _sweep_every_minute(context: ServerContext, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            sweep(context)
            clean_daily(context)
        except Exception:
            log.exception("the sweep of waiting commands or the cleaning failed; it comes again")
        stop.wait(SWEEP_S)
