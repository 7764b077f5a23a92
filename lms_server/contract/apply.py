"""Apply a learner's commands in the caller's transaction: load the facts, decide in memory, write in bulk.

The same on both sides. The number of statements doesn't depend on the number of commands: at most four reads and
two writes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from lms_server.contract import rules
from lms_server.contract.commands import Code, CompleteLesson, Enroll, Event, StartLesson
from lms_server.contract.rules import CourseFact, Enrollment, LessonFact, Progress
from lms_server.contract.schema import courses, enrollments, lesson_progress, lessons
from lms_server.contract.upsert import among, insert_into, write_rows

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
    course_uids = {event.command.course for event in events if isinstance(event.command, Enroll)}
    lesson_uids = {event.command.lesson for event in events if isinstance(event.command, StartLesson | CompleteLesson)}
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
    if decision.enrollments:
        statement = insert_into(conn, enrollments)
        update = {name: statement.excluded[name] for name in ("enrolled_at", "command_id", "revision")}
        rows = [
            {
                "user_id": user_id,
                "course_id": course_id,
                "enrolled_at": row.enrolled_at,
                "command_id": row.command_id,
                "revision": (stamp_alone or stamp)(),
            }
            for course_id, row in decision.enrollments.items()
        ]
        conn.execute(statement.on_conflict_do_update(index_elements=["user_id", "course_id"], set_=update), rows)
    if decision.progress:
        write_progress(conn, user_id, decision.progress, stamp)


def write_progress(conn: Connection, user_id: int, progress: dict[int, Progress], stamp: Stamp) -> None:
    """Store progress rows as they are given, by lesson id."""
    statement = insert_into(conn, lesson_progress)
    names = ("started_at", "start_command_id", "completed_at", "complete_command_id", "revision")
    update = {name: statement.excluded[name] for name in names}
    rows = [
        {
            "user_id": user_id,
            "lesson_id": lesson_id,
            "started_at": row.started_at,
            "start_command_id": row.start_command_id,
            "completed_at": row.completed_at,
            "complete_command_id": row.complete_command_id,
            "revision": stamp(),
        }
        for lesson_id, row in progress.items()
    ]
    write_rows(conn, statement.on_conflict_do_update(index_elements=["user_id", "lesson_id"], set_=update), rows)


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
    return (lesson if code in {Code.OK, Code.LESSON_REMOVED} else None), code


_JUDGES: tuple[tuple[type, Callable[[Facts, Decision, Event], Code]], ...] = (
    (Enroll, _enroll),
    (StartLesson, _start),
    (CompleteLesson, _complete),
)


def _load_lessons(conn: Connection, facts: Facts, uids: set[str]) -> None:
    query = select(lessons.c.id, lessons.c.uid, lessons.c.course_id, lessons.c.deleted_at, *_COURSE_COLUMNS).join_from(
        lessons, courses
    )
    for lesson_id, uid, course_id, deleted_at, *course in conn.execute(query.where(among(conn, lessons.c.uid, uids))):
        facts.lessons[uid] = LessonFact(lesson_id, uid, course_id, deleted_at is not None)
        if course_id not in facts.course_of:
            _remember_course(facts, *course)


def _load_courses(conn: Connection, facts: Facts, uids: set[str]) -> None:
    for course in conn.execute(select(*_COURSE_COLUMNS).where(among(conn, courses.c.uid, uids))):
        _remember_course(facts, *course)


def _remember_course(facts: Facts, course_id: int, uid: str, is_published: bool, deleted_at: int | None) -> None:  # noqa: FBT001 # a row's columns
    fact = CourseFact(course_id, uid, is_published, deleted_at is not None)
    facts.courses[uid] = facts.course_of[course_id] = fact


def _load_enrollments(conn: Connection, facts: Facts, user_id: int) -> None:
    query = select(enrollments.c.course_id, enrollments.c.enrolled_at, enrollments.c.command_id)
    wanted = among(conn, enrollments.c.course_id, facts.course_of.keys())
    for course_id, at, command_id in conn.execute(query.where(enrollments.c.user_id == user_id, wanted)):
        facts.enrollments[course_id] = Enrollment(at, command_id)


def _load_progress(conn: Connection, facts: Facts, user_id: int) -> None:
    table = lesson_progress.c
    query = select(
        table.lesson_id, table.started_at, table.start_command_id, table.completed_at, table.complete_command_id
    )
    wanted = among(conn, table.lesson_id, [lesson.id for lesson in facts.lessons.values()])
    for lesson_id, *row in conn.execute(query.where(table.user_id == user_id, wanted)):
        facts.progress[lesson_id] = Progress(*row)


_COURSE_COLUMNS = (courses.c.id, courses.c.uid, courses.c.is_published, courses.c.deleted_at)
