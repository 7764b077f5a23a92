"""Apply one answer of the server: results, rows and anchors in one transaction, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from lms_desktop.store import catalog, facts, outbox
from lms_desktop.store.rows import Topic
from lms_desktop.store.tables import ME, profile, users
from lms_server.contract import rules, wire
from lms_server.contract.apply import Decision, Facts, load_facts, write
from lms_server.contract.commands import STUDIES, Command, CompleteLesson, Enroll, Event, StartLesson
from lms_server.contract.digest import Digest


@dataclass(frozen=True, slots=True)
class Cursors:
    """The anchors that a request carried, and must still be stored when its answer is applied."""

    epoch: str | None
    after: wire.Cursors
    settled: wire.Cursors
    # The digests disagreed: this exchange pulls from the start and offers everything again.
    pull_all: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """What an answer came to."""

    topics: frozenset[Topic]
    # The ids of the commands that needn't be kept any more.
    dropped: Sequence[str]
    # Everything is back in the outbox.
    offers_again: bool
    received: int
    more: bool
    # None while there is more; then whether both sides hold the same confirmed facts.
    digests_agree: bool | None


def read_cursors(conn: Connection) -> Cursors:
    """The anchors to send."""
    row = conn.execute(_CURSORS).one()
    if row.pull_all:
        return Cursors(row.epoch, wire.Cursors(), wire.Cursors(), pull_all=True)
    after = wire.Cursors(row.after_catalog, row.after_me)
    return Cursors(row.epoch, after, wire.Cursors(row.settled_catalog, row.settled_me))


def settle(conn: Connection, user: str | None, carried: Cursors, answer: wire.SyncAnswer) -> Settled | None:
    """Apply an answer in the caller's transaction; None when other anchors are stored than the request carried."""
    if read_cursors(conn) != carried:
        return None
    settled, acknowledged = outbox.file_results(conn, answer.results)
    offers_again = user is not None and (carried.pull_all or not answer.known.me)
    with facts.counting(conn, user) as digest:
        if offers_again:
            # They will be acknowledged a second time.
            acknowledged -= outbox.offer_everything_again(conn)
            facts.forget_confirmations(conn, digest)
        if carried.pull_all or not answer.known.catalog:
            catalog.mark_everything(conn)
        confirmed = _store_changes(conn, answer.changes, digest)
        _apply_on_top(conn, answer.changes, digest)
    if not answer.more:
        catalog.hide_marked(conn)
    _store_anchors(conn, answer, acknowledged + len(confirmed))
    dropped = settled + confirmed
    agree = _agree(digest, answer)
    return Settled(_topics(answer), dropped, offers_again, _count(answer.changes), answer.more, agree)


def _store_changes(conn: Connection, changes: wire.Changes, digest: Digest) -> list[str]:
    """Rows replace rows; returns the ids of parked commands that they confirm."""
    catalog.store_courses(conn, [row for row in changes.courses if isinstance(row, wire.CourseRow)])
    catalog.store_lessons(conn, changes.lessons)
    facts.store_enrollments(conn, changes.enrollments, digest)
    facts.store_progress(conn, changes.progress, digest)
    facts.store_certificates(conn, changes.certificates, digest)
    if gone := [row.uid for row in changes.courses if isinstance(row, wire.GoneRow)]:
        catalog.hide(conn, gone)
    return outbox.confirm_parked(conn, changes)


def _apply_on_top(conn: Connection, changes: wire.Changes, digest: Digest) -> None:
    """Unsettled commands again, on the rows just replaced: no answer takes away a completion that isn't settled."""
    touched = {row.course for row in changes.enrollments} | {row.lesson for row in changes.progress}
    if touched:
        apply_locally(conn, outbox.unsettled(conn, touched), digest)


def apply_locally(conn: Connection, commands: Sequence[Command], digest: Digest) -> None:
    """Make these commands' facts true here, whatever the rules say now: they were allowed when they were recorded.

    Only what is missing: of a fact that the server told, the server knows the time better than this laptop's clock.
    """
    enrolls = [c for c in commands if isinstance(c, Enroll)]
    studies = [c for c in commands if isinstance(c, STUDIES)]
    course_ids = facts.course_ids(conn, [c.course for c in enrolls]) if enrolls else {}
    lesson_ids = facts.lesson_ids(conn, [c.lesson for c in studies]) if studies else {}
    known = load_facts(conn, ME, [Event(c, _time(c)) for c in (*enrolls, *studies)])
    decision = Decision([])
    for enroll in enrolls:
        _decide_enrollment(decision, known, course_ids[enroll.course], enroll)
    for study in studies:
        _decide_progress(decision, known, lesson_ids[study.lesson], study)
    facts.uncount(
        conn,
        digest,
        [uid for uid, key in course_ids.items() if key in decision.enrollments],
        [uid for uid, key in lesson_ids.items() if key in decision.progress],
    )
    write(conn, ME, decision, lambda: None)


def _decide_enrollment(decision: Decision, known: Facts, course_id: int, command: Enroll) -> None:
    if course_id not in known.enrollments:
        before = decision.enrollments.get(course_id)
        decision.enrollments[course_id] = rules.enrolled(before, _time(command), command.id)


def _decide_progress(decision: Decision, known: Facts, lesson_id: int, command: StartLesson | CompleteLesson) -> None:
    told = known.progress.get(lesson_id)
    if told is None or (isinstance(command, CompleteLesson) and told.completed_at is None):
        fold = rules.started if isinstance(command, StartLesson) else rules.completed
        decision.progress[lesson_id] = fold(decision.progress.get(lesson_id, told), _time(command), command.id)


def _time(command: Enroll | StartLesson | CompleteLesson) -> int:
    return command.at if command.at is not None else command.made_at or 0


def _store_anchors(conn: Connection, answer: wire.SyncAnswer, acknowledged: int) -> None:
    reached = {
        "epoch_": answer.epoch,
        "after_catalog_": answer.next.catalog,
        "after_me_": answer.next.me,
        "settled_catalog_": answer.settled.catalog,
        "settled_me_": answer.settled.me,
        "more_acknowledged": acknowledged,
    }
    conn.execute(_REACH, reached)
    if answer.user is not None:
        conn.execute(_RENAME, {"name_": answer.user.name, "email_": answer.user.email})


def _agree(digest: Digest, answer: wire.SyncAnswer) -> bool | None:
    if answer.digest is None or answer.more:
        return None
    return (digest.count, digest.text) == (answer.digest.count, answer.digest.sum)


def _topics(answer: wire.SyncAnswer) -> frozenset[Topic]:
    changes = answer.changes
    changed = {
        Topic.CATALOG: bool(changes.courses or changes.lessons) or not answer.known.catalog,
        Topic.ENROLLMENTS: bool(changes.enrollments),
        Topic.PROGRESS: bool(changes.progress),
        Topic.CERTIFICATES: bool(changes.certificates),
        Topic.OUTBOX: bool(answer.results) or not answer.known.me,
    }
    return frozenset({Topic.SYNC} | {topic for topic, is_changed in changed.items() if is_changed})


def _count(changes: wire.Changes) -> int:
    return sum(len(getattr(changes, name)) for name in changes.__struct_fields__)


_CURSORS = select(
    profile.c.epoch,
    profile.c.after_catalog,
    profile.c.after_me,
    profile.c.settled_catalog,
    profile.c.settled_me,
    profile.c.pull_all,
)
# What stands as it is dirties no page of SQLite's: a sync with nothing new doesn't wait for the disk.
_REACH = update(profile).values(
    epoch=bindparam("epoch_"),
    after_catalog=bindparam("after_catalog_"),
    after_me=bindparam("after_me_"),
    settled_catalog=bindparam("settled_catalog_"),
    settled_me=bindparam("settled_me_"),
    acknowledged=profile.c.acknowledged + bindparam("more_acknowledged"),
    pull_all=False,
    needs_sign_in=False,
)
_RENAME = update(users).values(name=bindparam("name_"), email=bindparam("email_"))
