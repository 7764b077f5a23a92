"""Read the envelope of a request: strictly, and in one go where it is written as the app writes it."""

from collections.abc import Sequence

import msgspec

from lms_server.contract import strict, wire
from lms_server.contract.commands import CLICKS, KINDS, Click, Enroll
from lms_server.contract.ids import is_uuid
from lms_server.contract.times import from_wire

_CLICKS: dict[str, type[Click]] = {KINDS[kind]: kind for kind in CLICKS}


class ClickRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """What nearly all commands look like."""

    id: str
    kind: str
    course: str | None = None
    lesson: str | None = None
    made_at: str | None = None
    at: str | None = None


class PlainRequest(wire.SyncRequest, frozen=True, forbid_unknown_fields=True):
    """A request whose commands are all clicks."""

    commands: list[ClickRow] = msgspec.field(default_factory=list)


def read_request(body: bytes) -> wire.SyncRequest:
    """The envelope; its commands are values still to be read, or Commands. Raises strict.BadJson with what is wrong.

    Of another version's envelope only ``v`` is read: what else is in it isn't ours to judge.
    """
    request = _read_plain(body) or _read_strictly(body)
    if request.v != wire.VERSION:
        return request
    for name in ("request_id", "server_id"):
        if not is_uuid(getattr(request, name)):
            raise strict.BadJson(f"{name} is not a UUID in canonical lower case.")
    if request.user is not None and not is_uuid(request.user):
        raise strict.BadJson("user is not a UUID in canonical lower case.")
    try:
        from_wire(request.sent_at)
    except ValueError as error:
        raise strict.BadJson("sent_at is not an RFC 3339 time.") from error
    return request


def _read_plain(body: bytes) -> wire.SyncRequest | None:
    """A request as the app writes it, several times faster; None for every other, however slightly it differs.

    What is the same when it is written again has no key twice, no unknown field and no odd number; and without
    escapes no text has a NUL or half of a surrogate pair.
    """
    if b"\\" in body:
        return None
    try:
        request = _PLAIN.decode(body)
        if request.v != wire.VERSION or msgspec.json.encode(request) != body:
            return None
        envelope = msgspec.structs.replace(request, commands=[])
        strict.check(msgspec.to_builtins(envelope), has_escapes=False)
        return _with_commands(envelope, [_click(row) for row in request.commands])
    except (msgspec.MsgspecError, LookupError, ValueError, RecursionError):
        # The strict way finds the words for what is wrong, and which command it is.
        return None


def _read_strictly(body: bytes) -> wire.SyncRequest:
    value = strict.read(body, strict.MAX_VALUES)
    version = value.get("v") if isinstance(value, dict) else None
    if type(version) is int and version != wire.VERSION:
        return wire.SyncRequest(v=version, request_id="", server_id="", sent_at="")
    return strict.convert(value, wire.SyncRequest)


def _with_commands(envelope: PlainRequest, commands: Sequence[Click]) -> wire.SyncRequest:
    named = {name: getattr(envelope, name) for name in envelope.__struct_fields__}
    return wire.SyncRequest(**named | {"commands": commands})


def _click(row: ClickRow) -> Click:
    kind = _CLICKS[row.kind]
    target = row.course if kind is Enroll else row.lesson
    made_at = None if row.made_at is None else from_wire(row.made_at)
    at = None if row.at is None else from_wire(row.at)
    if made_at is None and at is None:
        raise ValueError("made_at is missing")
    if row.course is not None and row.lesson is not None:
        raise ValueError("one of these isn't looked at, and may be as long as a request")
    if target is None or not (is_uuid(row.id) and is_uuid(target)):
        raise ValueError("not a UUID in canonical lower case")
    return kind(row.id, target, made_at, at)


_PLAIN = msgspec.json.Decoder(PlainRequest)
