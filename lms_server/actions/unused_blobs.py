"""Remove files that nothing names any more, a day after that was first seen."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, delete, select

from lms_server.actions.context import ServerContext
from lms_server.content.blobs import Blobs
from lms_server.contract import anchors
from lms_server.contract.anchors import CATALOG
from lms_server.contract.durable import UNFINISHED
from lms_server.contract.schema import certificates, courses, lessons
from lms_server.contract.sqlite import reading
from lms_server.contract.upsert import among
from lms_server.database.retry import whole_transaction
from lms_server.database.tables import blob_uses, blobs

# A backup, an export or a download that began before a course changed has long ended by then.
GRACE_MS = 24 * 3600 * 1000
# Learners' work waits while one transaction holds the lock.
_FILES_A_TRANSACTION = 200
_NOTE = "unused.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cleaned:
    """Sizes by SHA-256: what was removed (with a dry run: would be), and what is unused but not for long enough."""

    removed: Mapping[str, int]
    waiting: Mapping[str, int]


@dataclass(frozen=True)
class _Note:
    """When the last run was, and since when which file is known to be unused."""

    at: int
    since: Mapping[str, int]


def clean_blobs(context: ServerContext, *, dry_run: bool = False, grace_ms: int = GRACE_MS) -> Cleaned:
    """Remove the files that no lesson, cover or certificate has named for a day; a crash at any point harms nothing.

    A row that names a course's file is written under the catalog's lock, after looking whether the file is there;
    files go under the same lock, after looking whether a row names them. So neither can miss the other.
    """
    now = context.clock()
    before = _read_note(context.blobs)
    with reading(context.engine) as conn:
        named = _named(conn)
    sizes = {sha256: stat.st_size for sha256, stat in context.blobs.all() if sha256 not in named}
    since = {sha256: min(before.since.get(sha256, now), now) for sha256 in sizes}
    due = [sha256 for sha256, first in since.items() if now - first >= grace_ms]
    gone = set(due if dry_run else _remove_all(context, due, now - grace_ms))
    if not dry_run:
        context.blobs.remove_leftovers(now - GRACE_MS)
        _write_note(context.blobs, _Note(now, {sha256: since[sha256] for sha256 in since.keys() - gone}))
    return Cleaned(
        {sha256: size for sha256, size in sizes.items() if sha256 in gone},
        {sha256: size for sha256, size in sizes.items() if sha256 not in gone},
    )


def clean_daily(context: ServerContext) -> None:
    """What the worker does by itself: clean if nobody has for a day."""
    if 0 <= context.clock() - _read_note(context.blobs).at < GRACE_MS:
        return
    cleaned = clean_blobs(context)
    if cleaned.removed:
        size = sum(cleaned.removed.values())
        log.info("removed %d files (%d bytes) that nothing names any more", len(cleaned.removed), size)


def _remove_all(context: ServerContext, due: Sequence[str], before_ms: int) -> list[str]:
    gone: list[str] = []
    for at in range(0, len(due), _FILES_A_TRANSACTION):
        part = due[at : at + _FILES_A_TRANSACTION]
        gone += whole_transaction(context.engine, partial(_remove, context.blobs, part, before_ms))
    return gone


def _remove(store: Blobs, due: Sequence[str], before_ms: int, conn: Connection) -> list[str]:
    anchors.lock(conn, CATALOG)
    named = _named(conn)
    gone = [sha256 for sha256 in due if sha256 not in named and store.is_older(sha256, before_ms)]
    conn.execute(delete(blobs).where(among(blobs.c.sha256, gone)))
    for sha256 in gone:
        store.remove(sha256)
    return gone


def _named(conn: Connection) -> set[str]:
    """Every file that a row names, of removed lessons and deleted courses too: their learners go on reading."""
    columns = (blob_uses.c.sha256, lessons.c.body, courses.c.cover, certificates.c.pdf_sha256)
    found = {sha256 for column in columns for sha256 in conn.execute(select(column)).scalars()}
    for attachments in conn.execute(select(lessons.c.attachments)).scalars():
        found.update(item["sha256"] for item in json.loads(attachments))
    return found - {None}


def _read_note(store: Blobs) -> _Note:
    """What the last run left; nothing of it when it can't be read, and then everything waits a day again."""
    try:
        found = json.loads((store.root / _NOTE).read_bytes())
        return _Note(int(found["at"]), {str(sha256): int(first) for sha256, first in found["since"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Note(0, {})


def _write_note(store: Blobs, note: _Note) -> None:
    # Losing it costs a day of waiting, so nothing is flushed.
    part = store.root / f"{UNFINISHED}{_NOTE}"
    with suppress(FileNotFoundError):
        part.write_text(json.dumps({"at": note.at, "since": dict(note.since)}))
        part.replace(store.root / _NOTE)
