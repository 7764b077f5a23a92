"""Open the server's database, SQLite or PostgreSQL."""

import math
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect
from sqlalchemy.exc import InvalidatePoolError

from lms_server.contract.sqlite import open_sqlite, reading

# A connection that served a moment ago is taken as it is: asking each time is a fifth of a quiet sync's round trips.
TRUSTED_S = 1.0
_SERVED_AT = "lms_served_at"


def open_database(url: str) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://…``; makes nothing in it."""
    if url.startswith("sqlite:///"):
        return open_sqlite(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return _open_postgresql("postgresql+psycopg://" + url.split("://", 1)[1])
    raise ValueError(f"{url!r} is no database address: use sqlite:///FILE or postgresql://USER@HOST/NAME")


def has_schema(engine: Engine) -> bool:
    """Whether this database was set up."""
    with reading(engine) as conn:
        return inspect(conn).has_table("server")


def _open_postgresql(address: str) -> Engine:
    # No prepared statements: a pooler in transaction mode may give each transaction another backend.
    engine = create_engine(address, connect_args={"prepare_threshold": None})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # Lists of thousands of texts: psycopg writes them as text in many times the time.
        connection.adapters.register_dumper(list, engine.dialect.loaded_dbapi.types.array.ListBinaryDumper)

    @event.listens_for(engine, "checkin")
    def _note(_connection: Any, record: Any) -> None:
        record.info[_SERVED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_SERVED_AT, -math.inf) < TRUSTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # The database was restarted: the pool tries again with a new connection, and drops the other old ones.
            raise InvalidatePoolError from error

    return engine
