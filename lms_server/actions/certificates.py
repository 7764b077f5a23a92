"""Certificates: exactly one per learner and course, by the unique key, under any race."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, and_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lms_server.actions.context import Learner, ServerContext, read_server
from lms_server.actions.courses import course_named
from lms_server.certificates.pdf import TEMPLATE
from lms_server.certificates.signing import public_key_of, sign_facts
from lms_server.certificates.verify import Facts, NotGenuine, read_payload
from lms_server.contract import anchors, rules
from lms_server.contract.anchors import Stream
from lms_server.contract.apply import Decision
from lms_server.contract.commands import Code, Event, KeepCertificate
from lms_server.contract.schema import certificates, courses, enrollments, lesson_progress, lessons, users
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import from_wire, to_wire
from lms_server.contract.upsert import among_named
from lms_server.database.clock import database_now
from lms_server.jobs.holds import hold_new_mails
from lms_server.jobs.queue import enqueue_again, enqueue_all


def generate_certificate(
    conn: Connection, context: ServerContext, learner: Learner, course_ids: Collection[int], stream: Stream
) -> list[str]:
    """Issue what is due in these courses and return the new uuids; ``stream`` is the learner's, locked.

    Insert or nothing on the unique (user, course): only the insert that won enqueues the PDF and the e-mail, in
    the caller's transaction. Statements don't grow with the number of courses.
    """
    if not course_ids:
        return []
    due = [row for row in _standing(conn, learner, course_ids) if _earns(row)]
    if not due:
        return []
    issuer = read_server(conn).name
    now = context.clock()
    rows = [_row(context, learner, course, issuer, now) | {"revision": stream.stamp()} for course in due]
    return _insert(conn, learner, rows, stream)


def keep_certificates(
    conn: Connection,
    context: ServerContext,
    learner: Learner,
    events: Sequence[Event],
    decision: Decision,
    stream: Stream,
) -> None:
    """Decide the events that offer a certificate, each by itself."""
    for index, event in enumerate(events):
        # Thousands of others are looked at: isinstance takes five times as long to say no.
        if type(event.command) is KeepCertificate:
            decision.codes[index] = keep_certificate(conn, context, learner, event.command, stream)


def keep_certificate(
    conn: Connection, context: ServerContext, learner: Learner, command: KeepCertificate, stream: Stream
) -> Code:
    """Restore a certificate that a desktop still holds: as it was, whatever lessons are required now.

    The signature must be this server's and the learner the one it names. Of two valid ones the earlier
    ``issued_at`` stands, ties by the smaller payload.
    """
    facts = _genuine(context, learner, command.payload)
    if facts is None:
        return Code.MALFORMED
    course_id = conn.execute(_COURSE, {"uid_": facts.course}).scalar_one_or_none()
    if course_id is None:
        return Code.UNKNOWN_COURSE
    old = conn.execute(_OLD, {"user": learner.id, "course": course_id}).one_or_none()
    row = _row_of_facts(learner, course_id, facts, command.payload)
    if old is None:
        _insert(conn, learner, [row | {"revision": stream.stamp()}], stream)
        return Code.OK
    if (row["issued_at"], row["payload"]) >= (old.issued_at, old.payload):
        return Code.ALREADY_DONE
    _replace(conn, old, row, stream)
    return Code.OK


def reevaluate(context: ServerContext, slug: str) -> list[str]:
    """Look at every learner of a course as after a completion, each in their own transaction; returns new uuids.

    Raises Refused ``unknown_course``.
    """
    with reading(context.engine) as conn:
        course_id = course_named(conn, slug).id
        who = select(users.c.id, users.c.uid, users.c.name, users.c.email)
        query = who.join_from(enrollments, users).where(enrollments.c.course_id == course_id)
        learners = [Learner(*row) for row in conn.execute(query.order_by(users.c.id))]
    issued: list[str] = []
    for learner in learners:
        with writing(context.engine) as conn:
            stream = anchors.lock(conn, learner.uid)
            issued += generate_certificate(conn, context, learner, [course_id], stream)
            stream.save(conn)
    return issued


def _standing(conn: Connection, learner: Learner, course_ids: Collection[int]) -> Sequence[Row[Any]]:
    """How the learner stands in courses without a certificate: required, done, and when the last was done."""
    return conn.execute(_STANDING, {"user": learner.id, "ids": course_ids}).all()


def _earns(row: Row[Any]) -> bool:
    return rules.earns_certificate(required=row.required, completed_required=row.done)


def _row(context: ServerContext, learner: Learner, course: Row[Any], issuer: str, now: int) -> dict[str, Any]:
    completed_at = rules.completed_at_read(course.last, course.enrolled_at)
    facts = {
        "uuid": context.identity.certificate_uuid(learner.uid, course.uid),
        "server": context.identity.server_id,
        "issuer": issuer or "LMS",
        "user": learner.uid,
        "learner_name": learner.name,
        "course": course.uid,
        "course_title": course.title,
        "lessons": course.required,
        "completed_at": to_wire(completed_at),
        "issued_at": to_wire(now),
        "language": course.language,
        "direction": course.direction,
        "address": context.public_url,
    }
    payload = sign_facts(context.identity.signing_key, facts)
    return _row_of_facts(
        learner, course.id, read_payload(payload, public_key_of(context.identity.signing_key)), payload
    )


def _row_of_facts(learner: Learner, course_id: int, facts: Facts, payload: str) -> dict[str, Any]:
    return {
        "user_id": learner.id,
        "course_id": course_id,
        "uuid": facts.uuid,
        "learner_name": facts.learner_name,
        "course_title": facts.course_title,
        "completed_at": from_wire(facts.completed_at),
        "issued_at": from_wire(facts.issued_at),
        "template": TEMPLATE,
        "payload": payload,
    }


def _insert(conn: Connection, learner: Learner, rows: list[dict[str, Any]], stream: Stream) -> list[str]:
    won = list(conn.execute(_ISSUE[conn.dialect.name], rows).scalars())
    stream.facts.add("c", won)
    if not won:
        return []
    kinds = ("certificate_pdf", "certificate_email")
    # When they are due is compared by workers elsewhere: the database's time, not this machine's.
    due_at = database_now(conn)
    enqueue_all(conn, [(kind, uuid, {"certificate": uuid}, due_at) for uuid in won for kind in kinds])
    hold_new_mails(conn, learner.id, won)
    return won


def _replace(conn: Connection, old: Row[Any, Any, Any, Any], row: dict[str, Any], stream: Stream) -> None:
    values = row | {"revision": stream.stamp(), "pdf_sha256": None}
    conn.execute(update(certificates).where(certificates.c.id == old.id).values(values))
    # The paper that was drawn says something else; laptops fetch the new one when they hear of it.
    enqueue_again(conn, "certificate_pdf", row["uuid"], database_now(conn))
    stream.facts.remove("c", [old.uuid])
    stream.facts.add("c", [row["uuid"]])


def _genuine(context: ServerContext, learner: Learner, payload: str) -> Facts | None:
    try:
        facts = read_payload(payload, public_key_of(context.identity.signing_key))
    except NotGenuine:
        return None
    return facts if (facts.user, facts.server) == (learner.uid, context.identity.server_id) else None


_ISSUE = {
    kind.dialect.name: kind.insert(certificates).on_conflict_do_nothing().returning(certificates.c.uuid)
    for kind in (postgresql, sqlite)
}
_COURSE = select(courses.c.id).where(courses.c.uid == bindparam("uid_"))
_OLD = select(certificates.c.id, certificates.c.uuid, certificates.c.issued_at, certificates.c.payload).where(
    certificates.c.user_id == bindparam("user"), certificates.c.course_id == bindparam("course")
)
_ME = bindparam("user", type_=BigInteger)
_STANDING = (
    select(
        courses.c.id,
        courses.c.uid,
        courses.c.title,
        courses.c.language,
        courses.c.direction,
        enrollments.c.enrolled_at,
        func.count().label("required"),
        func.count(lesson_progress.c.completed_at).label("done"),
        func.max(lesson_progress.c.completed_at).label("last"),
    )
    .join(enrollments, and_(enrollments.c.course_id == courses.c.id, enrollments.c.user_id == _ME))
    .join(lessons, lessons.c.course_id == courses.c.id)
    .outerjoin(lesson_progress, and_(lesson_progress.c.lesson_id == lessons.c.id, lesson_progress.c.user_id == _ME))
    .where(
        among_named(courses.c.id, "ids"),
        lessons.c.deleted_at.is_(None),
        courses.c.id.not_in(select(certificates.c.course_id).where(certificates.c.user_id == _ME)),
    )
    .group_by(courses.c.id, enrollments.c.enrolled_at)
)
