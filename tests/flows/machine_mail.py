"""The machine's post: the job worker with its journal, and what must be true of every certificate's mail."""

import os
import stat
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from lms_server.actions import work
from lms_server.contract.sqlite import writing
from lms_server.jobs.dispatch import LEASE_MS
from lms_server.jobs.journal import Journal
from lms_server.jobs.outbox import CannotResend, release, resend
from lms_server.operate.restore import _renew
from tests.flows.machine_checks import must
from tests.flows.machine_memory import Crash
from tests.flows.machine_world import IDENTITY, Server

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
    # The bytes of the first attempt, as long as the database that keeps them isn't replaced.
    frozen: dict[str, bytes] = field(default_factory=dict)
    # Accepted mails that the journal forgot, since it was rolled back or lost.
    forgotten: set[str] = field(default_factory=set)
    is_history_lost: bool = False
    # The journal is gone, and the database knows of mails that stood in it: until an admin releases them, none goes.
    is_journal_gone: bool = False
    wrong: list[str] = field(default_factory=list)

    def allow(self, uuids: set[str]) -> None:
        """Each of these may go once more: an admin said so, or nobody who knows better was heard."""
        for uuid in uuids:
            self.most[uuid] = max(self.most.get(uuid, 1), self.accepted[uuid] + 1)

    def heard_of(self, email: str) -> None:
        """A laptop of this learner's has shown that history was lost: from now on nothing goes by itself."""
        for uuid in self.forgotten:
            if self.owner[uuid] == email:
                self.most[uuid] = self.accepted[uuid]

    def accept(self, uuid: str) -> None:
        self.accepted[uuid] += 1
        self.forgotten.discard(uuid)
        if self.accepted[uuid] > self.most.get(uuid, 1):
            self.wrong.append(f"I5: accepted {self.accepted[uuid]} times: {uuid}")


@dataclass(frozen=True)
class Copy:
    """A copy of the server's folder: the database, the journal, and what the onlooker knew of them."""

    database: bytes
    journal: bytes | None
    frozen: dict[str, bytes]
    accepted: Counter[str]
    forgotten: set[str]


class Post:
    """The job worker, the journal in a real file, and the mail server."""

    def __init__(self, server: Server, rng: Random) -> None:
        self.server, self.memory, self.rng = server, server.memory, rng
        self.ledger = Ledger()
        self.path = server.folder / "journal" / "dispatch.jsonl"
        self.path.parent.mkdir(exist_ok=True)
        self.path.unlink(missing_ok=True)
        self.quiet = False
        self.note = print
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
        self.note("  sent again by the admin")

    def release(self) -> None:
        held = set(self.memory.column("SELECT key FROM jobs WHERE state = 'held'"))
        self.ledger.allow(held | self.ledger.forgotten)
        self.ledger.is_journal_gone = False
        with writing(self.server.engine) as conn:
            self.note("  released", release(conn, Journal(self.path), self.server.now()))

    # Backups

    def save(self) -> Copy:
        journal = self.path.read_bytes() if self.path.exists() else None
        ledger = self.ledger
        return Copy(self.memory.save(), journal, dict(ledger.frozen), Counter(ledger.accepted), set(ledger.forgotten))

    def restore(self, copy: Copy, *, is_new: bool) -> None:
        """As the product's restore does: a new epoch, and the journal stays and learns what the backup's knows."""
        database, other = self.path.with_name("restored.sqlite3"), self.path.with_name("backup.jsonl")
        database.write_bytes(copy.database)
        other.write_bytes(copy.journal or b"")
        with suppressed(self):
            _renew(database, IDENTITY, Journal(self.path), is_new=is_new)
            Journal(self.path).add_entries_of(other)
        accepted = self.ledger.accepted
        knows = {uuid for uuid, count in copy.accepted.items() if count == accepted[uuid]} - copy.forgotten
        self.ledger.forgotten -= knows
        self._load(database.read_bytes(), copy)

    def roll_back(self, copy: Copy) -> None:
        """The journal goes back with everything else."""
        if copy.journal is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.write_bytes(copy.journal)
        ledger = self.ledger
        since = {uuid for uuid, count in ledger.accepted.items() if count > copy.accepted[uuid]}
        ledger.forgotten = copy.forgotten | since
        self._load(copy.database, copy)

    def _load(self, database: bytes, copy: Copy) -> None:
        """The database is the copy's, and what it held back isn't any more."""
        self.memory.load(database)
        self.ledger.frozen = dict(copy.frozen)
        self.ledger.is_history_lost, self.ledger.is_journal_gone = True, False
        self.ledger.allow(self.ledger.forgotten)

    def lose_journal(self) -> None:
        self.path.unlink(missing_ok=True)
        self.ledger.forgotten |= set(self.ledger.accepted)
        self.ledger.is_history_lost = True
        gone = "SELECT 1 FROM jobs WHERE kind = 'certificate_email' AND state = 'accepted'"
        self.ledger.is_journal_gone = bool(self.memory.column(gone))
        if not self.ledger.is_journal_gone:
            # The database doesn't know that there was one.
            self.ledger.allow(self.ledger.forgotten)

    # What a request tells

    def suspects(self, asked: dict) -> bool:
        """Whether an unknown anchor in this request means that everything was rolled back."""
        if not self.ledger.forgotten or asked["user"] is None or asked.get("epoch") is None:
            return False
        [present] = self.memory.column("SELECT epoch FROM server")
        query = "SELECT h.epoch, u.uid, h.released_at FROM holds h LEFT JOIN users u ON u.id = h.user_id"
        holds = self.memory.all(query)
        # Each epoch holds a learner once, and whoever is held already stays so.
        is_done = any(user == asked["user"] and (epoch == asked["epoch"] or at is None) for epoch, user, at in holds)
        return asked["epoch"] in {present, *(row[0] for row in holds)} and not is_done

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


@contextmanager
def suppressed(post: Post):
    """A power cut while the journal is written; what wasn't told to be done is done again."""
    quiet, post.quiet = post.quiet, True
    try:
        yield
    finally:
        post.quiet = quiet
