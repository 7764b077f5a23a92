"""The profile's store: record a click, hand out what is to be sent, take in what the server answered."""

import base64
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from lms_desktop.store import facts, outbox, profile
from lms_desktop.store import settle as settling
from lms_desktop.store.errors import Refused
from lms_desktop.store.files import Blobs, has_content, land
from lms_desktop.store.profile import said_plainly
from lms_desktop.store.rows import Learner, Live, Place, Topic
from lms_desktop.store.settle import Cursors, Settled
from lms_desktop.store.tables import ME, positions, syncs, users
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
from lms_server.contract.ids import new_uuid7
from lms_server.contract.sqlite import reading, writing
from lms_server.contract.times import now_ms

_KEPT_SYNCS = 50
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

    def __init__(self, folder: Path, blobs: Blobs, faults: Faults | None = None) -> None:
        """Take the profile's lock and open its database. Raises StorageTrouble."""
        self.folder = folder
        self.blobs = blobs
        self._faults = faults or Faults()
        self._release = profile.take(folder)
        try:
            self._engine = profile.open_database(folder)
        except BaseException:
            self._release()
            raise
        self._write_lock = threading.Lock()
        self._listeners: list[Listener] = []
        self.views = Views(self._engine, folder, blobs)
        self.place, self.public_key = self._read_place()

    def close(self) -> None:
        """Let go of the files and the profile's lock."""
        self._engine.dispose()
        self._release()

    @property
    def learner(self) -> Learner:
        """Whose profile this is."""
        return self.views.learner()

    @property
    def public_key_bytes(self) -> bytes:
        """The server's Ed25519 key, as it was pinned at sign-in."""
        return base64.urlsafe_b64decode(self.public_key + "=" * (-len(self.public_key) % 4))

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
        """Apply a command here and queue it, in one transaction: when this returns, it is on the disk."""
        with self._writing() as conn:
            digest = facts.read_digest(conn, self._user(conn) or "")
            course_uids = [command.course] if isinstance(command, Enroll) else []
            lesson_uids = [] if isinstance(command, Enroll) else [command.lesson]
            facts.uncount(conn, digest, course_uids, lesson_uids)
            [code] = apply(conn, ME, [Event(command, command.made_at or 0)], lambda: None).codes
            if OUTCOME_OF[code] is not Outcome.APPLIED:
                raise Refused(code)
            outbox.queue(conn, command)
            facts.save_digest(conn, digest)
        changed = Topic.ENROLLMENTS if isinstance(command, Enroll) else Topic.PROGRESS
        self.announce(changed, Topic.OUTBOX)
        return command.id

    def try_again(self, command_id: str) -> None:
        """Queue a command that was set aside once more."""
        with self._writing() as conn:
            outbox.try_again(conn, command_id)
        self.announce(Topic.OUTBOX)

    # What sync does

    def outgoing(self, limit: int) -> tuple[Cursors, list[Command]]:
        """The anchors and the commands of the next request, read together."""
        with self._reading() as conn:
            return settling.read_cursors(conn), outbox.outgoing(conn, limit)

    def settle(self, carried: Cursors, answer: wire.SyncAnswer) -> Settled | None:
        """Apply an answer; None when another exchange came between, and nothing was changed."""
        with self._writing() as conn:
            settled = settling.settle(conn, self._user(conn), carried, answer, self._faults.clock())
        if settled is not None:
            self.announce(*settled.topics)
        return settled

    def set_aside(self, command_id: str, code: str) -> None:
        """Put a command that the server can't take where the learner sees it."""
        with self._writing() as conn:
            outbox.set_aside(conn, command_id, code)
        self.announce(Topic.OUTBOX)

    def ask_for_everything(self) -> None:
        """The digests disagreed: the next exchange pulls from the start and offers everything again."""
        with self._writing() as conn:
            conn.execute(update(profile_table).values(pull_all=True))

    def note_sync(self, *, sent: int, received: int, outcome: str) -> None:
        """Write a finished sync into the history that the Sync page shows."""
        with self._writing() as conn:
            attention = outbox.counts(conn)[outbox.REJECTED]
            row = {"at": self._faults.clock(), "sent": sent, "received": received, "outcome": outcome}
            # A day without network is one line of the history, not one for each try.
            last = conn.execute(select(syncs).order_by(syncs.c.id.desc()).limit(1)).one_or_none()
            if last is not None and (last.outcome, last.sent, last.received) == (outcome, 0, 0) and not sent + received:
                conn.execute(delete(syncs).where(syncs.c.id == last.id))
            conn.execute(insert(syncs).values(row | {"attention": attention}))
            newest = select(syncs.c.id).order_by(syncs.c.id.desc()).limit(_KEPT_SYNCS)
            conn.execute(delete(syncs).where(syncs.c.id.not_in(newest)))
        self.announce(Topic.SYNC)

    def note_sign_in(self, *, needed: bool) -> None:
        """Remember that the server wants the learner to sign in again, or that they did."""
        with self._writing() as conn:
            conn.execute(update(profile_table).values(needs_sign_in=needed))
        self.announce(Topic.SYNC)

    def missing_certificates(self) -> list[str]:
        """Certificates whose PDF isn't here or isn't the server's present one."""
        return [uuid for uuid, sha256 in self.views.certificate_files() if not self._has_pdf(uuid, sha256)]

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

    def remember_position(self, lesson_uid: str, fraction: float) -> None:
        """Where the learner stopped reading, 0 to 1."""
        with self._writing() as conn:
            conn.execute(delete(positions).where(positions.c.lesson_uid == lesson_uid))
            row = {"lesson_uid": lesson_uid, "fraction": fraction, "at": self._faults.clock()}
            conn.execute(insert(positions).values(row))

    @contextlib.contextmanager
    def writing(self, *topics: Topic) -> Iterator[Connection]:
        """A write transaction for the store's neighbours (downloads); tells the listeners after the commit."""
        with self._writing() as conn:
            yield conn
        self.announce(*topics)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot for the store's neighbours."""
        with self._reading() as conn:
            yield conn

    def now(self) -> int:
        """The store's clock, in milliseconds."""
        return self._faults.clock()

    def _has_pdf(self, uuid: str, sha256: str | None) -> bool:
        return has_content(self.certificate_path(uuid), sha256)

    def _user(self, conn: Connection) -> str | None:
        uid = conn.execute(select(users.c.uid)).scalar_one()
        return None if uid == profile.GUEST else str(uid)

    def _read_place(self) -> tuple[Place, str]:
        with self._reading() as conn:
            row = conn.execute(select(profile_table)).one()
        return Place(row.server_id, row.url, row.server_name), row.public_key

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        # One writer at a time: two made each other wait up to a second, and the click with them.
        with said_plainly(), self._write_lock, writing(self._engine) as conn:
            yield conn

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with said_plainly(), reading(self._engine) as conn:
            yield conn
