"""The queue of things to do after a transaction: rows that are stored with what caused them, and leased to workers."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from lms_server.contract.ids import new_uuid4
from lms_server.contract.upsert import insert_into
from lms_server.database.tables import jobs, server

_FIRST_WAIT_MS = 5_000
_LONGEST_WAIT_MS = 4 * 3_600_000


class State(StrEnum):
    """``queued → sending → accepted | failed | in_doubt``; ``held`` waits for an admin's release."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    HELD = "held"


@dataclass(frozen=True)
class Job:
    """A job held under a lease; ``attempts`` counts this one."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, Any]
    attempts: int
    lease: str


@dataclass(frozen=True)
class Verdict:
    """How an attempt ended. ``run_at`` is for queued again; ``journal_seq`` is the journal's last entry by now."""

    state: State
    reason: str | None = None
    run_at: int | None = None
    journal_seq: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


class LostLease(Exception):
    """Another worker holds this job by now: stop, and leave no trace."""


def enqueue(conn: Connection, kind: str, key: str, payload: Mapping[str, Any], run_at: int) -> None:
    """Store one job in the caller's transaction, or nothing if this (kind, key) was ever stored."""
    enqueue_all(conn, [(kind, key, payload, run_at)])


def enqueue_all(
    conn: Connection, new: Iterable[tuple[str, str, Mapping[str, Any], int]], state: State = State.QUEUED
) -> None:
    """Store jobs (kind, key, payload, run_at) in one statement; those whose (kind, key) is there are left alone."""
    rows = [
        {"kind": kind, "key": key, "payload": json.dumps(payload), "run_at": run_at, "state": state}
        for kind, key, payload, run_at in new
    ]
    if rows:
        conn.execute(insert_into(conn, jobs).on_conflict_do_nothing(), rows)


def is_due(conn: Connection, kinds: Collection[str], now: int) -> bool:
    """Whether a claim would find something: a read, so that idle workers take no write lock."""
    return conn.execute(select(jobs.c.id).where(_due(kinds, now)).limit(1)).first() is not None


def claim(conn: Connection, kinds: Collection[str], now: int, lease_s: int) -> Job | None:
    """Take the job that is due longest, for ``lease_s`` seconds; also one whose worker let its lease run out."""
    wanted = select(jobs).where(_due(kinds, now)).order_by(jobs.c.run_at, jobs.c.id).limit(1)
    row = conn.execute(wanted.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    lease = new_uuid4()
    taken = {"state": State.SENDING, "lease": lease, "lease_until": now + lease_s * 1000, "attempts": row.attempts + 1}
    conn.execute(update(jobs).where(jobs.c.id == row.id).values(taken))
    return Job(row.id, row.kind, row.key, json.loads(row.payload), row.attempts + 1, lease)


def keep_payload(conn: Connection, job: Job, changes: Mapping[str, Any], lease_until: int) -> None:
    """Change the payload and prolong the lease, if the job is still this worker's; raises LostLease."""
    values = {"payload": _merged(conn, job, changes), "lease_until": lease_until}
    if not conn.execute(update(jobs).where(_mine(job)).values(values)).rowcount:
        raise LostLease(job.key)


def settle(conn: Connection, job: Job, verdict: Verdict) -> bool:
    """Store how the attempt ended; False when the job is another worker's by now.

    That a mail was accepted is true whoever holds the job, so it may replace an ``in_doubt``.
    """
    allowed = _mine(job)
    if verdict.state is State.ACCEPTED:
        allowed = or_(allowed, and_(jobs.c.id == job.id, jobs.c.state == State.IN_DOUBT))
    values: dict[str, Any] = {"state": verdict.state, "reason": verdict.reason, "lease": None, "lease_until": None}
    if verdict.run_at is not None:
        values["run_at"] = verdict.run_at
    if verdict.changes:
        values["payload"] = _merged(conn, job, verdict.changes)
    if verdict.journal_seq is not None:
        record_journal(conn, verdict.journal_seq)
    return bool(conn.execute(update(jobs).where(allowed).values(values)).rowcount)


def record_journal(conn: Connection, seq: int) -> None:
    """Remember in the database how long the dispatch journal is, so that its loss is noticed."""
    conn.execute(update(server).where(server.c.journal_seq < seq).values(journal_seq=seq))


def wait_ms(attempts: int) -> int:
    """How long to wait after this many attempts: five seconds, doubled each time, at most four hours."""
    return min(_FIRST_WAIT_MS << min(attempts - 1, 16), _LONGEST_WAIT_MS)


def _due(kinds: Collection[str], now: int) -> ColumnElement[bool]:
    waiting = and_(jobs.c.state == State.QUEUED, jobs.c.run_at <= now)
    abandoned = and_(jobs.c.state == State.SENDING, jobs.c.lease_until < now)
    return and_(jobs.c.kind.in_(sorted(kinds)), or_(waiting, abandoned))


def _mine(job: Job) -> ColumnElement[bool]:
    return and_(jobs.c.id == job.id, jobs.c.lease == job.lease, jobs.c.state == State.SENDING)


def _merged(conn: Connection, job: Job, changes: Mapping[str, Any]) -> str:
    stored = conn.execute(select(jobs.c.payload).where(jobs.c.id == job.id)).scalar_one()
    merged = json.loads(stored) | dict(changes)
    return json.dumps({name: value for name, value in merged.items() if value is not None})
