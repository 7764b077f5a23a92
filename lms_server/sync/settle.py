"""Settle a learner's commands: every receipt, effect and certificate in one transaction, or none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from lms_server.actions.certificates import generate_certificate, keep_certificates
from lms_server.actions.context import Learner, ServerContext
from lms_server.contract import anchors
from lms_server.contract.apply import Decision, apply
from lms_server.contract.bulk import BulkInsert
from lms_server.contract.command_json import BadCommand, read_command
from lms_server.contract.commands import (
    CLICKS,
    OUTCOME_OF,
    Code,
    Command,
    CompleteLesson,
    Event,
    Outcome,
    Unsupported,
    fingerprint,
)
from lms_server.contract.schema import lessons
from lms_server.contract.times import corrected
from lms_server.contract.upsert import among_named, picked
from lms_server.contract.wire import MAX_UNKNOWN_CHARS, Result
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import parked, receipts
from lms_server.sync.parked import MAX_PARKED, PARKED, count_facts, dump_command, replay

# Reading an enum member, or its value, costs more than finding it in a table.
_ANSWERS = {code: (outcome.value, code.value) for code, outcome in OUTCOME_OF.items()}
_WAITING = {code for code, outcome in OUTCOME_OF.items() if outcome is Outcome.PARKED}
_RECEIVED = {code for code, outcome in OUTCOME_OF.items() if outcome is Outcome.APPLIED} | _WAITING
ACCEPTED = {Code.OK, Code.ALREADY_DONE, Code.LESSON_REMOVED}


@dataclass
class Batch:
    """A request's commands, sorted out before the database is asked: first sightings, repeats, unreadable ones."""

    results: list[Result | None]
    # Place in the request of each id's first sighting.
    first: dict[str, tuple[int, Command]] = field(default_factory=dict)
    repeats: list[tuple[int, Command]] = field(default_factory=list)


def settle(context: ServerContext, who: Learner, raw: Sequence[Any], *, sent_at: int, received_at: int) -> list[Result]:
    """One result per command, in order. The whole transaction is tried again when the database asks for it."""

    def run(conn: Connection) -> list[Result]:
        return settle_in(conn, context, who, sort_out(raw), sent_at=sent_at, received_at=received_at)

    return whole_transaction(context.engine, run)


def sort_out(raw: Sequence[Any]) -> Batch:
    """Read each command by itself: one bad command never stops its neighbours."""
    batch = Batch([None] * len(raw))
    for index, item in enumerate(raw):
        try:
            command = item if isinstance(item, CLICKS) else _read(item)
        except BadCommand:
            batch.results[index] = _malformed(item, index)
            continue
        if command.id in batch.first:
            batch.repeats.append((index, command))
        else:
            batch.first[command.id] = index, command
    return batch


def settle_in(
    conn: Connection, context: ServerContext, who: Learner, batch: Batch, *, sent_at: int, received_at: int
) -> list[Result]:
    """``settle`` in the caller's write transaction, of which this is the first thing: it locks the learner's stream."""
    stream = anchors.lock(conn, who.uid)
    known = _known_receipts(conn, who, batch)
    fresh = [pair for pair in batch.first.values() if pair[1].id not in known]
    events = [Event(command, _time(command, sent_at, received_at)) for _, command in fresh]
    decision = apply(conn, who.id, events, stream.stamp, stream.stamp_alone)
    keep_certificates(conn, context, who, events, decision, stream)
    _store_receipts(conn, who, events, decision, known, received_at)
    due = decision.completed_courses | _repeated_courses(conn, batch, known, fresh)
    if decision.new_enrollments:
        due |= replay(conn, context, who, stream, code=Code.NOT_ENROLLED).completed_courses
    count_facts(decision, stream)
    generate_certificate(conn, context, who, due, stream)
    if not _RECEIVED.isdisjoint(decision.codes):
        stream.touch()
    stream.save(conn)
    _fill_results(batch, fresh, decision, known)
    return [result for result in batch.results if result is not None]


def _read(item: Any) -> Command:
    command = read_command(item)
    if isinstance(command, Unsupported) and len(command.canonical) > MAX_UNKNOWN_CHARS:
        raise BadCommand("a command of an unknown kind is too long to be kept")
    return command


def _malformed(item: Any, index: int) -> Result:
    command_id = item.get("id") if isinstance(item, dict) else None
    if isinstance(command_id, str) and len(command_id) <= 64:
        return Result(Outcome.REJECTED, Code.MALFORMED, id=command_id)
    return Result(Outcome.REJECTED, Code.MALFORMED, index=index)


def _time(command: Command, sent_at: int, received_at: int) -> int:
    if command.at is not None:
        return min(command.at, received_at)
    if command.made_at is None:
        # A certificate to keep, or a kind that this server doesn't know.
        return received_at
    return corrected(command.made_at, server_time=received_at, sent_at=sent_at, received_at=received_at)


def _known_receipts(conn: Connection, who: Learner, batch: Batch) -> dict[str, tuple[str, Code]]:
    """Fingerprint and present code of the commands that were answered before."""
    if not batch.first:
        return {}
    rows = conn.execute(_KNOWN, {"user": who.id, "ids": batch.first.keys()}).all()
    return {command_id: (content, Code(code)) for command_id, content, code in rows}


def _store_receipts(
    conn: Connection,
    who: Learner,
    events: Sequence[Event],
    decision: Decision,
    known: dict[str, tuple[str, Code]],
    received_at: int,
) -> None:
    """Receipts for what was applied or parked; what is parked is kept whole, as long as there is room."""
    waiting = [i for i, code in enumerate(decision.codes) if code in _WAITING]
    if waiting:
        held = conn.execute(_HELD, {"user": who.id}).scalar_one()
        for index in waiting[max(0, MAX_PARKED - held) :]:
            decision.codes[index] = Code.TOO_MANY_PARKED
    stored, kept = [], []
    for event, code in zip(events, decision.codes, strict=True):
        command = event.command
        if code not in _RECEIVED:
            continue
        content = fingerprint(command)
        known[command.id] = content, code
        stored.append((who.id, command.id, content, *_ANSWERS[code], command.made_at, received_at))
        if code in _WAITING:
            kept.append(dump_command(who, command, event.at, code, received_at))
    _RECEIPTS.write(conn, stored)
    PARKED.write(conn, kept)


def _repeated_courses(
    conn: Connection, batch: Batch, known: dict[str, tuple[str, Code]], fresh: Sequence[tuple[int, Command]]
) -> set[int]:
    """The courses of accepted completions that came again: a repeated event evaluates too."""
    if len(fresh) == len(batch.first) and not batch.repeats:
        return set()
    new = {command.id for _, command in fresh}
    again = [c for _, c in batch.first.values() if c.id not in new] + [c for _, c in batch.repeats]
    uids = {command.lesson for command in again if isinstance(command, CompleteLesson) and _is_accepted(command, known)}
    if not uids:
        return set()
    return set(conn.execute(_COURSES_OF, {"uids": uids}).scalars())


def _is_accepted(command: Command, known: dict[str, tuple[str, Code]]) -> bool:
    content, code = known.get(command.id, ("", None))
    return code in ACCEPTED and content == fingerprint(command)


def _fill_results(
    batch: Batch, fresh: Sequence[tuple[int, Command]], decision: Decision, known: dict[str, tuple[str, Code]]
) -> None:
    for (index, command), code in zip(fresh, decision.codes, strict=True):
        outcome, code_text = _ANSWERS[code]
        batch.results[index] = Result(outcome, code_text, command.id)
    for index, command in batch.first.values():
        if batch.results[index] is None:
            batch.results[index] = _repeat(command, known)
    for index, command in batch.repeats:
        batch.results[index] = (
            _repeat(command, known) if command.id in known else batch.results[batch.first[command.id][0]]
        )


def _repeat(command: Command, known: dict[str, tuple[str, Code]]) -> Result:
    content, code = known[command.id]
    if content != fingerprint(command):
        return Result(Outcome.REJECTED, Code.ID_CONFLICT, id=command.id)
    return Result("duplicate", _ANSWERS[code][1], id=command.id)


_RECEIPTS = BulkInsert(receipts, ("user_id", "command_id", "fingerprint", "outcome", "code", "made_at", "received_at"))
_KNOWN = (
    select(receipts.c.command_id, receipts.c.fingerprint, receipts.c.code)
    .select_from(picked(receipts.c.command_id, "ids"))
    .where(receipts.c.user_id == bindparam("user"))
)
_HELD = select(func.count()).select_from(parked).where(parked.c.user_id == bindparam("user"))
_COURSES_OF = select(lessons.c.course_id).where(among_named(lessons.c.uid, "uids"))
