"""Database rows as they travel, with their revision and weight."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Connection, Select, Table, and_, bindparam, or_, select

from lms_server.actions.context import Learner
from lms_server.actions.rights import IS_OPEN
from lms_server.contract import wire
from lms_server.contract.schema import certificates, courses, enrollments, lesson_progress, lessons
from lms_server.contract.times import to_wire
from lms_server.contract.upsert import among_named


class Row(msgspec.Struct, frozen=True, gc=False):
    """``weight`` is the row's size in bytes, estimated from above."""

    kind: str
    revision: int
    weight: int
    wire: Any


class Batch(NamedTuple):
    """Rows after a revision; ``complete_to`` is the last whole revision when there are more, else None."""

    rows: list[Row]
    complete_to: int | None


def mine(conn: Connection, who: Learner, after: int, limit: int) -> Batch:
    """The learner's enrollments, progress and certificates; an enrollment in a closed course brings it along."""
    asked = {"user": who.id, "after": after, "limit": limit}
    batch = _merge(
        limit,
        [_enrollment(*row) for row in conn.execute(_ENROLLMENTS, asked).all()],
        [_progress(*row) for row in conn.execute(_PROGRESS, asked).all()],
        [_certificate(row) for row in conn.execute(_CERTIFICATES, asked).all()],
    )
    closed = {row.wire.course: row.revision for row in batch.rows if row.kind == "enrollments"}
    return batch._replace(rows=batch.rows + _closed_courses(conn, closed)) if closed else batch


def catalog(conn: Connection, who: Learner | None, after: int, limit: int) -> Batch:
    """Courses and lessons as this learner sees them; a closed course is ``gone`` to who isn't enrolled in it."""
    asked = {"user": who.id if who is not None else None, "after": after, "limit": limit}
    course_rows = conn.execute(_CATALOG_COURSES, asked).all()
    lesson_rows = conn.execute(_CATALOG_LESSONS, asked).all()
    return _merge(
        limit, [_course(row) if row.seen else _gone(row) for row in course_rows], [_lesson(row) for row in lesson_rows]
    )


def _merge(limit: int, *lists: Sequence[Row]) -> Batch:
    full = [rows[-1].revision - 1 for rows in lists if len(rows) >= limit]
    return Batch([row for rows in lists for row in rows], min(full) if full else None)


def _closed_courses(conn: Connection, revisions: dict[str, int]) -> list[Row]:
    """Courses that aren't open, whole, under the revision of the enrollment that brings them."""
    asked = {"uids": revisions.keys()}
    found = [_course(row) for row in conn.execute(_CLOSED_COURSES, asked).all()]
    if found:
        found += [_lesson(row) for row in conn.execute(_CLOSED_LESSONS, asked).all()]
    return [
        msgspec.structs.replace(row, revision=revisions[getattr(row.wire, "course", row.wire.uid)]) for row in found
    ]


def _course(row: Any) -> Row:
    value = wire.CourseRow(
        uid=row.uid,
        slug=row.slug,
        title=row.title,
        summary=row.summary,
        level=row.level,
        language=row.language,
        direction=row.direction,
        cover=row.cover,
        version=row.version,
        license=row.license,
        authors=row.authors,
        is_published=row.is_published,
        deleted_at=_time(row.deleted_at),
        revision=row.revision,
    )
    return Row("courses", row.revision, 900 + 4 * (len(row.title) + len(row.summary) + len(row.authors)), value)


def _gone(row: Any) -> Row:
    return Row("courses", row.revision, 90, wire.GoneRow(row.uid, row.revision))


def _lesson(row: Any) -> Row:
    value = wire.LessonRow(
        uid=row.uid,
        course=row.course_uid,
        title=row.title,
        section=row.section,
        order=row.order,
        is_free_preview=row.is_free_preview,
        minutes=row.minutes,
        body=wire.Blob(row.body, row.body_size) if row.body else None,
        attachments=_ATTACHMENTS.decode(row.attachments),
        deleted_at=_time(row.deleted_at),
        revision=row.revision,
    )
    weight = 500 + 4 * (len(row.title) + len(row.section) + len(row.attachments))
    return Row("lessons", row.revision, weight, value)


def _enrollment(course: str, enrolled_at: int, command: str, revision: int) -> Row:
    return Row("enrollments", revision, 170, wire.EnrollmentRow(course, to_wire(enrolled_at), command, revision))


def _progress(
    lesson: str,
    started_at: int,
    start_command: str | None,
    completed_at: int | None,
    command: str | None,
    revision: int,
) -> Row:
    # As it is stored: an enrollment that turns out earlier has no revision for each of its lessons.
    started = to_wire(started_at)
    completed = started if completed_at == started_at else _time(completed_at)
    value = wire.ProgressRow(lesson, started, start_command, completed, command, revision)
    return Row("progress", revision, 320, value)


def _certificate(row: Any) -> Row:
    value = wire.CertificateRow(
        uuid=row.uuid,
        course=row.course,
        learner_name=row.learner_name,
        course_title=row.course_title,
        completed_at=to_wire(row.completed_at),
        issued_at=to_wire(row.issued_at),
        payload=row.payload,
        pdf_sha256=row.pdf_sha256,
        revision=row.revision,
    )
    weight = 500 + 4 * (len(row.learner_name) + len(row.course_title)) + len(row.payload)
    return Row("certificates", row.revision, weight, value)


def _time(ms: int | None) -> str | None:
    return None if ms is None else to_wire(ms)


_ATTACHMENTS = msgspec.json.Decoder(list[wire.AttachmentRow])
_COURSE = tuple(column for column in courses.c if column.name != "id")
_LESSON = (
    *(column for column in lessons.c if column.name not in {"id", "course_id"}),
    courses.c.uid.label("course_uid"),
)


def _mine(query: Select[Any], table: Table) -> Select[Any]:
    query = query.where(table.c.user_id == bindparam("user"), table.c.revision > bindparam("after"))
    return query.order_by(table.c.revision, table.c.id).limit(bindparam("limit"))


def _of_the_catalog(query: Select[Any], table: Table) -> Select[Any]:
    query = query.where(table.c.revision > bindparam("after"))
    return query.order_by(table.c.revision, table.c.id).limit(bindparam("limit"))


_ENROLLMENTS = _mine(
    select(courses.c.uid, enrollments.c.enrolled_at, enrollments.c.command_id, enrollments.c.revision).join_from(
        enrollments, courses
    ),
    enrollments,
)
_PROGRESS = _mine(
    select(
        lessons.c.uid,
        lesson_progress.c.started_at,
        lesson_progress.c.start_command_id,
        lesson_progress.c.completed_at,
        lesson_progress.c.complete_command_id,
        lesson_progress.c.revision,
    ).join_from(lesson_progress, lessons),
    lesson_progress,
)
_CERTIFICATES = _mine(
    select(
        certificates.c.uuid,
        courses.c.uid.label("course"),
        certificates.c.learner_name,
        certificates.c.course_title,
        certificates.c.completed_at,
        certificates.c.issued_at,
        certificates.c.payload,
        certificates.c.pdf_sha256,
        certificates.c.revision,
    ).join_from(certificates, courses),
    certificates,
)
# A guest's id is null, which nobody's enrollment has.
_IS_SEEN = or_(
    IS_OPEN,
    courses.c.id.in_(
        select(enrollments.c.course_id).where(enrollments.c.user_id == bindparam("user", type_=BigInteger))
    ),
)
_CATALOG_COURSES = _of_the_catalog(select(*_COURSE, _IS_SEEN.label("seen")), courses)
_CATALOG_LESSONS = _of_the_catalog(select(*_LESSON).join_from(lessons, courses).where(_IS_SEEN), lessons)
_IS_CLOSED_HERE = and_(among_named(courses.c.uid, "uids"), ~IS_OPEN)
_CLOSED_COURSES = select(*_COURSE).where(_IS_CLOSED_HERE)
_CLOSED_LESSONS = select(*_LESSON).join_from(lessons, courses).where(_IS_CLOSED_HERE)
