"""Commands as they travel and as files keep them: one JSON object each."""

import json
import math
from typing import Any

from lms_server.contract.commands import (
    KINDS,
    STUDIES,
    Command,
    CompleteLesson,
    Enroll,
    KeepCertificate,
    StartLesson,
    Unsupported,
    certificate_command_id,
)
from lms_server.contract.ids import is_uuid
from lms_server.contract.times import from_wire, to_wire


class BadCommand(ValueError):
    """One command can't be read."""


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
