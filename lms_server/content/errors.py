"""What is wrong with a course that can't be read."""

from enum import StrEnum

from lms_server.sentences import Sentence, sentence


class Fault(StrEnum):
    """Why a course is refused; closed, so that callers can test for it."""

    NOT_FOUND = "not_found"
    UNKNOWN_FORMAT = "unknown_format"
    UNSUPPORTED_FORMAT = "unsupported_format"
    AMBIGUOUS = "ambiguous"
    UNSAFE_NAME = "unsafe_name"
    NAME_CLASH = "name_clash"
    SYMLINK = "symlink"
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    TOO_MANY = "too_many"
    TOO_BIG = "too_big"
    BAD_METADATA = "bad_metadata"
    BAD_TEXT = "bad_text"
    MISSING_FILE = "missing_file"
    NO_LESSONS = "no_lessons"


class BadCourse(Exception):
    """The course can't be read; ``said`` tells what is wrong and what to do."""

    def __init__(self, fault: Fault, english: str, **values: object) -> None:
        self.said: Sentence = sentence(english, **values)
        super().__init__(str(self.said))
        self.fault = fault

    @property
    def text(self) -> str:
        """In English, as on the command line."""
        return str(self.said)
