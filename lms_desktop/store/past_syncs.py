"""The last syncs, as the Sync page shows them."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from lms_desktop.store.rows import REJECTED
from lms_desktop.store.tables import outbox, profile, syncs

OK = "ok"
_KEPT = 50


class PastSync(NamedTuple):
    """A finished sync; ``at`` in milliseconds, ``outcome`` is ok or the trouble's code."""

    at: int
    sent: int
    received: int
    outcome: str


def note(conn: Connection, done: PastSync) -> None:
    """Write a finished sync down. A day without network is one line, not one for each try."""
    last = conn.execute(_LAST).one_or_none()
    if last is not None and last[:3] == (done.outcome, 0, 0) and not done.sent + done.received:
        conn.execute(_FORGET, {"id_": last.id})
    conn.execute(_NOTE, done._asdict())
    if last is not None and last.kept >= _KEPT:
        conn.execute(_FORGET_OLD)
    if done.outcome == OK:
        conn.execute(_ANSWERED, {"at": done.at})


_ALL = select(func.count()).select_from(syncs).scalar_subquery()
_LAST = (
    select(syncs.c.outcome, syncs.c.sent, syncs.c.received, syncs.c.id, _ALL.label("kept"))
    .order_by(syncs.c.id.desc())
    .limit(1)
)
_REJECTED = select(func.count()).select_from(outbox).where(outbox.c.state == REJECTED)
_NOTE = insert(syncs).values(attention=_REJECTED.scalar_subquery())
_FORGET = delete(syncs).where(syncs.c.id == bindparam("id_"))
_FORGET_OLD = delete(syncs).where(syncs.c.id.not_in(select(syncs.c.id).order_by(syncs.c.id.desc()).limit(_KEPT)))
_ANSWERED = update(profile).values(last_sync_at=bindparam("at"))
