"""Notice that the whole data folder was rolled back behind our back, and hold mails that may have gone before."""

import logging

from sqlalchemy import Connection, select, update

from lms_server.actions.context import Learner, ServerContext, read_server
from lms_server.contract import anchors, wire
from lms_server.contract.anchors import CATALOG
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import holds, server
from lms_server.jobs.outbox import hold_learner, is_held

log = logging.getLogger(__name__)


def notice_rollback(context: ServerContext, who: Learner, request: wire.SyncRequest) -> None:
    """An anchor of ours that we can't find, under an epoch that nobody ended: history was lost and nobody said so.

    Under the present epoch it takes a new one. The dispatch journal may have been rolled back too, so this learner's
    mails are held until an admin releases them. Those who come later under the lost epoch are judged by their own
    anchors: whoever lost nothing goes on, so a made-up anchor stops nobody's mail but its maker's, and a second one
    changes nothing. Nothing else depends on this; desktops offer everything again because of the anchor alone.
    """
    if request.epoch is None:
        return
    with reading(context.engine) as conn:
        epoch = read_server(conn).epoch
        if not _is_suspect(conn, request.epoch, epoch) or _finds_all(conn, who, request) or is_held(conn, who.id):
            return
    if whole_transaction(context.engine, lambda conn: _hold(conn, who, request.epoch or "")):
        log.warning("The data folder was rolled back: a laptop knows more than the database. Its mails are held.")


def _is_suspect(conn: Connection, carried: str, present: str) -> bool:
    """Whether this epoch is running, or ended by somebody's noticing or without its journal.

    A restore that was said so, beside the journal, is neither: the journal knows which mails went.
    """
    ended = select(holds.c.id).where(holds.c.epoch == carried).limit(1)
    return carried == present or conn.execute(ended).first() is not None


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


def _hold(conn: Connection, who: Learner, epoch: str) -> bool:
    conn.execute(update(server).where(server.c.epoch == epoch).values(epoch=new_uuid4()))
    return hold_learner(conn, who.id, epoch)
