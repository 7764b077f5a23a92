"""What the random schedules found, each as the few steps that show it."""

import pytest

from lms_desktop.sync.errors import Offline
from lms_server.contract.commands import CompleteLesson, Enroll, StartLesson
from lms_server.contract.ids import new_uuid7
from tests.world import Laptop, World, lost


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


def test_a_row_that_comes_before_its_command_is_settled_stays_the_server_s(world, laptops):
    laptop, course = laptops(world.learner()), world.course()
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.sync()
    # The laptop's clock is slow, and the server corrects the time of what it is sent.
    clock = world.now() - HOUR_MS
    laptop.store.record(CompleteLesson(new_uuid7(), course.lessons[0], clock))
    laptop.transport.twist = lost
    with pytest.raises(Offline):
        laptop.session().run()
    laptop.transport.twist = None
    laptop.store.record(StartLesson(new_uuid7(), course.lessons[1], clock))
    # The start goes first, and its answer brings the completion's row.
    session = laptop.session()
    session.clock, session._limit = (lambda: clock + 1), 1
    before = laptop.transport.requests
    assert session.run().digests_agree
    assert laptop.transport.requests - before == 2
    with laptop.store.reading() as here, world.engine.connect() as there:
        assert completions(here) == completions(there)
