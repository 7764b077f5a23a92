"""Courses and lessons as the server shows them: rows replace rows, and what is gone hides without losing work."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, or_, select, update

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
from lms_server.contract.times import from_wire
from lms_server.contract.upsert import among, insert_into, write_rows


def store_courses(conn: Connection, rows: Sequence[wire.CourseRow]) -> None:
    """Courses that this learner may see, whole."""
    if not rows:
        return
    values = [
        {
            "uid": row.uid,
            "slug": row.slug,
            "title": row.title,
            "summary": row.summary,
            "level": row.level,
            "language": row.language,
            "direction": row.direction,
            "cover": row.cover,
            "version": row.version,
            "license": row.license,
            "authors": row.authors,
            "is_published": row.is_published,
            "deleted_at": _ms(row.deleted_at),
            "revision": row.revision,
            "is_hidden": False,
            "is_marked": False,
        }
        for row in rows
    ]
    statement = insert_into(conn, courses)
    changed = {name: statement.excluded[name] for name in values[0] if name != "uid"}
    write_rows(conn, statement.on_conflict_do_update(index_elements=["uid"], set_=changed), values)


def store_lessons(conn: Connection, rows: Sequence[wire.LessonRow]) -> None:
    """Lessons of those courses, removed ones included; a lesson whose text changed isn't here any more."""
    if not rows:
        return
    ids = course_ids(conn, [row.course for row in rows])
    values = [_lesson_values(row, ids[row.course]) for row in rows]
    statement = insert_into(conn, lessons)
    changed = {name: statement.excluded[name] for name in values[0] if name != "uid"}
    same = and_(
        lessons.c.body.is_not_distinct_from(statement.excluded.body),
        lessons.c.attachments == statement.excluded.attachments,
    )
    changed["is_here"] = and_(lessons.c.is_here, same)
    write_rows(conn, statement.on_conflict_do_update(index_elements=["uid"], set_=changed), values)


def hide(conn: Connection, course_uids: Iterable[str]) -> None:
    """These courses are gone: what a fact or an unsettled command refers to is kept out of sight, the rest goes."""
    wanted = among(conn, courses.c.uid, list(course_uids))
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
    left = list(conn.execute(select(courses.c.uid).where(courses.c.is_marked)).scalars())
    if left:
        hide(conn, left)
    conn.execute(delete(lessons).where(lessons.c.is_marked, ~_lesson_is_referred_to()))
    conn.execute(update(lessons).where(lessons.c.is_marked).values(is_marked=False, is_hidden=True))


def mark_here(conn: Connection, lesson_uids: Sequence[str], *, is_here: bool) -> None:
    """All files of these lessons are on this laptop, or not any more."""
    statement = update(lessons).where(lessons.c.uid == bindparam("uid_")).values(is_here=is_here)
    if lesson_uids:
        conn.execute(statement, [{"uid_": uid} for uid in lesson_uids])


def _lesson_values(row: wire.LessonRow, course_id: int) -> dict[str, object]:
    body_size = row.body.size if row.body else 0
    files = [{"path": a.path, "sha256": a.sha256, "size": a.size, "type": a.type} for a in row.attachments]
    return {
        "uid": row.uid,
        "course_id": course_id,
        "title": row.title,
        "section": row.section,
        "order": row.order,
        "minutes": row.minutes,
        "is_free_preview": row.is_free_preview,
        "body": row.body.sha256 if row.body else None,
        "body_size": body_size,
        "attachments": json.dumps(files, ensure_ascii=False),
        "bytes": body_size + sum(a.size for a in row.attachments),
        "deleted_at": _ms(row.deleted_at),
        "revision": row.revision,
        "is_hidden": False,
        "is_marked": False,
    }


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
