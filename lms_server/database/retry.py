"""Run a whole transaction again when the database asks for it."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from lms_server.contract.sqlite import writing

T = TypeVar("T")
TRIES = 6
# Serialization failure, deadlock, and a backend that was shut down, crashed or isn't up yet.
_AGAIN = {"40001", "40P01", "57P01", "57P02", "57P03"}


class DatabaseBusy(Exception):
    """The database couldn't take the transaction now; nothing of it is known to be stored."""


def whole_transaction(engine: Engine, run: Callable[[Connection], T]) -> T:
    """``run`` in one write transaction, tried again as a whole. Raises DatabaseBusy after a few tries."""
    for attempt in range(TRIES):
        try:
            with writing(engine) as conn:
                return run(conn)
        except DBAPIError as error:
            if _has_waited(error):
                raise DatabaseBusy from error
            if not _is_passing(error):
                raise
            cause = error
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 # spreads racers, hides nothing
    raise DatabaseBusy from cause


def _is_passing(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    return getattr(error.orig, "sqlstate", None) in _AGAIN


def _has_waited(error: DBAPIError) -> bool:
    """SQLite gave up after its own patience: whoever asks should come back later."""
    return "database is locked" in str(error.orig)
