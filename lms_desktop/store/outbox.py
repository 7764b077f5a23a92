"""Commands that the server hasn't settled: queued, sent, parked, set aside; none is dropped without its answer."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from lms_desktop.store.rows import PARKED, PENDING, REJECTED
from lms_desktop.store.tables import ME, certificates, courses, enrollments, lesson_progress, lessons, outbox
from lms_server.contract.commands import (
    OUTCOME_OF,
    Code,
    Command,
    CompleteLesson,
    Enroll,
    KeepCertificate,
    Outcome,
    StartLesson,
    Unsupported,
    certificate_command_id,
    kind_of,
    target_of,
)
from lms_server.contract.upsert import among_named, picked
from lms_server.contract.wire import Changes, Result

_APPLIED = Outcome.APPLIED.value
_RANK = {"enroll": 0, "start_lesson": 1, "complete_lesson": 2, "keep_certificate": 3}
_LAST_RANK = 4
# Who was told to wait goes behind everybody who wasn't; among those who wait as often, kinds keep their order.
_BEHIND = _LAST_RANK + 1
_CODES = set(Code)


def queue(conn: Connection, command: Command) -> None:
    """Put a new command in the outbox."""
    conn.execute(_QUEUE, _row(command))


def outgoing(conn: Connection, limit: int) -> list[Command]:
    """The commands to send next: enrollments first, and last those that the server had no room for."""
    return [_command(*row) for row in conn.execute(_OUTGOING, {"limit": limit}).all()]


def unsettled(conn: Connection, targets: Collection[str]) -> list[Command]:
    """Pending and parked commands about these courses and lessons."""
    return [_command(*row) for row in conn.execute(_UNSETTLED, {"targets": targets}).all()]


def unacknowledged(conn: Connection) -> list[Command]:
    """Every command that waits here, on the server, or for the learner: what an export holds."""
    return [_command(*row) for row in conn.execute(_COMMANDS).all()]


def known_ids(conn: Connection) -> set[str]:
    """The ids of all commands that are kept here."""
    return set(conn.execute(_IDS).scalars())


def counts(conn: Connection) -> dict[str, int]:
    """How many commands are pending, parked and rejected."""
    rows = conn.execute(COUNTS).all()
    return {PENDING: 0, PARKED: 0, REJECTED: 0} | {state: count for state, count in rows}  # noqa: C416 # typed rows


def file_results(conn: Connection, results: Sequence[Result]) -> tuple[list[str], int]:
    """Do what the outcomes say; returns the ids of the commands that are settled by them, and how many were here."""
    settled, waiting, later = [], [], []
    for result in results:
        state = None if result.outcome == _APPLIED else state_after(result)
        if state is None:
            # The client saw to it that each names its command.
            settled.append(result.id or "")
        elif state == PENDING:
            later.append(result.id)
        else:
            waiting.append({"id_": result.id, "state_": state, "code_": result.code})
    gone = conn.execute(_SETTLE, {"ids": settled}).rowcount if settled else 0
    if later:
        conn.execute(_GO_BEHIND, {"ids": later})
    if waiting:
        conn.execute(_WAIT, waiting)
    return settled, gone


def state_after(result: Result) -> str | None:
    """The outbox state that an outcome leads to; None: settled, the command needn't be kept."""
    outcome, code = result.outcome, result.code
    if outcome == Outcome.DUPLICATE:
        # This id with this content was answered before: its present code says how.
        outcome = OUTCOME_OF[Code(code)] if code in _CODES else Outcome.PARKED
    if outcome == Outcome.APPLIED:
        return None
    return {Outcome.PARKED: PARKED, Outcome.REJECTED: REJECTED}.get(Outcome(outcome), PENDING)


def set_aside(conn: Connection, command_id: str, code: str) -> None:
    """Put a poison command where the learner sees it; it is kept until they decide."""
    conn.execute(update(outbox).where(outbox.c.command_id == command_id).values(state=REJECTED, code=code))


def try_again(conn: Connection, command_id: str) -> None:
    """Queue a command that was set aside once more."""
    conn.execute(update(outbox).where(outbox.c.command_id == command_id).values(state=PENDING, code=None))


def confirm_parked(conn: Connection, changes: Changes) -> list[str]:
    """Drop parked commands whose fact the server has confirmed by its row; returns their ids."""
    if not (changes.enrollments or changes.progress or changes.certificates):
        return []
    if conn.execute(_ANY_PARKED).first() is None:
        return []
    certified = {row.course for row in changes.certificates}
    targets = {
        "enroll": [row.course for row in changes.enrollments],
        "start_lesson": [row.lesson for row in changes.progress],
        "complete_lesson": [row.lesson for row in changes.progress if row.completed_at is not None],
        # Of two signed ones the server may have kept the other: the course tells, not the payload.
        "keep_certificate": [kept for kept in conn.execute(_KEPT).scalars() if _certified_course(kept) in certified],
    }
    gone: list[str] = []
    for kind, uids in targets.items():
        gone += conn.execute(_CONFIRM, {"kind": kind, "uids": uids}).scalars()
    return gone


def _certified_course(payload: str) -> str | None:
    document = payload.partition(".")[0]
    try:
        return str(json.loads(urlsafe_b64decode(document + "=" * (-len(document) % 4)))["course"])
    except (ValueError, KeyError, TypeError):
        return None


def offer_everything_again(conn: Connection) -> int:
    """The server lost history: every waiting command and every fact goes back into the outbox, under the same ids.

    Returns how many came back that weren't there any more.
    """
    conn.execute(_UNPARK)
    here = known_ids(conn)
    offered = {command.id: command for command in (*_enrollments(conn), *_progress(conn), *_certificates(conn))}
    rows = [_row(command) for command_id, command in offered.items() if command_id not in here]
    if rows:
        conn.execute(_QUEUE, rows)
    return len(rows)


def _enrollments(conn: Connection) -> list[Command]:
    return [Enroll(id_, course, **_times(at, revision)) for course, id_, at, revision in conn.execute(_ENROLLED)]


def _progress(conn: Connection) -> list[Command]:
    found: list[Command] = []
    for lesson, started, start_id, completed, complete_id, revision in conn.execute(_STUDIED):
        if start_id is not None:
            found.append(StartLesson(start_id, lesson, **_times(started, revision)))
        if complete_id is not None:
            found.append(CompleteLesson(complete_id, lesson, **_times(completed, revision)))
    return found


def _certificates(conn: Connection) -> list[Command]:
    payloads = conn.execute(_CERTIFIED).scalars()
    return [KeepCertificate(certificate_command_id(payload), payload) for payload in payloads]


def _times(at: int, revision: int | None) -> dict[str, int]:
    return {"made_at": at} if revision is None else {"at": at}


def _row(command: Command) -> dict[str, Any]:
    kind = kind_of(command)
    return {
        "command_id": command.id,
        "kind": kind,
        "rank": _RANK.get(kind, _LAST_RANK),
        "target": target_of(command),
        "made_at": command.made_at,
        "at": command.at,
    }


def _command(command_id: str, kind: str, target: str, made_at: int | None, at: int | None) -> Command:
    match kind:
        case "enroll":
            return Enroll(command_id, target, made_at, at)
        case "start_lesson":
            return StartLesson(command_id, target, made_at, at)
        case "complete_lesson":
            return CompleteLesson(command_id, target, made_at, at)
        case "keep_certificate":
            return KeepCertificate(command_id, target)
        case _:
            return Unsupported(command_id, json.loads(target).get("kind", kind), target, made_at, at)


_QUEUE = insert(outbox)
_UNPARK = update(outbox).where(outbox.c.state == PARKED).values(state=PENDING, code=None)
_ENROLLED = (
    select(courses.c.uid, enrollments.c.command_id, enrollments.c.enrolled_at, enrollments.c.revision)
    .join_from(enrollments, courses)
    .where(enrollments.c.user_id == ME)
)
_STUDIED = (
    select(
        lessons.c.uid,
        lesson_progress.c.started_at,
        lesson_progress.c.start_command_id,
        lesson_progress.c.completed_at,
        lesson_progress.c.complete_command_id,
        lesson_progress.c.revision,
    )
    .join_from(lesson_progress, lessons)
    .where(lesson_progress.c.user_id == ME)
)
_CERTIFIED = select(certificates.c.payload).where(certificates.c.user_id == ME)
_IDS = select(outbox.c.command_id)
COUNTS = select(outbox.c.state, func.count()).group_by(outbox.c.state)
_COMMANDS = select(outbox.c.command_id, outbox.c.kind, outbox.c.target, outbox.c.made_at, outbox.c.at).order_by(
    outbox.c.rank, outbox.c.seq
)
_OUTGOING = _COMMANDS.where(outbox.c.state == PENDING).limit(bindparam("limit"))
_UNSETTLED = _COMMANDS.select_from(picked(outbox.c.target, "targets")).where(outbox.c.state.in_([PENDING, PARKED]))
_SETTLE = delete(outbox).where(outbox.c.seq.in_(select(outbox.c.seq).select_from(picked(outbox.c.command_id, "ids"))))
_GO_BEHIND = update(outbox).where(among_named(outbox.c.command_id, "ids")).values(rank=outbox.c.rank + _BEHIND)
_WAIT = (
    update(outbox)
    .where(outbox.c.command_id == bindparam("id_"))
    .values(state=bindparam("state_"), code=bindparam("code_"))
)
_ANY_PARKED = select(outbox.c.seq).where(outbox.c.state == PARKED).limit(1)
_KEPT = select(outbox.c.target).where(outbox.c.state == PARKED, outbox.c.kind == "keep_certificate")
_CONFIRM = (
    delete(outbox)
    .where(outbox.c.state == PARKED, outbox.c.kind == bindparam("kind"), among_named(outbox.c.target, "uids"))
    .returning(outbox.c.command_id)
)
