"""Commands that wait on the server: kept whole, tried again when their cause may have gone."""

import json
from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, bindparam, delete, select, update

from lms_server.actions.certificates import generate_certificate, keep_certificates
from lms_server.actions.context import Learner, ServerContext
from lms_server.contract import anchors
from lms_server.contract.anchors import Stream
from lms_server.contract.apply import Decision, apply
from lms_server.contract.bulk import BulkInsert
from lms_server.contract.command_json import read_command, write_command
from lms_server.contract.commands import OUTCOME_OF, Code, Command, Event, Outcome
from lms_server.contract.sqlite import reading
from lms_server.contract.upsert import among_named
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import parked, receipts, users

MAX_PARKED = 20_000
PARKED = BulkInsert(parked, ("user_id", "command_id", "command", "at", "code", "parked_at"))


def dump_command(who: Learner, command: Command, at: int, code: Code, parked_at: int) -> tuple[object, ...]:
    """The parked row of a command, as ``PARKED`` writes it; its corrected time is kept, so that waiting costs none."""
    text = json.dumps(write_command(command), ensure_ascii=False, separators=(",", ":"))
    return who.id, command.id, text, at, code.value, parked_at


def sweep(context: ServerContext, *, learner_id: int | None = None) -> int:
    """Try every learner's parked commands again, each learner in a transaction of their own; returns how many went."""
    query, asked = (_ALL_WHO_WAIT, {}) if learner_id is None else (_THIS_LEARNER, {"id_": learner_id})
    with reading(context.engine) as conn:
        waiting = [Learner(*row) for row in conn.execute(query, asked)]
    return sum(whole_transaction(context.engine, partial(_sweep_one, context, who)) for who in waiting)


def replay(
    conn: Connection, context: ServerContext, who: Learner, stream: Stream, *, code: Code | None = None
) -> Decision:
    """Apply the learner's parked commands (those with ``code``) again inside the caller's transaction.

    Rows whose answer changed are updated with their receipts; what is applied stops being parked.
    """
    asked = {"user": who.id} if code is None else {"user": who.id, "code": code.value}
    rows = conn.execute(_WAITING if code is None else _WAITING_FOR, asked).all()
    events = [Event(read_command(json.loads(text)), at) for text, at, _ in rows]
    decision = apply(conn, who.id, events, stream.stamp, stream.stamp_alone)
    keep_certificates(conn, context, who, events, decision, stream)
    changed = [
        (event.command.id, new)
        for event, new, (_, _, old) in zip(events, decision.codes, rows, strict=True)
        if new.value != old and OUTCOME_OF[new] in {Outcome.APPLIED, Outcome.PARKED}
    ]
    if changed:
        _update_answers(conn, who, changed)
        stream.touch()
    count_facts(decision, stream)
    return decision


def count_facts(decision: Decision, stream: Stream) -> None:
    """Keep the learner's digest in step with what became a fact."""
    stream.facts.add("e", decision.new_enrollments)
    stream.facts.add("p", decision.new_completions)


def _sweep_one(context: ServerContext, who: Learner, conn: Connection) -> int:
    stream = anchors.lock(conn, who.uid)
    decision = replay(conn, context, who, stream)
    generate_certificate(conn, context, who, decision.completed_courses, stream)
    stream.save(conn)
    return sum(OUTCOME_OF[code] is Outcome.APPLIED for code in decision.codes)


def _update_answers(conn: Connection, who: Learner, changed: Sequence[tuple[str, Code]]) -> None:
    answers = [
        {"user": who.id, "id_": command_id, "outcome_": OUTCOME_OF[code].value, "code_": code.value}
        for command_id, code in changed
    ]
    conn.execute(_ANSWER, answers)
    done = [command_id for command_id, code in changed if OUTCOME_OF[code] is Outcome.APPLIED]
    waiting = [answer for answer in answers if answer["outcome_"] == Outcome.PARKED]
    if done:
        conn.execute(_LET_GO, {"user": who.id, "ids": done})
    if waiting:
        conn.execute(_WAIT_ON, waiting)


_LEARNERS = select(users.c.id, users.c.uid, users.c.name, users.c.email)
_ALL_WHO_WAIT = _LEARNERS.where(users.c.id.in_(select(parked.c.user_id))).order_by(users.c.id)
_THIS_LEARNER = _LEARNERS.where(users.c.id == bindparam("id_"))
_WAITING = (
    select(parked.c.command, parked.c.at, parked.c.code)
    .where(parked.c.user_id == bindparam("user"))
    .order_by(parked.c.id)
)
_WAITING_FOR = _WAITING.where(parked.c.code == bindparam("code"))
_ANSWER = (
    update(receipts)
    .where(receipts.c.user_id == bindparam("user"), receipts.c.command_id == bindparam("id_"))
    .values(outcome=bindparam("outcome_"), code=bindparam("code_"))
)
_LET_GO = delete(parked).where(parked.c.user_id == bindparam("user"), among_named(parked.c.command_id, "ids"))
_WAIT_ON = (
    update(parked)
    .where(parked.c.user_id == bindparam("user"), parked.c.command_id == bindparam("id_"))
    .values(code=bindparam("code_"))
)
