"""What the window shows first of a profile, read in one go and without SQLAlchemy, which takes longer to load."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lms_desktop.store import shown
from lms_desktop.store import sight_sql as sql
from lms_desktop.store.files import lock
from lms_desktop.store.layout import DATABASE, LOCK, SCHEMA_VERSION
from lms_desktop.store.rows import Badge, DownloadRow, Learner, LearnPage, Live, Place


@dataclass(frozen=True, slots=True)
class Sight:
    """A profile as it lay on the disk, before it is opened."""

    folder: Path
    learner: Learner
    place: Place
    learn: LearnPage
    badge: Badge
    under_way: tuple[DownloadRow, ...]
    certificate_count: int
    has_courses: bool


def look(folder: Path) -> Sight | None:
    """Look at a profile; null when anything about it is unusual, and opening it will tell what."""
    try:
        with (folder / LOCK).open("ab") as held:
            lock(held, waits=False)
            with closing(_connect(folder / DATABASE)) as conn:
                return _read(folder, conn)
    except (OSError, sqlite3.Error, ValueError, TypeError, AttributeError):
        # Nobody has checked the file yet: anything may be in it.
        return None


def _connect(file: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    conn.row_factory = _named
    return conn


def _read(folder: Path, conn: sqlite3.Connection) -> Sight | None:
    conn.execute("BEGIN")
    if conn.execute("PRAGMA user_version").fetchone().user_version != SCHEMA_VERSION:
        return None
    profile, who = conn.execute(sql.PROFILE).fetchone(), conn.execute(sql.LEARNER).fetchone()
    courses = conn.execute(sql.MY_COURSES).fetchall()
    counts = {row.state: row.count_1 for row in conn.execute(sql.COUNTS)}
    learner = shown.learner(who.uid, who.name, who.email)

    def read_outline(course: Any) -> Any:
        return shown.outline(conn.execute(sql.OUTLINE, {"course": course.id}).fetchall(), course)

    return Sight(
        folder,
        learner,
        Place(profile.server_id, profile.url, profile.server_name),
        shown.learn_page(learner, courses, read_outline),
        shown.badge(Live(), counts, profile.last_sync_at, needs_sign_in=bool(profile.needs_sign_in)),
        _under_way(courses, {row.course_uid: row for row in conn.execute(sql.DOWNLOADS)}),
        conn.execute(sql.CERTIFICATE_COUNT).fetchone().count_1,
        bool(courses) or conn.execute(sql.ANY_COURSE).fetchone() is not None,
    )


def _under_way(courses: list[Any], asked: dict[str, Any]) -> tuple[DownloadRow, ...]:
    mine = [row for row in courses if row.uid in asked]
    rows = (shown.download_row(shown.course_row(row), asked[row.uid], Live()) for row in mine)
    return tuple(row for row in rows if row.state != "done")


def _named(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> SimpleNamespace:
    return SimpleNamespace(**{column[0]: value for column, value in zip(cursor.description, row, strict=True)})
