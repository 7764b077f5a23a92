"""Ask the server; whatever it can't or won't answer is Trouble."""

import json
import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import msgspec
from isal import isal_zlib

from lms_desktop.sync.answers import DEADLINE_S, Answer, check_identity, receive, require_digest, trouble_of
from lms_desktop.sync.errors import (
    NotAServer,
    Offline,
    ServerTrouble,
    Trouble,
    Untrusted,
)
from lms_server.contract import wire
from lms_server.contract.ids import is_uuid

_CONNECT_S = 10.0
_SMALL_BYTES = 64 * 1024
MAX_PDF_BYTES = 16 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS
# Small requests cost more to squeeze than to send.
_SQUEEZE_FROM_BYTES = 1024

# What a request can carry.
Content = dict[str, Any] | wire.SyncRequest


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
            raise trouble_of(answer, request.server_id)
        require_digest(answer)
        try:
            read = wire.read_answer(answer.body)
        except ValueError as error:
            raise ServerTrouble("The answer can't be read.") from error
        check_identity(read, request)
        return read

    def certificate_pdf(self, uuid: str) -> bytes:
        """A certificate's PDF."""
        answer = self._send("GET", f"/certificates/{uuid}/pdf", limit=MAX_PDF_BYTES)
        if answer.status != 200 or answer.type != "application/pdf" or not answer.body.startswith(b"%PDF"):
            raise trouble_of(answer)
        return answer.body

    @contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        """A long answer, read by the caller; connection errors become Offline."""
        with _as_offline(), self._http.stream(method, path, **options) as response:
            yield response

    def trouble_of(self, response: httpx.Response) -> Trouble:
        """What a streamed answer that isn't wanted means."""
        return trouble_of(receive(response, _SMALL_BYTES))

    def _session(self, answer: Answer) -> SignIn:
        body = self._json(answer, 201)
        user = body.get("user")
        if not isinstance(user, dict) or not is_uuid(user.get("uid")) or not isinstance(body.get("token"), str):
            raise ServerTrouble("The answer can't be read.")
        return SignIn(body["token"], user["uid"], str(user.get("name", "")), str(user["email"]), body["server_id"])

    def _json(self, answer: Answer, status: int) -> dict[str, Any]:
        if answer.status != status or answer.type != "application/json":
            raise trouble_of(answer)
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
            return receive(response, limit)


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
