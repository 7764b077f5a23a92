"""Statements don't grow with the work."""

import sqlite3
from contextlib import closing

import pytest

from lms_desktop.store.layout import DATABASE
from lms_server.contract import wire
from lms_server.contract.sqlite import reading
from lms_server.sync.changes import read_page
from tests.contract.test_commands import send
from tests.world import Counted, command

OF_ISSUING = ("INSERT INTO certificates", "jobs", "holds", "julianday", "clock_timestamp")


def test_a_sync_of_1_of_100_and_of_2000_commands_takes_the_same_statements(world):
    counts = {}
    for size in (1, 100, 2000):
        learner = world.learner(f"l{size}@example.org")
        course = world.course(f"course-{size}", count=2000)
        send(world, learner, command("enroll", course.uid))
        batch = [command("complete_lesson", uid) for uid in course.lessons[:size]]
        with Counted(world.engine) as counted:
            send(world, learner, *batch)
        # Finishing the course issues a certificate: that is another story than studying.
        counts[size] = sum(not any(word in s for word in OF_ISSUING) for s in counted.statements)
        if size == 2000:
            assert len(world.certificates()) == 1
            counts[size] -= sum("FROM server" in s for s in counted.statements)
    assert len(set(counts.values())) == 1, counts
    assert counts[1] <= 12


def test_twenty_certificates_take_the_statements_of_one(world):
    counts = {}
    for size in (1, 20):
        learner = world.learner(f"c{size}@example.org")
        made = [world.course(f"c-{size}-{n}", count=1) for n in range(size)]
        send(world, learner, *[command("enroll", course.uid) for course in made])
        with Counted(world.engine) as counted:
            send(world, learner, *[command("complete_lesson", course.lessons[0]) for course in made])
        counts[size] = len(counted.statements)
    assert counts[1] == counts[20]
    assert len(world.certificates()) == 21


def test_reading_the_changes_takes_the_same_statements_for_1_and_1000_lessons(world):
    learner = world.learner()
    counts = []
    for size in (1, 1000):
        course = world.course(f"course-{size}", count=size)
        send(world, learner, command("enroll", course.uid))
        with Counted(world.engine) as counted, reading(world.engine) as conn:
            page = read_page(conn, learner, wire.Cursors(), wire.Cursors())
        counts.append(len(counted.statements))
    assert len(page.changes.lessons) == 1001
    assert counts[0] == counts[1] <= 12


def test_nothing_new_takes_two_statements(world):
    learner = world.learner()
    world.course(count=20)
    with reading(world.engine) as conn:
        page = read_page(conn, learner, wire.Cursors(), wire.Cursors())
    with Counted(world.engine) as counted, reading(world.engine) as conn:
        read_page(conn, learner, page.next, page.settled)
    assert len(counted.statements) <= 2


def test_a_sync_with_nothing_new_takes_few_statements_on_the_laptop(world, laptops):
    laptop = laptops(world.learner())
    laptop.sync()
    laptop.sync()
    with Counted(laptop.store.database.engine) as counted:
        laptop.sync()
    assert len(counted.statements) <= 12, counted.statements


def test_an_answer_with_nothing_new_writes_nothing_on_the_laptop(world, laptops):
    laptop = laptops(world.learner())
    laptop.sync()
    session = laptop.session()
    carried, _ = laptop.store.outgoing(0)
    answer = session.client.sync(session._request(carried, []))
    with closing(sqlite3.connect(laptop.folder / DATABASE)) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        assert laptop.store.settle(carried, answer) is not None
        assert other.execute("PRAGMA data_version").fetchone() == before


@pytest.mark.parametrize("size", [10, 1000])
def test_catalog_course_and_learn_pages_take_at_most_three_statements(world, laptops, size):
    learner = world.learner()
    made = [world.course(f"course-{n}", count=2) for n in range(size)]
    laptop = laptops(learner)
    laptop.sync()
    for course in made[:50]:
        laptop.store.enroll(course.uid)
        laptop.store.complete(course.lessons[0])
    views = laptop.store.views
    reads = {
        "catalog": lambda: len(views.catalog().courses),
        "course": lambda: len(views.course(made[0].uid).lessons),
        "learn": lambda: len(views.learn().courses),
    }
    wanted = {"catalog": size, "course": 2, "learn": min(size, 50)}
    for name, read in reads.items():
        with Counted(laptop.store.database.engine) as counted:
            assert read() == wanted[name]
        assert len(counted.statements) <= 3, (name, counted.statements)
