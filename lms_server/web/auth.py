"""Who is asking: bearer tokens of desktops, and signing in with a password."""

from dataclasses import dataclass

import falcon

from lms_server.actions.context import ServerContext
from lms_server.actions.names import email_key
from lms_server.actions.sessions import NoSession, Session, find_session, issue_session
from lms_server.actions.users import User, check_password
from lms_server.web.errors import Problem
from lms_server.web.throttle import Throttle

_LONGEST_TOKEN = 256


def bearer(req: falcon.Request, context: ServerContext) -> Session | None:
    """The session of the request's token, None without an Authorization header; raises Problem for a bad one."""
    header = req.auth
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
        raise signed_out()
    found = find_session(context, token.strip())
    if found is NoSession.DISABLED:
        raise disabled()
    if not isinstance(found, Session):
        raise signed_out()
    return found


def require(req: falcon.Request, context: ServerContext) -> Session:
    """The session of the request's token; raises Problem without one."""
    session = bearer(req, context)
    if session is None:
        raise signed_out()
    return session


def signed_out() -> Problem:
    """The token is missing, unknown or revoked."""
    return Problem(401, "sign_in_needed", "Sign in again.")


def disabled() -> Problem:
    """The account was closed; only who proved to be its owner hears that."""
    return Problem(403, "account_disabled", "This account was disabled. Your work is safe; ask an admin.")


@dataclass(frozen=True)
class Door:
    """Signing in, with the count of wrong passwords."""

    context: ServerContext
    throttle: Throttle

    def sign_in(self, email: str, password: str, address: str) -> User:
        """The user with this password; raises Problem, the same one for a wrong address and a wrong password."""
        account = email_key(email)[:1024]
        wait_s = self.throttle.take(account, address)
        if wait_s:
            raise Problem(429, "too_many_attempts", "Too many attempts to sign in; wait a little.", wait_s)
        user = check_password(self.context, email, password)
        if user is None:
            raise Problem(401, "bad_credentials", "The e-mail address or the password is wrong.")
        self.throttle.give_back(account, address)
        if user.disabled_at is not None:
            raise disabled()
        return user

    def open_session(self, user: User, device: str) -> str:
        """A new token for this device."""
        return issue_session(self.context, user, device)
