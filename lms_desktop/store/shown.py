"""How rows of the database become what screens read, whoever read them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lms_desktop.store.layout import GUEST
from lms_desktop.store.rows import (
    PENDING,
    REJECTED,
    Badge,
    BadgeState,
    Continue,
    CourseRow,
    DownloadRow,
    Learner,
    LearnPage,
    LessonRow,
    Live,
)


def learner(uid: str, name: str, email: str) -> Learner:
    """Whose profile it is."""
    return Learner(None if uid == GUEST else uid, name, email)


def learn_page(who: Learner, rows: Sequence[Any], read_outline: Callable[[Any], tuple[LessonRow, ...]]) -> LearnPage:
    """My courses, the one touched last first, and where to go on in the first that isn't finished."""
    mine = tuple(course_row(row) for row in rows)
    going = (row for row, course in zip(rows, mine, strict=True) if course.lessons and not course.is_finished)
    row = next(going, None)
    return LearnPage(who, _continue(row, read_outline(row)) if row is not None else None, mine)


def course_row(row: Any) -> CourseRow:
    """A row of ``queries.select_courses``."""
    return CourseRow(
        uid=row.uid,
        slug=row.slug,
        title=row.title,
        summary=row.summary,
        level=row.level,
        language=row.language,
        direction=row.direction,
        cover=row.cover,
        license=row.license,
        authors=row.authors,
        version=row.version,
        is_open=bool(row.is_open),
        is_enrolled=row.enrolled_at is not None,
        has_preview=bool(row.has_preview),
        lessons=row.lessons,
        completed=row.completed,
        bytes_total=row.bytes_total,
        bytes_here=row.bytes_here,
        certificate=row.certificate,
    )


def outline(rows: Sequence[Any], course: Any) -> tuple[LessonRow, ...]:
    """A course's lessons, numbered in their order."""
    return tuple(_lesson_row(row, number, course) for number, row in enumerate(rows, 1))


def download_row(course: CourseRow, asked: Any | None, live: Live) -> DownloadRow:
    """How far a course's download is."""
    # A download that was paused a moment ago has its last bytes under way.
    is_going = asked is not None and asked.state == "running"
    if is_going and live.download is not None and live.download.course_uid == course.uid:
        now = live.download
        done = course.bytes_total - now.bytes_total + now.bytes_done
        return DownloadRow(course, "running", max(done, 0), course.bytes_total, now.bytes_per_s, None)
    not_here = asked.state if asked is not None else "none"
    state = "done" if course.is_here else not_here
    reason = asked.reason if asked is not None else None
    return DownloadRow(course, state, course.bytes_here, course.bytes_total, None, reason)


def badge(live: Live, counts: Mapping[str, int], last_ok_at: int | None, *, needs_sign_in: bool) -> Badge:
    """What the sync badge says: the first that is true."""
    pending, attention = counts.get(PENDING, 0), counts.get(REJECTED, 0)
    truths = (
        (BadgeState.SIGN_IN, needs_sign_in),
        (BadgeState.ATTENTION, attention > 0),
        (BadgeState.TROUBLE, live.retry_at is not None),
        (BadgeState.SENDING, live.sending > 0),
        (BadgeState.OFFLINE, live.is_offline),
        (BadgeState.SAVED, pending > 0 or last_ok_at is None),
    )
    state = next((state for state, is_true in truths if is_true), BadgeState.SENT)
    return Badge(state, pending, attention, live.sending, last_ok_at, live.retry_at)


def _continue(row: Any, lessons: tuple[LessonRow, ...]) -> Continue | None:
    lesson = next((lesson for lesson in lessons if not lesson.is_completed), None)
    if lesson is None:
        return None
    return Continue(course_row(row), lesson.uid, lesson.title, lesson.number, lesson.minutes)


def _lesson_row(row: Any, number: int, course: Any) -> LessonRow:
    is_completed = row.completed_at is not None
    return LessonRow(
        uid=row.uid,
        title=row.title,
        section=row.section,
        number=number,
        minutes=row.minutes,
        is_free_preview=bool(row.is_free_preview),
        is_started=row.started_at is not None,
        is_completed=is_completed,
        # A certificate needed every lesson of its day, so an open one came later.
        is_new_since_certificate=course.certificate is not None and not is_completed,
        is_here=bool(row.is_here),
        is_readable=bool(row.is_free_preview) or course.enrolled_at is not None,
    )
