"""A course as read from a package or a foreign format: values only, pictures and files opened when needed."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from lms_server.sentences import Sentence


class RemarkCode(StrEnum):
    """What an import noticed and did something about."""

    MISSING_IMAGE = "missing_image"
    MISSING_FILE = "missing_file"
    MISSING_INCLUDE = "missing_include"
    MISSING_TARGET = "missing_target"
    MISSING_PLACE = "missing_place"
    REMOTE_IMAGE = "remote_image"
    ONLINE_ONLY = "online_only"
    UNSAFE_LINK = "unsafe_link"
    UNSAFE_IMAGE = "unsafe_image"
    SCRIPT_DROPPED = "script_dropped"
    HIDDEN_SHOWN = "hidden_shown"
    EMPTY_FILE = "empty_file"
    LARGE_IMAGE = "large_image"
    UNUSED_FILES = "unused_files"
    NOT_LISTED = "not_listed"
    LINK_NOT_LESSON = "link_not_lesson"
    DIRECTIVE_DROPPED = "directive_dropped"
    DRAFT_SKIPPED = "draft_skipped"
    HIDDEN_SKIPPED = "hidden_skipped"
    UNPUBLISHED = "unpublished"
    UNSUPPORTED_BLOCK = "unsupported_block"
    UNKNOWN_KEY = "unknown_key"
    EMPTY_LESSON = "empty_lesson"
    CUT_SHORT = "cut_short"


@dataclass(frozen=True, slots=True)
class Remark:
    """One line of the import report: what, where (a path in the package, or empty), and in words."""

    code: RemarkCode
    where: str
    said: Sentence

    @property
    def text(self) -> str:
        """In English, as on the command line."""
        return str(self.said)


class Remarks:
    """What is noticed while a course is read, in that order; each remark once."""

    def __init__(self, made: Iterable[Remark] = ()) -> None:
        self._made = dict.fromkeys(made)

    def note(self, code: RemarkCode, where: str, said: Sentence) -> None:
        """One more remark."""
        self.add(Remark(code, where, said))

    def add(self, *made: Remark) -> None:
        """These too."""
        self._made.update(dict.fromkeys(made))

    def all(self) -> tuple[Remark, ...]:
        """What was noticed by now."""
        return tuple(self._made)


@dataclass(frozen=True, slots=True)
class Asset:
    """A picture or file of the course; its bytes stay where they are until ``open`` is called."""

    path: str
    media_type: str
    size: int
    sha256: str
    open: Callable[[], BinaryIO] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LessonDraft:
    """A lesson ready to store: ``body`` is sanitised HTML, ``attachments`` are all that it shows or offers."""

    uid: str
    title: str
    section: str
    is_free_preview: bool
    minutes: int | None
    body: bytes
    attachments: tuple[Asset, ...]

    @property
    def body_sha256(self) -> str:
        """The name of its body in the store of files."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class CoursePackage:
    """A whole course, checked; lessons in order."""

    uid: str
    slug: str
    title: str
    summary: str
    language: str
    direction: str
    level: str
    version: str
    license: str
    authors: tuple[str, ...]
    cover: Asset | None
    lessons: tuple[LessonDraft, ...]
    warnings: tuple[Remark, ...]

    @property
    def assets(self) -> dict[str, Asset]:
        """Every picture and file once, by path."""
        used = {asset.path: asset for lesson in self.lessons for asset in lesson.attachments}
        if self.cover is not None:
            used.setdefault(self.cover.path, self.cover)
        return used

    @property
    def sections(self) -> int:
        """How many sections have a name."""
        return len({lesson.section for lesson in self.lessons if lesson.section})
