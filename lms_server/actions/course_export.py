"""Take a course out as a package that any server of this kind can import."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from lms_server.actions.context import ServerContext
from lms_server.actions.course_import import AUTHOR_MARK
from lms_server.actions.courses import CourseRefusal, course_named
from lms_server.actions.refusals import Refused
from lms_server.content.export import PathClashError, StoredCourse, StoredFile, StoredLesson, save_package
from lms_server.contract.schema import lessons
from lms_server.contract.sqlite import reading
from lms_server.database.tables import blobs


def export_course(context: ServerContext, slug: str, place: Path) -> None:
    """Write the course's package (lessons that aren't removed) to a zip file; the same course, the same bytes."""
    with reading(context.engine) as conn:
        course = _stored(conn, course_named(conn, slug))
    try:
        save_package(course, context.blobs, place)
    except PathClashError as error:
        raise Refused(
            CourseRefusal.PATH_CLASH,
            "Two lessons of {slug} mean different files by {error}: import the course again.",
            slug=slug,
            error=error,
        ) from error


def _stored(conn: Connection, course: Row[Any]) -> StoredCourse:
    query = select(lessons).where(lessons.c.course_id == course.id, lessons.c.deleted_at.is_(None))
    rows = conn.execute(query.order_by(lessons.c.order, lessons.c.id)).all()
    cover_type = conn.execute(select(blobs.c.media_type).where(blobs.c.sha256 == course.cover)).scalar_one_or_none()
    return StoredCourse(
        uid=course.uid,
        slug=course.slug,
        title=course.title,
        summary=course.summary,
        language=course.language,
        direction=course.direction,
        level=course.level,
        version=course.version,
        license=course.license,
        authors=tuple(author for author in course.authors.split(AUTHOR_MARK) if author),
        cover=course.cover,
        cover_type=cover_type or "",
        lessons=tuple(map(_lesson, rows)),
    )


def _lesson(row: Row[Any]) -> StoredLesson:
    files = tuple(StoredFile(item["path"], item["sha256"], item["size"]) for item in json.loads(row.attachments))
    return StoredLesson(row.uid, row.title, row.section, row.is_free_preview, row.minutes, row.body, files)
