"""The desktop's side of the server: who it is, accounts and sessions, and one exchange."""

from collections.abc import Callable
from dataclasses import dataclass

import falcon
import msgspec

from lms_server.actions.context import ServerContext, read_server
from lms_server.actions.names import SHORTEST_OWN_PASSWORD
from lms_server.actions.sessions import note_seen, revoke_session
from lms_server.actions.users import NewUser, User, add_user
from lms_server.certificates.signing import public_key_of
from lms_server.certificates.verify import to_base64
from lms_server.contract import wire
from lms_server.contract.requests import read_request
from lms_server.contract.sqlite import reading
from lms_server.contract.times import to_wire
from lms_server.settings import Registration
from lms_server.sync import exchange
from lms_server.web.auth import Door, bearer, require
from lms_server.web.bodies import expect_json, read_body, read_json, write_json
from lms_server.web.errors import Problem


class SignIn(msgspec.Struct, frozen=True):
    """POST /sessions."""

    email: str
    password: str
    device: str = ""


class Register(msgspec.Struct, frozen=True):
    """POST /users; a role isn't among the fields on purpose."""

    email: str
    name: str
    password: str
    device: str = ""


class UserOut(msgspec.Struct, frozen=True):
    uid: str
    name: str
    email: str
    role: str


class SignedIn(msgspec.Struct, frozen=True):
    """The one time the token is told."""

    token: str
    user: UserOut
    server_id: str


class Protocol(msgspec.Struct, frozen=True):
    min: int
    max: int


class ServerFacts(msgspec.Struct, frozen=True):
    """GET /server. ``public_key`` (Ed25519, base64url) checks this server's certificates offline."""

    server_id: str
    name: str
    epoch: str
    time: str
    protocol: Protocol
    registration: str
    limits: dict[str, int]
    public_key: str


@dataclass(frozen=True)
class ServerResource:
    """GET /server."""

    context: ServerContext
    registration: Callable[[], Registration]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        with reading(self.context.engine) as conn:
            row = read_server(conn)
        facts = ServerFacts(
            server_id=row.server_id,
            name=row.name,
            epoch=row.epoch,
            time=to_wire(self.context.clock()),
            protocol=Protocol(wire.VERSION, wire.VERSION),
            registration=self.registration().value,
            limits=wire.LIMITS,
            public_key=to_base64(public_key_of(self.context.identity.signing_key)),
        )
        write_json(req, resp, facts)


@dataclass(frozen=True)
class UsersResource:
    """POST /users."""

    door: Door
    registration: Callable[[], Registration]

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        if self.registration() is not Registration.OPEN:
            raise Problem(403, "registration_closed", "Ask an admin of this server for an account.")
        wanted = read_json(req, Register)
        wait_s = self.door.throttle.take_account(req.remote_addr)
        if wait_s:
            raise Problem(429, "too_many_attempts", "Too many new accounts from here; wait a little.", wait_s)
        new = NewUser(wanted.email, wanted.name, wanted.password)
        user = add_user(self.door.context, new, SHORTEST_OWN_PASSWORD)
        write_json(req, resp, _signed_in(self.door, user, wanted.device), 201)


@dataclass(frozen=True)
class SessionsResource:
    """POST /sessions."""

    door: Door

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        asked = read_json(req, SignIn)
        user = self.door.sign_in(asked.email, asked.password, req.remote_addr)
        write_json(req, resp, _signed_in(self.door, user, asked.device), 201)


@dataclass(frozen=True)
class CurrentSessionResource:
    """DELETE /sessions/current."""

    context: ServerContext

    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        revoke_session(self.context, require(req, self.context))
        resp.status = 204


@dataclass(frozen=True)
class SyncResource:
    """POST /sync: commands up, outcomes and changes down."""

    context: ServerContext

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        session = bearer(req, self.context)
        expect_json(req)
        request = read_request(read_body(req))
        answer = exchange(self.context, request, session.user.learner if session else None)
        if session is not None:
            note_seen(self.context, session)
        write_json(req, resp, answer)


def _signed_in(door: Door, user: User, device: str) -> SignedIn:
    token = door.open_session(user, device)
    facts = UserOut(user.uid, user.name, user.email, user.role.value)
    return SignedIn(token, facts, door.context.identity.server_id)
