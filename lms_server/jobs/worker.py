"""Takes jobs from the queue, one at a time, and stores how each attempt ended."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from lms_server.contract.sqlite import reading, writing
from lms_server.jobs.queue import LEASE_MS, Job, LostLease, State, Verdict, claim, is_due, settle, wait_ms

Task = Callable[[Job], Verdict]
# Bugs and broken fonts: visible after some tries, in about a day.
_TRIES = 18
_POLL_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worker:
    """Runs the tasks of these kinds of job. Any number may run at once, in any number of processes."""

    engine: Engine
    tasks: Mapping[str, Task]
    clock: Callable[[], int]

    def run_once(self) -> int:
        """Do everything that is due now; returns how many attempts were made."""
        done = 0
        while self._step(self.tasks):
            done += 1
        return done

    def run(self, stop: threading.Event) -> None:
        """Go on until ``stop`` is set, each kind in a thread of its own: a slow mail server holds up no PDF."""
        threads = [threading.Thread(target=self._go_on, args=({kind}, stop), name=kind) for kind in self.tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _go_on(self, kinds: Collection[str], stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                wait_s = 0.0 if self._step(kinds) else _POLL_S
            except Exception:
                # Trouble with the database passes, or an admin reads of it; leases see to the job.
                log.exception("the job worker could not use the queue")
                wait_s = 10 * _POLL_S
            stop.wait(wait_s)

    def _step(self, kinds: Collection[str]) -> bool:
        job = self._claim(kinds)
        if job is not None:
            self._attempt(job)
        return job is not None

    def _claim(self, kinds: Collection[str]) -> Job | None:
        now = self.clock()
        with reading(self.engine) as conn:
            if not is_due(conn, kinds, now):
                return None
        with writing(self.engine) as conn:
            return claim(conn, kinds, now, now + LEASE_MS)

    def _attempt(self, job: Job) -> None:
        try:
            verdict = self.tasks[job.kind](job)
        except LostLease:
            log.info("%s %s went to another worker", job.kind, job.key)
            return
        except Exception as error:
            # The edge of a job: one that fails must not stop the others.
            log.exception("%s %s failed", job.kind, job.key)
            verdict = self._again(job, error)
        with writing(self.engine) as conn:
            settle(conn, job, verdict)

    def _again(self, job: Job, error: Exception) -> Verdict:
        reason = f"{type(error).__name__}: {error}"[:500]
        if job.attempts >= _TRIES:
            return Verdict(State.FAILED, reason)
        return Verdict(State.QUEUED, reason, run_at=self.clock() + wait_ms(job.attempts))
