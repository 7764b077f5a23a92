"""A click becomes a command on the disk, or a sentence that says why not."""

from lms_desktop.store.errors import Refused, Storage, StorageTrouble
from lms_desktop.ui.actions import Shelf
from lms_desktop.ui.texts import tr
from lms_server.contract.commands import Code, CompleteLesson, Enroll, StartLesson
from lms_server.contract.ids import new_uuid7
from lms_server.contract.times import now_ms


def enroll(shelf: Shelf, course_uid: str) -> str | None:
    """Take up a course; returns the words for what went wrong, or nothing once it is on the disk."""
    return _record(shelf, Enroll(new_uuid7(), course_uid, now_ms()))


def enroll_quietly(shelf: Shelf, course_uid: str) -> None:
    """Take up the course that a guest asked for, once somebody is signed in; the page shows how it ended."""
    enroll(shelf, course_uid)


def complete(shelf: Shelf, lesson_uid: str) -> str | None:
    """Finish a lesson; returns the words for what went wrong, or nothing once it is on the disk."""
    return _record(shelf, CompleteLesson(new_uuid7(), lesson_uid, now_ms()))


def start(shelf: Shelf, lesson_uid: str) -> str | None:
    """Note that a lesson was opened; returns the words for what went wrong, or nothing."""
    return _record(shelf, StartLesson(new_uuid7(), lesson_uid, now_ms()))


def _record(shelf: Shelf, command: Enroll | StartLesson | CompleteLesson) -> str | None:
    try:
        shelf.record(command)
    except Refused as refused:
        return _refusal(refused.code)
    except StorageTrouble as trouble:
        return _trouble(trouble.code)
    return None


def _refusal(code: Code) -> str:
    return {
        Code.COURSE_DRAFT: tr("This course takes no new learners at the moment."),
        Code.COURSE_DELETED: tr("This course was withdrawn and takes no new learners."),
        Code.UNKNOWN_COURSE: tr("This course is not on this laptop any more. Sync to hear of new courses."),
        Code.UNKNOWN_LESSON: tr("This lesson is not on this laptop any more. Sync to hear of new lessons."),
        Code.NOT_ENROLLED: tr("Enroll in the course first."),
    }.get(code, tr("That can't be done with this course."))


def _trouble(code: Storage) -> str:
    if code is Storage.FULL:
        return tr("The disk is full, so this was not saved. Earlier work is safe. Free some room and try again.")
    if code is Storage.READ_ONLY:
        return tr("The app's folder can't be written, so this was not saved. Earlier work is safe.")
    return tr("The disk did not take it, so this was not saved. Earlier work is safe. Try again.")
