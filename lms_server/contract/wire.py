"""The wire format of ``POST /api/v1/sync``, version 1: structs, limits, and commands one by one.

Fields and names are those of the protocol; times travel as RFC 3339 texts with milliseconds.
"""

import json
import math
from hashlib import sha256
from typing import Any

import msgspec

from lms_server.contract import strict
from lms_server.contract.commands import (
    KINDS,
    STUDIES,
    Command,
    CompleteLesson,
    Enroll,
    KeepCertificate,
    StartLesson,
    Unsupported,
)
from lms_server.contract.ids import is_uuid, uuid8
from lms_server.contract.times import from_wire, to_wire

VERSION = 1
MAX_COMMANDS = 2_000
MAX_REQUEST_BYTES = 2 * 1024 * 1024
MAX_ANSWER_BYTES = 64 * 1024 * 1024
PAGE_ROWS = 2_000
PAGE_BYTES = 4 * 1024 * 1024
REQUEST_S = 60
LIMITS = {
    "commands": MAX_COMMANDS,
    "request_bytes": MAX_REQUEST_BYTES,
    "json_depth": strict.MAX_DEPTH,
    "string_bytes": strict.MAX_STRING_BYTES,
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
    """The envelope; ``commands`` are JSON values, for one bad command never stops its neighbours, or Commands."""

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


class BadCommand(ValueError):
    """One command can't be read."""


def read_answer(body: bytes) -> SyncAnswer:
    """An answer as a desktop takes it; raises ValueError. Fields and kinds of rows it doesn't know are skipped."""
    try:
        answer = _ANSWER.decode(body)
        courses = [msgspec.convert(row, GoneRow if _is_gone(row) else CourseRow) for row in answer.changes.courses]
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return msgspec.structs.replace(answer, changes=msgspec.structs.replace(answer.changes, courses=courses))


def read_command(raw: Any) -> Command:
    """One command of a request; raises BadCommand. Fields that a kind doesn't have are not looked at."""
    if not isinstance(raw, dict):
        raise BadCommand("a command is an object")
    command_id, kind = _uid(raw, "id"), raw.get("kind")
    if not isinstance(kind, str) or not 0 < len(kind) <= 64:
        raise BadCommand("kind is missing")
    made_at, at = _read_time(raw, "made_at"), _read_time(raw, "at")
    if kind == "keep_certificate":
        return _keep_certificate(command_id, raw.get("payload"))
    if kind not in KINDS.values():
        return Unsupported(command_id, kind, _canonical(raw), made_at, at)
    if made_at is None and at is None:
        raise BadCommand("made_at is missing")
    if kind == "enroll":
        return Enroll(command_id, _uid(raw, "course"), made_at, at)
    if kind == "start_lesson":
        return StartLesson(command_id, _uid(raw, "lesson"), made_at, at)
    return CompleteLesson(command_id, _uid(raw, "lesson"), made_at, at)


def write_command(command: Command) -> dict[str, Any]:
    """A command as it travels."""
    row: dict[str, Any]
    if isinstance(command, STUDIES):
        row = {"id": command.id, "kind": KINDS[type(command)], "lesson": command.lesson}
    elif isinstance(command, Enroll):
        row = {"id": command.id, "kind": "enroll", "course": command.course}
    elif isinstance(command, KeepCertificate):
        return {"id": command.id, "kind": "keep_certificate", "payload": command.payload}
    else:
        row = {"id": command.id, "kind": command.kind} | json.loads(command.canonical)
    if command.at is not None:
        row["at"] = to_wire(command.at)
    elif command.made_at is not None:
        row["made_at"] = to_wire(command.made_at)
    return row


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


def _is_gone(row: Any) -> bool:
    return isinstance(row, dict) and row.get("gone") is True


_ANSWER = msgspec.json.Decoder(SyncAnswer)


def _uid(raw: dict[str, Any], name: str) -> str:
    value = raw.get(name)
    if not is_uuid(value):
        raise BadCommand(f"{name} is not a UUID in canonical lower case")
    return str(value)


def _read_time(raw: dict[str, Any], name: str) -> int | None:
    value = raw.get(name)
    if value is None:
        return None
    try:
        return from_wire(value if isinstance(value, str) else "")
    except ValueError as error:
        raise BadCommand(f"{name} is not an RFC 3339 time") from error


def _keep_certificate(command_id: str, payload: Any) -> KeepCertificate:
    if not isinstance(payload, str):
        raise BadCommand("payload is missing")
    if command_id != certificate_command_id(payload):
        raise BadCommand("id is not the UUIDv8 of the payload's SHA-256")
    return KeepCertificate(command_id, payload)


def _canonical(raw: dict[str, Any]) -> str:
    kept = {name: value for name, value in raw.items() if name not in {"id", "made_at", "at"}}
    if any(isinstance(value, float) and not math.isfinite(value) for value in kept.values()):
        raise BadCommand("a number is too large")
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
