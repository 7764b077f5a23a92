"""What the environment did to us: a disk or database that is busy, full or gone, told from our own mistakes."""

import errno
import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from lms_server.database.retry import DatabaseBusy

# PostgreSQL: serialization failure, deadlock, and the classes connection, resources, operator intervention.
_BUSY = {"40001", "40P01"}
_BUSY_CLASSES = {"08", "53", "57"}
_DISK_FULL = "53100"
_UNUSABLE = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}
_DISK_ERRORS = {errno.EIO, errno.EROFS}


class Unavailable(NamedTuple):
    """Database or disk can't do this now; nothing was changed, or nobody knows: the same request may come again.

    ``code`` is busy, storage_full or storage_trouble.
    """

    code: str
    retry_after_s: int


def diagnose(error: BaseException) -> Unavailable | None:
    """What is wrong with the database or the disk, or None when the error is our own."""
    if isinstance(error, PoolTimeout | DatabaseBusy):
        return Unavailable("busy", 2)
    if isinstance(error, OSError):
        return _diagnose_files(error)
    # Backups speak to SQLite without a layer between.
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _diagnose_sqlite(cause)
    return _diagnose_postgres(error) if isinstance(error, DBAPIError) else None


def _diagnose_postgres(error: DBAPIError) -> Unavailable | None:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == _DISK_FULL:
        return Unavailable("storage_full", 60)
    if error.connection_invalidated or state in _BUSY or state[:2] in _BUSY_CLASSES or not state:
        return Unavailable("busy", 2)
    return None


def _diagnose_files(error: OSError) -> Unavailable | None:
    if error.errno in _FULL_ERRORS:
        return Unavailable("storage_full", 60)
    return Unavailable("storage_trouble", 30) if error.errno in _DISK_ERRORS else None


def _diagnose_sqlite(error: sqlite3.Error) -> Unavailable | None:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Unavailable("busy", 2)
    if primary == sqlite3.SQLITE_FULL:
        return Unavailable("storage_full", 60)
    if primary in _UNUSABLE:
        return Unavailable("storage_trouble", 30)
    return None
