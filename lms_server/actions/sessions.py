"""Sessions: an opaque token a device keeps; the database keeps only its SHA-256."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import sha256

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError

from lms_server.actions.context import ServerContext
from lms_server.actions.users import USER_COLUMNS, User, read_user
from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import sessions, users

_TOKEN_BYTES = 32
_LONGEST_DEVICE = 200
# Seen is for the admin's eyes: one write an hour, so that a sync without commands takes no write lock.
_SEEN_EVERY_MS = 3_600_000


class NoSession(Enum):
    """Why a token opens nothing."""

    UNKNOWN = auto()
    DISABLED = auto()


@dataclass(frozen=True)
class Session:
    """Who is signed in, with which session; ``key`` is the token's SHA-256."""

    key: str
    user: User
    last_seen_at: int


def issue_session(context: ServerContext, user: User, device: str) -> str:
    """A new token of 256 random bits for this user; told once, stored hashed."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    now = context.clock()
    row = {"user_id": user.id, "device": device[:_LONGEST_DEVICE], "token_sha256": _key(token)}
    with writing(context.engine) as conn:
        conn.execute(_ISSUE, row | {"created_at": now, "last_seen_at": now})
    return token


def find_session(context: ServerContext, token: str) -> Session | NoSession:
    """Who this token belongs to. A disabled account is told so: whoever has the token had the password."""
    with reading(context.engine) as conn:
        row = conn.execute(_FIND, {"key": _key(token)}).one_or_none()
    if row is None:
        return NoSession.UNKNOWN
    if row.disabled_at is not None:
        return NoSession.DISABLED
    if row.revoked_at is not None:
        return NoSession.UNKNOWN
    return Session(row.token_sha256, read_user(row), row.last_seen_at)


def note_seen(context: ServerContext, session: Session) -> None:
    """Remember that this device was here, at most once an hour, and only if that costs nobody an answer."""
    now = context.clock()
    if abs(now - session.last_seen_at) < _SEEN_EVERY_MS:
        return
    # A full disk or a busy database must not spoil what the request itself came to.
    with suppress(DBAPIError), writing(context.engine) as conn:
        conn.execute(_SEEN, {"key": session.key, "now": now})


def revoke_session(context: ServerContext, session: Session) -> None:
    """Sign this device out."""
    mine = update(sessions).where(sessions.c.token_sha256 == session.key, sessions.c.revoked_at.is_(None))
    with writing(context.engine) as conn:
        conn.execute(mine.values(revoked_at=context.clock()))


def _key(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


_ISSUE = insert(sessions)
_FIND = (
    select(*USER_COLUMNS, sessions.c.token_sha256, sessions.c.last_seen_at, sessions.c.revoked_at)
    .join_from(sessions, users)
    .where(sessions.c.token_sha256 == bindparam("key"))
)
_SEEN = update(sessions).where(sessions.c.token_sha256 == bindparam("key")).values(last_seen_at=bindparam("now"))
