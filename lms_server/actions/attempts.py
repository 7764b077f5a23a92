"""A database that is busy, full or gone for a moment: try the whole transaction again, then say so plainly."""

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

T = TypeVar("T")
log = logging.getLogger(__name__)

# Serialization failure, deadlock, and a server told to shut down while we spoke to it.
_AGAIN = {"40001", "40P01", "57P01"}
_UNREACHABLE = {"08", "53", "57"}
_ATTEMPTS = 4
_PAUSE_S = 0.05


class Unavailable(Exception):
    """The database can't do this now; nothing was changed, or nobody knows: the same request may come again."""

    def __init__(self, code: str, retry_after_s: int) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s


def attempt(run: Callable[[], T]) -> T:
    """Call ``run``, which owns its transactions, again while the database asks for it; raises Unavailable."""
    for number in range(1, _ATTEMPTS + 1):
        try:
            return run()
        except (DBAPIError, PoolTimeout) as error:
            trouble = diagnose(error)
            if trouble is None:
                raise
            if number == _ATTEMPTS or not _worth_repeating(error):
                log.warning("the database is unavailable (%s): %s", trouble.code, type(error).__name__)
                raise trouble from error
            time.sleep(_PAUSE_S * number)
    raise AssertionError("the last attempt returns or raises")


def diagnose(error: Exception) -> Unavailable | None:
    """What the environment did to us, or None when the error is our own."""
    if isinstance(error, PoolTimeout):
        return Unavailable("busy", 2)
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _diagnose_sqlite(error.orig)
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == "53100":
        return Unavailable("storage_full", 60)
    if error.connection_invalidated or state in _AGAIN or state[:2] in _UNREACHABLE:
        return Unavailable("busy", 2)
    return None


def _diagnose_sqlite(error: sqlite3.Error) -> Unavailable | None:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Unavailable("busy", 2)
    if primary == sqlite3.SQLITE_FULL:
        return Unavailable("storage_full", 60)
    if primary in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
        return Unavailable("storage_trouble", 30)
    return None


def _worth_repeating(error: Exception) -> bool:
    # SQLite has waited its whole busy timeout already; PostgreSQL ends the transaction at once.
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in _AGAIN or bool(getattr(error, "connection_invalidated", False))
