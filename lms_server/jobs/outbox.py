"""What an admin sees of the mails, and may do: send one again, release what is held."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB

from lms_server.contract.upsert import among
from lms_server.database.tables import certificates, jobs, server, users
from lms_server.jobs.dispatch import KIND
from lms_server.jobs.journal import Event, Journal
from lms_server.jobs.mail import message_id
from lms_server.jobs.queue import State


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
    """The mail can't be sent again now; the text says why."""


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


def resend(conn: Connection, journal: Journal, certificate: str, now: int) -> None:
    """Queue the very same bytes once more: an admin's decision, kept in the journal. Raises CannotResend."""
    query = select(jobs.c.payload, jobs.c.state).where(jobs.c.kind == KIND, jobs.c.key == certificate)
    row = conn.execute(query.with_for_update()).one_or_none()
    if row is None:
        raise CannotResend(f"there is no mail of certificate {certificate}")
    if row.state not in (State.ACCEPTED, State.FAILED, State.IN_DOUBT):
        raise CannotResend(f"the mail of certificate {certificate} is {row.state} and wasn't sent yet")
    payload = json.loads(row.payload)
    payload.pop("intent", None)
    payload["resent"] = payload.get("resent", 0) + 1
    if "mail" in payload:
        # The three days of patience begin again.
        payload["mail"]["first_at"] = now
    values = {"payload": json.dumps(payload), "state": State.QUEUED, "reason": None, "run_at": now, "attempts": 0}
    conn.execute(update(jobs).where(jobs.c.kind == KIND, jobs.c.key == certificate).values(values))
    journal.append(Event.RESEND, certificate, now)


def release(conn: Connection, journal: Journal, now: int) -> int:
    """Let held mails go, and take the journal as it is for complete; returns how many were held."""
    held = and_(jobs.c.kind == KIND, jobs.c.state == State.HELD)
    released = conn.execute(update(jobs).where(held).values(state=State.QUEUED, reason=None, run_at=now)).rowcount
    conn.execute(update(server).values(journal_seq=journal.last_seq))
    return released


def hold_mails(conn: Connection, uuids: Collection[str], reason: str) -> None:
    """Keep these certificates' unsent mails back until an admin releases them: they may have gone before."""
    waiting = and_(jobs.c.kind == KIND, jobs.c.state == State.QUEUED, among(jobs.c.key, uuids))
    conn.execute(update(jobs).where(waiting).values(state=State.HELD, reason=reason))


def _frozen_address(conn: Connection) -> Any:
    """The frozen address alone: a listing doesn't read every message."""
    if conn.dialect.name == "postgresql":
        return cast(jobs.c.payload, JSONB)["mail"]["to"].astext.label("frozen_to")
    return func.json_extract(jobs.c.payload, "$.mail.to").label("frozen_to")


def _mail_row(row: Any, server_id: str) -> MailRow:
    to = row.frozen_to or row.email or ""
    return MailRow(row.key, to, row.state, row.reason, message_id(row.key, server_id), row.attempts)
