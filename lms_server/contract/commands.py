"""What a learner can do, as frozen values, and how a command can end."""

from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

import msgspec

from lms_server.contract.ids import uuid8


# gc=False: values of texts and numbers can't be part of a cycle, and a batch makes thousands of them.
class Enroll(msgspec.Struct, frozen=True, gc=False):
    """Take up a course. ``made_at`` is the learner's clock; ``at`` the server's time of a fact offered again."""

    id: str
    course: str
    made_at: int | None = None
    at: int | None = None


class StartLesson(msgspec.Struct, frozen=True, gc=False):
    """Open a lesson for the first time."""

    id: str
    lesson: str
    made_at: int | None = None
    at: int | None = None


class CompleteLesson(msgspec.Struct, frozen=True, gc=False):
    """Finish a lesson; implies that it was started."""

    id: str
    lesson: str
    made_at: int | None = None
    at: int | None = None


class KeepCertificate(msgspec.Struct, frozen=True, gc=False):
    """Offer a certificate that the server may have lost; its signature speaks for it, and for its times."""

    id: str
    payload: str
    made_at: ClassVar[None] = None
    at: ClassVar[None] = None


class Unsupported(msgspec.Struct, frozen=True, gc=False):
    """A command of a kind this server doesn't know yet; kept, whole, for one that does."""

    id: str
    kind: str
    canonical: str
    made_at: int | None = None
    at: int | None = None


Command = Enroll | StartLesson | CompleteLesson | KeepCertificate | Unsupported

# What a learner can do with a click; the most frequent first, where isinstance looks first.
Click = Enroll | StartLesson | CompleteLesson
CLICKS = (CompleteLesson, StartLesson, Enroll)
# What is about a lesson.
STUDIES = (CompleteLesson, StartLesson)

KINDS: dict[type[Command], str] = {
    Enroll: "enroll",
    StartLesson: "start_lesson",
    CompleteLesson: "complete_lesson",
    KeepCertificate: "keep_certificate",
}


class Outcome(StrEnum):
    # As the text it is: a batch finds thousands of these in tables, and Enum's own way is a call in Python each time.
    __hash__ = str.__hash__

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    PARKED = "parked"
    REJECTED = "rejected"
    RETRY = "retry"


class Code(StrEnum):
    __hash__ = str.__hash__

    OK = "ok"
    ALREADY_DONE = "already_done"
    LESSON_REMOVED = "lesson_removed"
    COURSE_DRAFT = "course_draft"
    COURSE_DELETED = "course_deleted"
    UNKNOWN_COURSE = "unknown_course"
    UNKNOWN_LESSON = "unknown_lesson"
    NOT_ENROLLED = "not_enrolled"
    UNSUPPORTED_KIND = "unsupported_kind"
    MALFORMED = "malformed"
    ID_CONFLICT = "id_conflict"
    TOO_MANY_PARKED = "too_many_parked"


OUTCOME_OF = {
    Code.OK: Outcome.APPLIED,
    Code.ALREADY_DONE: Outcome.APPLIED,
    Code.LESSON_REMOVED: Outcome.APPLIED,
    Code.COURSE_DRAFT: Outcome.PARKED,
    Code.COURSE_DELETED: Outcome.PARKED,
    Code.UNKNOWN_COURSE: Outcome.PARKED,
    Code.UNKNOWN_LESSON: Outcome.PARKED,
    Code.NOT_ENROLLED: Outcome.PARKED,
    Code.UNSUPPORTED_KIND: Outcome.PARKED,
    Code.MALFORMED: Outcome.REJECTED,
    Code.ID_CONFLICT: Outcome.REJECTED,
    Code.TOO_MANY_PARKED: Outcome.RETRY,
}


class Event(msgspec.Struct, frozen=True, gc=False):
    """A command with the time it counts at, in milliseconds."""

    command: Command
    at: int


def kind_of(command: Command) -> str:
    """The command's name on the wire."""
    return command.kind if isinstance(command, Unsupported) else KINDS[type(command)]


def target_of(command: Command) -> str:
    """What the command is about: a course's or lesson's uid, or a certificate's payload."""
    if isinstance(command, STUDIES):
        return command.lesson
    if isinstance(command, Enroll):
        return command.course
    return command.payload if isinstance(command, KeepCertificate) else command.canonical


def fingerprint(command: Command) -> str:
    """What a command id stands for, without times: the same id with another one is a conflict."""
    if isinstance(command, STUDIES):
        return f"{KINDS[type(command)]} {command.lesson}"
    if isinstance(command, Unsupported):
        return sha256(command.canonical.encode()).hexdigest()
    return f"enroll {command.course}" if isinstance(command, Enroll) else f"keep_certificate {command.id}"


def certificate_command_id(payload: str) -> str:
    """The id of a keep_certificate: UUIDv8 of SHA-256 of its payload."""
    return uuid8(sha256(payload.encode()).digest())
