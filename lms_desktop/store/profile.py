"""One profile: a folder with a database for one learner at one server, owned by one process at a time."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.files import lock
from lms_desktop.store.journal import JOURNAL, begin_journal, read_journal
from lms_desktop.store.layout import DATABASE, GUEST, LOCK, SCHEMA_VERSION, find_profiles
from lms_desktop.store.migrations.run import back_up, migrate
from lms_desktop.store.owner import Owner, read_owner, write_owner
from lms_desktop.store.rows import PENDING, AccountRow, Learner, Place
from lms_desktop.store.tables import ME, UNKNOWN_COURSE, courses, metadata, outbox, profile, users
from lms_desktop.store.trouble import as_storage_trouble, file_code
from lms_server.contract.durable import sync_folder
from lms_server.contract.sqlite import open_sqlite, reading, writing

# The tables behind the full-text search.
_SEARCH = {f"lesson_text{part}" for part in ("", "_data", "_idx", "_content", "_docsize", "_config")}
# Tables that a profile of any version has.
_OWNERS = {"profile", "users"}


def folder_of(profiles: Path, server_id: str, user_uid: str | None) -> Path:
    """Where the profile of this learner at this server lies."""
    return profiles / server_id / (user_uid or GUEST)


def create(folder: Path, owner: Owner) -> None:
    """Make the profile if it isn't there; an existing one keeps everything and learns the server's present address."""
    with as_storage_trouble():
        # For this account of the system alone: what somebody learns is nobody else's business.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_owner(folder, owner)
        begin_journal(folder / JOURNAL)
        try:
            _create_database(folder, owner)
        except StorageTrouble as trouble:
            # Opening a damaged one mends it, with the owner just written.
            if trouble.code is not Storage.DAMAGED:
                raise
        sync_folder(folder)
        sync_folder(folder.parent)


def _create_database(folder: Path, owner: Owner) -> None:
    engine = open_sqlite(folder / DATABASE)
    try:
        with as_storage_trouble(), engine.begin() as conn:
            version = read_version(conn)
            if version > SCHEMA_VERSION:
                raise StorageTrouble(Storage.NEWER)
            if version == 0:
                _make_tables(conn, owner)
            elif version < SCHEMA_VERSION or not _is_usable(conn):
                # Opening it brings it up to date, or mends it.
                return
            place = {"url": owner.place.url, "server_name": owner.place.name, "public_key": owner.public_key}
            conn.execute(update(profile).values(place | {"needs_sign_in": False}))
    finally:
        engine.dispose()


def open_database(folder: Path) -> Engine:
    """The profile's database, checked and up to date. Raises StorageTrouble: READ_ONLY, DAMAGED, or NEWER."""
    file = folder / DATABASE
    if not file.is_file():
        raise StorageTrouble(Storage.DAMAGED)
    engine = open_sqlite(file)
    try:
        with as_storage_trouble():
            version = check(engine)
            if version < SCHEMA_VERSION:
                _check_old(engine)
                back_up(file, version)
                with writing(engine) as conn:
                    migrate(conn, read_version(conn), SCHEMA_VERSION)
            _check_owner(engine, read_owner(folder))
    except BaseException:
        engine.dispose()
        raise
    return engine


def check(engine: Engine) -> int:
    """The version of a healthy database. Raises StorageTrouble: DAMAGED or NEWER."""
    with as_storage_trouble(), reading(engine) as conn:
        version = read_version(conn)
        if version > SCHEMA_VERSION:
            raise StorageTrouble(Storage.NEWER)
        if version == 0 or conn.execute(text("PRAGMA quick_check(1)")).scalar_one() != "ok":
            raise StorageTrouble(Storage.DAMAGED)
    return version


def _check_old(engine: Engine) -> None:
    """Somebody else's database isn't brought to a version of ours."""
    with reading(engine) as conn:
        if not _table_names(conn) >= _OWNERS or _whose(conn) is None:
            raise StorageTrouble(Storage.DAMAGED)


def _check_owner(engine: Engine, owner: Owner | None) -> None:
    with reading(engine) as conn:
        if not _is_usable(conn) or is_of_another(conn, owner):
            raise StorageTrouble(Storage.DAMAGED)


def _is_usable(conn: Connection) -> bool:
    """Whether a sound file is also a profile: its tables are there, its learner, and a search that can be asked."""
    if not _table_names(conn) >= metadata.tables.keys() | _SEARCH or _whose(conn) is None:
        return False
    # Each word of these is needed to open it; bytes that are no text show only to who reads them.
    conn.execute(text("SELECT * FROM profile, users")).all()
    # The quick check compares no index with its table: commands would be sent again and again, and never settled.
    if conn.execute(text("PRAGMA integrity_check(outbox)")).scalars().first() != "ok":
        return False
    try:
        conn.execute(text("SELECT 1 FROM lesson_text WHERE lesson_text MATCH 'a' LIMIT 1"))
    except DBAPIError as error:
        # What SQLite calls a plain error is a search index without its settings; the others have their own names.
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR":
            return False
        raise
    return True


def _table_names(conn: Connection) -> set[str]:
    return set(conn.execute(text("SELECT name FROM sqlite_master")).scalars())


def is_of_another(conn: Connection, owner: Owner | None) -> bool:
    """Whether this profile isn't the owner's: somebody put the wrong file here."""
    found = _whose(conn)
    return owner is not None and found not in {None, (owner.place.server_id, owner.learner.uid or GUEST)}


def _whose(conn: Connection) -> tuple[str, str] | None:
    found = conn.execute(text("SELECT profile.server_id, users.uid FROM profile, users")).all()
    return (found[0][0], found[0][1]) if len(found) == 1 else None


def read_account(folder: Path, *, is_current: bool) -> AccountRow:
    """Whose profile lies here and how much of their work is unsent; takes no lock. Raises StorageTrouble."""
    if not (folder / DATABASE).is_file():
        # Connecting would make an empty one.
        raise StorageTrouble(Storage.DAMAGED)
    engine = open_sqlite(folder / DATABASE)
    try:
        with as_storage_trouble(), reading(engine) as conn:
            row = conn.execute(select(profile)).one()
            uid, name, email = conn.execute(select(users.c.uid, users.c.name, users.c.email)).one()
            unsent = select(func.count()).select_from(outbox).where(outbox.c.state == PENDING)
            pending = conn.execute(unsent).scalar_one()
    finally:
        engine.dispose()
    learner = Learner(None if uid == GUEST else uid, name, email)
    return AccountRow(Place(row.server_id, row.url, row.server_name), learner, pending, is_current)


def read_accounts(profiles: Path, current: Path | None) -> tuple[AccountRow, ...]:
    """Everybody who has a profile in this folder; a damaged one is told about when it is opened, not here."""
    found: list[AccountRow] = []
    for folder in sorted(find_profiles(profiles)):
        try:
            found.append(read_account(folder, is_current=folder == current))
        except StorageTrouble:
            owner = read_owner(folder)
            if owner is not None:
                pending = len(read_journal(folder / JOURNAL))
                found.append(AccountRow(owner.place, owner.learner, pending, folder == current))
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


def take_lock(folder: Path) -> Callable[[], None]:
    """Take the profile's lock and return what lets go of it."""
    try:
        file = (folder / LOCK).open("ab")
    except OSError as error:
        raise StorageTrouble(file_code(error)) from error
    try:
        lock(file, waits=False)
    except OSError as error:
        file.close()
        raise StorageTrouble(Storage.IN_USE) from error
    return file.close
