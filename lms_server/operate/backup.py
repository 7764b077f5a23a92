"""One file that makes the same server again: database, identity, journal and every blob, checked after writing."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lms_server.actions.backups import LastBackup, note_backup
from lms_server.actions.copying import copy_to_file
from lms_server.actions.refusals import Refused
from lms_server.contract.durable import sync_file, sync_folder
from lms_server.contract.times import now_ms, to_wire
from lms_server.operate.scratch import scratch
from lms_server.settings import Settings

FORMAT = 1
DATABASE = "server.sqlite3"
IDENTITY = "identity.json"
JOURNAL = "journal.jsonl"
BLOBS = "blobs/"
_MANIFEST = "manifest.json"
_is_ours = re.compile(r"server\.sqlite3|identity\.json|journal\.jsonl|blobs/[0-9a-f]{2}/[0-9a-f]{62}").fullmatch
_CHUNK = 1 << 20
# No backup takes a day.
_LONGEST_S = 24 * 60 * 60


@dataclass(frozen=True)
class Written:
    """What a backup holds."""

    path: Path
    files: int
    size: int


def write_backup(settings: Settings, target: Path) -> Written:
    """Back up a running server; the file appears only when it is whole and was read back. Raises Refused, OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch(target.parent, ".lms-server-backup-", spared_s=_LONGEST_S) as folder:
        snapshot, part = folder / DATABASE, folder / "part"
        _take_snapshot(settings, snapshot)
        _write_archive(settings, snapshot, part)
        files = len(read_manifest(part, verify=True)["files"])
        part.replace(target)
    sync_folder(target.parent)
    size = target.stat().st_size
    note_backup(settings.data, LastBackup(now_ms(), str(target), size))
    return Written(target, files, size)


def _take_snapshot(settings: Settings, snapshot: Path) -> None:
    if settings.database_file is None:
        raw = snapshot.with_name("raw")
        copy_to_file(settings.database, raw)
        copy_database(raw, snapshot)
    else:
        copy_database(settings.database_file, snapshot)


def copy_database(source: Path, target: Path) -> None:
    """Copy a live database with SQLite's backup API: a plain copy would tear. Proves the copy sound."""
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy, pages=1000)
        copy.execute("PRAGMA journal_mode=DELETE")
        if [row[0] for row in copy.execute("PRAGMA integrity_check")] != ["ok"]:
            raise Refused("damaged", "The database {source} is damaged; no backup was made.", source=source)
    sync_file(target)


def read_manifest(path: Path, *, verify: bool = False) -> dict[str, Any]:
    """What a backup says about itself; with ``verify`` every byte is read. Raises Refused for other files."""
    with opened(path) as archive:
        manifest = _manifest(archive)
        if verify:
            for name, sha256 in manifest["files"].items():
                with archive.open(name) as file:
                    if _hash(file) != sha256:
                        raise Refused(
                            "damaged", "{path} is damaged: {name} is not what was saved.", path=path, name=name
                        )
    return manifest


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive of a backup; raises Refused when it is none or breaks off."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused("not_a_backup", "{path} is not a backup of this program, or it is damaged.", path=path) from error


def _write_archive(settings: Settings, snapshot: Path, part: Path) -> None:
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            files = {name: _add(archive, name, path) for name, path in _members(settings, snapshot)}
            manifest = {"format": FORMAT, "made_at": to_wire(now_ms()), "files": files}
            archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))
        file.flush()
        os.fsync(file.fileno())


def _members(settings: Settings, snapshot: Path) -> Iterator[tuple[str, Path]]:
    # The journal and the blobs come after the database: the one only grows, and of the others nothing goes within a
    # day of being named. So they hold all that it names.
    yield DATABASE, snapshot
    yield IDENTITY, settings.identity_file
    if settings.journal_file.is_file():
        yield JOURNAL, settings.journal_file
    for path in sorted(settings.blob_folder.glob("[0-9a-f][0-9a-f]/*")):
        yield f"{BLOBS}{path.parent.name}/{path.name}", path


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        with archive.open(_MANIFEST) as file:
            manifest = json.loads(file.read(256 << 20))
        named = manifest["format"] == FORMAT and isinstance(manifest["files"], dict)
        named = named and all(_is_ours(name) for name in manifest["files"])
        complete = {DATABASE, IDENTITY} <= manifest["files"].keys() <= set(archive.namelist())
    except (KeyError, ValueError, TypeError) as error:
        raise Refused("not_a_backup", "This file is not a backup of this program.") from error
    if not named or not complete:
        raise Refused("not_a_backup", "This backup is incomplete, or a newer program made it.")
    return dict(manifest)


def _hash(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    shutil.copyfileobj(file, _Sink(digest), _CHUNK)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Sink:
    digest: Any

    def write(self, chunk: bytes) -> int:
        self.digest.update(chunk)
        return len(chunk)
