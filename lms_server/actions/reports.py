"""What admins and pages look at: one read a question, frozen rows back."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from lms_server.actions.context import ServerContext
from lms_server.actions.courses import course_named
from lms_server.actions.names import email_key
from lms_server.actions.users import find_user
from lms_server.contract.rules import completed_at_read
from lms_server.contract.schema import certificates, courses, enrollments, lesson_progress, lessons, users
from lms_server.contract.sqlite import reading
from lms_server.database.tables import parked


@dataclass(frozen=True)
class CertificateRow:
    """A certificate as an admin sees it; ``course`` is a slug, times are milliseconds."""

    uuid: str
    email: str
    course: str
    learner_name: str
    course_title: str
    completed_at: int
    issued_at: int
    pdf_sha256: str | None
    user_id: int
    payload: str


@dataclass(frozen=True)
class ProgressRow:
    """One lesson of one learner; ``completed_at`` as it is read, not before the enrollment."""

    email: str
    course: str
    lesson: str
    title: str
    started_at: int
    completed_at: int | None
    command_id: str | None


@dataclass(frozen=True)
class ParkedRow:
    """A command that the server keeps waiting, and why."""

    command_id: str
    email: str
    code: str
    parked_at: int
    command: str


def list_certificates(context: ServerContext) -> list[CertificateRow]:
    """All certificates, newest first."""
    return _certificates(context, _CERTIFICATES.order_by(certificates.c.issued_at.desc(), certificates.c.id.desc()))


def find_certificate(context: ServerContext, uuid: str) -> CertificateRow | None:
    """The certificate with this uuid."""
    found = _certificates(context, _CERTIFICATES.where(certificates.c.uuid == uuid))
    return found[0] if found else None


def list_progress(context: ServerContext, email: str | None = None, slug: str | None = None) -> list[ProgressRow]:
    """Who did what, by address, course and order of lessons; raises Refused for an unknown address or slug."""
    if email is not None:
        find_user(context, email)
    query = _PROGRESS.order_by(users.c.email_key, courses.c.slug, lessons.c.order, lessons.c.id)
    if email is not None:
        query = query.where(users.c.email_key == email_key(email))
    if slug is not None:
        query = query.where(courses.c.slug == slug)
    with reading(context.engine) as conn:
        if slug is not None:
            course_named(conn, slug)
        return [_progress(row) for row in conn.execute(query)]


def list_parked(context: ServerContext) -> list[ParkedRow]:
    """What waits, oldest first."""
    columns = (parked.c.command_id, users.c.email, parked.c.code, parked.c.parked_at, parked.c.command)
    query = select(*columns).join_from(parked, users).order_by(parked.c.id)
    with reading(context.engine) as conn:
        return [ParkedRow(*row) for row in conn.execute(query)]


def _certificates(context: ServerContext, query: Select[Any]) -> list[CertificateRow]:
    with reading(context.engine) as conn:
        return [CertificateRow(*row) for row in conn.execute(query)]


def _progress(row: Any) -> ProgressRow:
    done = row.completed_at
    if done is not None and row.enrolled_at is not None:
        done = completed_at_read(done, row.enrolled_at)
    return ProgressRow(row.email, row.slug, row.uid, row.title, row.started_at, done, row.complete_command_id)


_CERTIFICATES = (
    select(
        certificates.c.uuid,
        users.c.email,
        courses.c.slug,
        certificates.c.learner_name,
        certificates.c.course_title,
        certificates.c.completed_at,
        certificates.c.issued_at,
        certificates.c.pdf_sha256,
        certificates.c.user_id,
        certificates.c.payload,
    )
    .join_from(certificates, users)
    .join(courses, courses.c.id == certificates.c.course_id)
)
_PROGRESS = (
    select(
        users.c.email,
        courses.c.slug,
        lessons.c.uid,
        lessons.c.title,
        lesson_progress.c.started_at,
        lesson_progress.c.completed_at,
        lesson_progress.c.complete_command_id,
        enrollments.c.enrolled_at,
    )
    .join_from(lesson_progress, users)
    .join(lessons, lessons.c.id == lesson_progress.c.lesson_id)
    .join(courses, courses.c.id == lessons.c.course_id)
    .outerjoin(enrollments, (enrollments.c.user_id == users.c.id) & (enrollments.c.course_id == courses.c.id))
)
