"""Accounts: made once for an address, found by their password, disabled but never deleted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection, bindparam, select, update

from lms_server.actions.context import Learner, ServerContext
from lms_server.actions.names import email_key, read_email, read_name, read_password
from lms_server.actions.refusals import Refused
from lms_server.contract import anchors
from lms_server.contract.ids import new_uuid4
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.upsert import insert_into
from lms_server.database.tables import sessions, users

# 19 MiB, two passes, one lane: OWASP's first choice, 18 ms on a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# One after the other on one thread: each thread that ever hashed would keep 19 MiB for good.
_PASSWORDS = ThreadPoolExecutor(1, "passwords")
# Nobody's password: an unknown address costs the same work as a wrong password.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$+bcRbFjmTlPXM3mLtCYEdg$BiKOfEWMn8wQ8GlBjBjya2cxsGjl18N+VKFbWNl+ZAM"

T = TypeVar("T")


class Role(StrEnum):
    LEARNER = "learner"
    ADMIN = "admin"


@dataclass(frozen=True)
class User:
    """One account; ``id`` never leaves the server."""

    id: int
    uid: str
    name: str
    email: str
    role: Role
    disabled_at: int | None

    @property
    def is_admin(self) -> bool:
        """Whether this account may use the admin's pages."""
        return self.role is Role.ADMIN

    @property
    def learner(self) -> Learner:
        """The account as the actions of learning know it."""
        return Learner(self.id, self.uid, self.name, self.email)


@dataclass(frozen=True)
class NewUser:
    """An account to make, as somebody typed it. No password: this account can't sign in yet."""

    email: str
    name: str
    password: str | None = None
    role: Role = Role.LEARNER


def check_new_user(new: NewUser, shortest_password: int = 1) -> tuple[str, str, str | None]:
    """Address, name and password as they are kept; raises Refused (``bad_…``)."""
    password = None if new.password is None else read_password(new.password, shortest_password)
    return read_email(new.email), read_name(new.name), password


def add_user(context: ServerContext, new: NewUser, shortest_password: int = 1) -> User:
    """Make an account and its stream in one transaction; raises Refused (``email_taken``, ``bad_…``)."""
    email, name, password = check_new_user(new, shortest_password)
    hashed = None if password is None else _apart(_HASHER.hash, password)
    key = email_key(email)
    with writing(context.engine) as conn:
        row = {"name": name, "email": email, "email_key": key, "password_hash": hashed, "role": new.role.value}
        uid = _insert(conn, row, context.identity.user_uid(key))
        anchors.create_stream(conn, uid)
        return read_user(conn.execute(_SELECT.where(users.c.uid == uid)).one())


def find_user(context: ServerContext, email: str) -> User:
    """The account with this address; raises Refused (``unknown_user``)."""
    with reading(context.engine) as conn:
        row = conn.execute(_BY_ADDRESS, {"key": email_key(email)}).one_or_none()
    if row is None:
        raise Refused("unknown_user", "There is no account for {email}.", email=email)
    return read_user(row)


def list_users(context: ServerContext) -> list[User]:
    """All accounts by address."""
    with reading(context.engine) as conn:
        return [read_user(row) for row in conn.execute(_SELECT.order_by(users.c.email_key))]


def disable_user(context: ServerContext, email: str) -> User:
    """Close an account and end its sessions; its work, enrollments and certificates stay."""
    user = find_user(context, email)
    now = context.clock()
    with writing(context.engine) as conn:
        conn.execute(update(users).where(users.c.id == user.id, users.c.disabled_at.is_(None)).values(disabled_at=now))
        _revoke_all(conn, user, now)
    return find_user(context, email)


def enable_user(context: ServerContext, email: str) -> User:
    """Open a disabled account again; its learner signs in anew. Enabling twice is the same."""
    user = find_user(context, email)
    with writing(context.engine) as conn:
        conn.execute(update(users).where(users.c.id == user.id).values(disabled_at=None))
    return find_user(context, email)


def sign_out_everywhere(context: ServerContext, email: str) -> User:
    """End all sessions of an account: a laptop was lost."""
    user = find_user(context, email)
    with writing(context.engine) as conn:
        _revoke_all(conn, user, context.clock())
    return user


def sign_out_device(context: ServerContext, email: str, number: int) -> None:
    """End one session of an account; nothing happens if it is another's, or over already."""
    user = find_user(context, email)
    mine = (sessions.c.id == number, sessions.c.user_id == user.id, sessions.c.revoked_at.is_(None))
    with writing(context.engine) as conn:
        conn.execute(update(sessions).where(*mine).values(revoked_at=context.clock()))


def set_password(context: ServerContext, email: str, password: str) -> User:
    """Give an account a new password and end its sessions."""
    user = find_user(context, email)
    hashed = _apart(_HASHER.hash, read_password(password))
    with writing(context.engine) as conn:
        conn.execute(update(users).where(users.c.id == user.id).values(password_hash=hashed))
        _revoke_all(conn, user, context.clock())
    return user


def check_password(context: ServerContext, email: str, password: str) -> User | None:
    """The account if the password is right, disabled or not; the same work is done for an unknown address."""
    with reading(context.engine) as conn:
        query = select(*USER_COLUMNS, users.c.password_hash).where(users.c.email_key == email_key(email))
        row = conn.execute(query).one_or_none()
    hashed = row.password_hash if row is not None and row.password_hash else _NOBODY
    is_right = _verify(hashed, password)
    return read_user(row) if row is not None and row.password_hash and is_right else None


def _revoke_all(conn: Connection, user: User, now: int) -> None:
    open_ones = update(sessions).where(sessions.c.user_id == user.id, sessions.c.revoked_at.is_(None))
    conn.execute(open_ones.values(revoked_at=now))


def _verify(hashed: str, password: str) -> bool:
    try:
        return _apart(_HASHER.verify, hashed, _readable(password))
    except (Argon2Error, InvalidHashError):
        return False


def _apart(work: Callable[..., T], *given: str) -> T:
    return _PASSWORDS.submit(work, *given).result()


def _readable(password: str) -> str:
    # What can't be anybody's password is still hashed, so that refusing it takes the same time.
    try:
        return read_password(password)
    except Refused:
        return "\ufffd"


def _insert(conn: Connection, row: dict[str, str | None], uid: str) -> str:
    # The unique key is the judge: two who add the same address at once get one account and one refusal.
    for candidate in (uid, new_uuid4()):
        statement = insert_into(conn, users).values(**row, uid=candidate).on_conflict_do_nothing()
        if conn.execute(statement.returning(users.c.id)).one_or_none() is not None:
            return candidate
        if conn.execute(select(users.c.id).where(users.c.email_key == row["email_key"])).one_or_none() is not None:
            break
    raise Refused("email_taken", "There is already an account for {email}.", email=row["email"])


def read_user(row: Any) -> User:
    """A row of ``USER_COLUMNS``."""
    return User(row.id, row.uid, row.name, row.email, Role(row.role), row.disabled_at)


USER_COLUMNS = (users.c.id, users.c.uid, users.c.name, users.c.email, users.c.role, users.c.disabled_at)
_SELECT = select(*USER_COLUMNS)
_BY_ADDRESS = _SELECT.where(users.c.email_key == bindparam("key"))
