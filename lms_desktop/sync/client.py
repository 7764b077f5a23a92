"""Ask the server, and believe only answers that prove to be its own; everything else is Trouble."""

import base64
import json
import re
import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import httpx
import msgspec
from isal import isal_zlib

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
    Untrusted,
    WrongAnswerer,
)
from lms_server.contract import wire
from lms_server.contract.commands import Outcome
from lms_server.contract.ids import is_uuid

DEADLINE_S = 60.0
_CONNECT_S = 10.0
_SMALL_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
MAX_PDF_BYTES = 16 * 1024 * 1024
_SOMEBODY_ELSE = "Something else than the server answers here; perhaps this network wants a sign-in page."
_OTHER_SERVER = "Another server answers at this address."
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):").fullmatch
_OUTCOMES = set(Outcome)
_GZIP = 16 + zlib.MAX_WBITS
# Small requests cost more to squeeze than to send.
_SQUEEZE_FROM_BYTES = 1024

# What a request can carry.
Content = dict[str, Any] | wire.SyncRequest


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


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """Who answers at an address."""

    server_id: str
    name: str
    registration: str
    public_key: str
    protocol_min: int
    protocol_max: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sign-in gives: the token, and whose it is."""

    token: str
    uid: str
    name: str
    email: str
    server_id: str


class Client:
    """One server. Makes its connections in the thread that uses it; closes with ``close``."""

    def __init__(self, url: str, token: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api/v1",
            timeout=httpx.Timeout(DEADLINE_S, connect=_CONNECT_S),
            # A portal's redirect must never see a token.
            follow_redirects=False,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
            transport=transport,
        )
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        self._http.close()

    def server(self) -> ServerFacts:
        """Who answers at this address. Raises NotAServer when it isn't one of ours."""
        body = self._json(self._send("GET", "/server", limit=_SMALL_BYTES), 200)
        try:
            return ServerFacts(
                server_id=body["server_id"],
                name=str(body["name"]),
                registration=str(body["registration"]),
                public_key=str(body.get("public_key", "")),
                protocol_min=int(body["protocol"]["min"]),
                protocol_max=int(body["protocol"]["max"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NotAServer("What answers at this address is no learning server.") from error

    def sign_in(self, email: str, password: str, device: str) -> SignIn:
        """A session for this learner. Raises BadCredentials, Disabled and other Trouble."""
        content = {"email": email, "password": password, "device": device}
        return self._session(self._send("POST", "/sessions", content, limit=_SMALL_BYTES))

    def register(self, name: str, email: str, password: str, device: str) -> SignIn:
        """A new account, signed in. Raises NotTaken with the server's words when it refuses."""
        content = {"name": name, "email": email, "password": password, "device": device}
        return self._session(self._send("POST", "/users", content, limit=_SMALL_BYTES))

    def sign_out(self) -> None:
        """End the session; that the server can't be reached is no reason to stay."""
        self._send("DELETE", "/sessions/current", limit=_SMALL_BYTES)

    def sync(self, request: wire.SyncRequest) -> wire.SyncAnswer:
        """One exchange. Returns only an answer that is complete, this server's, and to this very request."""
        answer = self._send("POST", "/sync", request, limit=wire.MAX_ANSWER_BYTES)
        if answer.status != 200:
            raise self._trouble(answer, request.server_id)
        _check_digest(answer)
        try:
            read = wire.read_answer(answer.body)
        except ValueError as error:
            raise ServerTrouble("The answer can't be read.") from error
        _check_identity(read, request)
        return read

    def certificate_pdf(self, uuid: str) -> bytes:
        """A certificate's PDF."""
        answer = self._send("GET", f"/certificates/{uuid}/pdf", limit=MAX_PDF_BYTES)
        if answer.status != 200 or answer.type != "application/pdf" or not answer.body.startswith(b"%PDF"):
            raise self._trouble(answer)
        return answer.body

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """A long answer, read by the caller; connection errors become Offline."""
        with _as_offline(), self._http.stream(method, path, **options) as response:
            yield response

    def trouble_of(self, response: httpx.Response) -> Trouble:
        """What a streamed answer that isn't wanted means."""
        body = b"".join(_bounded(response.iter_bytes(_CHUNK_BYTES), _SMALL_BYTES))
        return self._trouble(Answer(response.status_code, response.headers, body))

    def _session(self, answer: Answer) -> SignIn:
        body = self._json(answer, 201)
        user = body.get("user")
        if not isinstance(user, dict) or not is_uuid(user.get("uid")) or not isinstance(body.get("token"), str):
            raise ServerTrouble("The answer can't be read.")
        return SignIn(body["token"], user["uid"], str(user.get("name", "")), str(user["email"]), body["server_id"])

    def _json(self, answer: Answer, status: int) -> dict[str, Any]:
        if answer.status != status or answer.type != "application/json":
            raise self._trouble(answer)
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise ServerTrouble("The answer can't be read.") from error
        if not isinstance(body, dict) or not is_uuid(body.get("server_id")):
            raise NotAServer("What answers at this address is no learning server.")
        return body

    def _send(self, method: str, path: str, content: Content | None = None, *, limit: int) -> Answer:
        headers: dict[str, str] = {}
        body = b""
        if content is not None:
            body = msgspec.json.encode(content)
            headers["Content-Type"] = "application/json"
            if len(body) >= _SQUEEZE_FROM_BYTES:
                body = isal_zlib.compress(body, 1, wbits=_GZIP)
                headers["Content-Encoding"] = "gzip"
        with _as_offline(), self._http.stream(method, path, content=body, headers=headers) as response:
            # Bytes as sent: the digest is over them, and inflating is ours to bound.
            raw = b"".join(_bounded(response.iter_raw(_CHUNK_BYTES), limit))
            decoded = raw
            if response.headers.get("Content-Encoding") == "gzip":
                decoded = _inflate(raw, limit)
            answer = Answer(response.status_code, response.headers, decoded)
            _check_raw_digest(answer, raw)
        return answer

    def _trouble(self, answer: Answer, server_id: str | None = None) -> Trouble:
        """What an answer that isn't the wanted one means; only our own server's problem documents are believed."""
        code, text, speaker = _problem(answer)
        if code is None:
            return NotAServer(_SOMEBODY_ELSE)
        if server_id is not None and speaker != server_id:
            return WrongAnswerer("wrong_server", _OTHER_SERVER)
        if answer.status in {429, 503}:
            kind = Throttled if code == Throttled.code else ServerTrouble
            return kind(text, _retry_after(answer))
        return _trouble(answer.status, code, text)


def _trouble(status: int, code: str, text: str) -> Trouble:
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


def _check_digest(answer: Answer) -> None:
    if answer.type != "application/json" or not _DIGEST(answer.headers.get("Content-Digest", "")):
        raise NotAServer(_SOMEBODY_ELSE)


def _check_raw_digest(answer: Answer, raw: bytes) -> None:
    """RFC 9530: the digest is over the content as it was sent."""
    named = _DIGEST(answer.headers.get("Content-Digest", ""))
    if named is not None and sha256(raw).digest() != base64.b64decode(named[1]):
        raise ServerTrouble("The answer was garbled on its way.")


def _check_identity(answer: wire.SyncAnswer, request: wire.SyncRequest) -> None:
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


@contextmanager
def _as_offline() -> Iterator[None]:
    try:
        yield
    except httpx.InvalidURL as error:
        raise Offline("This isn't an address of a server.") from error
    except httpx.HTTPError as error:
        if (why := _distrust(error)) is not None:
            today = datetime.now().astimezone().date()
            raise Untrusted(
                f"This laptop doesn't trust the server's certificate: {why}. It says that today is {today};"
                " if that is right, ask who looks after the server."
            ) from error
        raise Offline("The server can't be reached at the moment.") from error


def _distrust(error: BaseException | None) -> str | None:
    """What TLS has against the server's certificate, if that is why nothing came."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return None
