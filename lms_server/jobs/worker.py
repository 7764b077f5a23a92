"""Takes jobs from the queue, one at a time, and stores how each attempt ended."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine

from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import now_ms
from lms_server.jobs.queue import Job, LostLease, State, Verdict, claim, is_due, settle, wait_ms

Task = Callable[[Job], Verdict]
LEASE_S = 900
# Bugs and broken fonts: visible after some tries, in about two days.
_TRIES = 18
_POLL_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worker:
    """Runs the tasks of these kinds of job. Any number may run at once, in any number of processes."""

    engine: Engine
    tasks: Mapping[str, Task]
    clock: Callable[[], int] = field(default=now_ms)
    lease_s: int = LEASE_S

    def run_once(self) -> int:
        """Do everything that is due now; returns how many attempts were made."""
        done = 0
        while (job := self._claim()) is not None:
            self._attempt(job)
            done += 1
        return done

    def run(self, stop: threading.Event) -> None:
        """Go on until ``stop`` is set; trouble with the database is logged and waited out."""
        while not stop.is_set():
            try:
                self.run_once()
            except Exception:
                log.exception("the job worker could not use the queue")
                stop.wait(10 * _POLL_S)
            stop.wait(_POLL_S)

    def _claim(self) -> Job | None:
        now = self.clock()
        with reading(self.engine) as conn:
            if not is_due(conn, self.tasks, now):
                return None
        with writing(self.engine) as conn:
            return claim(conn, self.tasks, now, self.lease_s)

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
