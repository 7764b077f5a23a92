"""The learner's facts as the server told them, and the digest that says whether both sides hold the same."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from lms_desktop.store.tables import (
    ME,
    UNKNOWN_COURSE,
    certificates,
    courses,
    enrollments,
    lesson_progress,
    lessons,
    profile,
)
from lms_server.contract import wire
from lms_server.contract.apply import ENROLLMENTS, PROGRESS
from lms_server.contract.bulk import BulkInsert
from lms_server.contract.digest import Digest
from lms_server.contract.times import from_wire
from lms_server.contract.upsert import among_named, picked


@contextmanager
def counting(conn: Connection, user: str | None) -> Iterator[Digest]:
    """The digest of the confirmed facts here, for whoever changes one; stored again at the end. A guest has none."""
    digest = Digest.stored(user or "", *conn.execute(_READ_DIGEST).one())
    stored = digest.value
    yield digest
    if digest.value != stored:
        conn.execute(_SAVE_DIGEST, {"count_": digest.count, "sum_": digest.text})


def forget_confirmations(conn: Connection, digest: Digest) -> None:
    """No fact here counts as confirmed any more; a snapshot sets it again."""
    for statement in _FORGET:
        conn.execute(statement)
    digest.count = digest.sum = 0


def uncount(conn: Connection, digest: Digest, course_uids: Iterable[str], lesson_uids: Iterable[str]) -> None:
    """Take facts that are about to change out of the digest, where they were counted."""
    digest.remove("e", _counted_enrollments(conn, course_uids))
    digest.remove("p", _counted_completions(conn, lesson_uids))


def store_enrollments(conn: Connection, rows: list[wire.EnrollmentRow], digest: Digest) -> None:
    """Rows replace what is there; a course that hasn't arrived gets a hidden placeholder."""
    uids = [row.course for row in rows]
    ids = course_ids(conn, uids)
    uncount(conn, digest, uids, ())
    values = [(ME, ids[row.course], from_wire(row.enrolled_at), row.command, row.revision) for row in rows]
    ENROLLMENTS.write(conn, values)
    digest.add("e", set(uids))


def store_progress(conn: Connection, rows: list[wire.ProgressRow], digest: Digest) -> None:
    """Rows replace what is there; a lesson that hasn't arrived gets a hidden placeholder."""
    if not rows:
        return
    ids, counted = _standing(conn, [row.lesson for row in rows])
    PROGRESS.write(conn, [_progress_values(ids[row.lesson], row) for row in rows])
    # What stays counted needs no arithmetic: most rows that come again say what was known.
    completed = {row.lesson for row in rows if row.completed_at}
    digest.remove("p", counted - completed)
    digest.add("p", completed - counted)


def _standing(conn: Connection, uids: Sequence[str]) -> tuple[dict[str, int], set[str]]:
    """Each lesson's database id, and whose completion is counted; placeholders are made for unknown ones."""
    found = conn.execute(_STANDING, {"uids": uids}).all()
    ids = {uid: key for uid, key, _ in found}
    if missing := set(uids) - ids.keys():
        ids |= lesson_ids(conn, missing)
    return ids, set(_counted(found))


def _progress_values(lesson_id: int, row: wire.ProgressRow) -> tuple[object, ...]:
    started_at = from_wire(row.started_at)
    if row.completed_at == row.started_at:
        completed_at: int | None = started_at
    else:
        completed_at = from_wire(row.completed_at) if row.completed_at else None
    return ME, lesson_id, started_at, row.start_command, completed_at, row.complete_command, row.revision


def store_certificates(conn: Connection, rows: list[wire.CertificateRow], digest: Digest) -> None:
    """Rows replace what is there, one per course."""
    if not rows:
        return
    ids = course_ids(conn, [row.course for row in rows])
    counted = conn.execute(_COUNTED_CERTIFICATES, {"ids": [ids[row.course] for row in rows]})
    digest.remove("c", counted.scalars().all())
    _CERTIFICATES.write(conn, [_certificate_values(ids[row.course], row) for row in rows])
    digest.add("c", {row.uuid for row in rows})


def _certificate_values(course_id: int, row: wire.CertificateRow) -> tuple[object, ...]:
    times = from_wire(row.completed_at), from_wire(row.issued_at)
    named = row.uuid, row.learner_name, row.course_title
    return ME, course_id, *named, *times, row.payload, row.pdf_sha256, row.revision


def course_ids(conn: Connection, uids: Iterable[str]) -> dict[str, int]:
    """Database ids by uid, with placeholders made for courses that aren't here."""
    wanted = set(uids)
    found = _ids(conn, courses, wanted)
    if missing := wanted - found.keys():
        conn.execute(_UNSEEN_COURSES, [{"uid": uid, "slug": "", "is_hidden": True} for uid in missing])
        found |= _ids(conn, courses, missing)
    return found


def lesson_ids(conn: Connection, uids: Iterable[str]) -> dict[str, int]:
    """Database ids by uid, with placeholders made for lessons that aren't here."""
    wanted = set(uids)
    found = _ids(conn, lessons, wanted)
    if missing := wanted - found.keys():
        nowhere = course_ids(conn, [UNKNOWN_COURSE])[UNKNOWN_COURSE]
        unseen = [{"uid": uid, "course_id": nowhere, "is_hidden": True} for uid in missing]
        conn.execute(_UNSEEN_LESSONS, unseen)
        found |= _ids(conn, lessons, missing)
    return found


def _ids(conn: Connection, table: Table, uids: set[str]) -> dict[str, int]:
    return dict(conn.execute(_IDS[table.name], {"uids": uids}).all()) if uids else {}


def _counted_enrollments(conn: Connection, uids: Iterable[str]) -> list[str]:
    wanted = set(uids)
    return _counted(conn.execute(_ENROLLED, {"uids": wanted}).all()) if wanted else []


def _counted_completions(conn: Connection, uids: Iterable[str]) -> list[str]:
    wanted = set(uids)
    return _counted(conn.execute(_STANDING, {"uids": wanted}).all()) if wanted else []


def _counted(rows: Iterable[Any]) -> list[str]:
    return [uid for uid, _, is_counted in rows if is_counted]


_READ_DIGEST = select(profile.c.count, profile.c.sum)
_FORGET = [update(table).values(revision=None) for table in (enrollments, lesson_progress, certificates)]
_SAVE_DIGEST = update(profile).values(count=bindparam("count_"), sum=bindparam("sum_"))
_UNSEEN_COURSES = insert(courses).on_conflict_do_nothing()
_UNSEEN_LESSONS = insert(lessons).on_conflict_do_nothing()
_IDS = {
    table.name: select(table.c.uid, table.c.id).select_from(picked(table.c.uid, "uids")) for table in (courses, lessons)
}
_STANDING = select(
    lessons.c.uid,
    lessons.c.id,
    and_(lesson_progress.c.revision.is_not(None), lesson_progress.c.completed_at.is_not(None)),
).select_from(
    picked(lessons.c.uid, "uids").outerjoin(
        lesson_progress, and_(lesson_progress.c.user_id == ME, lesson_progress.c.lesson_id == lessons.c.id)
    )
)
_ENROLLED = select(courses.c.uid, courses.c.id, enrollments.c.revision.is_not(None)).select_from(
    picked(courses.c.uid, "uids").outerjoin(
        enrollments, and_(enrollments.c.user_id == ME, enrollments.c.course_id == courses.c.id)
    )
)
_COUNTED_CERTIFICATES = select(certificates.c.uuid).where(
    certificates.c.revision.is_not(None), among_named(certificates.c.course_id, "ids")
)
_CERTIFICATES = BulkInsert(
    certificates,
    (
        "user_id",
        "course_id",
        "uuid",
        "learner_name",
        "course_title",
        "completed_at",
        "issued_at",
        "payload",
        "pdf_sha256",
        "revision",
    ),
    key=("user_id", "course_id"),
)
