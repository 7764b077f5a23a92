"""Bring an older database to this version's tables: backed up first, in one transaction; a newer one is refused."""

import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, insert, inspect, select

from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import metadata

# The newest step in migrations/versions.
HEAD = "0001"
_FOLDER = Path(__file__).with_name("migrations")

# Alembic's own table, so that its tools see the same version.
_versions = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


class NewerDatabase(Exception):
    """A newer server wrote this database; this one would damage it."""


def create_schema(engine: Engine) -> None:
    """Make all tables of a new database, at this version."""
    with writing(engine) as conn:
        metadata.create_all(conn)
        _versions.create(conn, checkfirst=True)
        if _version(conn) is None:
            conn.execute(insert(_versions).values(version_num=HEAD))


def bring_up_to_date(engine: Engine, file: Path | None) -> str | None:
    """Run the steps that are due and return the version it came from, or None when nothing was due.

    ``file`` is the SQLite file, copied first to ``FILE.before-VERSION``. Raises NewerDatabase.
    """
    with reading(engine) as conn:
        version = _version(conn)
    if version == HEAD:
        return None
    if version is not None and version > HEAD:
        raise NewerDatabase(f"The database is of version {version}, this server knows {HEAD}. Update the server.")
    if file is not None and file.is_file():
        back_up_file(file, file.with_name(f"{file.name}.before-{HEAD}"))
    _run_steps(engine)
    return version or "none"


def back_up_file(file: Path, copy: Path) -> None:
    """A consistent copy of a SQLite file, made with SQLite's own backup."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _version(conn: Connection) -> str | None:
    if not inspect(conn).has_table(_versions.name):
        return None
    return conn.execute(select(_versions.c.version_num)).scalar_one_or_none()


def _run_steps(engine: Engine) -> None:
    # Alembic takes longer to load than the server to start: only when a step is due.
    config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(_FOLDER))
    with writing(engine) as conn:
        config.attributes["connection"] = conn
        import_module("alembic.command").upgrade(config, HEAD)
