"""Mails that are kept back because they may have gone before, until an admin releases them."""

import json
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, and_, bindparam, select, update

from lms_server.contract.upsert import among_named, insert_into
from lms_server.database.tables import certificates, holds, jobs, server
from lms_server.jobs.dispatch import KIND, MAY_HAVE_GONE
from lms_server.jobs.journal import Entry, Event, Journal, outweighs
from lms_server.jobs.queue import State

_TOLD_BY = {State.ACCEPTED: Event.ACCEPTED, State.IN_DOUBT: Event.INTENT, State.HELD: Event.HELD}


def hold_learner(conn: Connection, user_id: int, epoch: str) -> bool:
    """Keep a learner's unsent mails back, those that are queued and those to come, until an admin releases them.

    False when they are held already; even then one that an admin had sent again may wait, and is held from here on.
    """
    is_new = not is_held(conn, user_id)
    if is_new:
        row = insert_into(conn, holds).values(user_id=user_id, epoch=epoch)
        again = {"index_elements": ["user_id", "epoch"], "set_": {"released_at": None}}
        conn.execute(row.on_conflict_do_update(**again))
    hold_mails(conn, conn.execute(_CERTIFICATES_OF, {"user": user_id}).scalars().all())
    return is_new


def hold_new_mails(conn: Connection, user_id: int, uuids: Collection[str]) -> None:
    """Keep the mails of these new certificates back if their learner's are held."""
    if is_held(conn, user_id):
        hold_mails(conn, uuids)


def is_held(conn: Connection, user_id: int) -> bool:
    """Whether this learner's mails wait for an admin."""
    return conn.execute(_IS_HELD, {"user": user_id}).first() is not None


def hold_mails(conn: Connection, uuids: Collection[str], reason: str = MAY_HAVE_GONE) -> None:
    """Keep these certificates' unsent mails back until an admin releases them: they may have gone before."""
    if uuids:
        conn.execute(_HOLD, {"uuids": uuids, "reason_": reason})


def count_held(conn: Connection, journal: Journal) -> int:
    """How many mails wait for an admin's release, or will as soon as a worker looks at them."""
    unsent = select(jobs.c.key, jobs.c.state).where(
        jobs.c.kind == KIND, jobs.c.state.in_([State.HELD, State.QUEUED, State.SENDING])
    )
    return sum(state == State.HELD or journal.last_event(key) is Event.HELD for key, state in conn.execute(unsent))


def release(conn: Connection, journal: Journal, now: int) -> int:
    """Let held mails go, and take the journal for complete; returns how many were held.

    What the journal has lost and the database still knows is written into it again; of a damaged one what is whole
    stays.
    """
    journal.mend(now)
    keys = conn.execute(_HELD).scalars().all()
    conn.execute(_QUEUE_HELD, {"now": now})
    conn.execute(_END_HOLDS, {"now": now})
    freed = [Entry(0, Event.RESEND, key, now) for key in keys if journal.last_event(key) is Event.HELD]
    journal.append_all([*freed, *news_for(conn, journal, now)])
    conn.execute(_TAKE_FOR_COMPLETE, {"seq": journal.last_seq})
    return len(keys)


def news_for(conn: Connection, journal: Journal, now: int) -> Iterator[Entry]:
    """What this database knows of mails and the journal doesn't: they went, may have gone, or wait for an admin."""
    for key, state, payload in conn.execute(_TOLD):
        if state == State.SENDING and "intent" not in json.loads(payload):
            # A worker has it, but handed nothing over yet.
            continue
        event = _TOLD_BY.get(state, Event.INTENT)
        if outweighs(event, journal.last_event(key)):
            yield Entry(0, event, key, now)


_IS_MAILS = jobs.c.kind == KIND
_TOLD = select(jobs.c.key, jobs.c.state, jobs.c.payload).where(_IS_MAILS, jobs.c.state.in_([*_TOLD_BY, State.SENDING]))
_IS_KEPT_BACK = and_(_IS_MAILS, jobs.c.state == State.HELD)
_HELD = select(jobs.c.key).where(_IS_KEPT_BACK)
_QUEUE_HELD = update(jobs).where(_IS_KEPT_BACK).values(state=State.QUEUED, reason=None, run_at=bindparam("now"))
_END_HOLDS = update(holds).where(holds.c.released_at.is_(None)).values(released_at=bindparam("now"))
_TAKE_FOR_COMPLETE = update(server).values(journal_seq=bindparam("seq"))
_HOLD = (
    update(jobs)
    # One that a worker has taken too: it may have died, and one that lives looks at its lease before the final dot.
    .where(_IS_MAILS, jobs.c.state.in_([State.QUEUED, State.SENDING]), among_named(jobs.c.key, "uuids"))
    .values(state=State.HELD, reason=bindparam("reason_"), lease=None)
)
_CERTIFICATES_OF = select(certificates.c.uuid).where(certificates.c.user_id == bindparam("user"))
_IS_HELD = select(holds.c.id).where(holds.c.user_id == bindparam("user"), holds.c.released_at.is_(None)).limit(1)
