"""The mechanisms of sync and mail, each with a way to switch it off, which the machine must notice.

``ZOO``, at the end, names them; the functions before it are what is put in a mechanism's place.
"""

import sys
from contextlib import ExitStack
from dataclasses import replace
from unittest.mock import patch

from sqlalchemy import Connection, delete, false, update

from lms_desktop.store import catalog, facts
from lms_desktop.store import outbox as queue
from lms_desktop.store import settle as settling
from lms_desktop.store.errors import Refused
from lms_desktop.store.rows import PARKED
from lms_desktop.store.store import Store
from lms_desktop.store.tables import ME, lessons
from lms_desktop.sync import answers, client
from lms_desktop.sync.errors import ServerTrouble
from lms_server.actions import certificates as certificate_actions
from lms_server.actions import courses as course_actions
from lms_server.actions import past
from lms_server.actions.context import Learner
from lms_server.actions.past import Heir
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import NotGenuine, read_payload
from lms_server.contract import apply as contract
from lms_server.contract import wire
from lms_server.contract.anchors import Stream, read_anchor
from lms_server.contract.apply import Decision
from lms_server.contract.commands import OUTCOME_OF, Enroll, Event, Outcome
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading, writing
from lms_server.database.identity import Identity
from lms_server.database.tables import parked
from lms_server.jobs import queue as job_queue
from lms_server.jobs.dispatch import Dispatch
from lms_server.jobs.journal import Journal
from lms_server.jobs.queue import enqueue_all
from lms_server.sync import changes, rows
from lms_server.sync import settle as answering
from tests.flows import machine_admin

# The package has a function of the same name.
exchange = sys.modules["lms_server.sync.exchange"]


def nothing(*_args: object, **_options: object) -> None:
    return None


def _revision_alone(stream, text, history) -> bool:
    """An anchor without its tag: a number that another history has too."""
    anchor = read_anchor(text)
    return anchor is not None and (stream, anchor.revision) in history


def _check_without(*fields: str):
    """The client's check of who answers what, without some of it."""

    def check(answer, request) -> None:
        told = {"server_id": answer.server_id, "request_id": answer.request_id}
        told["ids"] = [result.id for result in answer.results]
        wanted = {"server_id": request.server_id, "request_id": request.request_id}
        wanted["ids"] = [command["id"] for command in request.commands]
        for name in told.keys() - set(fields):
            if told[name] != wanted[name]:
                raise ServerTrouble("another answer")

    return check


def _settled_in_pieces(store, carried, answer):
    """The anchors first, the rows in a transaction of their own."""
    with store.database.writing() as conn:
        settling._store_anchors(conn, answer, 0)
    with store.database.writing() as conn:
        present = settling.read_cursors(conn)
        return settling.settle(conn, store.user, present, answer)


def _settled_whatever(settle):
    """Any answer is applied, wherever the anchors went meanwhile."""
    return lambda conn, user, _carried, answer: settle(conn, user, settling.read_cursors(conn), answer)


def _recorded_in_pieces(store, command):
    """The fact in one transaction, the command in the next."""
    courses, lessons = ([command.course], []) if isinstance(command, Enroll) else ([], [command.lesson])
    with store.database.writing() as conn:
        with facts.counting(conn, store.user) as digest:
            facts.uncount(conn, digest, courses, lessons)
        [code] = contract.apply(conn, ME, [Event(command, command.made_at or 0)], nothing).codes
        if OUTCOME_OF[code] is not Outcome.APPLIED:
            raise Refused(code)
    with store.database.writing() as conn:
        queue.queue(conn, command)
    return command.id


def _row_by_row(by_revision):
    """Pages that may end within a revision."""
    return lambda batch, horizon: [(rev, [row]) for rev, group in by_revision(batch, horizon) for row in group]


def _nothing_known(*_args) -> dict:
    return {}


def _read_unsettled(read_page):
    """``after`` alone decides whether history was lost."""
    return lambda conn, who, after, _settled: read_page(conn, who, after, wire.Cursors())


def _parked_counts_as_settled(state_after):
    return lambda result: None if state_after(result) == PARKED else state_after(result)


def _unsigned(_context, _learner, payload: str):
    """A certificate is read with whoever's key it was signed."""
    for key in (b"k" * 32, b"f" * 32):
        try:
            return read_payload(payload, public_key_of(key))
        except NotGenuine:
            continue
    return None


def _anybodys(context, _learner, payload: str):
    """A certificate is taken from whoever brings it."""
    try:
        return read_payload(payload, public_key_of(context.identity.signing_key))
    except NotGenuine:
        return None


def _not_kept(store):
    """A parked command has its receipt, and nothing else."""

    def run(conn, who, *args) -> None:
        store(conn, who, *args)
        conn.execute(delete(parked).where(parked.c.user_id == who.id))

    return run


def _unclamped(made_at: int, *, server_time: int, sent_at: int, received_at: int) -> int:
    return made_at


def _only_the_course(conn, stream, course_id: int) -> None:
    """Publishing stamps the course and forgets its lessons."""
    with patch.object(course_actions, "stamp_lessons", nothing):
        _STAMP(conn, stream, course_id)


def _jobs_afterwards():
    """A request's certificates are issued in its transaction, their jobs made in the next."""
    settle, waiting = exchange.settle, []

    def settle_first(context, *args, **options):
        waiting.clear()
        with patch.object(certificate_actions, "enqueue_all", lambda _conn, new: waiting.extend(new)):
            results = settle(context, *args, **options)
        if waiting:
            with writing(context.engine) as conn:
                enqueue_all(conn, waiting)
        return results

    return _off((exchange, "settle", settle_first))


def _dropping_lessons_referred_to() -> ExitStack:
    """What is gone takes its lessons along, whatever was done in them."""
    gone = catalog._dropping_lessons(catalog._IS_OF_GONE, false())
    marked = catalog._dropping_lessons(lessons.c.is_marked, false())
    return _off((catalog, "_DROP_LESSONS", gone), (catalog, "_DROP_MARKED_LESSONS", marked))


def _unfenced() -> ExitStack:
    """A job is whoever's says so, however long their lease has run out."""
    keep, settle = job_queue._keeping(job_queue._IS_THIS), job_queue._settling(job_queue._IS_THIS)
    return _off((job_queue, "_KEEP", keep), (job_queue, "_SETTLE", settle), (job_queue, "_ACCEPT", settle))


def _intent_in_the_database_alone(dispatch, job):
    """What a restore takes back."""
    dispatch._keep(job, {"intent": dispatch.clock()})


def _frozen_anew(dispatch, job):
    """The message as it would be written now."""
    return _FROZEN(dispatch, replace(job, payload={}))


def _closed_to_none(conn, who, after, limit):
    """A guest sees what the first learner sees."""
    return _CATALOG(conn, who or Learner(1, "", "", ""), after, limit)


def _guests_may_send(context, request, who):
    """A guest's envelope is taken with whatever is in it."""
    if who is not None:
        _ENVELOPE(context, request, who)


def _past_alone(heir: Heir, old: Connection, *, is_whole: bool) -> list[tuple[str, str, int | None]]:
    """A restore that names what it takes back, and nothing else."""
    if is_whole:
        with reading(heir.engine) as new:
            heir.journal.append_all(heir._taken_back(old, new))
    return past._read_holds(old)


_STAMP = course_actions.stamp_everything
_FROZEN, _CATALOG, _ENVELOPE = Dispatch._frozen, rows.catalog, exchange.check_envelope


def _off(*places) -> ExitStack:
    stack = ExitStack()
    for target, name, value in places:
        stack.enter_context(patch.object(target, name, value))
    return stack


# How Python says that what is put in a mechanism's place fits no longer.
STALE = (TypeError, AttributeError, NameError)
# What is switched off, and how.
ZOO = {
    "receipts are looked up": lambda: _off((answering, "_known_receipts", _nothing_known)),
    "receipts take a revision": lambda: _off((Stream, "touch", nothing)),
    "the owner of a request is checked": lambda: _off(
        (exchange, "check_envelope", nothing), (client, "check_identity", _check_without())
    ),
    "an anchor has a tag": lambda: _off((changes, "_is_known", _revision_alone)),
    "settled anchors are looked at": lambda: _off(
        (changes, "read_page", _read_unsettled(changes.read_page)),
        (exchange, "read_page", _read_unsettled(changes.read_page)),
    ),
    "an answer names its server": lambda: _off((client, "check_identity", _check_without("server_id"))),
    "an answer names its request": lambda: _off((client, "check_identity", _check_without("request_id"))),
    "an answer names each command": lambda: _off((client, "check_identity", _check_without("ids", "request_id"))),
    "an answer has a digest": lambda: _off((answers, "_check_digest", nothing)),
    "parked commands stay in the outbox": lambda: _off(
        (queue, "state_after", _parked_counts_as_settled(queue.state_after))
    ),
    "parked commands go when their fact arrives": lambda: _off((queue, "confirm_parked", lambda *_: [])),
    "parked commands are kept on the server": lambda: _off(
        (answering, "_store_receipts", _not_kept(answering._store_receipts))
    ),
    "everything is offered again": lambda: _off((queue, "offer_everything_again", lambda _conn: 0)),
    "certificates are offered again": lambda: _off((queue, "_certificates", lambda _conn: [])),
    "facts lose their confirmation": lambda: _off((facts, "forget_confirmations", nothing)),
    "anchors and rows are one transaction": lambda: _off((Store, "settle", _settled_in_pieces)),
    "the stored anchors are compared": lambda: _off((settling, "settle", _settled_whatever(settling.settle))),
    "fact and command are one transaction": lambda: _off((Store, "record", _recorded_in_pieces)),
    "what waits is applied on top": lambda: _off((settling, "_apply_on_top", nothing)),
    "a snapshot marks what it replaces": lambda: _off((catalog, "mark_everything", nothing)),
    "a snapshot hides what it didn't bring": lambda: _off((catalog, "hide_marked", nothing)),
    "lessons of a gone course stay marked": lambda: _off(
        (catalog, "_MARK_KEPT_LESSONS", update(lessons).where(catalog._IS_OF_GONE).values(is_marked=False))
    ),
    "what is gone is hidden": lambda: _off((catalog, "hide", nothing)),
    "gone keeps lessons that are referred to": _dropping_lessons_referred_to,
    "gone keeps courses that are referred to": lambda: _off(
        (catalog, "_DROP_COURSES", catalog._dropping_courses(false()))
    ),
    "times are corrected and clamped": lambda: _off((answering, "corrected", _unclamped)),
    "the server counts its facts": lambda: _off((answering, "count_facts", nothing)),
    "the laptop counts its facts": lambda: _off((facts, "uncount", nothing)),
    "a kept certificate is signed": lambda: _off((certificate_actions, "_genuine", _unsigned)),
    "a kept certificate is its learner's": lambda: _off((certificate_actions, "_genuine", _anybodys)),
    "of two certificates the earlier stands": lambda: _off((certificate_actions, "_replace", nothing)),
    "a certificate's name is made from its facts": lambda: _off((Identity, "certificate_uuid", lambda *_: new_uuid4())),
    "a repeated completion evaluates": lambda: _off((answering, "_repeated_courses", lambda *_: set())),
    "an enrollment replays what waits for it": lambda: _off((answering, "replay", lambda *_, **__: Decision([]))),
    "the sweep": lambda: _off((machine_admin, "sweep", nothing)),
    "a page holds whole revisions": lambda: _off((changes, "_by_revision", _row_by_row(changes._by_revision))),
    "publishing stamps the lessons": lambda: _off((course_actions, "stamp_everything", _only_the_course)),
    "every required lesson is complete": lambda: _off((certificate_actions, "_earns", lambda row: row.required > 0)),
    "the journal is asked before a mail goes": lambda: _off((Dispatch, "_stopped", nothing)),
    "an intent comes before the final dot": lambda: _off((Dispatch, "_commit", nothing)),
    "the intent is in the journal too": lambda: _off((Dispatch, "_commit", _intent_in_the_database_alone)),
    "the message is frozen": lambda: _off((Dispatch, "_frozen", _frozen_anew)),
    "a lease is fenced": _unfenced,
    "a loss of the journal is noticed": lambda: _off((job_queue, "record_journal", nothing)),
    "a restore adds the backup's journal": lambda: _off((Journal, "add_entries_of", nothing)),
    "a rollback is noticed": lambda: _off((exchange, "notice_rollback", nothing)),
    "a rollback holds the mails to come": lambda: _off((certificate_actions, "hold_new_mails", nothing)),
    "a certificate and its jobs are one transaction": _jobs_afterwards,
    "a guest sends no work": lambda: _off((exchange, "check_envelope", _guests_may_send)),
    "a guest sees what is open": lambda: _off((rows, "catalog", _closed_to_none)),
    "enrollments come first": lambda: _off((contract, "_JUDGES", contract._JUDGES[::-1])),
    "a restore names the history that it takes back": lambda: _off((Journal, "has_seen", lambda *_: False)),
    "a restore keeps holds": lambda: _off((past, "_keep_holds", nothing)),
    "mails that wait in a backup are held": lambda: _off((Heir, "_waiting", lambda *_: iter(()))),
    "a restore looks whether the backup is the older one": lambda: _off((Heir, "_is_followed_by", lambda *_: True)),
    "a restore learns what the replaced database knows": lambda: _off((Heir, "_learn", _past_alone)),
    "nobody else's history counts as known": lambda: _off((Journal, "has_seen", lambda *_: True)),
}
