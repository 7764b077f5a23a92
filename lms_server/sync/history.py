"""Notice that the server has lost history, and hold the mails that may have gone in it."""

import logging
from pathlib import Path

from sqlalchemy import Connection, bindparam, update

from lms_server.actions.context import Learner, ServerContext
from lms_server.contract import anchors, wire
from lms_server.contract.anchors import CATALOG, Anchor
from lms_server.contract.ids import is_uuid, new_uuid4
from lms_server.contract.sqlite import reading
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import server
from lms_server.jobs.holds import hold_learner
from lms_server.jobs.journal import BadJournal, Journal

log = logging.getLogger(__name__)


def notice_rollback(context: ServerContext, who: Learner, request: wire.SyncRequest) -> None:
    """Hold a learner's mails when their laptop carries an anchor that nobody here knows.

    Such an anchor is from a history that this database has lost, and mails may have gone in it. A restore writes the
    anchors that it takes back into the dispatch journal (see ``actions.past``), which also knows the mails of that
    history: these anchors are no cause for alarm. Everybody is judged by their own anchors, whatever epoch they
    name, if any: somebody who makes one up stops no mail but their own. If the epoch that is named is the present one,
    it is the one that lost history, and it ends. Only mail depends on this; that desktops offer everything again
    follows from the anchor alone.
    """
    with reading(context.engine) as conn:
        lost = _not_found(conn, who, request)
    if not lost or _all_seen(context.journal_file, lost):
        return
    epoch = request.epoch if request.epoch is not None and is_uuid(request.epoch) else ""
    if whole_transaction(context.engine, lambda conn: _hold(conn, who, epoch)):
        log.warning("History was rolled back: a laptop knows more than this server. Its learner's mails are held.")


def _not_found(conn: Connection, who: Learner, request: wire.SyncRequest) -> set[tuple[str, Anchor]]:
    """The request's anchors that the database doesn't know, by stream."""
    texts = {
        (stream, text)
        for stream, name in ((CATALOG, "catalog"), (who.uid, "me"))
        for text in (getattr(request.after, name), getattr(request.settled, name))
        if text is not None
    }
    # Nonsense isn't proof of lost history: no server of ours made it.
    wanted = {(stream, anchor) for stream, text in texts if (anchor := anchors.read_anchor(text)) is not None}
    found = anchors.find(conn, [(stream, anchor.revision) for stream, anchor in wanted])
    return {(stream, anchor) for stream, anchor in wanted if found.get((stream, anchor.revision)) != anchor}


def _all_seen(journal_file: Path | None, lost: set[tuple[str, Anchor]]) -> bool:
    if journal_file is None:
        return False
    journal = Journal(journal_file)
    try:
        return all(journal.has_seen(stream, anchor.text()) for stream, anchor in lost)
    except BadJournal:
        return False


def _hold(conn: Connection, who: Learner, epoch: str) -> bool:
    is_new = hold_learner(conn, who.id, epoch)
    if is_new:
        conn.execute(_END_EPOCH, {"ended": epoch, "new": new_uuid4()})
    return is_new


_END_EPOCH = update(server).where(server.c.epoch == bindparam("ended")).values(epoch=bindparam("new"))
