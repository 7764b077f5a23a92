"""What can go wrong in the store.

Refused: the rules say no; nothing was changed
StorageTrouble: the disk says no; nothing is said to be saved that isn't
"""

from enum import StrEnum

from lms_server.contract.commands import Code


class Refused(Exception):
    """The rules say no. ``code`` is the rule's; pages have a sentence for each."""

    def __init__(self, code: Code) -> None:
        super().__init__(_TEXTS.get(code, code.value))
        self.code = code


class Storage(StrEnum):
    """Why the store can't work."""

    FULL = "full"
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    NEWER = "newer"
    IN_USE = "in_use"
    TROUBLE = "trouble"


class StorageTrouble(Exception):
    """The environment's fault; what was saved before is still there."""

    def __init__(self, code: Storage, text: str = "") -> None:
        super().__init__(text or _STORAGE_TEXTS[code])
        self.code = code


_TEXTS = {
    Code.COURSE_DRAFT: "This course takes no new learners at the moment: it isn't published.",
    Code.COURSE_DELETED: "This course was withdrawn and takes no new learners.",
    Code.UNKNOWN_COURSE: "There is no such course on this laptop. Sync to hear of new courses.",
    Code.UNKNOWN_LESSON: "There is no such lesson on this laptop. Sync to hear of new lessons.",
    Code.NOT_ENROLLED: "Enroll in the course first.",
}

_STORAGE_TEXTS = {
    Storage.FULL: "Not saved: the disk is full. Free some space and try again; what was saved before is safe.",
    Storage.READ_ONLY: "Not saved: the app's folder can't be written. Check its permissions; nothing was lost.",
    Storage.DAMAGED: "The database on this laptop is damaged. The file is kept; nothing more is written to it.",
    Storage.NEWER: "A newer version of the app wrote this profile. Update the app, or export the unsent work.",
    Storage.IN_USE: "This learner's profile is open in another window.",
    Storage.TROUBLE: "The disk didn't take the change, so nothing is said to be saved. Try again.",
}
