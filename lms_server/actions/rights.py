"""Who may read which blob: previews and covers anyone, lessons whoever is enrolled, admins everything."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from lms_server.actions.context import ServerContext
from lms_server.actions.users import User
from lms_server.contract.schema import courses, enrollments, lessons
from lms_server.contract.sqlite import reading
from lms_server.contract.upsert import among
from lms_server.database.tables import blob_uses, blobs

# Of a course: who isn't enrolled sees it, and may enroll.
IS_OPEN = and_(courses.c.is_published, courses.c.deleted_at.is_(None))
# Of a lesson: in an open course anyone may read it.
IS_PREVIEW = and_(lessons.c.is_free_preview, lessons.c.deleted_at.is_(None))


def readable_blobs(context: ServerContext, user: User | None, wanted: Collection[str]) -> dict[str, str]:
    """The media types of those of the wanted blobs that this user, or a guest, may read."""
    source = blob_uses.join(courses, courses.c.id == blob_uses.c.course_id)
    source = source.outerjoin(lessons, lessons.c.id == blob_uses.c.lesson_id)
    source = source.join(blobs, blobs.c.sha256 == blob_uses.c.sha256)
    query = select(blobs.c.sha256, blobs.c.media_type).select_from(source).where(_allowed(user)).distinct()
    with reading(context.engine) as conn:
        rows = conn.execute(query.where(among(blob_uses.c.sha256, wanted)))
        return {row.sha256: row.media_type for row in rows}


def _allowed(user: User | None) -> ColumnElement[bool]:
    is_public = and_(IS_OPEN, or_(blob_uses.c.lesson_id.is_(None), IS_PREVIEW))
    if user is None:
        return is_public
    if user.is_admin:
        return true()
    mine = exists().where(enrollments.c.user_id == user.id, enrollments.c.course_id == courses.c.id)
    return or_(is_public, mine)
