"""The database's own clock: what several machines compare, they take from the one place that all of them ask."""

from sqlalchemy import Connection, Engine, text

from lms_server.contract.sqlite import reading

_POSTGRESQL = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")
# A SQLite file has one machine; its clock is the same for every process.
_SQLITE = text("SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS integer)")


def database_now(conn: Connection) -> int:
    """Milliseconds since 1970 UTC, as the database has it: for leases and for when a job is due."""
    return int(conn.execute(_POSTGRESQL if conn.dialect.name == "postgresql" else _SQLITE).scalar_one())


def ask_time(engine: Engine) -> int:
    """The same, in a read of its own."""
    with reading(engine) as conn:
        return database_now(conn)
