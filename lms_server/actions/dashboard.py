"""What the web pages show: one read a page, frozen rows."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from lms_server.actions.context import ServerContext, read_server
from lms_server.actions.courses import course_named
from lms_server.actions.rights import IS_OPEN, IS_PREVIEW
from lms_server.contract.schema import certificates, courses, enrollments, lesson_progress, lessons
from lms_server.contract.sqlite import reading
from lms_server.contract.upsert import among
from lms_server.database.tables import jobs, parked, sessions, users

# The device of a session in a browser: not one of the laptops that admins count.
BROWSER = "web browser"
_DAY_MS = 86_400_000
_WAITING = ("queued", "sending", "held", "in_doubt")


@dataclass(frozen=True)
class Overview:
    """The dashboard's tiles; times are milliseconds."""

    name: str
    learners: int
    active_this_week: int
    devices: int
    devices_not_seen: int
    last_seen: int | None
    last_who: str
    mails_waiting: int
    oldest_mail: int | None
    parked: int


@dataclass(frozen=True)
class CourseLine:
    """A course with what admins and readers want to know of it."""

    uid: str
    slug: str
    title: str
    summary: str
    level: str
    language: str
    direction: str
    cover: str | None
    is_published: bool
    deleted_at: int | None
    lessons: int
    previews: int
    enrolled: int
    finished: int

    @property
    def state(self) -> str:
        """Published, draft or withdrawn."""
        if self.deleted_at is not None:
            return "withdrawn"
        return "published" if self.is_published else "draft"


@dataclass(frozen=True)
class OutlineLine:
    """A lesson in a course's public outline."""

    uid: str
    title: str
    section: str
    is_free_preview: bool


@dataclass(frozen=True)
class LearnerLine:
    """A learner of a course; ``completed`` counts lessons that are required now."""

    uid: str
    name: str
    email: str
    enrolled_at: int
    completed: int
    certificate: str | None


@dataclass(frozen=True)
class CourseOfLearner:
    """A course that somebody takes, and how far they are."""

    slug: str
    title: str
    enrolled_at: int
    completed: int
    lessons: int
    certificate: str | None


@dataclass(frozen=True)
class DeviceLine:
    """A laptop or browser that is signed in; ``number`` tells it from the others."""

    number: int
    device: str
    created_at: int
    last_seen_at: int


@dataclass(frozen=True)
class ParkedLine:
    """Work that waits: whose, what, about which course or lesson (its title if it is here), why, since when.

    ``course`` is the slug of the course that it belongs to, empty while nobody knows.
    """

    name: str
    email: str
    kind: str
    about: str
    course: str
    code: str
    parked_at: int


@dataclass(frozen=True)
class Preview:
    """A lesson that anyone may read; ``files`` maps paths in its text to (sha256, media type)."""

    uid: str
    title: str
    body: str | None
    course_slug: str
    course_title: str
    language: str
    direction: str
    files: dict[str, tuple[str, str]]


def read_overview(context: ServerContext) -> Overview:
    """The figures on the dashboard."""
    now = context.clock()
    live = and_(sessions.c.revoked_at.is_(None), sessions.c.device != BROWSER)
    with reading(context.engine) as conn:
        seen = select(sessions.c.last_seen_at, users.c.name).join_from(sessions, users).where(live)
        last = conn.execute(seen.order_by(sessions.c.last_seen_at.desc()).limit(1)).one_or_none()
        week = select(func.count(sessions.c.user_id.distinct())).where(live)
        mails = and_(jobs.c.kind == "certificate_email", jobs.c.state.in_(_WAITING))
        return Overview(
            name=read_server(conn).name,
            learners=_count(conn, select(func.count()).select_from(users).where(users.c.role == "learner")),
            active_this_week=_count(conn, week.where(sessions.c.last_seen_at > now - 7 * _DAY_MS)),
            devices=_count(conn, select(func.count()).select_from(sessions).where(live)),
            devices_not_seen=_count(
                conn,
                select(func.count()).select_from(sessions).where(live, sessions.c.last_seen_at < now - 30 * _DAY_MS),
            ),
            last_seen=last.last_seen_at if last else None,
            last_who=last.name if last else "",
            mails_waiting=_count(conn, select(func.count()).select_from(jobs).where(mails)),
            oldest_mail=conn.execute(select(func.min(jobs.c.run_at)).where(mails)).scalar_one(),
            parked=_count(conn, select(func.count()).select_from(parked)),
        )


def list_course_lines(context: ServerContext, *, open_only: bool) -> list[CourseLine]:
    """Courses by title, with counts; for readers only those that are open."""
    query = _COURSES.where(IS_OPEN) if open_only else _COURSES
    with reading(context.engine) as conn:
        return [CourseLine(*row) for row in conn.execute(query.order_by(courses.c.deleted_at, courses.c.title))]


def find_open_course(context: ServerContext, slug: str) -> tuple[CourseLine, list[OutlineLine]] | None:
    """An open course and its outline."""
    with reading(context.engine) as conn:
        row = conn.execute(_COURSES.where(courses.c.slug == slug, IS_OPEN)).one_or_none()
        if row is None:
            return None
        columns = (lessons.c.uid, lessons.c.title, lessons.c.section, lessons.c.is_free_preview)
        query = select(*columns).join_from(lessons, courses).where(courses.c.uid == row.uid)
        rows = conn.execute(query.where(lessons.c.deleted_at.is_(None)).order_by(lessons.c.order, lessons.c.id))
        return CourseLine(*row), [OutlineLine(*line) for line in rows]


def find_preview(context: ServerContext, uid: str) -> Preview | None:
    """A free preview of an open course."""
    columns = (lessons.c.uid, lessons.c.title, lessons.c.body, lessons.c.attachments)
    course = (courses.c.slug, courses.c.title.label("course_title"), courses.c.language, courses.c.direction)
    query = select(*columns, *course).join_from(lessons, courses).where(lessons.c.uid == uid, IS_PREVIEW, IS_OPEN)
    with reading(context.engine) as conn:
        row = conn.execute(query).one_or_none()
    if row is None:
        return None
    files = {item["path"]: (item["sha256"], item["type"]) for item in json.loads(row.attachments)}
    return Preview(row.uid, row.title, row.body, row.slug, row.course_title, row.language, row.direction, files)


def list_learners_of(context: ServerContext, slug: str) -> list[LearnerLine]:
    """Who is enrolled in a course, by name, and how far they are. Raises Refused ``unknown_course``."""
    columns = (users.c.uid, users.c.name, users.c.email, enrollments.c.enrolled_at, _done(), certificates.c.uuid)
    query = _standing(*columns).order_by(users.c.name, users.c.id)
    with reading(context.engine) as conn:
        query = query.where(courses.c.id == course_named(conn, slug).id)
        return [LearnerLine(*row) for row in conn.execute(query)]


def list_courses_of(context: ServerContext, uid: str) -> list[CourseOfLearner]:
    """What somebody is enrolled in, by title."""
    required = _of_course(lessons, lessons.c.deleted_at.is_(None))
    columns = (courses.c.slug, courses.c.title, enrollments.c.enrolled_at, _done(), required, certificates.c.uuid)
    query = _standing(*columns).where(users.c.uid == uid).order_by(courses.c.title, courses.c.id)
    with reading(context.engine) as conn:
        return [CourseOfLearner(*row) for row in conn.execute(query)]


def list_devices_of(context: ServerContext, uid: str) -> list[DeviceLine]:
    """Where somebody is signed in, the latest first."""
    columns = (sessions.c.id, sessions.c.device, sessions.c.created_at, sessions.c.last_seen_at)
    query = select(*columns).join_from(sessions, users).where(users.c.uid == uid, sessions.c.revoked_at.is_(None))
    with reading(context.engine) as conn:
        return [DeviceLine(*row) for row in conn.execute(query.order_by(sessions.c.last_seen_at.desc()))]


def count_parked(context: ServerContext) -> int:
    """How much work waits."""
    with reading(context.engine) as conn:
        return _count(conn, select(func.count()).select_from(parked))


def list_parked_lines(context: ServerContext) -> list[ParkedLine]:
    """What waits, oldest first, in words."""
    columns = (users.c.name, users.c.email, parked.c.code, parked.c.parked_at, parked.c.command)
    with reading(context.engine) as conn:
        rows = conn.execute(select(*columns).join_from(parked, users).order_by(parked.c.id)).all()
        commands = [json.loads(row.command) for row in rows]
        abouts = [str(command.get("course") or command.get("lesson") or "") for command in commands]
        known = _known(conn, set(abouts))
    return [
        ParkedLine(row.name, row.email, command.get("kind", ""), *known.get(uid, (uid, "")), row.code, row.parked_at)
        for row, command, uid in zip(rows, commands, abouts, strict=True)
    ]


def _known(conn: Connection, uids: set[str]) -> dict[str, tuple[str, str]]:
    """Title and course (a slug) of those of these courses and lessons that are here."""
    of_courses = select(courses.c.uid, courses.c.title, courses.c.slug).where(among(courses.c.uid, uids))
    of_lessons = select(lessons.c.uid, lessons.c.title, courses.c.slug).join_from(lessons, courses)
    found = [*conn.execute(of_courses), *conn.execute(of_lessons.where(among(lessons.c.uid, uids)))]
    return {uid: (title or uid, slug) for uid, title, slug in found}


def _standing(*columns: Any) -> Any:
    issued = and_(certificates.c.user_id == users.c.id, certificates.c.course_id == courses.c.id)
    query: Any = select(*columns).join_from(enrollments, users).join(courses, courses.c.id == enrollments.c.course_id)
    return query.outerjoin(certificates, issued)


def _done() -> Any:
    """How many of a course's required lessons a learner completed."""
    query = select(func.count()).select_from(lesson_progress.join(lessons, lessons.c.id == lesson_progress.c.lesson_id))
    mine = query.where(lesson_progress.c.user_id == users.c.id, lessons.c.course_id == courses.c.id)
    required = mine.where(lessons.c.deleted_at.is_(None), lesson_progress.c.completed_at.is_not(None))
    return required.correlate(users, courses).scalar_subquery()


def _count(conn: Any, query: Any) -> int:
    return int(conn.execute(query).scalar_one())


def _of_course(table: Any, *more: Any) -> Any:
    query = select(func.count()).select_from(table).where(table.c.course_id == courses.c.id, *more)
    return query.correlate(courses).scalar_subquery()


_COURSES: Any = select(
    courses.c.uid,
    courses.c.slug,
    courses.c.title,
    courses.c.summary,
    courses.c.level,
    courses.c.language,
    courses.c.direction,
    courses.c.cover,
    courses.c.is_published,
    courses.c.deleted_at,
    _of_course(lessons, lessons.c.deleted_at.is_(None)),
    select(func.coalesce(func.sum(case((lessons.c.is_free_preview, 1), else_=0)), 0))
    .where(lessons.c.course_id == courses.c.id, lessons.c.deleted_at.is_(None))
    .correlate(courses)
    .scalar_subquery(),
    _of_course(enrollments),
    _of_course(certificates),
)
