"""Make a server again from a backup: every step may be cut off, and the old database stands until the last one."""

import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

from lms_server.actions.copying import copy_from_file
from lms_server.actions.past import hand_over
from lms_server.actions.refusals import Refused
from lms_server.content.blobs import Blobs
from lms_server.contract.durable import sync_file, sync_folder
from lms_server.database.identity import BadIdentity, Identity, read_identity
from lms_server.jobs.journal import BadJournal, Journal
from lms_server.operate.backup import BLOBS, DATABASE, IDENTITY, JOURNAL, opened, read_manifest
from lms_server.operate.presence import present
from lms_server.operate.scratch import scratch
from lms_server.settings import Settings

_KEPT = "before-restore.sqlite3"


def restore_backup(settings: Settings, source: Path) -> None:
    """Put a backup's server into the data folder, with a new epoch; raises Refused.

    The journal that is there stays, and learns what the backup's and the replaced database know: no mail goes a second
    time. Where none is, the mails of learners whose laptops know more than the backup wait for ``mail release``.
    """
    files = read_manifest(source, verify=True)["files"]
    with present(settings.data, alone=True), scratch(settings.data, ".restore-") as folder:
        with opened(source) as archive:
            for member in sorted(files.keys() & {DATABASE, IDENTITY, JOURNAL}):
                _extract(archive, member, folder / member)
            identity = _same_server(settings, folder / IDENTITY)
            _check(folder / DATABASE, identity)
            _put_blobs(archive, [member for member in files if member.startswith(BLOBS)], Blobs(settings.blob_folder))
        _renew(settings, folder)
        identity.write(settings.identity_file)
        if settings.database_file is None:
            copy_from_file(folder / DATABASE, settings.database)
        else:
            _swap(folder / DATABASE, settings.database_file)


def _same_server(settings: Settings, backed_up: Path) -> Identity:
    identity = read_identity(backed_up)
    try:
        present_one = read_identity(settings.identity_file) if settings.identity_file.exists() else identity
    except BadIdentity:
        # A damaged identity file is one of the reasons to restore.
        present_one = identity
    if present_one.server_id != identity.server_id:
        raise Refused("other_server", "The backup is of another server than the one in this data folder.")
    return identity


def _check(database: Path, identity: Identity) -> None:
    """Refuse a database that is damaged, or another server's than the identity says."""
    try:
        with closing(sqlite3.connect(database)) as conn:
            if [row[0] for row in conn.execute("PRAGMA integrity_check")] != ["ok"]:
                raise Refused("damaged", "The database in this backup is damaged.")
            if conn.execute("SELECT server_id FROM server").fetchall() != [(identity.server_id,)]:
                raise Refused("not_a_backup", "The backup's database and identity don't belong together.")
    except sqlite3.Error as error:
        raise Refused("damaged", "The database in this backup can't be read.") from error


def _renew(settings: Settings, folder: Path) -> None:
    """Make the backup's database the heir of the one that is in use."""
    file, database = settings.database_file, folder / DATABASE
    replaced = settings.database if file is None or _is_sound(file) else None
    try:
        hand_over(replaced, database, Journal(settings.journal_file), folder / JOURNAL)
    except BadJournal as error:
        words = "{error}. Move {file} away; mails that may have gone are then held."
        raise Refused("damaged", words, error=error, file=settings.journal_file) from error
    _fold_log_in(database)
    sync_file(database)


def _is_sound(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as conn:
            return [row[0] for row in conn.execute("PRAGMA integrity_check")] == ["ok"]
    except sqlite3.Error:
        # Missing, or so damaged that it is no database any more; that is why somebody restores.
        return False


def _put_blobs(archive: zipfile.ZipFile, members: list[str], blobs: Blobs) -> None:
    for member in members:
        sha256 = member.removeprefix(BLOBS).replace("/", "")
        if not blobs.has(sha256):
            with archive.open(member) as file:
                blobs.put(file, sha256)


def _swap(restored: Path, target: Path) -> None:
    """Put the new database in place in one rename; the old one is kept beside it."""
    if target.exists():
        _fold_log_in(target)
        kept = target.with_name(_KEPT)
        kept.unlink(missing_ok=True)
        os.link(target, kept)
    _drop_logs(target)
    restored.replace(target)
    sync_folder(target.parent)


def _fold_log_in(database: Path) -> None:
    try:
        with closing(sqlite3.connect(database)) as conn:
            conn.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise Refused("in_use", "Another program is using this data folder; stop it first.") from error
        # Too damaged to be asked; that is why somebody restores.


def _drop_logs(database: Path) -> None:
    """Remove what would be applied to the next database of this name: a log may outlive its own."""
    for ending in ("-wal", "-shm", "-journal"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


def _extract(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    # The name is one of ours, never the archive's own path.
    with archive.open(member) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
