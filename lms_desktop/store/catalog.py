"""Courses and lessons as the server shows them: rows replace rows, and what is gone hides without losing work."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    and_,
    bindparam,
    delete,
    exists,
    literal,
    or_,
    select,
    union_all,
    update,
)

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
from lms_server.contract.upsert import among_named


def store_courses(conn: Connection, rows: Sequence[wire.CourseRow]) -> None:
    """Courses that this learner may see, whole."""
    _COURSES.write(conn, [_course_values(row) for row in rows])


def store_lessons(conn: Connection, rows: Sequence[wire.LessonRow]) -> None:
    """Lessons of those courses, removed ones included; a lesson whose text changed isn't here any more."""
    ids = course_ids(conn, [row.course for row in rows])
    _LESSONS.write(conn, [_lesson_values(row, ids[row.course]) for row in rows])


def hide(conn: Connection, course_uids: Iterable[str]) -> None:
    """These courses are gone: what a fact or an unsettled command refers to is kept out of sight, the rest goes.

    Lessons that are kept stay marked: a course comes back with all its lessons, and these needn't be among them.
    """
    gone = {"uids": list(course_uids)}
    for statement in (_HIDE_COURSES, _DROP_LESSONS, _MARK_KEPT_LESSONS, _DROP_COURSES):
        conn.execute(statement, gone)


def mark_everything(conn: Connection) -> None:
    """A snapshot of the catalog begins: rows that don't arrive in it are gone. Stored, so a crash forgets nothing."""
    conn.execute(_MARK_COURSES)
    conn.execute(_MARK_LESSONS)


def hide_marked(conn: Connection) -> None:
    """Everything has arrived: what is still marked is gone.

    Lessons of a course that is hidden stay marked: they come back with their course, if it does.
    """
    left = set(conn.execute(_MARKED).scalars())
    if courses_left := left - {_A_LESSON}:
        hide(conn, courses_left)
    if _A_LESSON in left:
        conn.execute(_DROP_MARKED_LESSONS)
        conn.execute(_HIDE_MARKED_LESSONS)


def mark_here(conn: Connection, lesson_uids: Sequence[str], *, is_here: bool) -> None:
    """All files of these lessons are on this laptop, or not any more."""
    if lesson_uids:
        conn.execute(_MARK_HERE, [{"uid_": uid, "is_here_": is_here} for uid in lesson_uids])


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


def _dropping_lessons(which: ColumnElement[bool], unless: ColumnElement[bool]) -> Delete:
    return delete(lessons).where(which, ~unless)


def _dropping_courses(unless: ColumnElement[bool]) -> Delete:
    return delete(courses).where(_IS_GONE, ~unless, courses.c.uid != UNKNOWN_COURSE)


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
    computed=(("is_here", "is_here AND lessons.body IS excluded.body AND lessons.attachments = excluded.attachments"),),
)
_LESSON_IS_REFERRED_TO = or_(
    exists().where(lesson_progress.c.lesson_id == lessons.c.id, lesson_progress.c.user_id == ME),
    exists().where(outbox.c.target == lessons.c.uid),
)
_COURSE_IS_REFERRED_TO = or_(
    exists().where(enrollments.c.course_id == courses.c.id),
    exists().where(certificates.c.course_id == courses.c.id),
    exists().where(outbox.c.target == courses.c.uid),
    exists().where(lessons.c.course_id == courses.c.id),
)
_IS_GONE = among_named(courses.c.uid, "uids")
_IS_OF_GONE = lessons.c.course_id.in_(select(courses.c.id).where(_IS_GONE))
_HIDE_COURSES = update(courses).where(_IS_GONE).values(is_published=False, is_hidden=True, is_marked=False)
_DROP_LESSONS = _dropping_lessons(_IS_OF_GONE, _LESSON_IS_REFERRED_TO)
_MARK_KEPT_LESSONS = update(lessons).where(_IS_OF_GONE).values(is_marked=True)
_DROP_COURSES = _dropping_courses(_COURSE_IS_REFERRED_TO)
_MARK_COURSES = update(courses).where(courses.c.uid != UNKNOWN_COURSE).values(is_marked=True)
_MARK_LESSONS = update(lessons).values(is_marked=True)
_IS_LEFT = and_(
    lessons.c.is_marked,
    lessons.c.course_id.not_in(select(courses.c.id).where(courses.c.is_hidden, courses.c.uid != UNKNOWN_COURSE)),
)
_DROP_MARKED_LESSONS = _dropping_lessons(_IS_LEFT, _LESSON_IS_REFERRED_TO)
_HIDE_MARKED_LESSONS = update(lessons).where(_IS_LEFT).values(is_marked=False, is_hidden=True)
_MARK_HERE = update(lessons).where(lessons.c.uid == bindparam("uid_")).values(is_here=bindparam("is_here_"))
# Each marked course's uid, and a word if there is any marked lesson.
_A_LESSON = "lesson"
_MARKED = union_all(
    select(courses.c.uid).where(courses.c.is_marked),
    select(literal(_A_LESSON)).where(exists().where(_IS_LEFT)),
)
