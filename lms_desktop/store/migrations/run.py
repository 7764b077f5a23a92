"""Bring an older database to the present version: a copy first, then all steps in one transaction."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text

from lms_desktop.store.migrations.steps import STEPS
from lms_server.contract.durable import sync_file, sync_folder


def migrate(conn: Connection, version: int, wanted: int) -> None:
    """Run the missing steps in the caller's transaction; the version is part of it, so a crash leaves old or new."""
    for number in range(version + 1, wanted + 1):
        STEPS[number](conn)
        conn.execute(text(f"PRAGMA user_version={number}"))


def back_up(file: Path, version: int) -> Path:
    """A whole copy of the database beside it, durable when this returns; one that is there already is kept."""
    copy = file.with_name(f"{file.stem}.version-{version}{file.suffix}")
    if copy.exists():
        return copy
    temporary = copy.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(temporary)) as new:
        old.backup(new)
    sync_file(temporary)
    temporary.replace(copy)
    sync_folder(copy.parent)
    return copy
