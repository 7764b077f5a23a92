"""The learner's facts as the server told them, and the digest that says whether both sides hold the same."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select, update

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
from lms_server.contract.times import from_wire
from lms_server.contract.upsert import among, insert_into, write_rows

_MODULUS = 1 << 128


@dataclass
class Digest:
    """Count and sum of the confirmed facts here, changed by whoever changes a fact."""

    user: str
    count: int
    sum: int

    def add(self, kind: str, key: str, times: int) -> None:
        """Count a fact in (1) or out (-1)."""
        self.count += times
        self.sum = (self.sum + times * wire.fact_digest(self.user, kind, key)) % _MODULUS

    def agrees(self, other: wire.Digest) -> bool:
        return (self.count, f"{self.sum:032x}") == (other.count, other.sum)


def read_digest(conn: Connection, user: str) -> Digest:
    """The digest as it stands."""
    count, total = conn.execute(select(profile.c.count, profile.c.sum)).one()
    return Digest(user, count, int(total, 16))


def save_digest(conn: Connection, digest: Digest) -> None:
    """Store it in the caller's transaction."""
    conn.execute(update(profile).values(count=digest.count, sum=f"{digest.sum:032x}"))


def forget_confirmations(conn: Connection, digest: Digest) -> None:
    """No fact here counts as confirmed any more; a snapshot sets it again."""
    for table in (enrollments, lesson_progress, certificates):
        conn.execute(update(table).values(revision=None))
    digest.count = digest.sum = 0


def uncount(conn: Connection, digest: Digest, course_uids: Iterable[str], lesson_uids: Iterable[str]) -> None:
    """Take facts that are about to change out of the digest, where they were counted."""
    for uid in _counted_enrollments(conn, course_uids):
        digest.add("e", uid, -1)
    for uid in _counted_completions(conn, lesson_uids):
        digest.add("p", uid, -1)


def store_enrollments(conn: Connection, rows: list[wire.EnrollmentRow], digest: Digest) -> None:
    """Rows replace what is there; a course that hasn't arrived gets a hidden placeholder."""
    uids = [row.course for row in rows]
    ids = course_ids(conn, uids)
    uncount(conn, digest, uids, ())
    _put(
        conn,
        enrollments,
        ("user_id", "course_id"),
        [
            {
                "user_id": ME,
                "course_id": ids[row.course],
                "enrolled_at": from_wire(row.enrolled_at),
                "command_id": row.command,
                "revision": row.revision,
            }
            for row in rows
        ],
    )
    for uid in set(uids):
        digest.add("e", uid, 1)


def store_progress(conn: Connection, rows: list[wire.ProgressRow], digest: Digest) -> None:
    """Rows replace what is there; a lesson that hasn't arrived gets a hidden placeholder."""
    uids = [row.lesson for row in rows]
    ids = lesson_ids(conn, uids)
    uncount(conn, digest, (), uids)
    _put(
        conn,
        lesson_progress,
        ("user_id", "lesson_id"),
        [
            {
                "user_id": ME,
                "lesson_id": ids[row.lesson],
                "started_at": from_wire(row.started_at),
                "start_command_id": row.start_command,
                "completed_at": from_wire(row.completed_at) if row.completed_at else None,
                "complete_command_id": row.complete_command,
                "revision": row.revision,
            }
            for row in rows
        ],
    )
    for uid in {row.lesson for row in rows if row.completed_at}:
        digest.add("p", uid, 1)


def store_certificates(conn: Connection, rows: list[wire.CertificateRow], digest: Digest) -> None:
    """Rows replace what is there, one per course."""
    ids = course_ids(conn, [row.course for row in rows])
    counted = select(certificates.c.uuid).where(
        certificates.c.revision.is_not(None), among(conn, certificates.c.course_id, [ids[row.course] for row in rows])
    )
    for uuid in list(conn.execute(counted).scalars()):
        digest.add("c", uuid, -1)
    _put(
        conn,
        certificates,
        ("user_id", "course_id"),
        [
            {
                "user_id": ME,
                "course_id": ids[row.course],
                "uuid": row.uuid,
                "learner_name": row.learner_name,
                "course_title": row.course_title,
                "completed_at": from_wire(row.completed_at),
                "issued_at": from_wire(row.issued_at),
                "payload": row.payload,
                "pdf_sha256": row.pdf_sha256,
                "revision": row.revision,
            }
            for row in rows
        ],
    )
    for uuid in {row.uuid for row in rows}:
        digest.add("c", uuid, 1)


def course_ids(conn: Connection, uids: Iterable[str]) -> dict[str, int]:
    """Database ids by uid, with placeholders made for courses that aren't here."""
    wanted = set(uids)
    found = _ids(conn, courses, wanted)
    if missing := wanted - found.keys():
        conn.execute(
            insert_into(conn, courses).on_conflict_do_nothing(),
            [{"uid": uid, "slug": "", "is_hidden": True} for uid in missing],
        )
        found |= _ids(conn, courses, missing)
    return found


def lesson_ids(conn: Connection, uids: Iterable[str]) -> dict[str, int]:
    """Database ids by uid, with placeholders made for lessons that aren't here."""
    wanted = set(uids)
    found = _ids(conn, lessons, wanted)
    if missing := wanted - found.keys():
        nowhere = course_ids(conn, [UNKNOWN_COURSE])[UNKNOWN_COURSE]
        conn.execute(
            insert_into(conn, lessons).on_conflict_do_nothing(),
            [{"uid": uid, "course_id": nowhere, "is_hidden": True} for uid in missing],
        )
        found |= _ids(conn, lessons, missing)
    return found


def _ids(conn: Connection, table: Table, uids: set[str]) -> dict[str, int]:
    if not uids:
        return {}
    rows = conn.execute(select(table.c.uid, table.c.id).where(among(conn, table.c.uid, uids)))
    return {uid: id_ for uid, id_ in rows}  # noqa: C416 # typed rows


def _put(conn: Connection, table: Table, key: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    statement = insert_into(conn, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    write_rows(conn, statement.on_conflict_do_update(index_elements=list(key), set_=changed), rows)


def _counted_enrollments(conn: Connection, uids: Iterable[str]) -> list[str]:
    wanted = list(uids)
    if not wanted:
        return []
    query = select(courses.c.uid).join_from(enrollments, courses)
    return list(
        conn.execute(query.where(enrollments.c.revision.is_not(None), among(conn, courses.c.uid, wanted))).scalars()
    )


def _counted_completions(conn: Connection, uids: Iterable[str]) -> list[str]:
    wanted = list(uids)
    if not wanted:
        return []
    query = select(lessons.c.uid).join_from(lesson_progress, lessons)
    counted = (lesson_progress.c.revision.is_not(None), lesson_progress.c.completed_at.is_not(None))
    return list(conn.execute(query.where(*counted, among(conn, lessons.c.uid, wanted))).scalars())
