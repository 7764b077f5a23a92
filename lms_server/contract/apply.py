"""Apply a learner's commands in the caller's transaction: load the facts, decide in memory, write in bulk.

The same on both sides. The number of statements doesn't depend on the number of commands: at most four reads, and
writes to two tables.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, bindparam, select

from lms_server.contract import rules
from lms_server.contract.bulk import BulkInsert
from lms_server.contract.commands import STUDIES, Code, CompleteLesson, Enroll, Event, StartLesson
from lms_server.contract.rules import CourseFact, Enrollment, LessonFact, Progress
from lms_server.contract.schema import courses, enrollments, lesson_progress, lessons
from lms_server.contract.upsert import picked

# The next row's revision: numbers on the server, always None on a desktop.
Stamp = Callable[[], int | None]


@dataclass
class Facts:
    """What the decisions need to know, loaded at once and kept up while commands are folded in."""

    courses: dict[str, CourseFact] = field(default_factory=dict)
    lessons: dict[str, LessonFact] = field(default_factory=dict)
    course_of: dict[int, CourseFact] = field(default_factory=dict)
    enrollments: dict[int, Enrollment] = field(default_factory=dict)
    progress: dict[int, Progress] = field(default_factory=dict)


@dataclass
class Decision:
    """What a batch comes to: one code per event, the rows to write, and what is new."""

    codes: list[Code]
    enrollments: dict[int, Enrollment] = field(default_factory=dict)
    progress: dict[int, Progress] = field(default_factory=dict)
    # Uids of what wasn't a fact before: for the digest.
    new_enrollments: list[str] = field(default_factory=list)
    new_completions: list[str] = field(default_factory=list)
    # Courses (by database id) with an accepted completion event: certificates are due for a look.
    completed_courses: set[int] = field(default_factory=set)


def apply(
    conn: Connection, user_id: int, events: Sequence[Event], stamp: Stamp, stamp_alone: Stamp | None = None
) -> Decision:
    """Apply events to a learner's facts and say how each ended; certificates and unknown kinds aren't decided here.

    ``stamp_alone`` gives enrollments their revisions, since each may bring a whole course along.
    """
    facts = load_facts(conn, user_id, events)
    decision = decide(facts, events)
    write(conn, user_id, decision, stamp, stamp_alone)
    return decision


def load_facts(conn: Connection, user_id: int, events: Iterable[Event]) -> Facts:
    """Read what these events are about, each table once."""
    # In their order: who studies a course from its beginning to its end touches neighbouring rows.
    course_uids = dict.fromkeys(event.command.course for event in events if isinstance(event.command, Enroll))
    lesson_uids = dict.fromkeys(event.command.lesson for event in events if isinstance(event.command, STUDIES))
    facts = Facts()
    if lesson_uids:
        _load_lessons(conn, facts, lesson_uids)
    if course_uids:
        _load_courses(conn, facts, course_uids)
    if facts.course_of:
        _load_enrollments(conn, facts, user_id)
    if facts.lessons:
        _load_progress(conn, facts, user_id)
    return facts


def decide(facts: Facts, events: Sequence[Event]) -> Decision:
    """Fold the events into the facts, enrollments first, then starts, then completions; pure but for ``facts``."""
    decision = Decision([Code.UNSUPPORTED_KIND] * len(events))
    for kind, judge in _JUDGES:
        for index, event in enumerate(events):
            if type(event.command) is kind:
                decision.codes[index] = judge(facts, decision, event)
    return decision


def write(conn: Connection, user_id: int, decision: Decision, stamp: Stamp, stamp_alone: Stamp | None = None) -> None:
    """Store the decided rows, one statement a table; the unique keys keep them single."""
    stamp_enrollment = stamp_alone or stamp
    ENROLLMENTS.write(conn, [(user_id, key, *row, stamp_enrollment()) for key, row in decision.enrollments.items()])
    PROGRESS.write(conn, [(user_id, key, *row, stamp()) for key, row in decision.progress.items()])


def _enroll(facts: Facts, decision: Decision, event: Event) -> Code:
    command = event.command
    assert isinstance(command, Enroll)  # noqa: S101 # _JUDGES sends only these
    course = facts.courses.get(command.course)
    old = facts.enrollments.get(course.id) if course else None
    if old is None:
        code = rules.may_enroll(course)
        if code is not Code.OK:
            return code
        decision.new_enrollments.append(command.course)
    assert course is not None  # noqa: S101 # an unknown course is never open
    row = rules.enrolled(old, event.at, command.id)
    facts.enrollments[course.id] = decision.enrollments[course.id] = row
    return Code.OK if old is None else Code.ALREADY_DONE


def _start(facts: Facts, decision: Decision, event: Event) -> Code:
    command = event.command
    assert isinstance(command, StartLesson)  # noqa: S101 # _JUDGES sends only these
    lesson, code = _judge_lesson(facts, command.lesson)
    if lesson is None:
        return code
    old = facts.progress.get(lesson.id)
    facts.progress[lesson.id] = decision.progress[lesson.id] = rules.started(old, event.at, command.id)
    return Code.ALREADY_DONE if code is Code.OK and old is not None else code


def _complete(facts: Facts, decision: Decision, event: Event) -> Code:
    command = event.command
    assert isinstance(command, CompleteLesson)  # noqa: S101 # _JUDGES sends only these
    lesson, code = _judge_lesson(facts, command.lesson)
    if lesson is None:
        return code
    old = facts.progress.get(lesson.id)
    facts.progress[lesson.id] = decision.progress[lesson.id] = rules.completed(old, event.at, command.id)
    decision.completed_courses.add(lesson.course_id)
    if old is None or old.completed_at is None:
        decision.new_completions.append(command.lesson)
    elif code is Code.OK:
        return Code.ALREADY_DONE
    return code


def _judge_lesson(facts: Facts, uid: str) -> tuple[LessonFact | None, Code]:
    lesson = facts.lessons.get(uid)
    code = rules.may_study(lesson, is_enrolled=lesson is not None and lesson.course_id in facts.enrollments)
    return (lesson if code in _RECORDED else None), code


# A lesson that was removed is studied all the same; it doesn't count.
_RECORDED = frozenset({Code.OK, Code.LESSON_REMOVED})
_JUDGES: tuple[tuple[type, Callable[[Facts, Decision, Event], Code]], ...] = (
    (Enroll, _enroll),
    (StartLesson, _start),
    (CompleteLesson, _complete),
)


def _load_lessons(conn: Connection, facts: Facts, uids: Collection[str]) -> None:
    for key, uid, course_id, deleted_at in conn.execute(_LESSONS, {"uids": uids}).all():
        facts.lessons[uid] = LessonFact(key, uid, course_id, deleted_at is not None)
    course_ids = {lesson.course_id for lesson in facts.lessons.values()}
    if course_ids:
        _remember_courses(facts, conn.execute(_COURSES_BY_ID, {"ids": course_ids}).all())


def _load_courses(conn: Connection, facts: Facts, uids: Collection[str]) -> None:
    _remember_courses(facts, conn.execute(_COURSES_BY_UID, {"uids": uids}).all())


def _remember_courses(facts: Facts, rows: Iterable[Row[int, str, bool, int | None]]) -> None:
    for key, uid, is_published, deleted_at in rows:
        fact = CourseFact(key, uid, is_published, deleted_at is not None)
        facts.courses[uid] = facts.course_of[key] = fact


def _load_enrollments(conn: Connection, facts: Facts, user_id: int) -> None:
    for course_id, *row in conn.execute(_ENROLLED, {"user": user_id, "ids": facts.course_of.keys()}).all():
        facts.enrollments[course_id] = Enrollment(*row)


def _load_progress(conn: Connection, facts: Facts, user_id: int) -> None:
    ids = [lesson.id for lesson in facts.lessons.values()]
    for lesson_id, *row in conn.execute(_STUDIED, {"user": user_id, "ids": ids}).all():
        facts.progress[lesson_id] = Progress(*row)


ENROLLMENTS = BulkInsert(
    enrollments, ("user_id", "course_id", *Enrollment._fields, "revision"), key=("user_id", "course_id")
)
PROGRESS = BulkInsert(
    lesson_progress, ("user_id", "lesson_id", *Progress._fields, "revision"), key=("user_id", "lesson_id")
)
_COURSES = select(courses.c.id, courses.c.uid, courses.c.is_published, courses.c.deleted_at)
_COURSES_BY_ID = _COURSES.select_from(picked(courses.c.id, "ids"))
_COURSES_BY_UID = _COURSES.select_from(picked(courses.c.uid, "uids"))
_LESSONS = select(lessons.c.id, lessons.c.uid, lessons.c.course_id, lessons.c.deleted_at).select_from(
    picked(lessons.c.uid, "uids")
)
_ENROLLED = (
    select(enrollments.c.course_id, *(enrollments.c[name] for name in Enrollment._fields))
    .select_from(picked(enrollments.c.course_id, "ids"))
    .where(enrollments.c.user_id == bindparam("user"))
)
_STUDIED = (
    select(lesson_progress.c.lesson_id, *(lesson_progress.c[name] for name in Progress._fields))
    .select_from(picked(lesson_progress.c.lesson_id, "ids"))
    .where(lesson_progress.c.user_id == bindparam("user"))
)
