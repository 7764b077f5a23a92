"""Which files a course needs, which of them are here, and what the learner asked to download."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, delete, exists, or_, select, update

from lms_desktop.store.catalog import mark_here
from lms_desktop.store.rows import Topic
from lms_desktop.store.search import index_lessons
from lms_desktop.store.store import Store
from lms_desktop.store.tables import ME, courses, downloads, enrollments, lessons
from lms_server.contract.upsert import insert_into


@dataclass(frozen=True, slots=True)
class File:
    """A file of a course; ``size`` in bytes as announced."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LessonFiles:
    """What one lesson needs to be read here."""

    uid: str
    files: tuple[File, ...]
    is_here: bool


def lessons_of(store: Store, course_uid: str) -> list[LessonFiles]:
    """The lessons of a course that this learner may read, with their files, texts first within each."""
    is_enrolled = exists().where(enrollments.c.course_id == courses.c.id, enrollments.c.user_id == ME)
    readable = or_(lessons.c.is_free_preview, is_enrolled)
    query = (
        select(lessons.c.uid, lessons.c.body, lessons.c.body_size, lessons.c.attachments, lessons.c.is_here)
        .join_from(lessons, courses)
        .where(courses.c.uid == course_uid, lessons.c.deleted_at.is_(None), ~lessons.c.is_hidden, readable)
        .order_by(lessons.c.order, lessons.c.id)
    )
    with store.reading() as conn:
        rows = conn.execute(query).all()
    return [LessonFiles(row.uid, files_of(row.body, row.body_size, row.attachments), row.is_here) for row in rows]


def cover_of(store: Store, course_uid: str) -> str | None:
    """The SHA-256 of a course's cover picture."""
    with store.reading() as conn:
        return conn.execute(select(courses.c.cover).where(courses.c.uid == course_uid)).scalar_one_or_none()


def missing(store: Store, wanted: Iterable[LessonFiles]) -> list[File]:
    """The files that aren't here yet, each once."""
    found: dict[str, File] = {}
    for lesson in wanted:
        for file in lesson.files:
            if file.sha256 not in found and not store.blobs.has(file.sha256):
                found[file.sha256] = file
    return list(found.values())


def note_arrivals(store: Store, wanted: Iterable[LessonFiles]) -> None:
    """Mark the lessons whose files are all here now."""
    waiting = [lesson for lesson in wanted if not lesson.is_here]
    # Nobody takes files away between the look and the mark.
    with store.blobs.alone():
        complete = [w.uid for w in waiting if all(store.blobs.has(file.sha256) for file in w.files)]
        if complete:
            with store.writing(Topic.DOWNLOADS) as conn:
                mark_here(conn, complete, is_here=True)
                index_lessons(conn, store.blobs, complete)


def ask(store: Store, course_uid: str, state: str, reason: str | None = None) -> None:
    """Remember what the learner asked for and how it goes, so that a restart goes on from there."""
    with store.writing(Topic.DOWNLOADS) as conn:
        statement = insert_into(conn, downloads).values(
            course_uid=course_uid, state=state, reason=reason, asked_at=store.now()
        )
        changed = {"state": state, "reason": reason}
        conn.execute(statement.on_conflict_do_update(index_elements=["course_uid"], set_=changed))


def begin(store: Store, course_uid: str) -> bool:
    """The download's turn has come; false when the learner doesn't want it any more, or not now."""
    going = downloads.c.state.in_(("queued", "running"))
    with store.writing(Topic.DOWNLOADS) as conn:
        statement = update(downloads).where(downloads.c.course_uid == course_uid, going)
        return bool(conn.execute(statement.values(state="running", reason=None)).rowcount)


def end(store: Store, course_uid: str, state: str, reason: str) -> None:
    """The download came to a stop; one that was paused or cancelled meanwhile stays as the learner wants it."""
    with store.writing(Topic.DOWNLOADS) as conn:
        running = and_(downloads.c.course_uid == course_uid, downloads.c.state == "running")
        conn.execute(update(downloads).where(running).values(state=state, reason=reason))


def forget(store: Store, course_uid: str) -> None:
    """The download is done or not wanted any more."""
    with store.writing(Topic.DOWNLOADS) as conn:
        conn.execute(delete(downloads).where(downloads.c.course_uid == course_uid))


def asked_for(store: Store) -> list[tuple[str, str]]:
    """Courses that wait for their download, with the state each is in, oldest first."""
    with store.reading() as conn:
        rows = conn.execute(select(downloads.c.course_uid, downloads.c.state).order_by(downloads.c.asked_at))
        return [(uid, state) for uid, state in rows]


def files_of(body: str | None, body_size: int, attachments: str) -> tuple[File, ...]:
    """A lesson's files from its row's columns: the text, then what belongs to it."""
    texts = [File(body, body_size)] if body else []
    return (*texts, *(File(item["sha256"], item["size"]) for item in json.loads(attachments)))
