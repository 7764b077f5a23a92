"""One attempt at a certificate's mail: never two by automatic action, never silently none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import server
from lms_server.jobs.journal import FREE, BadJournal, Event, Journal
from lms_server.jobs.mail import BadAddress, Letter, Mail, write_mail
from lms_server.jobs.queue import LEASE_MS, Job, State, Verdict, keep_payload, wait_ms
from lms_server.jobs.transports import InDoubt, Refused, Transport, TryAgain

KIND = "certificate_email"
_PATIENCE_MS = 3 * 24 * 3_600_000
MAY_HAVE_GONE = "the server's history was rolled back: it may have gone before"


@dataclass(frozen=True)
class Dispatch:
    """The task of kind ``certificate_email``. ``letter_of`` reads the present letter of a certificate's uuid."""

    engine: Engine
    journal: Journal
    transport: Transport
    letter_of: Callable[[str], Letter]
    clock: Callable[[], int]

    def __call__(self, job: Job) -> Verdict:
        """Try to send; everything that was learned is in the journal before this returns."""
        try:
            stopped = self._stopped(job)
            return stopped or self._send(job, self._frozen(job))
        except BadJournal as error:
            return Verdict(State.HELD, str(error))
        except BadAddress as error:
            return Verdict(State.FAILED, str(error))

    def _stopped(self, job: Job) -> Verdict | None:
        """Why nothing may be sent now, or None."""
        event = self.journal.last_event(job.key)
        if event is Event.ACCEPTED:
            return Verdict(State.ACCEPTED, None, journal_seq=self.journal.last_seq)
        with reading(self.engine) as conn:
            recorded: int = conn.execute(_RECORDED).scalar_one()
        if recorded > self.journal.last_seq:
            return Verdict(State.HELD, "the dispatch journal is missing or shorter than recorded")
        if event is Event.HELD:
            return Verdict(State.HELD, MAY_HAVE_GONE)
        may_have_gone = event not in FREE or "intent" in job.payload
        if may_have_gone and not self.transport.is_idempotent:
            reason = "a worker stopped while handing it over"
            return Verdict(State.IN_DOUBT, reason, journal_seq=self.journal.last_seq)
        return None

    def _frozen(self, job: Job) -> Mapping[str, Any]:
        """The message as it was at the first attempt; the first attempt makes it."""
        kept: Mapping[str, Any] | None = job.payload.get("mail")
        if kept is None:
            now = self.clock()
            mail = write_mail(self.letter_of(job.key), now)
            content = mail.content.decode("utf-8")
            kept = {"sender": mail.sender, "to": mail.to, "content": content, "first_at": now}
            self._keep(job, {"mail": kept})
        return kept

    def _send(self, job: Job, kept: Mapping[str, Any]) -> Verdict:
        mail = Mail(kept["sender"], kept["to"], kept["content"].encode("utf-8"))
        try:
            self.transport.deliver(mail, _file_name(job), lambda: self._commit(job))
        except InDoubt as error:
            return Verdict(State.IN_DOUBT, str(error), journal_seq=self.journal.last_seq)
        except Refused as error:
            return self._not_sent(job, State.FAILED, str(error))
        except TryAgain as error:
            return self._later(job, kept["first_at"], str(error))
        seq = self.journal.append(Event.ACCEPTED, job.key, self.clock())
        return Verdict(State.ACCEPTED, None, journal_seq=seq, changes={"intent": None})

    def _commit(self, job: Job) -> None:
        """The fence: only the lease's owner gets past, and from here on a crash leaves doubt, not a second mail."""
        self._keep(job, {"intent": self.clock()})
        try:
            self.journal.append(Event.INTENT, job.key, self.clock())
        except OSError as error:
            # Nothing was sent yet: better late than in doubt.
            self._keep(job, {"intent": None})
            raise TryAgain(f"the dispatch journal can't be written: {error.strerror}") from error

    def _later(self, job: Job, first_at: int, reason: str) -> Verdict:
        now = self.clock()
        if now - first_at >= _PATIENCE_MS:
            return self._not_sent(job, State.FAILED, f"given up after 3 days: {reason}")
        return self._not_sent(job, State.QUEUED, reason, run_at=now + wait_ms(job.attempts))

    def _not_sent(self, job: Job, state: State, reason: str, run_at: int | None = None) -> Verdict:
        """The server said no, or was never asked: an intent that was recorded is taken back."""
        seq = self.journal.last_seq
        if self.journal.last_event(job.key) is Event.INTENT:
            seq = self.journal.append(Event.ABANDONED, job.key, self.clock())
        return Verdict(state, reason, run_at, seq, {"intent": None})

    def _keep(self, job: Job, changes: Mapping[str, Any]) -> None:
        with writing(self.engine) as conn:
            keep_payload(conn, job, changes, self.clock() + LEASE_MS)


def _file_name(job: Job) -> str:
    """A maildir's name for this mail: fixed, one more for each time that an admin sends it again."""
    copy = job.payload.get("resent", 0)
    return f"{job.key}.{copy}.lms" if copy else f"{job.key}.lms"


_RECORDED = select(server.c.journal_seq)
