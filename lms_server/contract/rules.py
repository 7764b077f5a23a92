"""The decisions that desktop and server take alike; pure, on plain facts."""

from typing import NamedTuple

import msgspec

from lms_server.contract.commands import Code

# Sorts after every command id: an implied start has none, and an explicit one at the same time wins.
_NO_COMMAND = "~"


class CourseFact(NamedTuple):
    id: int
    uid: str
    is_published: bool
    is_deleted: bool

    @property
    def is_open(self) -> bool:
        return self.is_published and not self.is_deleted


class LessonFact(msgspec.Struct, frozen=True, gc=False):
    id: int
    uid: str
    course_id: int
    is_removed: bool


class Enrollment(NamedTuple):
    enrolled_at: int
    command_id: str


class Progress(NamedTuple):
    """Times in milliseconds; a lesson that is complete was started."""

    started_at: int
    start_command_id: str | None
    completed_at: int | None
    complete_command_id: str | None


def may_enroll(course: CourseFact | None) -> Code:
    """Whether a course takes new learners: OK, or why not."""
    if course is None:
        return Code.UNKNOWN_COURSE
    if course.is_deleted:
        return Code.COURSE_DELETED
    return Code.OK if course.is_published else Code.COURSE_DRAFT


def may_study(lesson: LessonFact | None, *, is_enrolled: bool) -> Code:
    """Whether a learner may start or complete a lesson: OK, LESSON_REMOVED (recorded, doesn't count), or why not."""
    if lesson is None:
        return Code.UNKNOWN_LESSON
    if not is_enrolled:
        return Code.NOT_ENROLLED
    return Code.LESSON_REMOVED if lesson.is_removed else Code.OK


def enrolled(old: Enrollment | None, at: int, command_id: str) -> Enrollment:
    """The enrollment after one more accepted command: the earliest stands, ties by the smaller id."""
    new = Enrollment(at, command_id)
    return new if old is None or (at, command_id) < (old.enrolled_at, old.command_id) else old


def started(old: Progress | None, at: int, command_id: str) -> Progress:
    """The progress after one more accepted start."""
    if old is None:
        return Progress(at, command_id, None, None)
    return _with_start(old, at, command_id)


def completed(old: Progress | None, at: int, command_id: str) -> Progress:
    """The progress after one more accepted completion; it implies a start at the same time."""
    if old is None:
        return Progress(at, None, at, command_id)
    new = _with_start(old, at, None)
    if old.completed_at is None or (at, command_id) < (old.completed_at, old.complete_command_id or _NO_COMMAND):
        new = new._replace(completed_at=at, complete_command_id=command_id)
    return new


def _with_start(old: Progress, at: int, command_id: str | None) -> Progress:
    if (at, command_id or _NO_COMMAND) < (old.started_at, old.start_command_id or _NO_COMMAND):
        return old._replace(started_at=at, start_command_id=command_id)
    return old


def earns_certificate(*, required: int, completed_required: int) -> bool:
    """All required lessons are complete; a course without required lessons gives no certificate."""
    return 0 < required == completed_required


def completed_at_read(completed_at: int, enrolled_at: int) -> int:
    """A completion as it is shown: not before the enrollment, whatever the clock said."""
    return max(completed_at, enrolled_at)
