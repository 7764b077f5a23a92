"""Open the server's database, SQLite or PostgreSQL."""

from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect

from lms_server.contract.sqlite import open_sqlite, reading


def open_database(url: str) -> Engine:
    """An engine for ``sqlite:///FILE`` or ``postgresql://…``; makes nothing in it."""
    if url.startswith("sqlite:///"):
        return open_sqlite(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        address = "postgresql+psycopg://" + url.split("://", 1)[1]
        # No prepared statements: a pooler in transaction mode may give each transaction another backend.
        return create_engine(address, connect_args={"prepare_threshold": None}, pool_pre_ping=True)
    raise ValueError(f"{url!r} is no database address: use sqlite:///FILE or postgresql://USER@HOST/NAME")


def has_schema(engine: Engine) -> bool:
    """Whether this database was set up."""
    with reading(engine) as conn:
        return inspect(conn).has_table("server")
