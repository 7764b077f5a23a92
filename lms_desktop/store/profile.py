"""One profile: a folder with a database for one learner at one server, owned by one process at a time."""

import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.files import sync_folder
from lms_desktop.store.rows import AccountRow, Learner, Place
from lms_desktop.store.tables import ME, SCHEMA_VERSION, UNKNOWN_COURSE, courses, metadata, outbox, profile, users
from lms_server.contract.sqlite import open_sqlite, reading

DATABASE = "store.sqlite3"
GUEST = "guest"

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose profile to make: the server, its key, and the learner (a guest has no uid)."""

    place: Place
    public_key: str
    learner: Learner


def folder_of(profiles: Path, server_id: str, user_uid: str | None) -> Path:
    """Where the profile of this learner at this server lies."""
    return profiles / server_id / (user_uid or GUEST)


def create(folder: Path, owner: Owner) -> None:
    """Make the profile if it isn't there; an existing one keeps everything and learns the server's present address."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_sqlite(folder / DATABASE)
    try:
        with said_plainly(), engine.begin() as conn:
            if read_version(conn) == 0:
                _make_tables(conn, owner)
            place = {"url": owner.place.url, "server_name": owner.place.name, "public_key": owner.public_key}
            conn.execute(update(profile).values(place | {"needs_sign_in": False}))
    finally:
        engine.dispose()
    sync_folder(folder)
    sync_folder(folder.parent)


def open_database(folder: Path) -> Engine:
    """The profile's database, checked. Raises StorageTrouble: READ_ONLY, DAMAGED, or NEWER."""
    file = folder / DATABASE
    if not file.is_file():
        raise StorageTrouble(Storage.DAMAGED)
    engine = open_sqlite(file)
    try:
        with said_plainly(), reading(engine) as conn:
            version = read_version(conn)
            healthy = conn.execute(text("PRAGMA quick_check(1)")).scalar_one() == "ok"
    except StorageTrouble:
        engine.dispose()
        raise
    if version > SCHEMA_VERSION or not healthy or version == 0:
        engine.dispose()
        raise StorageTrouble(Storage.NEWER if version > SCHEMA_VERSION else Storage.DAMAGED)
    return engine


def read_account(folder: Path, *, is_current: bool) -> AccountRow:
    """Whose profile lies here and how much of their work is unsent; takes no lock. Raises StorageTrouble."""
    engine = open_sqlite(folder / DATABASE)
    try:
        with said_plainly(), reading(engine) as conn:
            row = conn.execute(select(profile)).one()
            uid, name, email = conn.execute(select(users.c.uid, users.c.name, users.c.email)).one()
            unsent = select(func.count()).select_from(outbox).where(outbox.c.state == "pending")
            pending = conn.execute(unsent).scalar_one()
    finally:
        engine.dispose()
    learner = Learner(None if uid == GUEST else uid, name, email)
    return AccountRow(Place(row.server_id, row.url, row.server_name), learner, pending, is_current)


def read_accounts(profiles: Path, current: Path | None) -> tuple[AccountRow, ...]:
    """Everybody who has a profile in this folder; a damaged one is told about when it is opened, not here."""
    found: list[AccountRow] = []
    for file in sorted(profiles.glob(f"*/*/{DATABASE}")):
        with contextlib.suppress(StorageTrouble):
            found.append(read_account(file.parent, is_current=file.parent == current))
    return tuple(found)


def read_version(conn: Connection) -> int:
    """The schema version in the file; 0 for a new one."""
    return int(conn.execute(text("PRAGMA user_version")).scalar_one())


def _make_tables(conn: Connection, owner: Owner) -> None:
    metadata.create_all(conn)
    learner = owner.learner
    conn.execute(
        insert(users).values(
            id=ME, uid=learner.uid or GUEST, name=learner.name, email=learner.email, email_key=learner.email
        )
    )
    unknown = {"uid": UNKNOWN_COURSE, "slug": "", "is_hidden": True}
    conn.execute(insert(courses).values(unknown))
    conn.execute(insert(profile).values(server_id=owner.place.server_id, url=owner.place.url))
    conn.execute(text(f"PRAGMA user_version={SCHEMA_VERSION}"))


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Hold the profile for this process; the system lets go of the lock whatever happens to us.

    Raises StorageTrouble(IN_USE) when another process has it.
    """
    release = take(folder)
    try:
        yield
    finally:
        release()


def take(folder: Path) -> Callable[[], None]:
    """Take the profile's lock and return what lets go of it."""
    try:
        file = (folder / "owner.lock").open("ab")
    except OSError as error:
        raise StorageTrouble(Storage.READ_ONLY) from error
    try:
        _lock(file)
    except OSError as error:
        file.close()
        raise StorageTrouble(Storage.IN_USE) from error
    return file.close


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn the database's errors into StorageTrouble; what was committed before is safe."""
    try:
        yield
    except DBAPIError as error:
        raise StorageTrouble(storage_code(error.orig)) from error
    except sqlite3.Error as error:
        raise StorageTrouble(storage_code(error)) from error


def storage_code(error: BaseException | None) -> Storage:
    """What a SQLite error means for the learner."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        return Storage.FULL
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return Storage.READ_ONLY
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Storage.DAMAGED
    return Storage.TROUBLE
