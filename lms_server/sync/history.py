"""Notice that the whole data folder was rolled back behind our back, and hold mails that may have gone before."""

import logging

from sqlalchemy import Connection, select, update

from lms_server.actions.context import Learner, ServerContext
from lms_server.contract import anchors, wire
from lms_server.contract.anchors import CATALOG
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import server

log = logging.getLogger(__name__)

# More entries than a journal ever has: it counts as incomplete until an admin says otherwise.
_BEYOND = 10**12


def notice_rollback(context: ServerContext, who: Learner | None, request: wire.SyncRequest) -> None:
    """An anchor of ours that we can't find, under the present epoch: history was lost and nobody said so.

    Takes a new epoch. The dispatch journal may have been rolled back too, so new mails are held until an admin
    releases them: it is recorded as far longer than it is. Nothing else depends on this; desktops offer
    everything again because of the anchor alone.
    """
    if who is None or request.epoch is None:
        return
    with reading(context.engine) as conn:
        epoch = conn.execute(select(server.c.epoch)).scalar_one()
        if request.epoch != epoch or _finds_all(conn, who, request):
            return
    log.warning("The data folder was rolled back: a desktop knows more than the database. New mails are held.")
    whole_transaction(context.engine, lambda conn: _take_new_epoch(conn, epoch))


def _finds_all(conn: Connection, who: Learner, request: wire.SyncRequest) -> bool:
    texts = {
        (stream, text)
        for stream, name in ((CATALOG, "catalog"), (who.uid, "me"))
        for text in (getattr(request.after, name), getattr(request.settled, name))
        if text is not None
    }
    wanted = {(stream, anchors.read_anchor(text)) for stream, text in texts}
    found = anchors.find(conn, [(stream, anchor.revision) for stream, anchor in wanted if anchor is not None])
    # Nonsense isn't proof of lost history: no server of ours made it.
    return all(anchor is None or found.get((stream, anchor.revision)) == anchor for stream, anchor in wanted)


def _take_new_epoch(conn: Connection, old: str) -> None:
    changed = {"epoch": new_uuid4(), "journal_seq": server.c.journal_seq + _BEYOND}
    conn.execute(update(server).where(server.c.epoch == old).values(changed))
