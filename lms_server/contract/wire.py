"""The envelopes of ``POST /api/v1/sync``, version 1: request and answer, the rows in them, and their limits.

Fields and names are those of the protocol; times travel as RFC 3339 texts with milliseconds. How a command is written
stands in ``command_json``.
"""

from typing import Any

import msgspec

from lms_server.contract import strict
from lms_server.contract.times import MAX_TIME_CHARS

VERSION = 1
MAX_COMMANDS = 2_000
MAX_REQUEST_BYTES = 2 * 1024 * 1024
MAX_ANSWER_BYTES = 64 * 1024 * 1024
PAGE_ROWS = 2_000
PAGE_BYTES = 4 * 1024 * 1024
REQUEST_S = 60
# Of a command of a kind that this server doesn't know, which it parks whole for one that does.
MAX_UNKNOWN_CHARS = 16 * 1024
LIMITS = {
    "commands": MAX_COMMANDS,
    "request_bytes": MAX_REQUEST_BYTES,
    "json_depth": strict.MAX_DEPTH,
    "json_values": strict.MAX_VALUES,
    "string_bytes": strict.MAX_STRING_BYTES,
    "time_characters": MAX_TIME_CHARS,
    "unknown_command_characters": MAX_UNKNOWN_CHARS,
    "request_s": REQUEST_S,
}


class Device(msgspec.Struct, frozen=True, gc=False):
    """The laptop, for the admin's eyes; no decision looks at it."""

    id: str = ""
    name: str = ""
    app: str = ""


class Cursors(msgspec.Struct, frozen=True, gc=False):
    """An anchor for each stream; null means from the start."""

    catalog: str | None = None
    me: str | None = None


class SyncRequest(msgspec.Struct, frozen=True):
    """What a desktop sends.

    ``commands`` holds JSON objects, each read by itself so that a bad one stops none of the others; or commands that
    were read already.
    """

    v: int
    request_id: str
    server_id: str
    sent_at: str
    epoch: str | None = None
    user: str | None = None
    device: Device = msgspec.field(default_factory=Device)
    after: Cursors = msgspec.field(default_factory=Cursors)
    settled: Cursors = msgspec.field(default_factory=Cursors)
    commands: list[Any] = msgspec.field(default_factory=list)


class Result(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How one command ended; ``index`` stands in where the id can't be read."""

    outcome: str
    code: str
    id: str | None = None
    index: int | None = None


class UserRow(msgspec.Struct, frozen=True, gc=False):
    uid: str
    name: str
    email: str


class Known(msgspec.Struct, frozen=True, gc=False):
    """Whether the server could find the request's anchors; false where history was lost."""

    catalog: bool
    me: bool


class Blob(msgspec.Struct, frozen=True, gc=False):
    sha256: str
    size: int


class AttachmentRow(msgspec.Struct, frozen=True, gc=False):
    path: str
    sha256: str
    size: int
    type: str


class CourseRow(msgspec.Struct, frozen=True, gc=False):
    uid: str
    slug: str
    title: str
    summary: str
    level: str
    language: str
    direction: str
    cover: str | None
    is_published: bool
    deleted_at: str | None
    revision: int
    version: str = ""
    license: str = ""
    authors: str = ""


class GoneRow(msgspec.Struct, frozen=True, gc=False):
    """A course that isn't open, as it travels to a learner who isn't enrolled."""

    uid: str
    revision: int
    gone: bool = True


class LessonRow(msgspec.Struct, frozen=True):
    uid: str
    course: str
    title: str
    section: str
    order: int
    is_free_preview: bool
    body: Blob | None
    attachments: list[AttachmentRow]
    deleted_at: str | None
    revision: int
    minutes: int | None = None


class EnrollmentRow(msgspec.Struct, frozen=True, gc=False):
    course: str
    enrolled_at: str
    command: str
    revision: int


class ProgressRow(msgspec.Struct, frozen=True, gc=False):
    lesson: str
    started_at: str
    start_command: str | None
    completed_at: str | None
    complete_command: str | None
    revision: int


class CertificateRow(msgspec.Struct, frozen=True, gc=False):
    uuid: str
    course: str
    learner_name: str
    course_title: str
    completed_at: str
    issued_at: str
    payload: str
    pdf_sha256: str | None
    revision: int


class Changes(msgspec.Struct, frozen=True):
    # CourseRow or GoneRow; told apart by ``gone``.
    courses: list[Any]
    lessons: list[LessonRow]
    enrollments: list[EnrollmentRow]
    progress: list[ProgressRow]
    certificates: list[CertificateRow]


class Digest(msgspec.Struct, frozen=True, gc=False):
    count: int
    sum: str


class SyncAnswer(msgspec.Struct, frozen=True):
    v: int
    request_id: str
    server_id: str
    epoch: str
    server_time: str
    results: list[Result]
    user: UserRow | None
    known: Known
    changes: Changes
    next: Cursors
    settled: Cursors
    more: bool
    digest: Digest | None


def read_answer(body: bytes) -> SyncAnswer:
    """An answer as a desktop takes it; raises ValueError. Fields and kinds of rows it doesn't know are skipped."""
    try:
        answer = _ANSWER.decode(body)
        courses = [msgspec.convert(row, GoneRow if _is_gone(row) else CourseRow) for row in answer.changes.courses]
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return msgspec.structs.replace(answer, changes=msgspec.structs.replace(answer.changes, courses=courses))


def _is_gone(row: Any) -> bool:
    return isinstance(row, dict) and row.get("gone") is True


_ANSWER = msgspec.json.Decoder(SyncAnswer)
