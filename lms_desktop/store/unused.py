"""Take files off this laptop that nobody needs: never what another course, another learner or a download uses."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, and_, delete, exists, or_, select, update

from lms_desktop.store import profile
from lms_desktop.store.catalog import mark_here
from lms_desktop.store.errors import StorageTrouble
from lms_desktop.store.layout import DATABASE, SCHEMA_VERSION, find_profiles
from lms_desktop.store.rescue import FILES_NOT_KNOWN
from lms_desktop.store.rows import Topic
from lms_desktop.store.search import forget_lessons, forget_strays, has_strays
from lms_desktop.store.store import Store
from lms_desktop.store.tables import ME, courses, downloads, lesson_progress, lessons
from lms_desktop.store.trouble import as_storage_trouble
from lms_desktop.store.wanted import files_of, lessons_of, note_arrivals
from lms_server.contract.sqlite import open_sqlite, reading

# Files that came this recently may belong to what is being written just now.
_GRACE_S = 3600.0

log = logging.getLogger(__name__)


class NotKnown(Exception):
    """A profile can't say what it uses, so everything stays."""


def remove(store: Store, course_uid: str) -> int:
    """Take a course's files off this laptop; progress stays. Returns the bytes freed."""
    mine = lessons_of(store, course_uid)
    uids = [lesson.uid for lesson in mine]
    with store.blobs.alone():
        with store.writing(Topic.DOWNLOADS) as conn:
            conn.execute(delete(downloads).where(downloads.c.course_uid == course_uid))
            mark_here(conn, uids, is_here=False)
            forget_lessons(conn, uids)
        try:
            used = _used(store)
        except NotKnown:
            return 0
        return sum(store.blobs.remove(file) for file in {f.sha256 for m in mine for f in m.files} - used)


def clean(store: Store, grace_s: float = _GRACE_S) -> int:
    """Take away what changed courses, ended downloads and crashes left behind. Returns the bytes freed.

    Only after a sync that came to its end. A crash at any point harms nothing: what a profile says is here goes only
    after it has stopped saying so.
    """
    find_files_again(store)
    before_s = time.time() - grace_s
    with store.blobs.alone():
        _let_go(store)
        try:
            used = _used(store)
        except NotKnown as error:
            log.info("Unused files stay for now: %s", error)
            return 0
        old = {sha256 for sha256, stat in store.blobs.all() if sha256 not in used and stat.st_mtime <= before_s}
        store.blobs.remove_leftovers(before_s)
        return sum(store.blobs.remove(sha256) for sha256 in old)


def find_files_again(store: Store) -> None:
    """The database was made anew, and now knows the courses again: see which of their files are here."""
    if not (store.folder / FILES_NOT_KNOWN).exists():
        return
    with store.reading() as conn:
        uids = list(conn.execute(select(courses.c.uid)).scalars())
    note_arrivals(store, [lesson for uid in uids for lesson in lessons_of(store, uid)])
    (store.folder / FILES_NOT_KNOWN).unlink(missing_ok=True)


def _let_go(store: Store) -> None:
    """Lessons that were removed from their course, and that the learner never opened, aren't kept here."""
    opened = exists().where(lesson_progress.c.lesson_id == lessons.c.id, lesson_progress.c.user_id == ME)
    gone = and_(or_(lessons.c.deleted_at.is_not(None), lessons.c.is_hidden), ~opened)
    with store.reading() as conn:
        uids = list(conn.execute(select(lessons.c.uid).where(lessons.c.is_here, gone)).scalars())
        is_untidy = bool(uids) or has_strays(conn)
    if is_untidy:
        with store.writing(Topic.DOWNLOADS) as conn:
            conn.execute(update(lessons).where(lessons.c.is_here, gone).values(is_here=False))
            forget_lessons(conn, uids)
            forget_strays(conn)


def _used(store: Store) -> set[str]:
    """Every file that any profile on this laptop has or is fetching. Raises NotKnown."""
    with store.reading() as conn:
        used = set(_used_by(conn))
    for folder in _others(store):
        used |= _read_used(folder)
    if (store.folder / FILES_NOT_KNOWN).exists():
        raise NotKnown(f"{store.folder.name} was made anew")
    return used


def _others(store: Store) -> list[Path]:
    """The profiles beside this one; a blob folder is shared by all of them."""
    profiles = store.folder.parent.parent
    return [folder for folder in find_profiles(profiles) if folder != store.folder]


def _read_used(folder: Path) -> set[str]:
    if (folder / FILES_NOT_KNOWN).exists() or not (folder / DATABASE).is_file():
        raise NotKnown(f"{folder.name} was made anew or lost its database")
    engine = open_sqlite(folder / DATABASE, read_only=True)
    try:
        with as_storage_trouble(), reading(engine) as conn:
            if profile.read_version(conn) != SCHEMA_VERSION:
                raise NotKnown(f"{folder.name} is another version's")
            return set(_used_by(conn))
    except StorageTrouble as trouble:
        raise NotKnown(f"{folder.name} can't be read: {trouble}") from trouble
    finally:
        engine.dispose()


def _used_by(conn: Connection) -> Iterator[str]:
    yield from conn.execute(select(courses.c.cover).where(courses.c.cover.is_not(None))).scalars()
    fetched = select(courses.c.id).where(courses.c.uid.in_(select(downloads.c.course_uid)))
    wanted = or_(lessons.c.is_here, lessons.c.course_id.in_(fetched))
    for row in conn.execute(select(lessons.c.body, lessons.c.body_size, lessons.c.attachments).where(wanted)):
        yield from (file.sha256 for file in files_of(*row))
