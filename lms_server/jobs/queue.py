"""The queue of things to do after a transaction: rows that are stored with what caused them, and leased to workers."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, Update, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lms_server.contract.ids import new_uuid4
from lms_server.contract.upsert import among_named
from lms_server.database.tables import jobs, server
from lms_server.jobs.living import MARK_CHARS

# Longer than any attempt takes: a worker that is this late is gone.
LEASE_MS = 900_000
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


def enqueue_all(conn: Connection, new: Iterable[tuple[str, str, Mapping[str, Any], int]]) -> None:
    """Store jobs (kind, key, payload, run_at) in the caller's transaction; those whose (kind, key) is there stay."""
    rows = [
        {"kind": kind, "key": key, "payload": json.dumps(payload), "run_at": run_at, "state": State.QUEUED}
        for kind, key, payload, run_at in new
    ]
    if rows:
        conn.execute(_ADD[conn.dialect.name], rows)


def enqueue_again(conn: Connection, kind: str, key: str, run_at: int) -> None:
    """Have a job done once more, however it ended; a worker that is at it finds its lease lost."""
    conn.execute(_AGAIN, {"kind_": kind, "key_": key, "run_at_": run_at})


def is_due(conn: Connection, kinds: Collection[str], now: int) -> bool:
    """Whether a claim would find something: a read, so that idle workers take no write lock."""
    return conn.execute(_ANY_DUE, {"kinds": sorted(kinds), "now": now}).first() is not None


def claim(conn: Connection, kinds: Collection[str], now: int, lease_until: int, mark: str = "") -> Job | None:
    """Take the job that is due longest, until then; also one whose worker let its lease run out.

    The lease begins with the worker's ``mark``.
    """
    row = conn.execute(_NEXT, {"kinds": sorted(kinds), "now": now}).one_or_none()
    if row is None:
        return None
    lease = mark + new_uuid4()[len(mark) :]
    conn.execute(_TAKE, {"id_": row.id, "lease_": lease, "until_": lease_until})
    return Job(row.id, row.kind, row.key, json.loads(row.payload), row.attempts + 1, lease)


def find_holders(conn: Connection) -> set[str]:
    """The marks of the workers that have jobs."""
    return {lease[:MARK_CHARS] for lease in conn.execute(_LEASES).scalars() if lease}


def end_leases(conn: Connection, marks: Collection[str]) -> None:
    """Let others take the jobs of workers that died; whoever isn't dead after all finds the lease lost."""
    conn.execute(_END_LEASES, {"marks": sorted(marks)})


def keep_payload(conn: Connection, job: Job, changes: Mapping[str, Any], lease_until: int) -> None:
    """Change the payload and prolong the lease, if the job is still this worker's; raises LostLease."""
    values = {"payload_": _merged(conn, job, changes), "until_": lease_until}
    if not conn.execute(_KEEP, _held(job) | values).rowcount:
        raise LostLease(job.key)


def settle(conn: Connection, job: Job, verdict: Verdict) -> bool:
    """Store how the attempt ended; False when the job is another worker's by now.

    That a mail was accepted is true whoever holds the job, so it may replace an ``in_doubt``.
    """
    values: dict[str, Any] = {"state_": verdict.state, "reason_": verdict.reason, "run_at_": verdict.run_at}
    values["payload_"] = _merged(conn, job, verdict.changes) if verdict.changes else None
    if verdict.journal_seq is not None:
        record_journal(conn, verdict.journal_seq)
    statement = _ACCEPT if verdict.state is State.ACCEPTED else _SETTLE
    return bool(conn.execute(statement, _held(job) | values).rowcount)


def record_journal(conn: Connection, seq: int) -> None:
    """Remember in the database how long the dispatch journal is, so that its loss is noticed."""
    conn.execute(_RECORD, {"seq": seq})


def wait_ms(attempts: int) -> int:
    """How long to wait after this many attempts: five seconds, doubled each time, at most four hours."""
    return min(_FIRST_WAIT_MS << min(attempts - 1, 16), _LONGEST_WAIT_MS)


def _held(job: Job) -> dict[str, Any]:
    return {"id_": job.id, "lease_": job.lease}


def _merged(conn: Connection, job: Job, changes: Mapping[str, Any]) -> str:
    stored = conn.execute(_PAYLOAD, {"id_": job.id}).scalar_one()
    merged = json.loads(stored) | dict(changes)
    return json.dumps({name: value for name, value in merged.items() if value is not None})


def _keeping(allowed: ColumnElement[bool]) -> Update:
    return update(jobs).where(allowed).values(payload=bindparam("payload_"), lease_until=bindparam("until_"))


def _settling(allowed: ColumnElement[bool]) -> Update:
    return (
        update(jobs)
        .where(allowed)
        .values(
            state=bindparam("state_"),
            reason=bindparam("reason_"),
            lease=None,
            lease_until=None,
            # What isn't said stays.
            run_at=func.coalesce(bindparam("run_at_", type_=BigInteger), jobs.c.run_at),
            payload=func.coalesce(bindparam("payload_", type_=Text), jobs.c.payload),
        )
    )


_ADD = {kind.dialect.name: kind.insert(jobs).on_conflict_do_nothing() for kind in (postgresql, sqlite)}
_AGAIN = (
    update(jobs)
    .where(jobs.c.kind == bindparam("kind_"), jobs.c.key == bindparam("key_"))
    .values(state=State.QUEUED, reason=None, attempts=0, run_at=bindparam("run_at_"), lease=None, lease_until=None)
)
# Idle workers ask every second: statements are made once.
_DUE = and_(
    among_named(jobs.c.kind, "kinds"),
    or_(
        and_(jobs.c.state == State.QUEUED, jobs.c.run_at <= bindparam("now")),
        and_(jobs.c.state == State.SENDING, jobs.c.lease_until < bindparam("now")),
    ),
)
_ANY_DUE = select(jobs.c.id).where(_DUE).limit(1)
_NEXT = select(jobs).where(_DUE).order_by(jobs.c.run_at, jobs.c.id).limit(1).with_for_update(skip_locked=True)
_TAKE = (
    update(jobs)
    .where(jobs.c.id == bindparam("id_"))
    .values(
        state=State.SENDING, lease=bindparam("lease_"), lease_until=bindparam("until_"), attempts=jobs.c.attempts + 1
    )
)
_LEASES = select(jobs.c.lease).where(jobs.c.state == State.SENDING)
_END_LEASES = (
    update(jobs)
    .where(
        jobs.c.state == State.SENDING,
        func.substr(jobs.c.lease, 1, MARK_CHARS).in_(bindparam("marks", expanding=True)),
    )
    .values(lease_until=0)
)
_IS_THIS = jobs.c.id == bindparam("id_")
_IS_MINE = and_(_IS_THIS, jobs.c.lease == bindparam("lease_"), jobs.c.state == State.SENDING)
_KEEP = _keeping(_IS_MINE)
_SETTLE = _settling(_IS_MINE)
_ACCEPT = _settling(or_(_IS_MINE, and_(_IS_THIS, jobs.c.state == State.IN_DOUBT)))
_PAYLOAD = select(jobs.c.payload).where(_IS_THIS)
_RECORD = update(server).where(server.c.journal_seq < bindparam("seq")).values(journal_seq=bindparam("seq"))
