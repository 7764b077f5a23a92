"""The profile's store: record a click, hand out what is to be sent, take in what the server answered."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, select, update

from lms_desktop.store import ballast, facts, outbox, past_syncs, profile, rescue
from lms_desktop.store import settle as settling
from lms_desktop.store.database import Database
from lms_desktop.store.errors import Refused
from lms_desktop.store.files import Blobs, has_content
from lms_desktop.store.owner import Owner, read_key, write_owner
from lms_desktop.store.past_syncs import PastSync
from lms_desktop.store.queries import read_learner
from lms_desktop.store.rescue import Notice
from lms_desktop.store.rows import Learner, Live, Place, Topic
from lms_desktop.store.second_copy import SecondCopy
from lms_desktop.store.settle import Cursors, Settled
from lms_desktop.store.tables import ME
from lms_desktop.store.tables import profile as profile_table
from lms_desktop.store.trouble import as_storage_trouble
from lms_desktop.store.views import Views
from lms_server.contract import wire
from lms_server.contract.apply import apply
from lms_server.contract.commands import (
    OUTCOME_OF,
    Click,
    Command,
    CompleteLesson,
    Enroll,
    Event,
    Outcome,
    StartLesson,
)
from lms_server.contract.durable import land
from lms_server.contract.ids import new_uuid7
from lms_server.contract.times import now_ms

Listener = Callable[[frozenset[Topic]], None]


class Store:
    """One profile, open. Writes take turns behind one lock; screens read with their own connections.

    Every write method returns only after its commit and raises StorageTrouble when nothing was stored.
    """

    place: Place
    public_key: str
    # The learner's uid; None for a guest.
    user: str | None

    def __init__(self, folder: Path, blobs: Blobs, clock: Callable[[], int] = now_ms) -> None:
        """Take the profile's lock and open its database; a damaged one is replaced. Raises StorageTrouble."""
        self.folder = folder
        self.blobs = blobs
        # The laptop's clock, in milliseconds.
        self.now = clock
        self._listeners: list[Listener] = []
        self._release = profile.take_lock(folder)
        try:
            self.database = Database(folder, clock)
            self.second_copy = SecondCopy(self.database)
            self.views = Views(self.database.engine, folder, blobs)
            self.database.with_room(self.read_owner)
            self._prepare_for_bad_days()
        except BaseException:
            self._release()
            raise

    def close(self) -> None:
        """Let go of the files and the profile's lock."""
        self.database.close()
        self._release()

    @property
    def notice(self) -> Notice | None:
        """What the learner has to hear of this profile's database, until ``dismiss_notice``."""
        return rescue.read_notice(self.folder)

    def dismiss_notice(self) -> None:
        """The learner has read it."""
        rescue.dismiss_notice(self.folder)
        self.announce(Topic.SYNC)

    @property
    def learner(self) -> Learner:
        """Whose profile this is."""
        return self.views.learner()

    @property
    def public_key_bytes(self) -> bytes:
        """The server's Ed25519 key, as it was pinned at sign-in."""
        return read_key(self.public_key)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear which kinds of thing a write changed, on the writer's thread; returns what ends it."""
        self._listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    def announce(self, *topics: Topic) -> None:
        """Tell the listeners."""
        for listener in tuple(self._listeners):
            listener(frozenset(topics))

    # What a learner does

    def enroll(self, course_uid: str) -> str:
        """Take up a course; returns the command's id. Raises Refused, StorageTrouble."""
        return self.record(Enroll(new_uuid7(), course_uid, self.now()))

    def start(self, lesson_uid: str) -> str:
        """Note that a lesson was opened; returns the command's id. Raises Refused, StorageTrouble."""
        return self.record(StartLesson(new_uuid7(), lesson_uid, self.now()))

    def complete(self, lesson_uid: str) -> str:
        """Finish a lesson; returns the command's id. Raises Refused, StorageTrouble."""
        return self.record(CompleteLesson(new_uuid7(), lesson_uid, self.now()))

    def record(self, command: Click) -> str:
        """Apply a command here and queue it, in one transaction: when this returns, it is on the disk, twice."""
        with self.database.turn:
            with self.database.writing() as conn:
                self._record(conn, command)
            self.second_copy.note([command])
        changed = Topic.ENROLLMENTS if isinstance(command, Enroll) else Topic.PROGRESS
        self.announce(changed, Topic.OUTBOX)
        return command.id

    def _record(self, conn: Connection, command: Click) -> None:
        course_uids = [command.course] if isinstance(command, Enroll) else []
        lesson_uids = [] if isinstance(command, Enroll) else [command.lesson]
        # What a click changes isn't what the server confirmed, until its row comes.
        with facts.counting(conn, self.user) as digest:
            facts.uncount(conn, digest, course_uids, lesson_uids)
        [code] = apply(conn, ME, [Event(command, command.made_at or 0)], lambda: None).codes
        if OUTCOME_OF[code] is not Outcome.APPLIED:
            raise Refused(code)
        outbox.queue(conn, command)

    def try_again(self, command_id: str) -> None:
        """Queue a command that was set aside once more."""
        with self.writing(Topic.OUTBOX) as conn:
            outbox.try_again(conn, command_id)

    # What sync does

    def outgoing(self, limit: int) -> tuple[Cursors, list[Command]]:
        """The anchors and the commands of the next request, read together."""
        with self.reading() as conn:
            return settling.read_cursors(conn), outbox.outgoing(conn, limit)

    def settle(self, carried: Cursors, answer: wire.SyncAnswer) -> Settled | None:
        """Apply an answer; None when another exchange came between, and nothing was changed."""
        with self.database.turn:
            settled = self.database.with_room(lambda: self._settle(carried, answer))
            if settled is not None:
                self.second_copy.settle(settled)
        if settled is not None:
            self.announce(*settled.topics)
        return settled

    def _settle(self, carried: Cursors, answer: wire.SyncAnswer) -> Settled | None:
        with self.database.writing() as conn:
            return settling.settle(conn, self.user, carried, answer)

    def set_aside(self, command_id: str, code: str) -> None:
        """Put a command that the server can't take where the learner sees it."""
        with self.writing(Topic.OUTBOX) as conn:
            outbox.set_aside(conn, command_id, code)

    def ask_for_everything(self) -> None:
        """The digests disagreed: the next exchange pulls from the start and offers everything again."""
        with self.database.writing() as conn:
            conn.execute(update(profile_table).values(pull_all=True))

    def note_sync(self, *, sent: int, received: int, outcome: str) -> None:
        """Write a finished sync into the history that the Sync page shows."""
        with self.writing(Topic.SYNC) as conn:
            past_syncs.note(conn, PastSync(self.now(), sent, received, outcome))

    def note_sign_in(self, *, needed: bool) -> None:
        """Remember that the server wants the learner to sign in again, or that they did."""
        with self.writing(Topic.SYNC) as conn:
            conn.execute(update(profile_table).values(needs_sign_in=needed))

    def missing_certificates(self) -> list[str]:
        """Certificates whose PDF isn't here or isn't the server's present one."""
        files = self.views.certificate_files()
        return [uuid for uuid, sha256 in files if not has_content(self.certificate_path(uuid), sha256)]

    def keep_certificate_file(self, uuid: str, pdf: bytes) -> None:
        """Keep a certificate's PDF: whole or not at all. Raises StorageTrouble."""
        with as_storage_trouble():
            land(self.certificate_path(uuid), pdf)
        self.announce(Topic.CERTIFICATES)

    def certificate_path(self, uuid: str) -> Path:
        """Where a certificate's PDF lies or would lie."""
        return self.folder / "certificates" / f"{uuid}.pdf"

    def show(self, live: Live) -> None:
        """Leave word of what the sync thread is doing; not stored."""
        if live != self.views.live:
            self.views.live = live
            self.announce(Topic.DOWNLOADS if live.download else Topic.SYNC)

    # What belongs to this laptop alone

    def blob(self, sha256: str) -> bytes | None:
        """A course file by its hash, or None when it isn't here."""
        return self.blobs.read(sha256)

    @contextlib.contextmanager
    def writing(self, *topics: Topic) -> Iterator[Connection]:
        """A write transaction, for the store's neighbours too; tells the listeners after the commit."""
        with self.database.writing() as conn:
            yield conn
        self.announce(*topics)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot, for the store's neighbours too."""
        with self.database.reading() as conn:
            yield conn

    def read_owner(self) -> None:
        """Whose profile this is, which never changes, and where its server is, which signing in can find out anew."""
        with self.reading() as conn:
            *place, self.public_key = conn.execute(_PLACE).one()
            self.user = read_learner(conn).uid
        self.place = Place(*place)

    def _prepare_for_bad_days(self) -> None:
        """What is needed when the database can't be read, or the disk is full; missing it stops nobody."""
        with contextlib.suppress(OSError):
            write_owner(self.folder, Owner(self.place, self.public_key, self.learner))
            ballast.take_on(self.folder)


_PLACE = select(profile_table.c.server_id, profile_table.c.url, profile_table.c.server_name, profile_table.c.public_key)
