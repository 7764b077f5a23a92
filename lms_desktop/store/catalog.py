"""Courses and lessons as the server shows them: rows replace rows, and what is gone hides without losing work."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, or_, select, update

from lms_desktop.store.facts import course_ids
from lms_desktop.store.tables import (
    ME,
    UNKNOWN_COURSE,
    certificates,
    courses,
    enrollments,
    lesson_progress,
    lessons,
    outbox,
)
from lms_server.contract import wire
from lms_server.contract.bulk import BulkInsert
from lms_server.contract.times import from_wire
from lms_server.contract.upsert import among


def store_courses(conn: Connection, rows: Sequence[wire.CourseRow]) -> None:
    """Courses that this learner may see, whole."""
    _COURSES.write(conn, [_course_values(row) for row in rows])


def store_lessons(conn: Connection, rows: Sequence[wire.LessonRow]) -> None:
    """Lessons of those courses, removed ones included; a lesson whose text changed isn't here any more."""
    ids = course_ids(conn, [row.course for row in rows])
    _LESSONS.write(conn, [_lesson_values(row, ids[row.course]) for row in rows])


def hide(conn: Connection, course_uids: Iterable[str]) -> None:
    """These courses are gone: what a fact or an unsettled command refers to is kept out of sight, the rest goes."""
    wanted = among(courses.c.uid, list(course_uids))
    ids = select(courses.c.id).where(wanted)
    conn.execute(update(courses).where(wanted).values(is_published=False, is_hidden=True, is_marked=False))
    conn.execute(delete(lessons).where(lessons.c.course_id.in_(ids), ~_lesson_is_referred_to()))
    conn.execute(update(lessons).where(lessons.c.course_id.in_(ids)).values(is_marked=False))
    conn.execute(delete(courses).where(wanted, ~_course_is_referred_to(), courses.c.uid != UNKNOWN_COURSE))


def mark_everything(conn: Connection) -> None:
    """A snapshot of the catalog begins: rows that don't arrive in it are gone. Stored, so a crash forgets nothing."""
    conn.execute(update(courses).where(courses.c.uid != UNKNOWN_COURSE).values(is_marked=True))
    conn.execute(update(lessons).values(is_marked=True))


def hide_marked(conn: Connection) -> None:
    """The snapshot is over: treat what is still marked as gone."""
    left = list(conn.execute(_MARKED_COURSES).scalars())
    if left:
        hide(conn, left)
    if conn.execute(_ANY_MARKED_LESSON).first() is not None:
        conn.execute(delete(lessons).where(lessons.c.is_marked, ~_lesson_is_referred_to()))
        conn.execute(update(lessons).where(lessons.c.is_marked).values(is_marked=False, is_hidden=True))


def mark_here(conn: Connection, lesson_uids: Sequence[str], *, is_here: bool) -> None:
    """All files of these lessons are on this laptop, or not any more."""
    statement = update(lessons).where(lessons.c.uid == bindparam("uid_")).values(is_here=is_here)
    if lesson_uids:
        conn.execute(statement, [{"uid_": uid} for uid in lesson_uids])


def _course_values(row: wire.CourseRow) -> tuple[object, ...]:
    named = row.uid, row.slug, row.title, row.summary, row.level, row.language, row.direction
    edition = row.cover, row.version, row.license, row.authors
    return *named, *edition, row.is_published, _ms(row.deleted_at), row.revision, False, False


def _lesson_values(row: wire.LessonRow, course_id: int) -> tuple[object, ...]:
    files = [{"path": a.path, "sha256": a.sha256, "size": a.size, "type": a.type} for a in row.attachments]
    body, body_size = (row.body.sha256, row.body.size) if row.body else (None, 0)
    size = body_size + sum(a.size for a in row.attachments)
    named = row.uid, course_id, row.title, row.section, row.order, row.minutes, row.is_free_preview
    content = body, body_size, json.dumps(files, ensure_ascii=False), size
    return *named, *content, _ms(row.deleted_at), row.revision, False, False


def _lesson_is_referred_to() -> ColumnElement[bool]:
    return or_(
        exists().where(lesson_progress.c.lesson_id == lessons.c.id, lesson_progress.c.user_id == ME),
        exists().where(outbox.c.target == lessons.c.uid),
    )


def _course_is_referred_to() -> ColumnElement[bool]:
    return or_(
        exists().where(enrollments.c.course_id == courses.c.id),
        exists().where(certificates.c.course_id == courses.c.id),
        exists().where(outbox.c.target == courses.c.uid),
        exists().where(lessons.c.course_id == courses.c.id),
    )


def _ms(text: str | None) -> int | None:
    return None if text is None else from_wire(text)


_SHOWN = ("deleted_at", "revision", "is_hidden", "is_marked")
_COURSES = BulkInsert(
    courses,
    (
        *("uid", "slug", "title", "summary", "level", "language", "direction"),
        *("cover", "version", "license", "authors", "is_published", *_SHOWN),
    ),
    key=("uid",),
)
_LESSONS = BulkInsert(
    lessons,
    (
        *("uid", "course_id", "title", "section", "order", "minutes", "is_free_preview"),
        *("body", "body_size", "attachments", "bytes", *_SHOWN),
    ),
    key=("uid",),
    instead=(("is_here", "is_here AND lessons.body IS excluded.body AND lessons.attachments = excluded.attachments"),),
)
_MARKED_COURSES = select(courses.c.uid).where(courses.c.is_marked)
_ANY_MARKED_LESSON = select(lessons.c.id).where(lessons.c.is_marked).limit(1)
