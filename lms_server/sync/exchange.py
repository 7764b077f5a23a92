"""``POST /sync`` without HTTP: commands in one write transaction, then the changes in one snapshot."""

from lms_server.actions.context import Learner, ServerContext
from lms_server.contract import wire
from lms_server.contract.sqlite import reading
from lms_server.contract.times import from_wire, to_wire
from lms_server.sync.changes import Page, read_page
from lms_server.sync.history import notice_rollback
from lms_server.sync.settle import settle


class EnvelopeRefused(Exception):
    """The envelope can't be answered, and nothing of it was applied.

    ``code`` is one of update_needed, wrong_server, wrong_user, too_many_commands, sign_in_needed.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def exchange(context: ServerContext, request: wire.SyncRequest, who: Learner | None) -> wire.SyncAnswer:
    """Settle what the request brings and answer with what is new; ``who`` is None for a guest.

    Raises EnvelopeRefused. Reading stays outside the write transaction: inside, other learners would wait for it.
    """
    check_envelope(context, request, who)
    received_at = context.clock()
    results: list[wire.Result] = []
    if who is not None and request.commands:
        # Before a certificate can be issued whose mail may have gone already.
        notice_rollback(context, who, request)
        results = settle(context, who, request.commands, sent_at=from_wire(request.sent_at), received_at=received_at)
    page = _read(context, request, who)
    if who is not None and not request.commands and not (page.known.me and page.known.catalog):
        notice_rollback(context, who, request)
        page = _read(context, request, who)
    return _answer(context, request, who, results, page, received_at)


def check_envelope(context: ServerContext, request: wire.SyncRequest, who: Learner | None) -> None:
    """Refuse what isn't for this server, this learner or this version, before anything is applied."""
    if request.v != wire.VERSION:
        raise EnvelopeRefused("update_needed", f"This server speaks version {wire.VERSION} of the protocol.")
    if request.server_id != context.identity.server_id:
        raise EnvelopeRefused("wrong_server", "This is another server than the one your work belongs to.")
    if len(request.commands) > wire.MAX_COMMANDS:
        raise EnvelopeRefused("too_many_commands", f"Send at most {wire.MAX_COMMANDS} commands in one request.")
    if who is None and (request.commands or request.user is not None):
        raise EnvelopeRefused("sign_in_needed", "Sign in to send work.")
    if who is not None and request.user != who.uid:
        raise EnvelopeRefused("wrong_user", "This work belongs to another learner than the one who is signed in.")


def _read(context: ServerContext, request: wire.SyncRequest, who: Learner | None) -> Page:
    with reading(context.engine) as conn:
        return read_page(conn, who, request.after, request.settled)


def _answer(
    context: ServerContext,
    request: wire.SyncRequest,
    who: Learner | None,
    results: list[wire.Result],
    page: Page,
    received_at: int,
) -> wire.SyncAnswer:
    return wire.SyncAnswer(
        v=wire.VERSION,
        request_id=request.request_id,
        server_id=context.identity.server_id,
        epoch=page.epoch,
        server_time=to_wire(received_at),
        results=results,
        user=wire.UserRow(who.uid, who.name, who.email) if who else None,
        known=page.known,
        changes=page.changes,
        next=page.next,
        settled=page.settled,
        more=page.more,
        digest=page.digest,
    )
