"""Which answers are believed, and what the others mean: only the server itself is, whoever else answers."""

import base64
import json
import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import httpx

from lms_desktop.sync.errors import (
    BadCredentials,
    Declined,
    Disabled,
    NotAServer,
    NotTaken,
    Offline,
    ServerTrouble,
    SignedOut,
    Throttled,
    TooLarge,
    TooOld,
    Trouble,
    WrongAnswerer,
)
from lms_server.contract import wire
from lms_server.contract.commands import Outcome
from lms_server.contract.ids import is_uuid

DEADLINE_S = 60.0
_CHUNK_BYTES = 64 * 1024
_SOMEBODY_ELSE = "Something else than the server answers here; perhaps this network wants a sign-in page."
_OTHER_SERVER = "Another server answers at this address."
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):").fullmatch
_OUTCOMES = set(Outcome)
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer read to its end: status, headers, and the decoded body within its limit."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def type(self) -> str:
        named: str = self.headers.get("Content-Type", "")
        return named.split(";", maxsplit=1)[0].strip().lower()


def receive(response: httpx.Response, limit: int) -> Answer:
    """Read an answer to its end. Raises ServerTrouble when it is too large, cut or garbled, Offline when it is slow."""
    # Bytes as sent: the digest is over them, and inflating is ours to bound.
    raw = b"".join(_bounded(response.iter_raw(_CHUNK_BYTES), limit))
    is_squeezed = response.headers.get("Content-Encoding") == "gzip"
    answer = Answer(response.status_code, response.headers, _inflate(raw, limit) if is_squeezed else raw)
    _check_digest(answer, raw)
    return answer


def require_digest(answer: Answer) -> None:
    """Raises NotAServer for an answer without the digest that ours always has; ``receive`` compared it."""
    if answer.type != "application/json" or not _DIGEST(answer.headers.get("Content-Digest", "")):
        raise NotAServer(_SOMEBODY_ELSE)


def check_identity(answer: wire.SyncAnswer, request: wire.SyncRequest) -> None:
    """Raises WrongAnswerer or ServerTrouble for an answer that isn't this server's to this very request."""
    if answer.server_id != request.server_id:
        raise WrongAnswerer("wrong_server", _OTHER_SERVER)
    if answer.request_id != request.request_id or answer.v != wire.VERSION:
        raise ServerTrouble("The answer belongs to another request.")
    if answer.user is not None and answer.user.uid != request.user:
        raise WrongAnswerer("wrong_user", "The server takes this laptop for another learner.")
    sent = [command["id"] for command in request.commands]
    if [result.id for result in answer.results] != sent:
        raise ServerTrouble("The answer doesn't name every command that was sent.")
    if not {result.outcome for result in answer.results} <= _OUTCOMES:
        raise ServerTrouble("The answer has an outcome that this app doesn't know.")


def trouble_of(answer: Answer, server_id: str | None = None) -> Trouble:
    """What an answer that isn't the wanted one means; only our own server's problem documents are believed."""
    code, text, speaker = _problem(answer)
    if code is None:
        return NotAServer(_SOMEBODY_ELSE)
    if server_id is not None and speaker != server_id:
        return WrongAnswerer("wrong_server", _OTHER_SERVER)
    if answer.status in {429, 503}:
        kind = Throttled if code == Throttled.code else ServerTrouble
        return kind(text, _retry_after(answer))
    return _own_trouble(answer.status, code, text)


def _own_trouble(status: int, code: str, text: str) -> Trouble:
    if code in {"wrong_user", "wrong_server"}:
        return WrongAnswerer(code, text)
    if code in {"email_taken", "registration_closed"}:
        return Declined(code, text)
    named: dict[tuple[int, str], type[Trouble]] = {
        (401, "bad_credentials"): BadCredentials,
        (403, "account_disabled"): Disabled,
    }
    by_status: dict[int, type[Trouble]] = {401: SignedOut, 400: NotTaken, 422: NotTaken, 413: TooLarge, 426: TooOld}
    kind = named.get((status, code)) or by_status.get(status)
    return kind(text) if kind is not None else ServerTrouble(text)


def _problem(answer: Answer) -> tuple[str | None, str, str]:
    """The problem's code, its words, and which server says so; no code where it is none of ours."""
    nothing = (None, "", "")
    if answer.type != "application/problem+json":
        return nothing
    try:
        body = json.loads(answer.body)
        code, server_id = body["code"], body["server_id"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return nothing
    if not isinstance(code, str) or not is_uuid(server_id):
        return nothing
    return code, str(body.get("detail") or body.get("title") or code), server_id


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return min(float(value), 3600.0) if value.isdigit() else None


def _check_digest(answer: Answer, raw: bytes) -> None:
    """RFC 9530: the digest is over the content as it was sent."""
    named = _DIGEST(answer.headers.get("Content-Digest", ""))
    if named is not None and sha256(raw).digest() != base64.b64decode(named[1]):
        raise ServerTrouble("The answer was garbled on its way.")


def _bounded(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    end = time.monotonic() + DEADLINE_S
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise ServerTrouble("The answer is larger than agreed.")
        if time.monotonic() > end:
            raise Offline("The network is too slow to finish; trying again later.")
        yield chunk


def _inflate(raw: bytes, limit: int) -> bytes:
    """Decoded gzip within a limit: 200 KB can claim to be 200 MB."""
    squeezed = zlib.decompressobj(wbits=_GZIP)
    try:
        decoded = squeezed.decompress(raw, limit + 1)
    except zlib.error as error:
        raise ServerTrouble("The answer was garbled on its way.") from error
    if len(decoded) > limit:
        raise ServerTrouble("The answer is larger than agreed.")
    if not squeezed.eof:
        raise ServerTrouble("The answer was cut on its way.")
    return decoded
