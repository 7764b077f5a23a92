"""The machine's post: the job worker with its journal, and what must be true of every certificate's mail."""

import os
import stat
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from lms_server.actions import work
from lms_server.actions.past import Heir
from lms_server.contract.anchors import Anchor, read_anchor
from lms_server.contract.sqlite import writing
from lms_server.jobs.certificate_mails import CannotResend, resend
from lms_server.jobs.holds import release
from lms_server.jobs.journal import FREE, Journal, read_entries
from lms_server.jobs.queue import LEASE_MS
from tests.flows.machine_checks import must
from tests.flows.machine_memory import Content, Crash
from tests.flows.machine_postgres import Database
from tests.flows.machine_world import Server

_LOSES_POWER, _IS_FULL = 0.02, 0.01


@dataclass
class Ledger:
    """What became of the mails, as the mail server and an onlooker know: no restore makes it forget."""

    accepted: Counter[str] = field(default_factory=Counter)
    # How many a certificate may have: one, and one for each time that an admin had it sent again.
    most: dict[str, int] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    # Whose handing over may have looked broken off, and who was ever refused or put off.
    doubted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    # Whose mail an admin had sent again, and it didn't go yet.
    wanted: set[str] = field(default_factory=set)
    # The bytes of the first attempt, as long as the database that keeps them isn't replaced.
    frozen: dict[str, bytes] = field(default_factory=dict)
    # Accepted mails that the journal forgot, since it was rolled back or lost.
    forgotten: set[str] = field(default_factory=set)
    # Points of the history that led to this journal, beside the database's own.
    past: set[tuple[str, str]] = field(default_factory=set)
    is_history_lost: bool = False
    # The journal is gone, and the database knows of mails that stood in it: until an admin releases them, none goes.
    is_journal_gone: bool = False
    # A restore or an admin took the journal for complete, and it wasn't empty.
    is_recorded: bool = False
    wrong: list[str] = field(default_factory=list)

    def allow(self, uuids: set[str]) -> None:
        """Each of these may go once more: an admin said so, or nobody who knows better was heard."""
        for uuid in uuids:
            self.most[uuid] = max(self.most.get(uuid, 1), self.accepted[uuid] + 1)

    def heard_of(self, email: str) -> None:
        """A laptop of this learner's has shown that history was lost: from now on nothing goes by itself."""
        self.stop({uuid for uuid in self.forgotten if self.owner[uuid] == email})

    def stop(self, uuids: set[str]) -> None:
        for uuid in uuids:
            self.most[uuid] = self.accepted[uuid]

    def accept(self, uuid: str) -> None:
        self.accepted[uuid] += 1
        self.forgotten.discard(uuid)
        self.wanted.discard(uuid)
        if self.accepted[uuid] > self.most.get(uuid, 1):
            self.wrong.append(f"I5: accepted {self.accepted[uuid]} times: {uuid}")


@dataclass(frozen=True)
class Copy:
    """A copy of the server's folder: the database, the journal, and what the onlooker knew of them."""

    database: Content
    journal: bytes | None
    frozen: dict[str, bytes]
    accepted: Counter[str]
    forgotten: set[str]
    past: set[tuple[str, str]]
    is_journal_gone: bool
    is_recorded: bool


class Post:
    """The job worker, the journal in a real file, and the mail server."""

    def __init__(self, server: Server, rng: Random) -> None:
        self.server, self.memory, self.rng = server, server.memory, rng
        self.ledger = Ledger()
        self.path = server.mail_journal
        self.path.unlink(missing_ok=True)
        self.quiet = False
        # Points that stand in the database: none goes while it isn't replaced.
        self._met: set[tuple[str, str]] = set()
        self.note: Callable[..., None] = print
        self._depth = 0

    # The worker

    def work(self) -> None:
        """All jobs that are due, by one worker; raises Violation."""
        self._depth += 1
        try:
            work.build_worker(self.server.context, "smtp://post.test", self.path, self.server.now).run_once()
        except Crash:
            self.note("  crashed")
            self.memory.crash_after(None)
            self._doubt_all()
        finally:
            self._depth -= 1
        must(not self.ledger.wrong, "; ".join(self.ledger.wrong))

    def lose_power(self) -> None:
        """Nothing more is written by this process."""
        self.memory.crash_after(0)
        raise Crash

    def overtake(self) -> None:
        """This worker stands still for longer than its lease, and another one comes along."""
        if self._depth == 1:
            self.server.clock.now += LEASE_MS + 1
            self.note("  another worker")
            self.work()

    def fsync(self, descriptor: int) -> None:
        """The journal's line reaches the disk; or part of it does and the power goes; or the disk is full."""
        draw = 1.0 if self.quiet else self.rng.random()
        if draw < _LOSES_POWER:
            cut = self.rng.choice((0, 0, 1, 30))
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - cut)
            self.note("  power cut at the journal")
            self._doubt_all()
            self.lose_power()
        if draw < _LOSES_POWER + _IS_FULL:
            self.note("  the journal's disk is full")
            self._doubt_all()
            self.put_off_all()
            raise OSError(28, "No space left on device")

    def _doubt_all(self) -> None:
        self.ledger.doubted |= set(self.memory.column("SELECT key FROM jobs WHERE state = 'sending'"))

    def put_off_all(self) -> None:
        self.ledger.refused |= set(self.memory.column("SELECT key FROM jobs WHERE state = 'sending'"))

    # The admin

    def resend(self) -> None:
        uuids = self.memory.column("SELECT uuid FROM certificates ORDER BY uuid")
        if not uuids:
            return
        uuid = self.rng.choice(uuids)
        try:
            with writing(self.server.engine) as conn:
                resend(conn, Journal(self.path), uuid, self.server.now())
        except CannotResend:
            return
        except (Crash, OSError):
            self.memory.crash_after(None)
        self.ledger.most[uuid] = self.ledger.most.get(uuid, 1) + 1
        self.ledger.wanted.add(uuid)
        self.note("  sent again by the admin")

    def release(self) -> None:
        ledger, held = self.ledger, set(self.memory.column("SELECT key FROM jobs WHERE state = 'held'"))
        query = "SELECT u.email FROM holds h JOIN users u ON u.id = h.user_id WHERE h.released_at IS NULL"
        whose = set(self.memory.column(query))
        # Of a held one that the journal still knows to have gone, no second goes even then, unless it was wanted.
        unknown = {uuid for uuid in held if not ledger.accepted[uuid] or uuid in ledger.forgotten | ledger.wanted}
        ledger.allow(unknown | {uuid for uuid in ledger.forgotten if ledger.owner[uuid] in whose})
        ledger.forgotten -= self._known_to_database()
        if ledger.is_journal_gone:
            ledger.allow(ledger.forgotten)
        ledger.is_journal_gone = False
        try:
            self._release()
        except (Crash, OSError):
            self.memory.crash_after(None)
            with suppressed(self):
                self._release()
        ledger.is_recorded = self._has_journal()

    def _release(self) -> None:
        with writing(self.server.engine) as conn:
            self.note("  released", release(conn, Journal(self.path), self.server.now()))

    # Backups

    def save(self) -> Copy:
        """The database first, then the journal, as the product does: the worker may be at it in between."""
        database, frozen = self.memory.save(), dict(self.ledger.frozen)
        if self.rng.random() < 0.5 and self.memory.column("SELECT 1 FROM jobs WHERE state = 'queued' LIMIT 1"):
            self.note("  while the worker works")
            self.work()
        return self.copy(database, frozen)

    def copy(self, database: Content, frozen: dict[str, bytes] | None = None) -> Copy:
        """This database with the journal as it is now."""
        journal = self.path.read_bytes() if self.path.exists() else None
        ledger = self.ledger
        known = frozen or {}, Counter(ledger.accepted), set(ledger.forgotten), set(ledger.past)
        return Copy(database, journal, *known, ledger.is_journal_gone, ledger.is_recorded)

    def restore(self, copy: Copy, *, is_new: bool) -> None:
        """As the product's restore does: a new epoch, and the journal stays and learns what others know."""
        ledger, other = self.ledger, self.path.with_name("backup.jsonl")
        other.write_bytes(copy.journal or b"")
        self.server.spare.load(copy.database)
        # What followed the backup is unknown, too, where the journal fell back behind it with the database.
        is_behind = not self._points(self.server.spare) <= self._points(self.memory) | ledger.past
        is_unknown = is_new or ledger.is_journal_gone or is_behind
        if is_unknown:
            ledger.is_history_lost = True
        if not (is_new or ledger.is_journal_gone):
            ledger.past |= self._points(self.memory)
        if not is_new:
            ledger.forgotten -= self._known_to_database()
        knows = {uuid for uuid, count in copy.accepted.items() if count == ledger.accepted[uuid]} - copy.forgotten
        ledger.forgotten -= knows
        ledger.past |= copy.past
        if is_unknown:
            ledger.allow(ledger.forgotten)
            # But not by themselves: they may have gone since the backup.
            query = "SELECT key FROM jobs WHERE kind = 'certificate_email' AND state IN ('queued', 'sending')"
            ledger.stop(ledger.forgotten & set(self.server.spare.column(query)))
        # What went before the backup's journal was copied stands in it, and goes no more by itself.
        ledger.stop(knows - _free_to_go(self.path) - _free_to_go(other))
        with suppressed(self):
            heir = Heir(self.server.spare.engine, Journal(self.path), self.server.now())
            heir.take_over(None if is_new else self.server.engine, other)
        self._load(self.server.spare.save(), copy)
        ledger.is_journal_gone, ledger.is_recorded = False, self._has_journal()

    def roll_back(self, copy: Copy) -> None:
        """The journal goes back with everything else."""
        if copy.journal is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_bytes(copy.journal)
        ledger = self.ledger
        since = {uuid for uuid, count in ledger.accepted.items() if count > copy.accepted[uuid]}
        ledger.forgotten = copy.forgotten | since
        ledger.past = set(copy.past)
        ledger.is_history_lost = True
        ledger.is_journal_gone, ledger.is_recorded = copy.is_journal_gone, copy.is_recorded
        ledger.allow(ledger.forgotten)
        self._load(copy.database, copy)

    def _load(self, database: Content, copy: Copy) -> None:
        self.memory.load(database)
        self._met.clear()
        self.ledger.frozen = dict(copy.frozen)

    def lose_journal(self) -> None:
        self.path.unlink(missing_ok=True)
        self.ledger.forgotten |= set(self.ledger.accepted)
        self.ledger.past = set()
        self.ledger.is_history_lost = True
        gone = "SELECT 1 FROM jobs WHERE kind = 'certificate_email' AND state = 'accepted'"
        self.ledger.is_journal_gone = self.ledger.is_recorded or bool(self.memory.column(gone))
        if not self.ledger.is_journal_gone:
            # The database doesn't know that there was one.
            self.ledger.allow(self.ledger.forgotten)

    def _has_journal(self) -> bool:
        return self.path.exists() and self.path.stat().st_size > 0

    def _known_to_database(self) -> set[str]:
        query = "SELECT key FROM jobs WHERE kind = 'certificate_email' AND state IN ('accepted', 'in_doubt')"
        return set(self.memory.column(query))

    def _points(self, memory: Database) -> set[tuple[str, str]]:
        rows = memory.all("SELECT stream, revision, tag FROM anchors")
        return {(stream, Anchor(revision, tag).text()) for stream, revision, tag in rows}

    # What a request tells

    def suspects(self, asked: dict) -> bool:
        """Whether this laptop has been where the journal hasn't: its learner's mails may have gone there."""
        if asked["user"] is None or "after" not in asked:
            return False
        carried = {
            (stream, asked[cursors][name])
            for stream, name in (("catalog", "catalog"), (asked["user"], "me"))
            for cursors in ("after", "settled")
            if asked[cursors][name] is not None
        }
        self._met |= {point for point in carried - self._met if self._is_point(*point)}
        return not carried <= self._met | self.ledger.past

    def _is_point(self, stream: str, text: str) -> bool:
        query = "SELECT tag FROM anchors WHERE stream = ? AND revision = ?"
        anchor = read_anchor(text)
        return anchor is not None and [anchor.tag] == self.memory.column(query, stream, anchor.revision)

    def heard_of(self, user: str) -> None:
        [email] = self.memory.column("SELECT email FROM users WHERE uid = ?", user)
        self.ledger.heard_of(email)

    # Checks

    def check(self) -> None:
        """The states say what happened."""
        ledger = self.ledger
        proof = {"accepted": ledger.accepted, "in_doubt": ledger.doubted, "failed": ledger.refused}
        query = "SELECT key, state, reason FROM jobs WHERE kind = 'certificate_email' AND lease IS NULL"
        for uuid, state, reason in self.memory.all(query):
            if state == "held":
                must(ledger.is_history_lost, "I5: held, although nothing was lost", uuid, reason)
            elif state != "queued":
                must(uuid in proof[state], f"I5: {state}, and nothing of the kind happened", uuid, reason)

    def calm_down(self) -> None:
        """The mail server is well and the admin looks in: no mail is silently none."""
        self.quiet = True
        for _ in range(3):
            if not self._open():
                break
            self.server.clock.now += 5 * 3_600_000
            self.work()
            if self.memory.column("SELECT 1 FROM jobs WHERE state = 'held' LIMIT 1"):
                self.release()
        must(not self._open(), "I5: a job isn't done", self._open())
        self.check()

    def _open(self) -> list:
        query = "SELECT kind, key, state, reason FROM jobs WHERE state IN ('queued', 'sending', 'held')"
        return self.memory.all(query)


def _free_to_go(journal: Path) -> set[str]:
    """Mails of which a journal says last that they may go (again)."""
    ends = {entry.key: entry.event for entry in read_entries(journal)}
    return {uuid for uuid, event in ends.items() if event in FREE}


@contextmanager
def suppressed(post: Post):
    """A power cut while the journal is written; what wasn't told to be done is done again."""
    quiet, post.quiet = post.quiet, True
    try:
        yield
    finally:
        post.quiet = quiet
