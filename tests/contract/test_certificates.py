"""One certificate per learner and course, under any race, and when exactly it is earned."""

import os
from functools import partial

import pytest
from sqlalchemy import text

from lms_server.actions.certificates import reevaluate
from lms_server.actions.courses import delete_course, remove_lesson, unpublish_course
from lms_server.contract.sqlite import writing
from tests.contract.test_commands import send, together
from tests.world import command

RACES = int(os.environ.get("LMS_RACES", "40"))


def test_two_devices_finish_at_the_same_moment_and_one_certificate_is_issued(world):
    course = world.course(count=2)
    for race in range(RACES):
        learner = world.learner(f"l{race}@example.org", "Ana")
        send(world, learner, command("enroll", course.uid))
        last = [command("complete_lesson", uid) for uid in course.lessons]
        together(*[partial(send, world, learner, one) for one in last])
    issued = world.certificates()
    assert len(issued) == RACES
    assert len({row.user_id for row in issued}) == RACES
    wanted = sorted((kind, row.uuid) for row in issued for kind in ("certificate_email", "certificate_pdf"))
    assert sorted(world.jobs()) == wanted


def test_a_lesson_added_before_the_last_completion_is_required(world):
    learner, course = world.learner(), world.course(count=2)
    send(world, learner, command("enroll", course.uid), command("complete_lesson", course.lessons[0]))
    added = world.add_lesson(course)
    send(world, learner, command("complete_lesson", course.lessons[1]))
    assert world.certificates() == []
    send(world, learner, command("complete_lesson", added))
    assert len(world.certificates()) == 1


def test_removing_a_lesson_issues_nothing_until_the_next_completion_event_a_repeated_one_included(world):
    learner, course = world.learner(), world.course(count=2)
    first = command("complete_lesson", course.lessons[0])
    send(world, learner, command("enroll", course.uid), first)
    remove_lesson(world.context, course.lessons[1])
    assert world.certificates() == []
    assert send(world, learner, first) == [("duplicate", "ok")]
    assert len(world.certificates()) == 1


def test_a_completion_of_a_removed_lesson_is_recorded_and_evaluates(world):
    learner, course = world.learner(), world.course(count=2)
    send(world, learner, command("enroll", course.uid), command("complete_lesson", course.lessons[0]))
    remove_lesson(world.context, course.lessons[1])
    assert send(world, learner, command("complete_lesson", course.lessons[1])) == [("applied", "lesson_removed")]
    assert len(world.certificates()) == 1


def test_a_course_without_required_lessons_gives_none(world):
    learner, course = world.learner(), world.course(count=1)
    send(world, learner, command("enroll", course.uid))
    remove_lesson(world.context, course.lessons[0])
    send(world, learner, command("complete_lesson", course.lessons[0]))
    assert world.certificates() == []


def test_a_certificate_stays_when_a_lesson_is_added_later(world):
    learner, course = world.learner(), world.course(count=1)
    send(world, learner, command("enroll", course.uid), command("complete_lesson", course.lessons[0]))
    [before] = world.certificates()
    added = world.add_lesson(course)
    send(world, learner, command("complete_lesson", added))
    [after] = world.certificates()
    assert after == before


@pytest.mark.parametrize("close", [unpublish_course, delete_course])
def test_an_enrolled_learner_finishes_a_closed_course(world, close):
    learner, late, course = world.learner(), world.learner("b@example.org"), world.course(count=1)
    send(world, learner, command("enroll", course.uid))
    close(world.context, course.slug)
    [(outcome, _)] = send(world, late, command("enroll", course.uid))
    assert outcome == "parked"
    send(world, learner, command("complete_lesson", course.lessons[0]))
    assert [row.user_id for row in world.certificates()] == [learner.id]


def test_reevaluating_issues_what_is_due_and_never_a_second_one(world):
    learner, course = world.learner(), world.course(count=2)
    send(world, learner, command("enroll", course.uid), command("complete_lesson", course.lessons[0]))
    remove_lesson(world.context, course.lessons[1])
    assert len(reevaluate(world.context, course.slug)) == 1
    assert reevaluate(world.context, course.slug) == []
    assert len(world.jobs()) == 2


def test_a_completion_is_never_dated_before_the_enrollment(world):
    learner, course = world.learner(), world.course(count=1)
    send(world, learner, command("enroll", course.uid, at="2026-11-10T00:00:00.000Z"))
    send(world, learner, command("complete_lesson", course.lessons[0], at="1970-01-02T00:00:00.000Z"))
    [certificate] = world.certificates()
    with writing(world.engine) as conn:
        enrolled_at = conn.execute(text("SELECT enrolled_at FROM enrollments")).scalar_one()
    assert certificate.completed_at == enrolled_at
