"""The statements behind the views, and how their rows become what screens read."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal_column, or_, select

from lms_desktop.store.profile import GUEST
from lms_desktop.store.rows import CommandRow, Continue, CourseRow, DownloadRow, Learner, LessonRow, Live, Place
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

# The course touched last comes first; one just taken up counts as touched.
TOUCHED = func.coalesce(_TOTALS.c.touched, enrollments.c.enrolled_at)

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


def visible() -> ColumnElement[bool]:
    """A course that isn't open is shown only beside an enrollment."""
    return or_(_IS_OPEN, enrollments.c.id.is_not(None))


def enrolled_in(course_uids: Iterable[str]) -> ColumnElement[bool]:
    """Those of these courses that are mine."""
    return and_(enrollments.c.id.is_not(None), courses.c.uid.in_(course_uids))


_LEARNER = select(users.c.uid, users.c.name, users.c.email)


def read_learner(conn: Connection) -> Learner:
    """The profile's learner."""
    uid, name, email = conn.execute(_LEARNER).one()
    return Learner(None if uid == GUEST else uid, name, email)


def read_profile(conn: Connection) -> tuple[Place, int | None, bool]:
    """The place, when the server last answered, and whether it wants the learner to sign in again."""
    row = conn.execute(select(profile)).one()
    return Place(row.server_id, row.url, row.server_name), row.last_sync_at, row.needs_sign_in


def course_row(row: Row[Any]) -> CourseRow:
    """A row of ``select_courses`` as screens read it."""
    return CourseRow(
        uid=row.uid,
        slug=row.slug,
        title=row.title,
        summary=row.summary,
        level=row.level,
        language=row.language,
        direction=row.direction,
        cover=row.cover,
        license=row.license,
        authors=row.authors,
        version=row.version,
        is_open=bool(row.is_open),
        is_enrolled=row.enrolled_at is not None,
        has_preview=bool(row.has_preview),
        lessons=row.lessons,
        completed=row.completed,
        bytes_total=row.bytes_total,
        bytes_here=row.bytes_here,
        certificate=row.certificate,
    )


def read_outline(conn: Connection, course: Row[Any], also: str = "") -> tuple[LessonRow, ...]:
    """A course's lessons in order; ``also`` names a removed one to show all the same."""
    query = (
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
            lessons.c.course_id == course.id,
            or_(and_(lessons.c.deleted_at.is_(None), ~lessons.c.is_hidden), lessons.c.uid == also),
        )
        .order_by(lessons.c.order, lessons.c.id)
    )
    rows = conn.execute(query).all()
    return tuple(_lesson_row(row, number, course) for number, row in enumerate(rows, 1))


def read_continue(conn: Connection, going: Sequence[Row[Any]]) -> Continue | None:
    """Where to go on in the course touched last: its first lesson that isn't complete."""
    if not going:
        return None
    outline = read_outline(conn, going[0])
    lesson = next((lesson for lesson in outline if not lesson.is_completed), None)
    if lesson is None:
        return None
    return Continue(course_row(going[0]), lesson.uid, lesson.title, lesson.number, lesson.minutes)


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


def download_row(course: CourseRow, asked: Row[Any] | None, live: Live) -> DownloadRow:
    """How far a course's download is."""
    # A download that was paused a moment ago has its last bytes under way.
    is_going = asked is not None and asked.state == "running"
    if is_going and live.download is not None and live.download.course_uid == course.uid:
        now = live.download
        done = course.bytes_total - now.bytes_total + now.bytes_done
        return DownloadRow(course, "running", max(done, 0), course.bytes_total, now.bytes_per_s, None)
    not_here = asked.state if asked is not None else "none"
    state = "done" if course.is_here else not_here
    reason = asked.reason if asked is not None else None
    return DownloadRow(course, state, course.bytes_here, course.bytes_total, None, reason)


def select_downloads() -> Select[Any]:
    """What was asked to be downloaded."""
    return select(downloads)


def _lesson_row(row: Any, number: int, course: Row[Any]) -> LessonRow:
    is_completed = row.completed_at is not None
    return LessonRow(
        uid=row.uid,
        title=row.title,
        section=row.section,
        number=number,
        minutes=row.minutes,
        is_free_preview=row.is_free_preview,
        is_started=row.started_at is not None,
        is_completed=is_completed,
        # A certificate needed every lesson of its day, so an open one came later.
        is_new_since_certificate=course.certificate is not None and not is_completed,
        is_here=row.is_here,
        is_readable=row.is_free_preview or course.enrolled_at is not None,
    )
