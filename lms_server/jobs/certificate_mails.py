"""Each certificate's mail as an admin sees it, and sending it once more."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB

from lms_server.database.tables import certificates, jobs, server, users
from lms_server.jobs.dispatch import KIND
from lms_server.jobs.journal import BadJournal, Event, Journal
from lms_server.jobs.mail import message_id
from lms_server.jobs.queue import State
from lms_server.sentences import sentence


@dataclass(frozen=True)
class MailRow:
    """One certificate's mail; ``to`` is the frozen address, or the learner's present one before the first attempt."""

    certificate: str
    to: str
    state: str
    reason: str | None
    message_id: str
    attempts: int


class CannotResend(Exception):
    """The mail can't be sent again now; ``said`` tells why."""

    def __init__(self, english: str, **values: object) -> None:
        self.said = sentence(english, **values)
        super().__init__(str(self.said))


def list_mails(conn: Connection) -> list[MailRow]:
    """All mails, the oldest first."""
    server_id = conn.execute(select(server.c.server_id)).scalar_one()
    query = (
        select(jobs.c.key, _frozen_address(conn), jobs.c.state, jobs.c.reason, jobs.c.attempts, users.c.email)
        .outerjoin(certificates, certificates.c.uuid == jobs.c.key)
        .outerjoin(users, users.c.id == certificates.c.user_id)
        .where(jobs.c.kind == KIND)
        .order_by(jobs.c.id)
    )
    return [_mail_row(row, server_id) for row in conn.execute(query)]


def resend(conn: Connection, journal: Journal, certificate: str, now: int) -> State:
    """Queue the very same bytes once more: an admin's decision, kept in the journal. Raises CannotResend.

    Returns the state that it was in: who was sent an accepted mail gets a second copy, with the same Message-ID.
    """
    query = select(jobs.c.payload, jobs.c.state).where(jobs.c.kind == KIND, jobs.c.key == certificate)
    row = conn.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise CannotResend("There is no mail of certificate {certificate}.", certificate=certificate)
    if row.state not in (State.ACCEPTED, State.FAILED, State.IN_DOUBT):
        raise CannotResend(
            "The mail of certificate {certificate} still waits: it wasn't sent yet.", certificate=certificate
        )
    if not _is_whole(conn, journal):
        # It would grow again, and nobody would notice any more that it is missing.
        raise CannotResend("The mail journal is missing, damaged or shorter than it was: release the held mails first.")
    payload = json.dumps(_once_more(json.loads(row.payload), now))
    values = {"payload": payload, "state": State.QUEUED, "reason": None, "run_at": now, "attempts": 0}
    conn.execute(update(jobs).where(jobs.c.kind == KIND, jobs.c.key == certificate).values(values))
    journal.append(Event.RESEND, certificate, now)
    return State(row.state)


def _once_more(payload: dict[str, Any], now: int) -> dict[str, Any]:
    """As if nothing had been handed over yet, but for the count; a frozen message stays as it is."""
    again = {name: value for name, value in payload.items() if name != "intent"}
    again["resent"] = again.get("resent", 0) + 1
    if "mail" in again:
        # The three days of patience begin again.
        again["mail"] = again["mail"] | {"first_at": now}
    return again


def _is_whole(conn: Connection, journal: Journal) -> bool:
    recorded: int = conn.execute(select(server.c.journal_seq)).scalar_one()
    try:
        return journal.last_seq >= recorded
    except BadJournal:
        return False


def _frozen_address(conn: Connection) -> Any:
    """The frozen address alone: a listing doesn't read every message."""
    if conn.dialect.name == "postgresql":
        return cast(jobs.c.payload, JSONB)["mail"]["to"].astext.label("frozen_to")
    return func.json_extract(jobs.c.payload, "$.mail.to").label("frozen_to")


def _mail_row(row: Any, server_id: str) -> MailRow:
    to = row.frozen_to or row.email or ""
    return MailRow(row.key, to, row.state, row.reason, message_id(row.key, server_id), row.attempts)
