"""What must hold after every step, and when all is quiet; read past all code, straight from the databases.

I1   What was said to be saved is in that profile.
I2   What a laptop holds is on the server after one clean sync, even if the server was restored from a backup.
I3   Unique keys hold at every instant.
I4   A certificate was earned at a completion, and whatever was earned there was issued.
I5   A certificate's mail is accepted at most once, and ends as accepted, failed or in doubt; never silently as none.
I6   No command vanishes: it is pending, parked, rejected, or settled by an answer that names it.
I7   A request that comes again changes nothing.
I9   When all is quiet, each laptop holds what the server holds for its learner.
I10  Nobody's request touches another learner.
I12  No clock of a laptop makes a time that lies ahead of the server's.
I13  A completion that was shown doesn't disappear.
"""

import json
from collections import Counter
from dataclasses import dataclass, field

from lms_desktop.store.tables import UNKNOWN_COURSE
from lms_server.contract.commands import certificate_command_id
from tests.flows.machine_postgres import Database

ACCEPTED = {"ok", "already_done", "lesson_removed"}


class Violation(AssertionError):
    """An invariant doesn't hold."""


def must(truth: object, words: str, *details: object) -> None:
    if not truth:
        raise Violation(f"{words} {' '.join(map(repr, details))}".rstrip())


@dataclass
class Eye:
    """The server's database as it stands: enough to judge one request."""

    certificates: dict[tuple[str, str], tuple[str, int]]
    done: set[tuple[str, str]]
    streams: dict[str, int]
    parked: dict[str, tuple[str, dict]]
    receipts: int

    @classmethod
    def look(cls, memory: Database) -> "Eye":
        """What stands there now; looked up again only if something was written meanwhile."""
        return memory.seen(cls)

    @classmethod
    def of(cls, memory: Database) -> "Eye":
        certificates = memory.all(
            "SELECT u.uid, c.uid, t.payload, t.issued_at FROM certificates t JOIN users u ON u.id = t.user_id"
            " JOIN courses c ON c.id = t.course_id"
        )
        must(len({row[:2] for row in certificates}) == len(certificates), "I3: two certificates for one course")
        done = memory.all(
            "SELECT u.uid, l.uid FROM lesson_progress p JOIN users u ON u.id = p.user_id"
            " JOIN lessons l ON l.id = p.lesson_id WHERE p.completed_at IS NOT NULL"
        )
        parked = memory.all("SELECT p.command_id, u.uid, p.command FROM parked p JOIN users u ON u.id = p.user_id")
        return cls(
            {row[:2]: row[2:] for row in certificates},
            set(done),
            dict(memory.all("SELECT stream, revision FROM streams")),
            {command_id: (user, json.loads(text)) for command_id, user, text in parked},
            memory.column("SELECT count(*) FROM receipts")[0],
        )


@dataclass
class Happened:
    """What a request or a sweep may have been the occasion for: completion events, certificates offered."""

    lessons: set[tuple[str, str]] = field(default_factory=set)
    payloads: set[str] = field(default_factory=set)


def judge(memory: Database, before: Eye, after: Eye, happened: Happened, only: str | None) -> None:
    """One transaction of the server's: the rule of certificates, nothing lost, nobody else touched."""
    must(before.done <= after.done, "I2: a completion is gone from the server", before.done - after.done)
    must(before.receipts <= after.receipts, "I6: a receipt is gone")
    must(before.certificates.keys() <= after.certificates.keys(), "a certificate is gone")
    touched = {name for name, revision in after.streams.items() if before.streams.get(name) != revision}
    if only is not None:
        must(touched <= {only}, "I10: another learner was touched", touched, only)
    lessons = happened.lessons | (after.done - before.done)
    for command_id in before.parked.keys() - after.parked.keys():
        user, command = before.parked[command_id]
        if command["kind"] == "complete_lesson":
            lessons = lessons | {(user, command["lesson"])}
    _judge_certificates(memory, before, after, lessons, happened.payloads | _payloads(before))


def _payloads(before: Eye) -> set[str]:
    return {command["payload"] for _, command in before.parked.values() if command["kind"] == "keep_certificate"}


def _judge_certificates(memory: Database, before: Eye, after: Eye, lessons: set, payloads: set[str]) -> None:
    new = {key for key, value in after.certificates.items() if before.certificates.get(key) != value}
    if not lessons and not new:
        return
    course_of = dict(memory.all("SELECT l.uid, c.uid FROM lessons l JOIN courses c ON c.id = l.course_id"))
    required: dict[str, set[str]] = {}
    for lesson, course in memory.all(
        "SELECT l.uid, c.uid FROM lessons l JOIN courses c ON c.id = l.course_id WHERE l.deleted_at IS NULL"
    ):
        required.setdefault(course, set()).add(lesson)
    evented = {(user, course_of[lesson]) for user, lesson in lessons if lesson in course_of}
    earned = {
        (user, course)
        for user, course in evented
        if required.get(course) and all((user, lesson) in after.done for lesson in required[course])
    }
    must(earned <= after.certificates.keys(), "I4: earned at an event, but not issued", earned)
    for key in new:
        payload, issued_at = after.certificates[key]
        old = before.certificates.get(key)
        if payload in payloads:
            must(old is None or (issued_at, payload) < (old[1], old[0]), "a later certificate replaced an earlier")
        else:
            must(key in earned and old is None, "I4: a certificate that nobody earned at an event", key)


def check_server(memory: Database, now: int) -> None:
    """I3, the jobs, and times that don't lie ahead, at every instant."""
    jobs = memory.all("SELECT kind, key FROM jobs")
    uuids = memory.column("SELECT uuid FROM certificates")
    wanted = {(kind, uuid) for uuid in uuids for kind in ("certificate_pdf", "certificate_email")}
    must(len(jobs) == len(set(jobs)), "I3: a job twice")
    must(set(jobs) == wanted, "jobs and certificates don't agree", set(jobs) ^ wanted)
    for table, count, distinct in memory.all(_KEYS):
        must(count == distinct, f"I3: a key twice in {table}")
    ahead = memory.column("SELECT max(enrolled_at) FROM enrollments UNION SELECT max(started_at) FROM lesson_progress")
    must(all(at is None or at <= now for at in ahead), "I12: a time lies ahead")
    for text, user in memory.all("SELECT command, user_id FROM parked WHERE code = 'not_enrolled'"):
        stuck = memory.all(_ENROLLED, json.loads(text)["lesson"], user)
        must(not stuck, "parked for want of an enrollment that is there", text)


def check_swept(memory: Database) -> None:
    """After a sweep nothing is parked whose cause has gone."""
    for command, user in memory.all("SELECT command, user_id FROM parked"):
        row = json.loads(command)
        if row["kind"] == "enroll":
            query = "SELECT 1 FROM courses WHERE uid = ? AND is_published AND deleted_at IS NULL"
            must(not memory.all(query, row["course"]), "a sweep left an enrollment in an open course")
        elif row["kind"] != "keep_certificate":
            must(not memory.all(_ENROLLED, row["lesson"], user), "a sweep left a lesson of an enrolled learner")


_ENROLLED = "SELECT 1 FROM lessons l JOIN enrollments e ON e.course_id = l.course_id WHERE l.uid = ? AND e.user_id = ?"
_KEYS = " UNION ALL ".join(
    f"SELECT '{table}', count(*), count(DISTINCT user_id || '|' || {key}) FROM {table}"
    for table, key in (
        ("enrollments", "course_id"),
        ("lesson_progress", "lesson_id"),
        ("receipts", "command_id"),
        ("parked", "command_id"),
    )
)


@dataclass(frozen=True)
class Held:
    """What a profile holds: its facts and what waits in its outbox."""

    enrolled: frozenset[str]
    completed: frozenset[str]
    started: frozenset[str]
    payloads: frozenset[tuple[str, int, str]]
    outbox: dict[str, tuple[str, str, str]]

    @classmethod
    def look(cls, memory: Database) -> "Held":
        """What stands there now; looked up again only if something was written meanwhile."""
        return memory.seen(cls)

    @classmethod
    def of(cls, memory: Database) -> "Held":
        progress = memory.all(
            "SELECT l.uid, p.completed_at FROM lesson_progress p JOIN lessons l ON l.id = p.lesson_id"
        )
        return cls(
            frozenset(memory.column("SELECT c.uid FROM enrollments e JOIN courses c ON c.id = e.course_id")),
            frozenset(uid for uid, at in progress if at is not None),
            frozenset(uid for uid, _ in progress),
            frozenset(
                memory.all(
                    "SELECT c.uid, t.issued_at, t.payload FROM certificates t JOIN courses c ON c.id = course_id"
                )
            ),
            {row[0]: row[1:] for row in memory.all("SELECT command_id, kind, target, state FROM outbox")},
        )

    def has_fact(self, kind: str, target: str) -> bool:
        facts = {"enroll": self.enrolled, "start_lesson": self.started, "complete_lesson": self.completed}
        return target in facts[kind]


NOTHING = Held(frozenset(), frozenset(), frozenset(), frozenset(), {})


def check_profile(profile) -> None:
    """I1, I6, I13 on one laptop."""
    held = Held.look(profile.slot.memory)
    if profile.who is None:
        must(held == NOTHING, "a guest holds somebody's work", held)
    for command_id, (kind, target) in profile.made.items():
        must(held.has_fact(kind, target), "I1: saved and not there", kind, target)
        if command_id not in held.outbox and command_id not in profile.acked:
            # A parked command goes when a fact with its natural key arrives.
            must(_is_confirmed(profile.slot.memory, kind, target), "I6: a command is gone unsettled", kind, target)
            profile.acked.add(command_id)
    must(profile.shown <= held.completed, "I13: a completion disappeared", profile.shown - held.completed)
    profile.shown = set(held.completed)
    rejected = [row for row in held.outbox.values() if row[2] == "rejected"]
    must(not rejected, "a command was set aside", rejected)


def _is_confirmed(memory: Database, kind: str, target: str) -> bool:
    if kind == "enroll":
        query = "SELECT 1 FROM enrollments e JOIN courses c ON c.id = e.course_id WHERE c.uid = ? AND e.revision > 0"
    else:
        done = "AND p.completed_at > 0" if kind == "complete_lesson" else ""
        joined = "lesson_progress p JOIN lessons l ON l.id = p.lesson_id"
        query = f"SELECT 1 FROM {joined} WHERE l.uid = ? AND p.revision > 0 {done}"
    return bool(memory.all(query, target))


def check_arrived(server: Database, user: str | None, held: Held) -> None:
    """I2: everything that a profile held before a clean sync is on the server, as a fact or parked."""
    enrolled = set(
        server.column(
            "SELECT c.uid FROM enrollments e JOIN courses c ON c.id = e.course_id JOIN users u ON u.id = e.user_id"
            " WHERE u.uid = ?",
            user,
        )
    )
    progress = server.all(
        "SELECT l.uid, p.completed_at FROM lesson_progress p JOIN lessons l ON l.id = p.lesson_id"
        " JOIN users u ON u.id = p.user_id WHERE u.uid = ?",
        user,
    )
    parked = [
        json.loads(text)
        for text in server.column(
            "SELECT p.command FROM parked p JOIN users u ON u.id = p.user_id WHERE u.uid = ?", user
        )
    ]
    waiting = {(row["kind"], row.get("course") or row.get("lesson") or row.get("payload")) for row in parked}
    there = {"enroll": enrolled, "start_lesson": {uid for uid, _ in progress}}
    there["complete_lesson"] = {uid for uid, at in progress if at is not None}
    for kind, facts in (("enroll", held.enrolled), ("complete_lesson", held.completed)):
        lost = {uid for uid in facts - there[kind] if (kind, uid) not in waiting}
        must(not lost, f"I2: {kind} isn't on the server", lost)
    for kind, target, state in held.outbox.values():
        if kind in there and target not in there[kind]:
            must((kind, target) in waiting, f"I6: a {state} {kind} isn't on the server", target)
    _check_kept(server, user, held, waiting)


def _check_kept(server: Database, user: str | None, held: Held, waiting: set) -> None:
    there = {
        course: (issued_at, payload)
        for course, issued_at, payload in server.all(
            "SELECT c.uid, t.issued_at, t.payload FROM certificates t JOIN courses c ON c.id = t.course_id"
            " JOIN users u ON u.id = t.user_id WHERE u.uid = ?",
            user,
        )
    }
    for course, issued_at, payload in held.payloads:
        is_kept = course in there and there[course] <= (issued_at, payload)
        must(
            is_kept or ("keep_certificate", payload) in waiting,
            "a certificate that a laptop holds isn't on the server",
            certificate_command_id(payload),
        )


def check_same(server: Database, profile, user: str | None) -> None:
    """I9: a quiet laptop holds what the server holds for its learner, and what waits, and nothing else."""
    laptop = profile.slot.memory
    waiting = {row[:2] for row in Held.look(laptop).outbox.values()}
    pending = laptop.column("SELECT kind FROM outbox WHERE state = 'pending'")
    must(not pending, "I9: a quiet laptop has commands to send", pending)
    for kinds, query in _FACTS:
        mine = laptop.all(query.format(where="t.revision IS NOT NULL"))
        theirs = server.all(query.format(where="u.uid = ?"), user)
        must(Counter(mine) == Counter(theirs), "I9: laptop and server differ", set(mine) ^ set(theirs))
        for row in laptop.all(query.format(where="t.revision IS NULL")):
            must(any((kind, row[0]) in waiting for kind in kinds), "I9: an unconfirmed fact waits nowhere", row)
    _check_parked(server, laptop)
    _check_catalog(server, laptop, user)


_FACTS = (
    (
        ("enroll",),
        (
            "SELECT c.uid, t.enrolled_at, t.command_id, t.revision FROM enrollments t"
            " JOIN courses c ON c.id = t.course_id JOIN users u ON u.id = t.user_id WHERE {where}"
        ),
    ),
    (
        ("start_lesson", "complete_lesson"),
        (
            "SELECT l.uid, t.started_at, t.start_command_id, t.completed_at, t.complete_command_id, t.revision"
            " FROM lesson_progress t JOIN lessons l ON l.id = t.lesson_id"
            " JOIN users u ON u.id = t.user_id WHERE {where}"
        ),
    ),
    (
        ("keep_certificate",),
        (
            "SELECT t.payload, c.uid, t.uuid, t.learner_name, t.course_title, t.completed_at, t.issued_at,"
            " t.pdf_sha256, t.revision FROM certificates t JOIN courses c ON c.id = t.course_id"
            " JOIN users u ON u.id = t.user_id"
            " WHERE {where}"
        ),
    ),
)


def _check_parked(server: Database, laptop: Database) -> None:
    """What is shown as waiting on the server does wait there."""
    there = set(server.column("SELECT command_id FROM parked"))
    mine = set(laptop.column("SELECT command_id FROM outbox WHERE state = 'parked'"))
    must(mine <= there, "I9: shown as parked, but not parked", mine - there)


def _check_catalog(server: Database, laptop: Database, user: str | None) -> None:
    is_open = "c.is_published AND c.deleted_at IS NULL"
    enrolled = "c.id IN (SELECT course_id FROM enrollments e JOIN users u ON u.id = e.user_id WHERE u.uid = ?)"
    theirs = server.all(f"{_COURSES} WHERE {is_open} OR {enrolled}", user)
    shown = f"({is_open} OR c.id IN (SELECT course_id FROM enrollments WHERE revision > 0))"
    seen = f"NOT c.is_hidden AND c.uid != '{UNKNOWN_COURSE}' AND {shown}"
    mine = laptop.all(f"{_COURSES} WHERE {seen}")
    must(Counter(mine) == Counter(theirs), "I9: the catalogs differ", set(mine) ^ set(theirs))
    theirs = server.all(f"{_LESSONS} WHERE {is_open} OR {enrolled}", user)
    mine = laptop.all(f"{_LESSONS} WHERE {seen} AND NOT l.is_hidden")
    must(Counter(mine) == Counter(theirs), "I9: the lessons differ", set(mine) ^ set(theirs))
    if user is None:
        closed = laptop.column(f"SELECT uid FROM courses c WHERE NOT ({is_open}) AND uid != '{UNKNOWN_COURSE}'")
        must(not closed, "a guest was told of a course that isn't open", closed)


_COURSES = "SELECT c.uid, c.slug, c.title, c.is_published, c.deleted_at, c.revision FROM courses c"
_LESSONS = (
    'SELECT l.uid, c.uid, l.title, l."order", l.deleted_at, l.revision'
    " FROM lessons l JOIN courses c ON c.id = l.course_id"
)
