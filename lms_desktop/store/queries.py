"""The statements behind the views, and how their rows become what screens read."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal_column, or_, select

from lms_desktop.store import shown
from lms_desktop.store.rows import CommandRow, Learner, LessonRow, Place
from lms_desktop.store.tables import (
    ME,
    UNKNOWN_COURSE,
    certificates,
    courses,
    downloads,
    enrollments,
    lesson_progress,
    lessons,
    outbox,
    profile,
    users,
)

FILES = msgspec.json.Decoder(list[dict[str, Any]])

_PROGRESS = and_(lesson_progress.c.lesson_id == lessons.c.id, lesson_progress.c.user_id == ME)
_ENROLLED = and_(enrollments.c.course_id == courses.c.id, enrollments.c.user_id == ME)
_CERTIFIED = and_(certificates.c.course_id == courses.c.id, certificates.c.user_id == ME)
_IS_OPEN = and_(courses.c.is_published, courses.c.deleted_at.is_(None), ~courses.c.is_hidden)

_TOTALS = (
    select(
        lessons.c.course_id,
        func.count().label("lessons"),
        func.count(lesson_progress.c.completed_at).label("completed"),
        func.sum(lessons.c.bytes).label("bytes_total"),
        func.sum(case((lessons.c.is_here, lessons.c.bytes), else_=0)).label("bytes_here"),
        func.max(lessons.c.is_free_preview).label("has_preview"),
        func.max(func.coalesce(lesson_progress.c.completed_at, lesson_progress.c.started_at)).label("touched"),
    )
    .outerjoin(lesson_progress, _PROGRESS)
    .where(lessons.c.deleted_at.is_(None), ~lessons.c.is_hidden)
    .group_by(lessons.c.course_id)
    .subquery()
)

# When a course was touched last; one just taken up counts as touched.
_TOUCHED = func.coalesce(_TOTALS.c.touched, enrollments.c.enrolled_at)

COMMANDS = (
    select(
        outbox.c.command_id,
        outbox.c.kind,
        outbox.c.target,
        outbox.c.made_at,
        outbox.c.at,
        outbox.c.state,
        outbox.c.code,
        lessons.c.title.label("lesson_title"),
        courses.c.title.label("course_title"),
        courses.c.uid.label("course_uid"),
    )
    .outerjoin(lessons, lessons.c.uid == outbox.c.target)
    .outerjoin(courses, or_(courses.c.id == lessons.c.course_id, courses.c.uid == outbox.c.target))
)

CERTIFICATES = select(
    certificates.c.uuid,
    courses.c.uid.label("course_uid"),
    courses.c.slug.label("course_slug"),
    courses.c.cover,
    certificates.c.course_title,
    certificates.c.learner_name,
    certificates.c.completed_at,
    certificates.c.issued_at,
    certificates.c.payload,
    certificates.c.pdf_sha256,
).join_from(certificates, courses)


LEARNER = select(users.c.uid, users.c.name, users.c.email)
PROFILE = select(profile)
DOWNLOADS = select(downloads)
CERTIFICATE_COUNT = select(func.count()).select_from(certificates)
# Placeholders of what hasn't arrived are hidden.
ANY_COURSE = select(courses.c.id).where(~courses.c.is_hidden).limit(1)


def select_courses(condition: ColumnElement[bool]) -> Select[Any]:
    """Courses with everything their card says, in one statement."""
    return (
        select(
            courses,
            _IS_OPEN.label("is_open"),
            enrollments.c.enrolled_at,
            certificates.c.uuid.label("certificate"),
            certificates.c.issued_at,
            func.coalesce(_TOTALS.c.lessons, 0).label("lessons"),
            func.coalesce(_TOTALS.c.completed, 0).label("completed"),
            func.coalesce(_TOTALS.c.bytes_total, 0).label("bytes_total"),
            func.coalesce(_TOTALS.c.bytes_here, 0).label("bytes_here"),
            func.coalesce(_TOTALS.c.has_preview, literal_column("0")).label("has_preview"),
        )
        .outerjoin(enrollments, _ENROLLED)
        .outerjoin(certificates, _CERTIFIED)
        .outerjoin(_TOTALS, _TOTALS.c.course_id == courses.c.id)
        .where(condition, courses.c.uid != UNKNOWN_COURSE)
    )


def my_courses() -> Select[Any]:
    """The learner's courses, the one touched last first."""
    return select_courses(enrollments.c.id.is_not(None)).order_by(_TOUCHED.desc())


def visible() -> ColumnElement[bool]:
    """A course that isn't open is shown only beside an enrollment."""
    return or_(_IS_OPEN, enrollments.c.id.is_not(None))


def enrolled_in(course_uids: Iterable[str]) -> ColumnElement[bool]:
    """Those of these courses that are mine."""
    return and_(enrollments.c.id.is_not(None), courses.c.uid.in_(course_uids))


def read_learner(conn: Connection) -> Learner:
    """The profile's learner."""
    return shown.learner(*conn.execute(LEARNER).one())


def read_profile(conn: Connection) -> tuple[Place, int | None, bool]:
    """The place, when the server last answered, and whether it wants the learner to sign in again."""
    row = conn.execute(PROFILE).one()
    return Place(row.server_id, row.url, row.server_name), row.last_sync_at, row.needs_sign_in


def read_outline(conn: Connection, course: Row[Any], also: str = "") -> tuple[LessonRow, ...]:
    """A course's lessons in order; ``also`` names a removed one to show all the same."""
    return shown.outline(conn.execute(select_outline(course.id, also)).all(), course)


def select_outline(course_id: Any, also: str = "") -> Select[Any]:
    """A course's lessons in order."""
    return (
        select(
            lessons.c.uid,
            lessons.c.title,
            lessons.c.section,
            lessons.c.minutes,
            lessons.c.is_free_preview,
            lessons.c.is_here,
            lesson_progress.c.started_at,
            lesson_progress.c.completed_at,
        )
        .outerjoin(lesson_progress, _PROGRESS)
        .where(
            lessons.c.course_id == course_id,
            or_(and_(lessons.c.deleted_at.is_(None), ~lessons.c.is_hidden), lessons.c.uid == also),
        )
        .order_by(lessons.c.order, lessons.c.id)
    )


def command_row(row: Any) -> CommandRow:
    """A row of COMMANDS as screens read it."""
    return CommandRow(
        id=row.command_id,
        kind=row.kind,
        lesson_title=row.lesson_title,
        course_title=row.course_title,
        course_uid=row.course_uid,
        made_at=row.made_at if row.made_at is not None else row.at or 0,
        code=row.code,
    )
