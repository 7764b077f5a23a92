"""Database rows as they travel, with their revision and weight."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, and_, literal, or_, select

from lms_server.actions.context import Learner
from lms_server.contract import wire
from lms_server.contract.schema import certificates, courses, enrollments, lesson_progress, lessons
from lms_server.contract.times import to_wire
from lms_server.contract.upsert import among


class Row(NamedTuple):
    """``weight`` is the row's size in bytes, estimated from above."""

    kind: str
    revision: int
    weight: int
    wire: Any


class Batch(NamedTuple):
    """Rows after a revision; ``complete_to`` is the last whole revision when there are more, else None."""

    rows: list[Row]
    complete_to: int | None


def mine(conn: Connection, who: Learner | None, after: int, limit: int) -> Batch:
    """The learner's enrollments, progress and certificates; an enrollment in a closed course brings it along."""
    assert who is not None  # noqa: S101 # a guest has no stream
    batch = _merge(
        limit,
        [_enrollment(row) for row in conn.execute(_limited(_ENROLLMENTS, enrollments, who, after, limit))],
        [_progress(row) for row in conn.execute(_limited(_PROGRESS, lesson_progress, who, after, limit))],
        [_certificate(row) for row in conn.execute(_limited(_CERTIFICATES, certificates, who, after, limit))],
    )
    closed = {row.wire.course: row.revision for row in batch.rows if row.kind == "enrollments"}
    return batch._replace(rows=batch.rows + _closed_courses(conn, closed))


def catalog(conn: Connection, who: Learner | None, after: int, limit: int) -> Batch:
    """Courses and lessons as this learner sees them; a closed course is ``gone`` to who isn't enrolled in it."""
    is_open = and_(courses.c.is_published, courses.c.deleted_at.is_(None))
    is_enrolled: ColumnElement[bool] = literal(value=False)
    if who is not None:
        is_enrolled = courses.c.id.in_(select(enrollments.c.course_id).where(enrollments.c.user_id == who.id))
    seen = or_(is_open, is_enrolled)
    course_rows = conn.execute(
        select(*_COURSE, seen.label("seen"))
        .where(courses.c.revision > after)
        .order_by(courses.c.revision, courses.c.id)
        .limit(limit)
    )
    lesson_rows = conn.execute(
        select(*_LESSON)
        .join_from(lessons, courses)
        .where(lessons.c.revision > after, seen)
        .order_by(lessons.c.revision, lessons.c.id)
        .limit(limit)
    )
    return _merge(
        limit, [_course(row) if row.seen else _gone(row) for row in course_rows], [_lesson(row) for row in lesson_rows]
    )


def _merge(limit: int, *lists: Sequence[Row]) -> Batch:
    full = [rows[-1].revision - 1 for rows in lists if len(rows) >= limit]
    return Batch([row for rows in lists for row in rows], min(full) if full else None)


def _limited(query: Select[Any], table: Any, who: Learner, after: int, limit: int) -> Select[Any]:
    mine_after = and_(table.c.user_id == who.id, table.c.revision > after)
    return query.where(mine_after).order_by(table.c.revision, table.c.id).limit(limit)


def _closed_courses(conn: Connection, revisions: dict[str, int]) -> list[Row]:
    """Courses that aren't open, whole, under the revision of the enrollment that brings them."""
    if not revisions:
        return []
    closed = or_(~courses.c.is_published, courses.c.deleted_at.is_not(None))
    wanted = and_(among(courses.c.uid, revisions.keys()), closed)
    found = [_course(row) for row in conn.execute(select(*_COURSE).where(wanted))]
    if found:
        found += [_lesson(row) for row in conn.execute(select(*_LESSON).join_from(lessons, courses).where(wanted))]
    return [row._replace(revision=revisions[getattr(row.wire, "course", row.wire.uid)]) for row in found]


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


def _enrollment(row: Any) -> Row:
    course, enrolled_at, command, revision = row
    return Row("enrollments", revision, 170, wire.EnrollmentRow(course, to_wire(enrolled_at), command, revision))


def _progress(row: Any) -> Row:
    lesson, started_at, start_command, completed_at, complete_command, revision = row
    # As it is stored: an enrollment that turns out earlier has no revision for each of its lessons.
    value = wire.ProgressRow(
        lesson, to_wire(started_at), start_command, _time(completed_at), complete_command, revision
    )
    return Row("progress", revision, 320, value)


def _certificate(row: Any) -> Row:
    uuid, course, name, title, completed_at, issued_at, payload, pdf, revision = row
    value = wire.CertificateRow(
        uuid, course, name, title, to_wire(completed_at), to_wire(issued_at), payload, pdf, revision
    )
    return Row("certificates", revision, 500 + 4 * (len(name) + len(title)) + len(payload), value)


def _time(ms: int | None) -> str | None:
    return None if ms is None else to_wire(ms)


_ATTACHMENTS = msgspec.json.Decoder(list[wire.AttachmentRow])
_COURSE = tuple(column for column in courses.c if column.name != "id")
_LESSON = (
    *(column for column in lessons.c if column.name not in {"id", "course_id"}),
    courses.c.uid.label("course_uid"),
)
_ENROLLMENTS = select(
    courses.c.uid, enrollments.c.enrolled_at, enrollments.c.command_id, enrollments.c.revision
).join_from(enrollments, courses)
_PROGRESS = select(
    lessons.c.uid,
    lesson_progress.c.started_at,
    lesson_progress.c.start_command_id,
    lesson_progress.c.completed_at,
    lesson_progress.c.complete_command_id,
    lesson_progress.c.revision,
).join_from(lesson_progress, lessons)
_CERTIFICATES = select(
    certificates.c.uuid,
    courses.c.uid,
    certificates.c.learner_name,
    certificates.c.course_title,
    certificates.c.completed_at,
    certificates.c.issued_at,
    certificates.c.payload,
    certificates.c.pdf_sha256,
    certificates.c.revision,
).join_from(certificates, courses)
