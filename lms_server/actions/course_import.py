"""Bring a course package in: files first, then all rows in one transaction, only what changed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from lms_server.actions.context import ServerContext
from lms_server.actions.courses import CourseRefusal, stamp_everything
from lms_server.actions.refusals import Refused
from lms_server.content.blobs import Blobs, Opener, WrongContent
from lms_server.content.errors import BadCourse, Fault
from lms_server.content.model import CoursePackage, LessonDraft
from lms_server.content.report import package_report
from lms_server.contract import anchors
from lms_server.contract.anchors import CATALOG, Stream
from lms_server.contract.schema import courses, lessons
from lms_server.contract.sqlite import reading
from lms_server.contract.upsert import among, insert_into
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import blob_uses, blobs
from lms_server.sentences import sentence

BODY_TYPE = "text/html"
AUTHOR_MARK = "; "


@dataclass(frozen=True)
class LessonName:
    """A lesson in the report."""

    uid: str
    title: str


@dataclass(frozen=True)
class ImportPlan:
    """What an import would change. ``course_id`` is None for a new course; values hold only what differs."""

    course_id: int | None
    course_values: Mapping[str, Any]
    # (place in the course from 1, lesson)
    added: tuple[tuple[int, LessonDraft], ...]
    # (row's id, what differs, lesson)
    changed: tuple[tuple[int, Mapping[str, Any], LessonDraft], ...]
    removed: tuple[tuple[int, LessonName], ...]
    restored: tuple[LessonName, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.course_values or self.added or self.changed or self.removed)


@dataclass(frozen=True)
class Imported:
    """The package and what its import did, or with a dry run would do."""

    package: CoursePackage
    plan: ImportPlan

    def report(self) -> dict[str, Any]:
        """For ``--json`` and the admin's page."""
        package, plan = self.package, self.plan
        return package_report(package) | {
            "is_new": plan.course_id is None,
            "is_changed": not plan.is_empty,
            "added": [_named(lesson) for _, lesson in plan.added],
            "removed": [_named(lesson) for _, lesson in plan.removed],
            "restored": [_named(lesson) for lesson in plan.restored],
        }


def import_course(
    context: ServerContext,
    package: CoursePackage,
    *,
    publish: bool = False,
    rename: bool = False,
    dry_run: bool = False,
) -> Imported:
    """Make or update the course; the same package again changes nothing and takes no revision.

    Raises Refused (``uid_taken``, ``slug_taken``, ``lesson_uid_taken``) with nothing changed. After an import the
    caller wakes the sweep of parked commands.
    """
    if dry_run:
        with reading(context.engine) as conn:
            return Imported(package, plan_import(conn, package, publish=publish, rename=rename))
    store_files(context.blobs, package)

    def run(conn: Connection) -> ImportPlan:
        stream = anchors.lock(conn, CATALOG)
        # What was here a moment ago and nothing named may have been cleaned away; under the lock nothing is.
        store_files(context.blobs, package)
        plan = plan_import(conn, package, publish=publish, rename=rename)
        if not plan.is_empty:
            _write(conn, stream, package, plan, context.clock())
            stream.save(conn)
        return plan

    return Imported(package, whole_transaction(context.engine, run))


def store_files(store: Blobs, package: CoursePackage) -> None:
    """Keep every body, picture and file before any row names it."""
    contents: dict[str, Opener] = {lesson.body_sha256: partial(BytesIO, lesson.body) for lesson in package.lessons}
    contents.update({asset.sha256: asset.open for asset in package.assets.values()})
    try:
        store.put_all(contents)
    except WrongContent as error:
        raise BadCourse(Fault.DAMAGED, "A file of the course changed while it was read: import it again.") from error


def plan_import(conn: Connection, package: CoursePackage, *, publish: bool, rename: bool) -> ImportPlan:
    """Decide everything; reads only."""
    course = _find_course(conn, package, rename=rename)
    _refuse_foreign_lessons(conn, package, course.id if course is not None else None)
    wanted = _course_values(package) | ({"is_published": True} if publish else {})
    if course is None:
        return ImportPlan(None, wanted, tuple(enumerate(package.lessons, 1)), (), (), ())
    rows = {row.uid: row for row in conn.execute(select(lessons).where(lessons.c.course_id == course.id))}
    present = {lesson.uid for lesson in package.lessons}
    return ImportPlan(
        course_id=course.id,
        course_values=_differing(course, wanted),
        added=tuple((at, lesson) for at, lesson in enumerate(package.lessons, 1) if lesson.uid not in rows),
        changed=tuple(_changes(package, rows)),
        removed=tuple(
            (row.id, LessonName(row.uid, row.title))
            for row in sorted(rows.values(), key=lambda row: row.order)
            if row.uid not in present and row.deleted_at is None
        ),
        restored=tuple(
            LessonName(lesson.uid, lesson.title)
            for lesson in package.lessons
            if lesson.uid in rows and rows[lesson.uid].deleted_at is not None
        ),
    )


def _find_course(conn: Connection, package: CoursePackage, *, rename: bool) -> Row[Any] | None:
    found = conn.execute(select(courses).where((courses.c.uid == package.uid) | (courses.c.slug == package.slug))).all()
    mine = next((row for row in found if row.uid == package.uid), None)
    holder = next((row for row in found if row.slug == package.slug), None)
    if mine is not None and mine.slug != package.slug and not rename:
        raise Refused(
            CourseRefusal.UID_TAKEN,
            "The course is here as {old!r}; import it with --rename to call it {slug!r}.",
            old=mine.slug,
            slug=package.slug,
        )
    if holder is not None and holder.uid != package.uid:
        state = sentence("a deleted course") if holder.deleted_at is not None else sentence("another course")
        raise Refused(
            CourseRefusal.SLUG_TAKEN,
            "The slug {slug!r} belongs to {state}; choose another one.",
            slug=package.slug,
            state=state,
        )
    return mine


def _refuse_foreign_lessons(conn: Connection, package: CoursePackage, course_id: int | None) -> None:
    query = select(lessons.c.uid, lessons.c.course_id)
    for row in conn.execute(query.where(among(lessons.c.uid, [lesson.uid for lesson in package.lessons]))):
        if row.course_id != course_id:
            raise Refused(
                CourseRefusal.LESSON_UID_TAKEN, "The lesson uid {uid} belongs to another course.", uid=row.uid
            )


def _changes(
    package: CoursePackage, rows: Mapping[str, Row[Any]]
) -> Iterator[tuple[int, Mapping[str, Any], LessonDraft]]:
    for at, lesson in enumerate(package.lessons, 1):
        row = rows.get(lesson.uid)
        if row is not None and (values := _differing(row, lesson_values(at, lesson))):
            yield row.id, values, lesson


def _differing(row: Row[Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wanted.items() if getattr(row, key) != value}


def _course_values(package: CoursePackage) -> dict[str, Any]:
    return {
        "uid": package.uid,
        "slug": package.slug,
        "title": package.title,
        "summary": package.summary,
        "level": package.level,
        "language": package.language,
        "direction": package.direction,
        "version": package.version,
        "license": package.license,
        "authors": AUTHOR_MARK.join(package.authors),
        "cover": package.cover.sha256 if package.cover is not None else None,
    }


def lesson_values(order: int, lesson: LessonDraft) -> dict[str, Any]:
    """The lesson's columns as they stand after its import."""
    attachments = [
        {"path": asset.path, "sha256": asset.sha256, "size": asset.size, "type": asset.media_type}
        for asset in lesson.attachments
    ]
    return {
        "uid": lesson.uid,
        "title": lesson.title,
        "section": lesson.section,
        "is_free_preview": lesson.is_free_preview,
        "order": order,
        "minutes": lesson.minutes,
        "body": lesson.body_sha256,
        "body_size": len(lesson.body),
        "attachments": json.dumps(attachments, ensure_ascii=False, separators=(",", ":")),
        "deleted_at": None,
    }


def _write(conn: Connection, stream: Stream, package: CoursePackage, plan: ImportPlan, now: int) -> None:
    course_id = _write_course(conn, stream, plan)
    if plan.added:
        rows = [
            lesson_values(at, lesson) | {"course_id": course_id, "revision": stream.stamp()}
            for at, lesson in plan.added
        ]
        conn.execute(insert(lessons), rows)
    for lesson_id, values, _ in plan.changed:
        conn.execute(update(lessons).where(lessons.c.id == lesson_id).values({**values, "revision": stream.stamp()}))
    if plan.removed:
        gone = update(lessons).where(lessons.c.id == bindparam("lesson_id"))
        gone = gone.values(deleted_at=now, revision=bindparam("stamp"))
        conn.execute(gone, [{"lesson_id": key, "stamp": stream.stamp()} for key, _ in plan.removed])
    _write_uses(conn, package, plan, course_id)
    if plan.course_id is not None and "is_published" in plan.course_values:
        stamp_everything(conn, stream, course_id)


def _write_course(conn: Connection, stream: Stream, plan: ImportPlan) -> int:
    if plan.course_id is None:
        values = {**plan.course_values, "revision": stream.stamp()}
        return int(conn.execute(insert(courses).values(values).returning(courses.c.id)).scalar_one())
    if plan.course_values:
        values = {**plan.course_values, "revision": stream.stamp()}
        conn.execute(update(courses).where(courses.c.id == plan.course_id).values(values))
    return plan.course_id


def _write_uses(conn: Connection, package: CoursePackage, plan: ImportPlan, course_id: int) -> None:
    """Who uses which blob, made anew for the lessons that are new or other than before."""
    _write_blobs(conn, package)
    touched = [lesson for _, lesson in plan.added] + [lesson for _, _, lesson in plan.changed]
    query = select(lessons.c.uid, lessons.c.id).where(lessons.c.course_id == course_id)
    ids = {row.uid: row.id for row in conn.execute(query)}
    conn.execute(delete(blob_uses).where(among(blob_uses.c.lesson_id, [ids[lesson.uid] for lesson in touched])))
    conn.execute(delete(blob_uses).where(blob_uses.c.course_id == course_id, blob_uses.c.lesson_id.is_(None)))
    uses = [
        {"sha256": sha256, "course_id": course_id, "lesson_id": ids[lesson.uid]}
        for lesson in touched
        for sha256 in sorted({lesson.body_sha256, *(asset.sha256 for asset in lesson.attachments)})
    ]
    if package.cover is not None:
        uses.append({"sha256": package.cover.sha256, "course_id": course_id, "lesson_id": None})
    if uses:
        conn.execute(insert(blob_uses), uses)


def _write_blobs(conn: Connection, package: CoursePackage) -> None:
    known = {
        lesson.body_sha256: {"sha256": lesson.body_sha256, "size": len(lesson.body), "media_type": BODY_TYPE}
        for lesson in package.lessons
    }
    for asset in package.assets.values():
        known[asset.sha256] = {"sha256": asset.sha256, "size": asset.size, "media_type": asset.media_type}
    # By hash: two imports that share files take the rows' locks in one order.
    rows = [known[sha256] for sha256 in sorted(known)]
    conn.execute(insert_into(conn, blobs).on_conflict_do_nothing(), rows)


def _named(lesson: LessonDraft | LessonName) -> dict[str, str]:
    return {"uid": lesson.uid, "title": lesson.title}
