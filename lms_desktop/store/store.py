"""The profile's store: record a click, hand out what is to be sent, take in what the server answered."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, event, select, update

from lms_desktop.store import ballast, facts, outbox, past_syncs, profile, rescue
from lms_desktop.store import settle as settling
from lms_desktop.store.errors import Refused, Storage, StorageTrouble
from lms_desktop.store.files import Blobs, has_content
from lms_desktop.store.journal import JOURNAL, Journal, begin_journal
from lms_desktop.store.layout import GUEST
from lms_desktop.store.past_syncs import PastSync
from lms_desktop.store.profile import Owner, said_plainly
from lms_desktop.store.rescue import Notice
from lms_desktop.store.rows import Learner, Live, Place, Topic
from lms_desktop.store.settle import Cursors, Settled
from lms_desktop.store.tables import ME, users
from lms_desktop.store.tables import profile as profile_table
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
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import now_ms

log = logging.getLogger(__name__)

T = TypeVar("T")
Listener = Callable[[frozenset[Topic]], None]


@dataclass(frozen=True, slots=True)
class Faults:
    """What a test puts in the way: the clock and the ids."""

    clock: Callable[[], int] = now_ms
    new_id: Callable[[], str] = new_uuid7


class Store:
    """One profile, open. Writes take turns behind one lock; screens read with their own connections.

    Every write method returns only after its commit and raises StorageTrouble when nothing was stored.
    """

    place: Place
    public_key: str
    # The learner's uid; None for a guest.
    user: str | None

    def __init__(self, folder: Path, blobs: Blobs, faults: Faults | None = None) -> None:
        """Take the profile's lock and open its database; a damaged one is replaced. Raises StorageTrouble."""
        self.folder = folder
        self.blobs = blobs
        self._faults = faults or Faults()
        self._write_lock = threading.RLock()
        self._listeners: list[Listener] = []
        # What an error said of the database; mended before the next write.
        self._sickness: Storage | None = None
        self._release = profile.take(folder)
        try:
            self._with_room(self._open)
            self._prepare_for_bad_days()
        except BaseException:
            self._release()
            raise

    def close(self) -> None:
        """Let go of the files and the profile's lock."""
        with contextlib.suppress(StorageTrouble), self._write_lock:
            self._mend()
        self._engine.dispose()
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
        return profile.read_key(self.public_key)

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
        return self.record(Enroll(self._faults.new_id(), course_uid, self._faults.clock()))

    def start(self, lesson_uid: str) -> str:
        """Note that a lesson was opened; returns the command's id. Raises Refused, StorageTrouble."""
        return self.record(StartLesson(self._faults.new_id(), lesson_uid, self._faults.clock()))

    def complete(self, lesson_uid: str) -> str:
        """Finish a lesson; returns the command's id. Raises Refused, StorageTrouble."""
        return self.record(CompleteLesson(self._faults.new_id(), lesson_uid, self._faults.clock()))

    def record(self, command: Click) -> str:
        """Apply a command here and queue it, in one transaction: when this returns, it is on the disk, twice."""
        with self._write_lock:
            with self._writing() as conn:
                self._record(conn, command)
            self._note_in_journal(command)
        changed = Topic.ENROLLMENTS if isinstance(command, Enroll) else Topic.PROGRESS
        self.announce(changed, Topic.OUTBOX)
        return command.id

    def _record(self, conn: Connection, command: Click) -> None:
        course_uids = [command.course] if isinstance(command, Enroll) else []
        lesson_uids = [] if isinstance(command, Enroll) else [command.lesson]
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
        with self._write_lock:
            settled = self._with_room(lambda: self._settle(carried, answer))
            if settled is not None:
                self._settle_journal(settled)
        if settled is not None:
            self.announce(*settled.topics)
        return settled

    def _settle(self, carried: Cursors, answer: wire.SyncAnswer) -> Settled | None:
        with self._writing() as conn:
            return settling.settle(conn, self.user, carried, answer)

    def set_aside(self, command_id: str, code: str) -> None:
        """Put a command that the server can't take where the learner sees it."""
        with self.writing(Topic.OUTBOX) as conn:
            outbox.set_aside(conn, command_id, code)

    def ask_for_everything(self) -> None:
        """The digests disagreed: the next exchange pulls from the start and offers everything again."""
        with self._writing() as conn:
            conn.execute(update(profile_table).values(pull_all=True))

    def note_sync(self, *, sent: int, received: int, outcome: str) -> None:
        """Write a finished sync into the history that the Sync page shows."""
        with self.writing(Topic.SYNC) as conn:
            past_syncs.note(conn, PastSync(self._faults.clock(), sent, received, outcome))

    def note_sign_in(self, *, needed: bool) -> None:
        """Remember that the server wants the learner to sign in again, or that they did."""
        with self.writing(Topic.SYNC) as conn:
            conn.execute(update(profile_table).values(needs_sign_in=needed))

    def missing_certificates(self) -> list[str]:
        """Certificates whose PDF isn't here or isn't the server's present one."""
        files = self.views.certificate_files()
        return [uuid for uuid, sha256 in files if not has_content(self.certificate_path(uuid), sha256)]

    def keep_certificate_file(self, uuid: str, pdf: bytes) -> None:
        """Keep a certificate's PDF: whole or not at all."""
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
        with self._writing() as conn:
            yield conn
        self.announce(*topics)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot, for the store's neighbours too."""
        with said_plainly(), reading(self._engine) as conn:
            yield conn

    def now(self) -> int:
        """The store's clock, in milliseconds."""
        return self._faults.clock()

    def read_owner(self) -> None:
        """Whose profile this is, which never changes, and where its server is, which signing in can find out anew."""
        with self.reading() as conn:
            *place, self.public_key = conn.execute(_PLACE).one()
            uid = conn.execute(_USER).scalar_one()
        self.place = Place(*place)
        self.user = None if uid == GUEST else str(uid)

    # What keeps the work when the disk doesn't

    def _open(self) -> None:
        # Even reading needs a little room: for the index of the write-ahead log.
        self._engine = self._open_database()
        self.views = Views(self._engine, self.folder, self.blobs)
        self.read_owner()
        self._open_journal()

    def _open_database(self) -> Engine:
        try:
            engine = profile.open_database(self.folder)
        except StorageTrouble as trouble:
            if trouble.code is not Storage.DAMAGED:
                raise
            rescue.rescue(self.folder, self._faults.clock())
            engine = profile.open_database(self.folder)
        event.listen(engine, "handle_error", self._hear_error)
        return engine

    def _hear_error(self, context: ExceptionContext) -> None:
        self._note_sickness(context.original_exception)

    def _note_sickness(self, error: BaseException) -> None:
        name = getattr(error, "sqlite_errorname", "") or ""
        if profile.storage_code(error) is Storage.DAMAGED:
            self._sickness = Storage.DAMAGED
        elif name.startswith("SQLITE_IOERR") and self._sickness is None:
            self._sickness = Storage.TROUBLE

    def _mend(self) -> None:
        """After an error of the disk: never the same connections again, and never a damaged file."""
        if self._sickness is None:
            return
        self._engine.dispose()
        if self._sickness is Storage.DAMAGED:
            log.warning("The database is damaged; a new one is made from what is known")
            rescue.rescue(self.folder, self._faults.clock())
            # Opening the journal writes, and must not mend again.
            self._sickness = None
            self._open_journal()
        self._sickness = None

    def _open_journal(self) -> None:
        """Both copies of the unacknowledged commands hold the same from here on."""
        with said_plainly():
            begin_journal(self.folder / JOURNAL)
            self._journal = Journal(self.folder / JOURNAL)
        if self._journal.commands:
            with self._writing() as conn:
                rescue.requeue(conn, self.user, list(self._journal.commands.values()))
        self._follow_outbox()

    def _note_in_journal(self, command: Click) -> None:
        try:
            self._journal.add([command])
        except OSError:
            # It is durable in the database, and the next note writes the whole journal anew.
            log.warning("The journal beside the database couldn't be written", exc_info=True)

    def _settle_journal(self, settled: Settled) -> None:
        if settled.offers_again:
            self._follow_outbox()
            return
        try:
            self._journal.settle(settled.dropped)
        except OSError:
            log.info("The journal beside the database is behind; it is written anew with the next click")

    def _follow_outbox(self) -> None:
        with self.reading() as conn:
            ids = outbox.known_ids(conn)
            new = outbox.unacknowledged(conn) if ids - self._journal.commands.keys() else []
        try:
            self._journal.add(command for command in new if command.id not in self._journal.commands)
            self._journal.settle(self._journal.commands.keys() - ids)
        except OSError:
            log.info("The journal beside the database is behind; it is written anew with the next click")

    def _prepare_for_bad_days(self) -> None:
        """What is needed when the database can't be read, or the disk is full; missing it stops nobody."""
        with contextlib.suppress(OSError):
            profile.write_owner(self.folder, Owner(self.place, self.public_key, self.learner))
            ballast.take_on(self.folder)

    def _with_room(self, write: Callable[[], T]) -> T:
        """Do a write that must not wait for room: on a full disk the reserve is given up for it."""
        while True:
            try:
                return write()
            except StorageTrouble as trouble:
                if trouble.code is not Storage.FULL or not ballast.release(self.folder):
                    raise

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        # One writer at a time: two made each other wait up to a second, and the click with them.
        with said_plainly(), self._write_lock:
            self._mend()
            try:
                with writing(self._engine) as conn:
                    yield conn
            except Exception as error:
                # The engine doesn't tell of what a new connection ran into.
                self._note_sickness(error)
                raise
            finally:
                self._mend()


_PLACE = select(profile_table.c.server_id, profile_table.c.url, profile_table.c.server_name, profile_table.c.public_key)
_USER = select(users.c.uid)
