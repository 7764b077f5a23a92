"""What the random schedules found, each as the few steps that show it."""

import pytest

from lms_server.contract.commands import CompleteLesson, Enroll
from lms_server.contract.ids import new_uuid7
from tests.world import Laptop, World


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "server")
    yield world
    world.close()


@pytest.fixture
def laptops(world, tmp_path):
    opened = []

    def make(learner):
        opened.append(Laptop(world, learner, tmp_path / f"laptop{len(opened)}" / "profile"))
        return opened[-1]

    yield make
    for laptop in opened:
        laptop.close()


HOUR_MS = 3_600_000


def completions(conn) -> list:
    return list(conn.exec_driver_sql("SELECT completed_at FROM lesson_progress ORDER BY id").scalars())


def test_an_enrollment_that_turns_out_earlier_leaves_the_same_times_on_both_sides(world, laptops):
    learner, course = world.learner(), world.course()
    first, second = laptops(learner), laptops(learner)
    first.sync()
    second.sync()
    now = world.now()
    course_uid, lesson = course.uid, course.lessons[0]
    # This laptop's clock was turned back by an hour after the enrollment.
    first.store.record(Enroll(new_uuid7(), course_uid, now))
    first.store.record(CompleteLesson(new_uuid7(), lesson, now - HOUR_MS))
    first.sync()
    second.store.record(Enroll(new_uuid7(), course_uid, now - 2 * HOUR_MS))
    second.sync()
    first.sync()
    with first.store.reading() as here, world.engine.connect() as there:
        assert completions(here) == completions(there)
