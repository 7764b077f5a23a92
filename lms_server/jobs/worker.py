"""Takes jobs from the queue, one at a time, and stores how each attempt ended."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lms_server.contract.sqlite import reading, writing
from lms_server.jobs.living import alive, find_dead
from lms_server.jobs.queue import (
    LEASE_MS,
    Job,
    LostLease,
    State,
    Verdict,
    claim,
    end_leases,
    find_holders,
    is_due,
    settle,
    wait_ms,
)

Task = Callable[[Job], Verdict]
# Bugs and broken fonts: visible after some tries, in about a day.
_TRIES = 18
_POLL_S = 1.0
# How often an idle worker looks whether another one died; a power cut is seen at once by the next to start.
_LOOK_AROUND_S = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worker:
    """Runs the tasks of these kinds of job. Any number may run at once, in any number of processes.

    ``living`` is a folder on this machine where its workers tell each other that they live: the jobs of one that was
    killed needn't wait until its lease ends.
    """

    engine: Engine
    tasks: Mapping[str, Task]
    clock: Callable[[], int]
    living: Path | None = None

    def run_once(self) -> int:
        """Do everything that is due now; returns how many attempts were made."""
        done = 0
        with alive(self.living) as mark:
            self._take_back()
            while self._step(self.tasks, mark):
                done += 1
        return done

    def run(self, stop: threading.Event) -> None:
        """Go on until ``stop`` is set, each kind in a thread of its own: a slow mail server holds up no PDF."""
        with alive(self.living) as mark:
            threads = [
                threading.Thread(target=self._go_on, args=({kind}, mark, stop), name=kind) for kind in self.tasks
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _go_on(self, kinds: Collection[str], mark: str, stop: threading.Event) -> None:
        look_at = 0.0
        while not stop.is_set():
            try:
                if time.monotonic() >= look_at:
                    self._take_back()
                    look_at = time.monotonic() + _LOOK_AROUND_S
                wait_s = 0.0 if self._step(kinds, mark) else _POLL_S
            except Exception:
                # Trouble with the database passes, or an admin reads of it; leases see to the job.
                log.exception("the job worker could not use the queue")
                wait_s = 10 * _POLL_S
            stop.wait(wait_s)

    def _take_back(self) -> None:
        """The jobs of workers that were killed on this machine are due again."""
        if self.living is None:
            return
        with reading(self.engine) as conn:
            holders = find_holders(conn)
        dead = find_dead(self.living, holders)
        if dead:
            log.info("a worker was killed: its jobs are taken over")
            with writing(self.engine) as conn:
                end_leases(conn, dead)

    def _step(self, kinds: Collection[str], mark: str = "") -> bool:
        job = self._claim(kinds, mark)
        if job is not None:
            self._attempt(job)
        return job is not None

    def _claim(self, kinds: Collection[str], mark: str) -> Job | None:
        now = self.clock()
        with reading(self.engine) as conn:
            if not is_due(conn, kinds, now):
                return None
        with writing(self.engine) as conn:
            return claim(conn, kinds, now, now + LEASE_MS, mark)

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
