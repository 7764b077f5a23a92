"""Carry a whole database into another one, whichever kind each is: how PostgreSQL is backed up and restored."""

from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, select, text

from lms_server.contract.sqlite import open_sqlite, reading, writing
from lms_server.database.engine import open_database
from lms_server.database.tables import metadata
from lms_server.database.upgrade import bring_up_to_date, create_schema

_ROWS = 1000


def copy_to_file(url: str, file: Path) -> None:
    """One snapshot of the database at this address, as a SQLite file."""
    source, target = open_database(url), open_sqlite(file)
    try:
        create_schema(target)
        with reading(source) as read, writing(target) as written:
            _copy(read, written)
    finally:
        source.dispose()
        target.dispose()


def copy_from_file(file: Path, url: str) -> None:
    """Replace everything in the database at this address by the file's rows, in one transaction."""
    source, target = open_sqlite(file), open_database(url)
    try:
        bring_up_to_date(source, None)
        create_schema(target)
        with reading(source) as read, writing(target) as written:
            for table in reversed(metadata.sorted_tables):
                written.execute(delete(table))
            _copy(read, written)
            _continue_numbers(written)
    finally:
        source.dispose()
        target.dispose()


def _copy(source: Connection, target: Connection) -> None:
    for table in metadata.sorted_tables:
        rows = source.execute(select(table).order_by(table.c.id)).mappings()
        while chunk := rows.fetchmany(_ROWS):
            target.execute(insert(table), [dict(row) for row in chunk])


def _continue_numbers(conn: Connection) -> None:
    # Rows came with their numbers; PostgreSQL's counters don't notice that.
    if conn.dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            last = conn.execute(select(func.max(table.c.id))).scalar_one()
            if last is not None:
                conn.execute(
                    text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                    {"name": table.name, "last": last},
                )
