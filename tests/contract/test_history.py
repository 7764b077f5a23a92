"""A server that lost history gets it back from the desktops, and no second mail goes out."""

import shutil

import pytest
from sqlalchemy import select, update

from lms_server.actions.courses import publish_course, unpublish_course
from lms_server.contract.sqlite import reading, writing
from lms_server.database.tables import courses, jobs, server
from lms_server.sync.parked import sweep
from tests.world import Laptop, World


@pytest.fixture
def place(tmp_path):
    return tmp_path / "server"


def laptop_of(world, learner, folder):
    return Laptop(world, learner, folder / "profile")


def back_up(world, name="backup"):
    with writing(world.engine) as conn:
        conn.exec_driver_sql("SELECT 1")
    world.engine.dispose()
    copy = world.folder.parent / name
    shutil.copytree(world.folder, copy)
    return copy


def roll_back(world, copy, *, says_so):
    world.engine.dispose()
    shutil.rmtree(world.folder)
    shutil.copytree(copy, world.folder)
    if says_so:
        with writing(world.engine) as conn:
            conn.exec_driver_sql("UPDATE server SET epoch = '11111111-1111-4111-8111-111111111111'")


def row(world):
    with reading(world.engine) as conn:
        return conn.execute(select(server)).one()


@pytest.mark.logs("rolled back")
@pytest.mark.parametrize("says_so", [True, False])
def test_after_a_restore_everything_a_laptop_held_is_back_with_the_same_certificate(tmp_path, place, says_so):
    world = World(place)
    learner, course = world.learner(), world.course(count=3)
    copy = back_up(world)
    laptop = laptop_of(world, learner, tmp_path / "a")
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.study(course, 0, 1, 2)
    laptop.sync()
    [before] = world.certificates()
    roll_back(world, copy, says_so=says_so)
    epoch = row(world).epoch
    laptop.token = world.token(learner)
    laptop.sync()
    [after] = world.certificates()
    assert (after.uuid, after.payload) == (before.uuid, before.payload)
    assert world.completed(learner) == set(course.lessons)
    assert laptop.store.views.counts() == {"pending": 0, "parked": 0, "rejected": 0}
    assert laptop.store.views.status()["acknowledged"] == 4, "what went twice was clicked once"
    if not says_so:
        assert row(world).epoch != epoch
    with reading(world.engine) as conn:
        held = conn.execute(select(jobs.c.state).where(jobs.c.kind == "certificate_email")).scalars().all()
    assert held == ["held"], "the journal may have been rolled back too"
    laptop.close()
    world.close()


@pytest.mark.logs("rolled back")
def test_work_settled_by_a_laptop_that_never_pulled_it_comes_back(tmp_path, place):
    world = World(place)
    learner, course = world.learner(), world.course(count=2)
    first, second = laptop_of(world, learner, tmp_path / "a"), laptop_of(world, learner, tmp_path / "b")
    first.sync()
    first.store.enroll(course.uid)
    first.sync()
    second.sync()
    copy = back_up(world)
    second.store.complete(course.lessons[1])
    second.sync()
    roll_back(world, copy, says_so=False)
    first.token, second.token = world.token(learner), world.token(learner)
    # Another laptop writes past the old cursors before the one that knows more comes back.
    first.store.complete(course.lessons[0])
    first.sync()
    second.sync()
    first.sync()
    assert world.completed(learner) == set(course.lessons)
    assert len(world.certificates()) == 1
    for laptop in (first, second):
        assert {lesson.is_completed for lesson in laptop.store.views.course(course.uid).lessons} == {True}
        laptop.close()
    world.close()


def test_what_was_parked_and_is_confirmed_by_a_row_counts_as_acknowledged(tmp_path, place):
    world = World(place)
    learner, course = world.learner(), world.course(count=1)
    laptop = laptop_of(world, learner, tmp_path / "a")
    laptop.sync()
    unpublish_course(world.context, course.slug)
    laptop.store.enroll(course.uid)
    laptop.sync()
    assert (laptop.store.views.counts()["parked"], laptop.store.views.status()["acknowledged"]) == (1, 0)
    publish_course(world.context, course.slug)
    sweep(world.context)
    laptop.sync()
    assert (laptop.store.views.counts()["parked"], laptop.store.views.status()["acknowledged"]) == (0, 1)
    laptop.close()
    world.close()


@pytest.mark.logs("rolled back")
def test_a_course_that_went_and_comes_back_shows_no_lesson_that_its_server_does_not_know(tmp_path, place):
    world = World(place)
    learner = world.learner()
    bare = back_up(world, "bare")
    course = world.course(count=1)
    older = back_up(world, "older")
    world.add_lesson(course)
    laptop = laptop_of(world, learner, tmp_path / "a")
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.study(course, 1)
    laptop.sync()
    for copy, shown in ((bare, course.lessons[1:]), (older, course.lessons[:1])):
        roll_back(world, copy, says_so=False)
        laptop.token = world.token(learner)
        laptop.sync()
        assert [lesson.uid for lesson in laptop.store.views.course(course.uid).lessons] == shown
    laptop.close()
    world.close()


@pytest.mark.logs("rolled back")
def test_a_certificate_that_waited_for_its_course_waits_no_more(tmp_path, place):
    world = World(place)
    learner, course = world.learner(), world.course(count=1)
    laptop = laptop_of(world, learner, tmp_path / "a")
    laptop.sync()
    laptop.store.enroll(course.uid)
    laptop.study(course, 0)
    laptop.sync()
    [before] = world.certificates()
    laptop.close()
    refilled = World(tmp_path / "refilled", identity=world.identity)
    laptop = laptop_of(refilled, refilled.learner(), tmp_path / "a")
    laptop.sync()
    assert laptop.store.views.counts()["parked"] == 3
    imported = refilled.course(count=1)
    with writing(refilled.engine) as conn:
        conn.execute(update(courses).where(courses.c.uid == imported.uid).values(uid=course.uid))
    sweep(refilled.context)
    laptop.sync()
    assert [row.payload for row in refilled.certificates()] == [before.payload]
    # The lesson is still unknown there.
    assert laptop.store.views.counts() == {"pending": 0, "parked": 1, "rejected": 0}
    laptop.close()
    world.close()
    refilled.close()
