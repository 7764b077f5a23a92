"""Courses and their lessons on the server: shown or hidden, removed and restored, never lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, select, update

from lms_server.actions.context import ServerContext
from lms_server.actions.refusals import Refused
from lms_server.contract import anchors
from lms_server.contract.anchors import CATALOG, Stream
from lms_server.contract.schema import courses, lessons
from lms_server.contract.sqlite import reading
from lms_server.database.retry import whole_transaction


class CourseRefusal(StrEnum):
    """Why a change to a course is refused; closed."""

    UNKNOWN_COURSE = "unknown_course"
    UNKNOWN_LESSON = "unknown_lesson"
    UID_TAKEN = "uid_taken"
    SLUG_TAKEN = "slug_taken"
    LESSON_UID_TAKEN = "lesson_uid_taken"
    COURSE_DELETED = "course_deleted"
    PATH_CLASH = "path_clash"


@dataclass(frozen=True)
class CourseListing:
    """A course as an admin sees it; ``lessons`` counts what is required now, times are milliseconds."""

    uid: str
    slug: str
    title: str
    level: str
    is_published: bool
    deleted_at: int | None
    lessons: int


@dataclass(frozen=True)
class LessonListing:
    """A lesson in its course's order, removed ones included."""

    uid: str
    title: str
    section: str
    order: int
    is_free_preview: bool
    deleted_at: int | None


def list_courses(context: ServerContext) -> tuple[CourseListing, ...]:
    """All courses, drafts and deleted ones included, by slug."""
    query = (
        select(*_LISTED, func.count(lessons.c.id).label("lessons"))
        .select_from(
            courses.outerjoin(lessons, and_(lessons.c.course_id == courses.c.id, lessons.c.deleted_at.is_(None)))
        )
        .group_by(courses.c.id)
        .order_by(courses.c.slug)
    )
    with reading(context.engine) as conn:
        return tuple(CourseListing(**row._mapping) for row in conn.execute(query))  # noqa: SLF001 # public in SQLAlchemy


def list_lessons(context: ServerContext, slug: str) -> tuple[LessonListing, ...]:
    """The lessons of a course in order; raises Refused ``unknown_course``."""
    with reading(context.engine) as conn:
        course = course_named(conn, slug)
        query = select(*_LESSON_LISTED).where(lessons.c.course_id == course.id)
        rows = conn.execute(query.order_by(lessons.c.order, lessons.c.id)).all()
    return tuple(LessonListing(**row._mapping) for row in rows)  # noqa: SLF001 # public in SQLAlchemy


def publish_course(context: ServerContext, slug: str) -> None:
    """Open the course for enrollment. The caller wakes the sweep of parked commands."""

    def check(course: Row[Any]) -> None:
        if course.deleted_at is not None:
            raise Refused(CourseRefusal.COURSE_DELETED, "{slug} is deleted: restore it first.", slug=slug)

    _change(context, slug, "is_published", True, check)


def unpublish_course(context: ServerContext, slug: str) -> None:
    """Close the course for new learners; those enrolled go on."""
    _change(context, slug, "is_published", False)


def delete_course(context: ServerContext, slug: str) -> None:
    """Mark the course deleted: enrolled learners keep it, its slug stays taken."""
    now = context.clock()

    def check(course: Row[Any]) -> bool:
        return course.deleted_at is None

    _change(context, slug, "deleted_at", now, check)


def restore_course(context: ServerContext, slug: str) -> None:
    """Take a deletion back. The caller wakes the sweep of parked commands."""
    _change(context, slug, "deleted_at", None)


def remove_lesson(context: ServerContext, uid: str) -> None:
    """Mark a lesson removed: it isn't required any more; what was done in it stays recorded."""
    _change_lesson(context, uid, context.clock())


def restore_lesson(context: ServerContext, uid: str) -> None:
    """Take a removal back. The caller wakes the sweep of parked commands."""
    _change_lesson(context, uid, None)


def course_named(conn: Connection, slug: str) -> Row[Any]:
    """The course's row; raises Refused ``unknown_course``."""
    row = conn.execute(_NAMED, {"slug_": slug}).one_or_none()
    if row is None:
        raise Refused(CourseRefusal.UNKNOWN_COURSE, "There is no course {slug!r}.", slug=slug)
    return row


def stamp_everything(conn: Connection, stream: Stream, course_id: int) -> None:
    """Give the course and all its lessons, removed ones too, new revisions: learners now see it otherwise."""
    conn.execute(_STAMP_COURSE, {"id_": course_id, "stamp": stream.stamp()})
    stamp_lessons(conn, stream, conn.execute(_LESSONS_OF, {"course": course_id}).scalars().all())


def stamp_lessons(conn: Connection, stream: Stream, ids: Sequence[int]) -> None:
    """New revisions for these lessons."""
    if ids:
        conn.execute(_STAMP_LESSON, [{"id_": key, "stamp": stream.stamp()} for key in ids])


def _change(
    context: ServerContext, slug: str, name: str, value: object, check: Callable[[Row[Any]], bool | None] | None = None
) -> None:
    """Set one column of what is seen of a course. ``check`` may refuse, or say False: nothing to do."""

    def run(conn: Connection) -> None:
        # The stream first: it makes the catalog's writers take turns, so that what is read next stays true.
        stream = anchors.lock(conn, CATALOG)
        course = course_named(conn, slug)
        if (check is not None and check(course) is False) or getattr(course, name) == value:
            return
        conn.execute(_CHANGE[name], {"id_": course.id, "value": value})
        stamp_everything(conn, stream, course.id)
        stream.save(conn)

    whole_transaction(context.engine, run)


def _change_lesson(context: ServerContext, uid: str, deleted_at: int | None) -> None:
    def run(conn: Connection) -> None:
        stream = anchors.lock(conn, CATALOG)
        row = conn.execute(_LESSON, {"uid_": uid}).one_or_none()
        if row is None:
            raise Refused(CourseRefusal.UNKNOWN_LESSON, "There is no lesson {uid!r}.", uid=uid)
        if (row.deleted_at is None) == (deleted_at is None):
            return
        conn.execute(_REMOVE_LESSON, {"id_": row.id, "at": deleted_at, "stamp": stream.stamp()})
        stream.save(conn)

    whole_transaction(context.engine, run)


_LISTED = (
    courses.c.uid,
    courses.c.slug,
    courses.c.title,
    courses.c.level,
    courses.c.is_published,
    courses.c.deleted_at,
)
_LESSON_LISTED = (
    lessons.c.uid,
    lessons.c.title,
    lessons.c.section,
    lessons.c.order,
    lessons.c.is_free_preview,
    lessons.c.deleted_at,
)
_NAMED = select(courses).where(courses.c.slug == bindparam("slug_"))
_THIS_COURSE = update(courses).where(courses.c.id == bindparam("id_"))
_STAMP_COURSE = _THIS_COURSE.values(revision=bindparam("stamp"))
_CHANGE = {name: _THIS_COURSE.values({name: bindparam("value")}) for name in ("is_published", "deleted_at")}
_LESSONS_OF = (
    select(lessons.c.id).where(lessons.c.course_id == bindparam("course")).order_by(lessons.c.order, lessons.c.id)
)
_LESSON = select(lessons.c.id, lessons.c.deleted_at).where(lessons.c.uid == bindparam("uid_"))
_THIS_LESSON = update(lessons).where(lessons.c.id == bindparam("id_"))
_STAMP_LESSON = _THIS_LESSON.values(revision=bindparam("stamp"))
_REMOVE_LESSON = _THIS_LESSON.values(deleted_at=bindparam("at"), revision=bindparam("stamp"))
