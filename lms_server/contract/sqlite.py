"""The one way to open SQLite, and the two kinds of transaction: writing takes the lock at once, reading never does."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import NoneType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

_BUSY_TIMEOUT_MS = 10_000
# Without an adapter sqlite3 asks None for its __conform__ each time: half a microsecond for each null.
sqlite3.register_adapter(NoneType, lambda nothing: nothing)


def open_sqlite(path: Path, *, read_only: bool = False, unchanging: bool = False) -> Engine:
    """An engine on a file: WAL, synchronous=FULL (NORMAL loses acknowledged commits at a power cut), foreign keys.

    With ``unchanging`` what is read only is read without a lock and without files beside it: nobody may write to it.
    """
    how = "mode=ro&immutable=1" if unchanging else "mode=ro"
    address = f"sqlite:///file:{_quoted(path)}?{how}&uri=true" if read_only else f"sqlite:///{path}"
    engine = create_engine(address, connect_args={"check_same_thread": False, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-16384")
        # 16 MB: a page that each of many commits touches goes to its place once.
        cursor.execute("PRAGMA wal_autocheckpoint=4000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that later writes fails at once, whatever the timeout; IMMEDIATE waits its turn.
        reads = connection.get_execution_options().get("lms_reading")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction: committed at the end, rolled back by an exception."""
    with engine.begin() as conn:
        yield conn


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One snapshot for any number of reads; takes no write lock."""
    with engine.connect() as conn:
        if engine.dialect.name == "postgresql":
            conn = conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)  # noqa: PLW2901 # the same connection, told how to read
        else:
            conn = conn.execution_options(lms_reading=True)  # noqa: PLW2901 # the same connection, told how to read
        with conn.begin():
            yield conn


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
