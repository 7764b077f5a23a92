"""Enrollments in courses that aren't open: each travels with its whole course, and never two by the same revision."""

from collections import Counter
from functools import partial

import pytest
from sqlalchemy import select, union_all

from lms_server.actions.courses import delete_course, unpublish_course
from lms_server.actions.refusals import Refused
from lms_server.contract import wire
from lms_server.contract.sqlite import reading
from lms_server.contract.times import now_ms
from lms_server.database.tables import enrollments, lesson_progress
from lms_server.sync import changes
from lms_server.sync.changes import read_page
from lms_server.sync.learning import enroll_user
from lms_server.sync.settle import settle
from tests.world import World, command

LESSONS = 8


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "server")
    yield world
    world.close()


@pytest.fixture
def closed(world):
    """A learner who took three courses in one request; all of them closed since."""
    who = world.learner()
    taken = [world.course(f"course-{number}", count=LESSONS) for number in range(3)]
    send(world, who, [command("enroll", course.uid) for course in taken])
    send(world, who, [command("complete_lesson", course.lessons[0]) for course in taken])
    for course in taken[:2]:
        unpublish_course(world.context, course.slug)
    delete_course(world.context, taken[2].slug)
    return who, taken


def send(world, who, commands):
    now = now_ms()
    return settle(world.context, who, commands, sent_at=now, received_at=now)


def revisions(world):
    mine = union_all(select(enrollments.c.revision), select(lesson_progress.c.revision))
    with reading(world.engine) as conn:
        taken = Counter(conn.execute(mine).scalars())
        return [taken[revision] for revision in conn.execute(select(enrollments.c.revision)).scalars()]


def test_enrollments_of_one_request_have_a_revision_each(world, closed):
    assert revisions(world) == [1, 1, 1]


def test_an_enrollment_offered_again_in_a_closed_course_keeps_it_that_way(world, closed):
    who, taken = closed
    again = send(world, who, [command("enroll", c.uid, at="2026-01-01T00:00:00.000Z") for c in taken])
    assert [result.code for result in again] == ["already_done"] * 3
    assert revisions(world) == [1, 1, 1]


def test_a_page_holds_one_closed_course_at_a_time_and_all_of_them_come(world, closed, monkeypatch):
    who, taken = closed
    monkeypatch.setattr(changes, "Budget", partial(changes.Budget, rows=10, bytes=1 << 20))
    after, seen = wire.Cursors(), []
    while True:
        with reading(world.engine) as conn:
            page = read_page(conn, who, after, wire.Cursors())
        mine = [row.uid for row in page.changes.courses]
        assert len(page.changes.lessons) <= LESSONS
        seen += mine
        after = page.next
        if not page.more:
            break
    assert set(seen) == {course.uid for course in taken}


def test_nobody_new_gets_in(world, closed):
    ben = world.learner("ben@example.org", "Ben")
    with pytest.raises(Refused, match="published"):
        enroll_user(world.context, ben, closed[1][0].slug)
    [result] = send(world, ben, [command("enroll", closed[1][2].uid)])
    assert (result.outcome, result.code) == ("parked", "course_deleted")
