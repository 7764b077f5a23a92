"""A damaged database: put it aside, make a new one, and keep every command that the server hasn't acknowledged."""

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, or_, select

from lms_desktop.store import facts, outbox, profile
from lms_desktop.store.errors import Storage, StorageTrouble
from lms_desktop.store.journal import JOURNAL, Journal, read_journal
from lms_desktop.store.layout import DATABASE, is_profile
from lms_desktop.store.owner import read_owner
from lms_desktop.store.queries import read_learner
from lms_desktop.store.settle import apply_locally
from lms_desktop.store.tables import enrollments, lesson_progress
from lms_desktop.store.trouble import as_storage_trouble
from lms_server.contract.command_json import read_command, write_command
from lms_server.contract.commands import Command
from lms_server.contract.durable import land
from lms_server.contract.sqlite import open_sqlite, reading
from lms_server.contract.times import to_wire
from lms_server.contract.unsent import Writer
from lms_server.contract.upsert import among_named

_NOTICE = "notice.json"
# Lies in a profile whose database was made anew, until a full sync tells again which files it uses.
FILES_NOT_KNOWN = "files-not-known"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the learner has to hear: when the database was replaced, where the damaged one is, what was kept."""

    at: int
    # The damaged file's name in the profile's folder; empty when the database was simply gone.
    kept_as: str
    unsent: int

    @property
    def text(self) -> str:
        kept = f" The damaged file is kept as {self.kept_as}." if self.kept_as else ""
        return (
            "The database on this laptop was damaged or missing, so a new one was made."
            f" What wasn't sent yet is still here ({self.unsent}); the rest comes back with the next sync.{kept}"
        )


def rescue(folder: Path, now: int) -> None:
    """Replace a database that can't be read. Raises StorageTrouble when nobody knows whose profile this was."""
    owner = read_owner(folder)
    if owner is None or not is_profile(folder):
        raise StorageTrouble(Storage.DAMAGED)
    with as_storage_trouble():
        journal = Journal(folder / JOURNAL)
        # On the disk before the file is moved, for a crash may come in between.
        journal.add(c for c in _read_outbox(folder).values() if c.id not in journal.commands)
        (folder / FILES_NOT_KNOWN).touch()
        notice = Notice(now, _put_aside(folder, now), len(journal.commands))
        land(folder / _NOTICE, json.dumps({"at": now, "kept_as": notice.kept_as, "unsent": notice.unsent}).encode())
    profile.create(folder, owner)


def read_notice(folder: Path) -> Notice | None:
    """What the learner hasn't been told yet."""
    try:
        found = json.loads((folder / _NOTICE).read_text(encoding="utf-8"))
        return Notice(int(found["at"]), str(found["kept_as"]), int(found["unsent"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def dismiss_notice(folder: Path) -> None:
    """The learner has read it."""
    (folder / _NOTICE).unlink(missing_ok=True)


def requeue(conn: Connection, commands: list[Command]) -> None:
    """Put commands of the journal that the database doesn't know back in the outbox, and their facts in their place."""
    ids = [command.id for command in commands]
    known = outbox.known_ids(conn) | _confirmed(conn, ids)
    lost = [command for command in commands if command.id not in known]
    if not lost:
        return
    with facts.counting(conn, read_learner(conn).uid) as digest:
        apply_locally(conn, lost, digest)
    for command in lost:
        outbox.queue(conn, command)


def export_unopened(folder: Path, file: Path, now: int) -> int:
    """Write the unacknowledged commands of a profile that isn't opened (it may be a newer version's) to a file.

    Writes nothing into the profile; returns how many. Raises StorageTrouble.
    """
    owner = read_owner(folder)
    if owner is None:
        raise StorageTrouble(Storage.DAMAGED)
    commands = list((_read_outbox(folder) | read_journal(folder / JOURNAL)).values())
    writer = Writer(owner.place.server_id, owner.learner.uid, owner.learner.name, owner.learner.email)
    land(file, writer.write(commands, now))
    return len(commands)


def _read_outbox(folder: Path) -> dict[str, Command]:
    """What the outbox of a file still tells; nothing of it when it can't be read."""
    if not (folder / DATABASE).is_file():
        return {}
    engine = open_sqlite(folder / DATABASE, read_only=True)
    try:
        with as_storage_trouble(), reading(engine) as conn:
            # The work in somebody else's file is theirs; it is kept aside with the file.
            found = [] if profile.is_of_another(conn, read_owner(folder)) else outbox.unacknowledged(conn)
        # As strict as the server: a flipped bit may have made an id of none.
        return {command.id: read_command(write_command(command)) for command in found}
    except (StorageTrouble, ValueError, TypeError, AttributeError, OverflowError):
        return {}
    finally:
        engine.dispose()


def _put_aside(folder: Path, now: int) -> str:
    """Give the damaged file and its companions another name; returns it."""
    file = folder / DATABASE
    stamp = to_wire(now).replace(":", "").replace(".", "")
    aside = file.with_name(f"{file.stem}.damaged-{stamp}{file.suffix}")
    for ending in ("-wal", "-shm"):
        companion = file.with_name(file.name + ending)
        if companion.exists():
            companion.replace(aside.with_name(aside.name + ending))
    if not file.exists():
        return ""
    file.replace(aside)
    return aside.name


def _confirmed(conn: Connection, ids: list[str]) -> set[str]:
    """Those of these ids that a fact confirmed by the server carries."""
    found = set(conn.execute(_ENROLLED, {"ids": ids}).scalars())
    studied = conn.execute(_STUDIED, {"ids": ids})
    return found | {command_id for row in studied for command_id in row if command_id is not None}


_ENROLLED = select(enrollments.c.command_id).where(
    enrollments.c.revision.is_not(None), among_named(enrollments.c.command_id, "ids")
)
_STUDIED = select(lesson_progress.c.start_command_id, lesson_progress.c.complete_command_id).where(
    lesson_progress.c.revision.is_not(None),
    or_(
        among_named(lesson_progress.c.start_command_id, "ids"),
        among_named(lesson_progress.c.complete_command_id, "ids"),
    ),
)
